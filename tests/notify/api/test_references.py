"""Was this message from you? – by the number printed in it."""

import pytest
from ebok.notify.v1 import messages_pb2 as pb
from ebok.notify.v1.messages_pb2_grpc import MessageServiceStub
from hypothesis import given as anything
from hypothesis import strategies as st

from chassis.errors import PermissionDenied, RateLimited
from chassis.ids import new_id
from services.notify.domain.messages import read_reference, reference
from services.notify.domain.references import CHECKS_MAX, CHECKS_WITHIN
from tests.notify.conftest import PORTAL


@pytest.fixture
def gateway(served, as_system):
    return served.stub(MessageServiceStub, as_system("gateway"))


def check(stub, text, address="192.0.2.7"):
    return stub.CheckReference(pb.CheckReferenceRequest(reference=text, address=address))


def test_a_number_of_ours_is_known_however_it_is_typed(gateway, given, send, rows, mails):
    given.customer()
    given.invoice()
    send()
    [message] = rows()
    number = reference(message.message_id)
    [mail] = mails()
    assert f"{PORTAL}/czy-to-my?numer={number}" in mail.text()
    for typed in (number, number.lower(), number.replace("-", ""), f" {number.replace('-', ' ')} "):
        answer = check(gateway, typed)
        assert answer.is_ours
        assert (answer.rule, answer.channel, answer.recipient_hint) == (
            "invoice_issued",
            "email",
            "a…@poczta.example",
        )
        assert answer.sent_at.ToDatetime() == message.sent_at.replace(tzinfo=None)


def test_what_was_not_sent_or_never_was_gets_the_same_empty_answer(gateway, given, rows):
    given.customer()
    given.invoice()
    [planned] = rows()
    nothing = pb.CheckReferenceResponse()
    for typed in (reference(planned.message_id), reference(new_id()), "K7QM", "ŁŁŁŁ-ŁŁŁŁ", "' OR 1=1 --"):
        assert check(gateway, typed) == nothing


def test_who_tries_many_is_made_to_wait_and_others_are_not(gateway, clock):
    for _ in range(CHECKS_MAX):
        check(gateway, "K7QM-2XRP")
    with pytest.raises(RateLimited) as refusal:
        check(gateway, "K7QM-2XRP")
    assert refusal.value.reason == "TOO_MANY_ATTEMPTS"
    assert 0 < refusal.value.retry_after_s <= CHECKS_WITHIN.total_seconds()
    check(gateway, "K7QM-2XRP", address="192.0.2.8")
    clock.advance(CHECKS_WITHIN)
    check(gateway, "K7QM-2XRP")


def test_only_the_gateway_asks(served, as_anna, as_system):
    for who in (as_anna, as_system("billing")):
        with pytest.raises(PermissionDenied):
            check(served.stub(MessageServiceStub, who), "K7QM-2XRP")


@anything(st.uuids())
def test_a_number_is_read_as_it_was_printed(message_id):
    assert read_reference(reference(message_id)) == message_id.int % 2**40
