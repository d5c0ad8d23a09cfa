"""Personal tokens through gRPC: Anna lets a program read, and takes it back; Celina gets nothing of it."""

from datetime import timedelta
from typing import Any

import pytest
from ebok.identity.v1 import personal_tokens_pb2 as pb
from ebok.identity.v1 import tokens_pb2
from ebok.identity.v1.events_pb2 import AccessRevoked
from ebok.identity.v1.personal_tokens_pb2_grpc import PersonalTokenServiceStub
from ebok.identity.v1.tokens_pb2_grpc import TokenServiceStub

from chassis import wire
from chassis.actors import Actor, ActorKind
from chassis.clock import warsaw_date
from chassis.errors import (
    Conflict,
    FailedPrecondition,
    Invalid,
    NotFound,
    PermissionDenied,
    RateLimited,
    Unauthenticated,
)
from chassis.ids import new_id
from chassis.keys import KeyRing
from chassis.rpc.tokens import TokenVerifier
from chassis.testing import cast

ANNA = str(cast.ANNA_CUSTOMER)


class Portal:
    """A user at her page of tokens, and the gateway that a program comes to."""

    def __init__(self, served: Any, user: Any, gateway: Any, clock: Any) -> None:
        self.own = served.stub(PersonalTokenServiceStub, user)
        self.tokens = served.stub(TokenServiceStub, gateway)
        self._clock = clock

    def day(self, days: int) -> Any:
        return wire.pack_date(warsaw_date(self._clock.now()) + timedelta(days=days))

    def make(self, **values: Any) -> pb.MakePersonalTokenResponse:
        said = {
            "personal_token_id": str(new_id()),
            "customer_id": ANNA,
            "name": "Arkusz domowy",
            "scopes": ["usage:read"],
            "expires_on": self.day(30),
            **values,
        }
        return self.own.MakePersonalToken(pb.MakePersonalTokenRequest(**said))

    def listed(self) -> list[pb.PersonalToken]:
        return list(self.own.ListPersonalTokens(pb.ListPersonalTokensRequest()).tokens)

    def revoke(self, personal_token_id: str) -> None:
        self.own.RevokePersonalToken(pb.RevokePersonalTokenRequest(personal_token_id=personal_token_id))

    def exchange(self, token: str, address: str = "192.0.2.9") -> tokens_pb2.ExchangePersonalTokenResponse:
        return self.tokens.ExchangePersonalToken(
            tokens_pb2.ExchangePersonalTokenRequest(token=token, address=address)
        )


@pytest.fixture
def portal_of(served, identity, persona, as_system, clock):
    """`portal_of(session)`: the page of whoever the session is of, who has just proven who they are."""

    def make(session: str, *, fresh: bool = True) -> Portal:
        user = identity.check(session).user
        actor = Actor(ActorKind.USER, user.user_id, user.name, stepped_up_at=clock.now() if fresh else None)
        return Portal(served, persona(actor), as_system("gateway"), clock)

    return make


@pytest.fixture
def annas(identity, anna, portal_of):
    identity.claim_annas(anna)
    return portal_of(anna)


@pytest.fixture
def verifier(keys_dir, clock):
    return TokenVerifier(KeyRing(keys_dir), clock)


@pytest.mark.repeats("PersonalTokenService/MakePersonalToken")
def test_a_token_is_told_once_and_listed_without_itself(annas, count):
    personal_token_id = str(new_id())
    made = annas.make(personal_token_id=personal_token_id)
    again = annas.make(personal_token_id=personal_token_id)
    assert made.token.startswith("ebok_")
    assert len(made.token) == 48
    assert (again.personal_token, again.token) == (made.personal_token, "")
    [listed] = annas.listed()
    assert listed == made.personal_token
    assert made.token.startswith(listed.prefix)
    assert made.token not in str(listed)
    assert (listed.customer_number, listed.premises_label) == ("K-1001", "ul. Wodna 7/2, Zdrój")
    assert listed.in_force
    assert not listed.HasField("last_used_at")
    assert count("personal_tokens") == 1


@pytest.mark.repeats("TokenService/ExchangePersonalToken")
def test_a_program_acts_for_the_one_customer_and_within_the_scopes_alone(annas, verifier, clock):
    made = annas.make(scopes=["usage:read", "invoices:read"])
    answer = annas.exchange(made.token)
    actor = verifier.verify(answer.actor_token)
    assert (actor.kind, actor.customer_id, actor.name) == (ActorKind.CUSTOMER, cast.ANNA_CUSTOMER, "Anna")
    assert actor.permissions == {"billing.meters.read", "billing.readings.read", "billing.invoices.read"}
    assert actor.session_id == answer.personal_token_id == made.personal_token.personal_token_id
    assert (answer.customer_id, set(answer.scopes)) == (ANNA, {"usage:read", "invoices:read"})
    [listed] = annas.listed()
    assert (wire.unpack_instant(listed.last_used_at), listed.last_used_address) == (clock.now(), "192.0.2.9")
    assert annas.exchange(made.token).actor_token == answer.actor_token


def test_a_token_of_one_scope_opens_nothing_of_the_other_and_nothing_of_the_account(
    annas, served, verifier, persona
):
    actor = verifier.verify(annas.exchange(annas.make(scopes=["usage:read"]).token).actor_token)
    assert actor.permissions == {"billing.meters.read", "billing.readings.read"}
    program = served.stub(PersonalTokenServiceStub, persona(actor).allowed(*actor.permissions))
    with pytest.raises(PermissionDenied):
        program.ListPersonalTokens(pb.ListPersonalTokensRequest())


@pytest.mark.repeats("PersonalTokenService/RevokePersonalToken")
def test_a_revoked_token_is_refused_at_once_and_the_others_are_told(annas, served):
    made = annas.make()
    token_id = made.personal_token.personal_token_id
    assert annas.exchange(made.token)
    annas.revoke(token_id)
    annas.revoke(token_id)
    with pytest.raises(Unauthenticated) as caught:
        annas.exchange(made.token)
    assert caught.value.reason == "PERSONAL_TOKEN_REFUSED"
    assert [one.subject_id for one in served.announced(AccessRevoked)] == [token_id]
    [listed] = annas.listed()
    assert not listed.in_force
    assert listed.HasField("revoked_at")


def test_a_token_ends_with_its_day_and_with_its_grant(annas, clock, database):
    import sqlalchemy as sa

    short, long = annas.make(expires_on=annas.day(0)), annas.make(expires_on=annas.day(365))
    assert annas.exchange(short.token)
    clock.advance(timedelta(days=1))
    with pytest.raises(Unauthenticated):
        annas.exchange(short.token)
    assert annas.exchange(long.token)
    with database.transaction() as session:
        session.execute(sa.text("UPDATE grants SET ended_at = now()"))
    with pytest.raises(Unauthenticated):
        annas.exchange(long.token)


def test_what_cannot_be_is_refused_field_by_field(annas):
    with pytest.raises(Invalid) as caught:
        annas.make(scopes=["usage:read", "ledger:read"], expires_on=annas.day(366))
    assert [(one.field, one.reason) for one in caught.value.violations] == [
        ("scopes", "UNKNOWN"),
        ("expires_on", "OUT_OF_RANGE"),
    ]
    with pytest.raises(Invalid) as past:
        annas.make(expires_on=annas.day(-1))
    assert [one.reason for one in past.value.violations] == ["IN_PAST"]


def test_twenty_tokens_are_enough(annas):
    for _ in range(20):
        annas.make()
    with pytest.raises(FailedPrecondition) as caught:
        annas.make()
    assert caught.value.reason == "TOO_MANY_PERSONAL_TOKENS"


def test_making_one_wants_a_fresh_proof_of_who_one_is_and_taking_it_back_does_not(annas, anna, portal_of):
    made = annas.make()
    stale = portal_of(anna, fresh=False)
    with pytest.raises(FailedPrecondition) as caught:
        stale.make()
    assert caught.value.reason == "STEP_UP_REQUIRED"
    stale.revoke(made.personal_token.personal_token_id)
    assert not stale.listed()[0].in_force


def test_celina_neither_makes_nor_sees_nor_ends_annas(annas, identity, celina, portal_of):
    made = annas.make()
    identity.claim_celinas(celina)
    hers = portal_of(celina)
    for customer_id in (ANNA, str(new_id())):
        with pytest.raises(PermissionDenied) as caught:
            hers.make(customer_id=customer_id)
        assert caught.value.reason == "CUSTOMER_NOT_GRANTED"
    assert hers.listed() == []
    for personal_token_id in (made.personal_token.personal_token_id, str(new_id())):
        with pytest.raises(NotFound) as unknown:
            hers.revoke(personal_token_id)
        assert unknown.value.reason == "PERSONAL_TOKEN_NOT_FOUND"
    with pytest.raises(Conflict):
        hers.make(
            customer_id=str(cast.CELINA_CUSTOMER), personal_token_id=made.personal_token.personal_token_id
        )
    assert annas.exchange(made.token)


def test_guessing_is_slowed_where_it_comes_from_and_nowhere_else(annas, clock):
    made = annas.make()
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            annas.exchange("ebok_" + "x" * 43, address="203.0.113.7")
    with pytest.raises(RateLimited):
        annas.exchange("ebok_" + "x" * 43, address="203.0.113.7")
    assert annas.exchange(made.token, address="203.0.113.7")


def test_delegates_see_only_their_own(annas, identity, portal_of):
    identity.join("bartek@poczta.example", name="Bartek")
    bartek = identity.log_in("bartek@poczta.example")
    identity.claim_annas(bartek)
    annas.make()
    theirs = portal_of(bartek)
    assert theirs.listed() == []
    assert theirs.make().token
    assert len(annas.listed()) == 1
