"""Somebody who holds a customer has lost app and codes, and the office takes them away; through the door."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ebok.common.v1.acts_pb2 import ActRecorded
from ebok.identity.v1 import events_pb2 as events
from ebok.identity.v1 import grants_pb2 as pb

from chassis.errors import FailedPrecondition, Invalid, NotFound, PermissionDenied, Unauthenticated
from chassis.ids import new_id
from chassis.rpc.client import as_actor
from chassis.testing import cast

ANNA = "anna@poczta.example"
ANNAS, CELINAS = str(cast.ANNA_CUSTOMER), str(cast.CELINA_CUSTOMER)
REASON = "Była w biurze z dowodem, telefon ukradziono"


class Desk:
    """What Edward does at a customer's page."""

    def __init__(self, identity: Any, who: Any) -> None:
        self.grants, self.who = identity.grants, who

    def page(self, customer_id: str = ANNAS) -> pb.ListCustomerGrantsResponse:
        request = pb.ListCustomerGrantsRequest(customer_id=customer_id)
        return self.grants.ListCustomerGrants(request, metadata=self.who.metadata)

    def reset(self, grant_id: str, **values: Any) -> bool:
        asked = {"customer_id": ANNAS, "reset_id": str(new_id()), "reason": REASON, **values}
        request = pb.ResetHolderFactorRequest(grant_id=grant_id, **asked)
        return self.grants.ResetHolderFactor(request, metadata=self.who.metadata).changed


@pytest.fixture
def edward(persona, clock):
    """Edward, who has just proven who he is."""
    return persona(replace(cast.staff(cast.EDWARD_STAFF, "Edward"), stepped_up_at=clock.now()))


@pytest.fixture
def desk(identity, edward) -> Desk:
    return Desk(identity, edward)


@pytest.fixture
def grant(identity, anna) -> Any:
    """Anna's grant by proof; she has an app."""
    grant = identity.claim_annas(anna)
    identity.enrol(anna, ANNA)
    return grant


def resets(served) -> list[Any]:
    told = served.announced(events.FactorChanged)
    return [one for one in told if one.change == events.FACTOR_CHANGE_RESET]


@pytest.mark.repeats("GrantService/ResetHolderFactor")
def test_a_lost_app_is_taken_away_once_and_its_owner_is_told(identity, desk, grant, anna, served, clock):
    assert desk.page().grants[0].HasField("user_totp_since")
    reset_id = str(new_id())
    assert desk.reset(grant.grant_id, reset_id=reset_id)
    assert not desk.reset(grant.grant_id, reset_id=reset_id)

    [told] = resets(served)
    assert (told.email, told.is_staff) == (ANNA, False)
    with pytest.raises(Unauthenticated):
        identity.check(anna)
    again = identity.knock(ANNA).session_token
    assert again, "the password alone opens the account"
    [kept] = desk.page().factor_resets
    assert (kept.user_email, kept.reason, kept.made_by) == (ANNA, REASON, "Edward")
    assert not desk.page().grants[0].HasField("user_totp_since")

    clock.advance(timedelta(seconds=30))
    identity.enrol(again, ANNA)
    assert not desk.reset(grant.grant_id, reset_id=reset_id), "the same reset touches no later app"
    assert identity.check(again)
    acts = [one for one in served.announced(ActRecorded) if one.act.endswith("/ResetHolderFactor")]
    assert [(one.actor_name, one.customer_id, one.subject_id) for one in acts] == [
        ("Edward", ANNAS, grant.grant_id)
    ]


def test_without_an_app_nothing_is_changed_and_nobody_is_told(identity, desk, anna, served):
    grant = identity.claim_annas(anna)
    assert not desk.reset(grant.grant_id)
    assert identity.check(anna)
    assert resets(served) == []
    assert not desk.page().factor_resets


def test_a_reason_and_a_recent_proof_are_asked_for(identity, desk, grant, clock, persona):
    for reason in ("", "   "):
        with pytest.raises(Invalid):
            desk.reset(grant.grant_id, reason=reason)
    clock.advance(timedelta(minutes=10))
    late = Desk(identity, persona(replace(desk.who.actor, stepped_up_at=clock.now() - timedelta(minutes=10))))
    with pytest.raises(FailedPrecondition, match="STEP_UP_REQUIRED"):
        late.reset(grant.grant_id)
    assert desk.page().grants[0].HasField("user_totp_since")


def test_it_is_done_at_the_page_of_a_customer_the_person_holds(identity, desk, grant, anna):
    for values in ({"customer_id": CELINAS}, {"grant_id": str(new_id())}):
        with pytest.raises(NotFound, match="GRANT_NOT_FOUND"):
            desk.reset(**{"grant_id": grant.grant_id, **values})
    metadata = as_actor(identity.check(anna).actor_token)
    identity.grants.GiveUpGrant(pb.GiveUpGrantRequest(customer_id=ANNAS), metadata=metadata)
    with pytest.raises(NotFound, match="GRANT_NOT_FOUND"):
        desk.reset(grant.grant_id)


def test_customers_neither_do_it_nor_see_it(identity, grant, anna, celina, desk):
    desk.reset(grant.grant_id)
    anna = identity.log_in(ANNA)
    identity.claim_celinas(celina)
    for secret, customer_id in ((anna, ANNAS), (celina, CELINAS), (celina, ANNAS)):
        metadata = as_actor(identity.check(secret).actor_token)
        request = pb.ResetHolderFactorRequest(
            customer_id=customer_id, grant_id=grant.grant_id, reset_id=str(new_id()), reason=REASON
        )
        with pytest.raises(PermissionDenied):
            identity.grants.ResetHolderFactor(request, metadata=metadata)
    listed = pb.ListCustomerGrantsRequest(customer_id=ANNAS)
    seen = identity.grants.ListCustomerGrants(listed, metadata=as_actor(identity.check(anna).actor_token))
    assert not seen.factor_resets
    assert not seen.grants[0].HasField("user_totp_since")


def test_a_clerk_needs_the_permission(identity, grant, persona, clock):
    daria = replace(cast.staff(cast.DARIA_STAFF, "Daria"), stepped_up_at=clock.now())
    clerk = Desk(identity, persona(daria).allowed("identity.grants.read"))
    assert clerk.page().grants
    with pytest.raises(PermissionDenied):
        clerk.reset(grant.grant_id)
