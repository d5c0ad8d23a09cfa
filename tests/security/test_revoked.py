"""Access that was taken away: tokens that were good a moment ago are refused by every service within seconds."""

import time
from dataclasses import replace

import pytest
from ebok.billing.v1 import customers_pb2
from ebok.billing.v1.customers_pb2_grpc import CustomerServiceStub
from ebok.identity.v1.events_pb2 import AccessRevoked
from ebok.identity.v1.sessions_pb2 import LogOutRequest
from ebok.notify.v1 import messages_pb2
from ebok.notify.v1.messages_pb2_grpc import MessageServiceStub
from ebok.payments.v1 import payments_pb2
from ebok.payments.v1.payments_pb2_grpc import PaymentServiceStub
from ebok.tickets.v1 import desk_pb2
from ebok.tickets.v1.desk_pb2_grpc import TicketDeskServiceStub

from chassis.errors import Unauthenticated
from chassis.keys import KeyRing
from chassis.rpc.client import as_actor
from chassis.rpc.tokens import TokenVerifier
from chassis.testing import cast
from tests.identity.conftest import Identity
from tests.identity.office import Office

WITHIN_S = 3.0
SCOPES = ["customers:read", "messages:read", "payments:read", "tickets:read"]


@pytest.fixture
def asking(whole, clock, persona):
    """`asking(token)`: a question to each service; and the office that gives and takes access."""
    anna = str(cast.ANNA_CUSTOMER)
    questions = {
        "billing": lambda: (
            whole.stub("billing", CustomerServiceStub).SearchCustomers,
            customers_pb2.SearchCustomersRequest(),
        ),
        "notify": lambda: (
            whole.stub("notify", MessageServiceStub).ListMessages,
            messages_pb2.ListMessagesRequest(customer_id=anna),
        ),
        "payments": lambda: (
            whole.stub("payments", PaymentServiceStub).SearchPayments,
            payments_pb2.SearchPaymentsRequest(),
        ),
        "tickets": lambda: (
            whole.stub("tickets", TicketDeskServiceStub).ListQueue,
            desk_pb2.ListQueueRequest(),
        ),
    }

    def ask(part: str, token: str) -> bool:
        method, request = questions[part]()
        try:
            method(request, metadata=as_actor(token))
        except Unauthenticated:
            return False
        return True

    edward = replace(cast.staff(cast.EDWARD_STAFF, "Edward"), stepped_up_at=clock.now())
    return ask, Office(whole.parts["identity"], persona(edward)), list(questions)


def hand_over(whole, parts):
    """What the relay does: identity's word reaches the others."""
    for event in whole.parts["identity"].announced(AccessRevoked):
        for part in parts:
            whole.parts[part].deliver(event)


def refused_within(ask, part, token):
    end = time.monotonic() + WITHIN_S
    while ask(part, token):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.parametrize("how", ["client", "secret"])
def test_a_revoked_client_or_secret_is_refused_by_every_service_within_seconds(whole, asking, how):
    ask, office, parts = asking
    made = office.make(scopes=SCOPES)
    client_id = made.client.client_id
    second = office.rotate(client_id).client_secret
    by_first, by_second = office.token(client_id, made.client_secret), office.token(client_id, second)
    assert all(ask(part, token) for part in parts for token in (by_first, by_second))

    if how == "client":
        office.revoke(client_id)
    else:
        office.revoke_secret(client_id, made.client.secrets[0].secret_id)
    hand_over(whole, parts)

    assert [part for part in parts if not refused_within(ask, part, by_first)] == []
    if how == "client":
        assert [part for part in parts if not refused_within(ask, part, by_second)] == []
    else:
        assert all(ask(part, by_second) for part in parts)


def test_who_logged_out_is_refused_by_every_service_within_seconds(
    whole, asking, keys_dir, clock, persona, as_system
):
    ask, _office, parts = asking
    people = Identity(whole.parts["identity"], as_system("gateway"), keys_dir)
    people.join("anna@poczta.example")
    secret = people.log_in("anna@poczta.example")
    actor = TokenVerifier(KeyRing(keys_dir), clock).verify(people.check(secret).actor_token)
    # What the log-in would have opened to somebody of the provider's: each service lets such a one ask.
    token = persona(replace(cast.staff(cast.EDWARD_STAFF, "Edward"), session_id=actor.session_id)).token()
    assert all(ask(part, token) for part in parts)

    people.sessions.LogOut(LogOutRequest(session_token=secret))
    hand_over(whole, parts)

    assert [part for part in parts if not refused_within(ask, part, token)] == []
