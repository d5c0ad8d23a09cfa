"""The list of messages, through gRPC."""

import pytest
from ebok.common.v1 import acts_pb2, delivery_pb2, delivery_pb2_grpc, paging_pb2
from ebok.notify.v1 import messages_pb2 as pb
from ebok.notify.v1.messages_pb2_grpc import MessageServiceStub

from chassis import errors, wire
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER
from services.notify.domain.messages import reference
from tests.notify.conftest import ANNA


def listed(served, who, customer_id=ANNA_CUSTOMER, **page):
    request = pb.ListMessagesRequest(customer_id=str(customer_id), page=paging_pb2.PageRequest(**page))
    return served.stub(MessageServiceStub, who).ListMessages(request)


def test_staff_see_what_was_sent_with_the_recipient_shortened(served, given, send, rows, as_daria):
    given.customer()
    given.invoice()
    send()

    [message] = listed(served, as_daria).messages

    assert message.recipient_hint == "a…@poczta.example"
    assert ANNA not in str(message)
    assert message.subject == "Nowa faktura: 243,78 zł do 4 kwietnia"
    assert (message.rule, message.channel, message.status) == (
        "invoice_issued",
        "email",
        pb.MESSAGE_STATUS_SENT,
    )
    assert message.reference == reference(rows()[0].message_id)
    assert message.HasField("sent_at")


def test_the_reference_is_the_one_printed_in_the_mail(served, given, send, mails, as_daria):
    given.customer()
    given.invoice()
    send()

    [message] = listed(served, as_daria).messages

    assert len(message.reference) == 9
    assert f"Numer tej wiadomości to {message.reference}" in " ".join(mails()[0].text().split())


def test_what_has_not_been_sent_shows_where_it_would_go(served, given, as_daria):
    given.customer()
    given.invoice()

    [message] = listed(served, as_daria).messages

    assert message.status == pb.MESSAGE_STATUS_PLANNED
    assert message.recipient_hint == "a…@poczta.example"
    assert message.subject.startswith("Nowa faktura")
    assert not message.HasField("sent_at")


def test_what_was_held_back_says_why(served, given, send, as_daria):
    given.customer(e_invoice=False)
    given.invoice()
    send()

    [message] = listed(served, as_daria).messages

    assert (message.status, message.reason) == (pb.MESSAGE_STATUS_SUPPRESSED, "NO_CONSENT")


def test_pages_meet_each_message_once_the_newest_first(served, given, send, as_daria):
    given.customer()
    numbers = [f"FV/2026/{index:06d}" for index in range(7)]
    for number in numbers:
        given.invoice(number=number)
    send()

    seen, cursor = [], ""
    while True:
        page = listed(served, as_daria, page_size=3, cursor=cursor)
        seen += [message.message_id for message in page.messages]
        previous, cursor = page.page.previous_cursor, page.page.next_cursor
        if not cursor:
            break

    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)
    back = listed(served, as_daria, page_size=3, cursor=previous)
    assert [message.message_id for message in back.messages] == seen[3:6]


def test_a_customers_messages_are_no_other_customers(served, given, send, as_daria):
    given.customer()
    given.invoice()
    send()

    assert list(listed(served, as_daria, CELINA_CUSTOMER).messages) == []


def test_who_acts_for_the_customer_sees_what_was_sent(served, given, as_bartek):
    given.customer()
    given.invoice()

    assert len(listed(served, as_bartek).messages) == 1


def test_other_customers_and_other_parts_are_kept_out(served, given, as_celina, as_system):
    given.customer()
    given.invoice()

    for who in (as_celina, as_system("gateway")):
        with pytest.raises(errors.PermissionDenied):
            listed(served, who)
    with pytest.raises(errors.Unauthenticated):
        listed(served, None)


def test_staff_need_the_permission(served, as_daria):
    with pytest.raises(errors.PermissionDenied):
        listed(served, as_daria.without("notify.messages.read"))


def test_looking_is_recorded(served, as_daria):
    listed(served, as_daria)

    [act] = served.announced(acts_pb2.ActRecorded)
    assert (act.act, act.customer_id) == (
        "ebok.notify.v1.MessageService/ListMessages",
        str(ANNA_CUSTOMER),
    )


@pytest.mark.parametrize("cursor", ["nonsense", "W10=", "WyJtZXNzYWdlcyIsdHJ1ZSwieCJd"])
def test_a_cursor_of_nobody_is_refused(served, as_daria, cursor):
    with pytest.raises(errors.Invalid) as refused:
        listed(served, as_daria, cursor=cursor)

    assert [violation.field for violation in refused.value.violations] == ["page.cursor"]


def test_a_malformed_customer_is_refused(served, as_daria):
    with pytest.raises(errors.Invalid):
        listed(served, as_daria, "anna")


def test_events_come_in_through_the_delivery_door(served, given_nothing, send, mails, as_system, clock):
    settings, customer, invoice = (
        given_nothing.settings(),
        given_nothing.customer(),
        given_nothing.invoice_event(),
    )
    envelopes = [
        delivery_pb2.Envelope(
            event_id=str(new_id()),
            type=event.DESCRIPTOR.full_name,
            source="billing",
            time=wire.pack_instant(clock.now()),
            payload=event.SerializeToString(),
        )
        for event in (invoice, customer, settings)
    ]
    door = served.stub(delivery_pb2_grpc.DeliveryServiceStub, as_system("billing"))

    first = door.Deliver(delivery_pb2.DeliverRequest(events=envelopes))
    again = door.Deliver(delivery_pb2.DeliverRequest(events=envelopes))
    send()

    assert len(first.accepted_event_ids) == len(again.accepted_event_ids) == 3
    assert len(mails()) == 1
