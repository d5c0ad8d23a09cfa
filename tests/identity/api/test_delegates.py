"""Delegates: invited by e-mail, within a scope and until a day; through the doors."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from ebok.common.v1.acts_pb2 import ActRecorded
from ebok.identity.v1 import events_pb2 as events
from ebok.identity.v1 import grants_pb2 as grants
from ebok.identity.v1 import invitations_pb2 as pb
from ebok.identity.v1.invitations_pb2_grpc import InvitationServiceStub

from chassis import wire
from chassis.errors import (
    FailedPrecondition,
    Invalid,
    NotFound,
    PermissionDenied,
    RateLimited,
    Refusal,
    Unauthenticated,
)
from chassis.ids import new_id
from chassis.rpc.client import as_actor
from chassis.testing import cast

ANNAS, CELINAS = str(cast.ANNA_CUSTOMER), str(cast.CELINA_CUSTOMER)
BARTEK = "bartek@poczta.example"
LAST_DAY = date(2026, 6, 30)


class Home:
    """What Anna and those she lets in do, with the tokens of their sessions."""

    def __init__(self, identity: Any) -> None:
        self.identity = identity
        self.invitations: Any = identity.served.stub(InvitationServiceStub)

    def token(self, secret: str) -> Any:
        return as_actor(self.identity.check(secret).actor_token)

    def invite(self, secret: str, email: str = BARTEK, **values: Any) -> pb.Invitation:
        asked = {
            "invitation_id": str(new_id()),
            "customer_id": ANNAS,
            "email": email,
            "scope": grants.SCOPE_VIEW,
            "ends_on": wire.pack_date(LAST_DAY),
        }
        request = pb.InviteDelegateRequest(**(asked | values))
        return self.invitations.InviteDelegate(request, metadata=self.token(secret)).invitation

    def link(self, email: str = BARTEK) -> str:
        return self.identity.tokens_in_mails(events.DelegateInvited, email)[-1]

    def look(self, secret: str, link: str) -> pb.Invitation:
        request = pb.GetInvitationRequest(token=link)
        return self.invitations.GetInvitation(request, metadata=self.token(secret)).invitation

    def accept(self, secret: str, link: str) -> grants.Grant:
        request = pb.AcceptInvitationRequest(token=link)
        return self.invitations.AcceptInvitation(request, metadata=self.token(secret)).grant

    def waiting(self, secret: str, customer_id: str = ANNAS) -> list[pb.Invitation]:
        request = pb.ListInvitationsRequest(customer_id=customer_id)
        return list(self.invitations.ListInvitations(request, metadata=self.token(secret)).invitations)

    def cancel(self, secret: str, invitation_id: str, customer_id: str = ANNAS) -> None:
        request = pb.CancelInvitationRequest(customer_id=customer_id, invitation_id=invitation_id)
        self.invitations.CancelInvitation(request, metadata=self.token(secret))

    def holders(self, secret: str, customer_id: str = ANNAS) -> list[grants.Grant]:
        request = grants.ListCustomerGrantsRequest(customer_id=customer_id)
        return list(self.identity.grants.ListCustomerGrants(request, metadata=self.token(secret)).grants)

    def change_end(self, secret: str, grant_id: str, day: date) -> grants.Grant:
        request = grants.ChangeGrantEndRequest(
            customer_id=ANNAS, grant_id=grant_id, ends_on=wire.pack_date(day)
        )
        return self.identity.grants.ChangeGrantEnd(request, metadata=self.token(secret)).grant

    def revoke(self, secret: str, grant_id: str, customer_id: str = ANNAS) -> None:
        request = grants.RevokeGrantRequest(customer_id=customer_id, grant_id=grant_id)
        self.identity.grants.RevokeGrant(request, metadata=self.token(secret))

    def give_up(self, secret: str) -> None:
        request = grants.GiveUpGrantRequest(customer_id=ANNAS)
        self.identity.grants.GiveUpGrant(request, metadata=self.token(secret))


@pytest.fixture
def home(identity) -> Home:
    return Home(identity)


@pytest.fixture
def anna(identity, anna) -> str:
    """Anna's session, with her customer by proof."""
    identity.claim_annas(anna)
    return anna


@pytest.fixture
def bartek(identity) -> str:
    """Bartek's session, no customer yet."""
    identity.join(BARTEK, name="Bartek")
    return identity.log_in(BARTEK)


@pytest.fixture
def delegate(home, anna, bartek) -> grants.Grant:
    """Bartek's grant, to look only."""
    home.invite(anna)
    return home.accept(bartek, home.link())


def refused(call, *arguments, **keywords) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call(*arguments, **keywords)
    return caught.value


def reasons(refusal: Refusal) -> list[tuple[str, str]]:
    return [(one.field, one.reason) for one in refusal.violations]


# inviting


@pytest.mark.repeats("InvitationService/InviteDelegate")
def test_an_invitation_is_mailed_once_however_often_it_is_sent(home, anna, served):
    invitation_id = str(new_id())
    first = home.invite(anna, "Bartek@Poczta.example", invitation_id=invitation_id)
    again = home.invite(anna, invitation_id=invitation_id)
    assert first == again
    assert (first.email, first.scope, wire.unpack_date(first.ends_on)) == (
        BARTEK,
        grants.SCOPE_VIEW,
        LAST_DAY,
    )
    assert (first.inviter_name, first.customer_number) == ("Anna", "K-1001")
    [told] = served.announced(events.DelegateInvited)
    assert (told.email, told.inviter_name, told.customer_name) == (BARTEK, "Anna", "Anna Nowak")
    assert wire.unpack_instant(told.expires_at) == served.clock.now() + timedelta(days=14)
    assert home.waiting(anna) == [first]


def test_a_new_invitation_replaces_the_one_before_and_its_link_dies(home, anna, bartek):
    home.invite(anna)
    old = home.link()
    home.invite(anna, scope=grants.SCOPE_PAY)
    assert refused(home.look, bartek, old).reason == "LINK_NOT_VALID"
    assert home.look(bartek, home.link()).scope == grants.SCOPE_PAY
    assert len(home.waiting(anna)) == 1


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"ends_on": wire.pack_date(date(2026, 3, 15))}, ("ends_on", "OUT_OF_RANGE")),
        ({"ends_on": wire.pack_date(date(2031, 4, 1))}, ("ends_on", "OUT_OF_RANGE")),
        ({"email": "anna@poczta.example"}, ("email", "OWN_ADDRESS")),
        ({"email": "nie adres"}, ("email", "MALFORMED")),
        ({"scope": grants.SCOPE_UNSPECIFIED}, ("scope", "REQUIRED")),
    ],
)
def test_what_is_wrong_with_an_invitation_is_said_at_its_field(home, anna, served, values, wrong):
    with pytest.raises(Invalid) as caught:
        home.invite(anna, **values)
    assert reasons(caught.value) == [wrong]
    assert served.announced(events.DelegateInvited) == []


def test_the_answer_is_the_same_for_an_address_with_an_account_and_one_without(home, anna, bartek):
    known, unknown = home.invite(anna), home.invite(anna, "nikt@poczta.example")
    same = {"scope", "ends_on", "invited_at", "expires_at", "inviter_name", "customer_name"}
    assert {name: getattr(known, name) for name in same} == {name: getattr(unknown, name) for name in same}


def test_who_has_access_already_is_not_invited(home, anna, delegate):
    assert refused(home.invite, anna).reason == "ALREADY_HOLDS"


def test_there_are_at_most_twenty(home, anna):
    for number in range(20):
        home.invite(anna, f"ktos{number}@poczta.example")
    assert refused(home.invite, anna, "ktos20@poczta.example").reason == "TOO_MANY_DELEGATES"
    home.invite(anna, "ktos19@poczta.example")
    assert len(home.waiting(anna)) == 20


def test_mails_that_go_out_are_counted_and_what_is_refused_is_not(home, anna, clock):
    for _ in range(50):
        refused(home.invite, anna, "anna@poczta.example")
    for _ in range(40):
        home.invite(anna)
    with pytest.raises(RateLimited) as caught:
        home.invite(anna)
    clock.advance(timedelta(seconds=caught.value.retry_after_s))
    home.invite(anna)


# accepting


@pytest.mark.repeats("InvitationService/AcceptInvitation")
def test_accepting_gives_the_scope_until_the_day_and_tells_who_invited(home, anna, bartek, identity, served):
    home.invite(anna, scope=grants.SCOPE_PAY)
    link = home.link()
    seen = home.look(bartek, link)
    assert (seen.inviter_name, seen.customer_name, seen.premises_label) == (
        "Anna",
        "Anna Nowak",
        "ul. Wodna 7/2, Zdrój",
    )
    grant = home.accept(bartek, link)
    assert home.accept(bartek, link) == grant
    assert (grant.scope, grant.origin) == (grants.SCOPE_PAY, grants.GRANT_ORIGIN_INVITATION)
    assert wire.unpack_date(grant.ends_on) == LAST_DAY
    [held] = identity.check(bartek).grants
    assert (held.customer_id, held.origin) == (ANNAS, grants.GRANT_ORIGIN_INVITATION)
    assert home.waiting(anna) == []
    given = served.announced(events.GrantGiven)[-1]
    assert (given.inviter.email, given.user_name, given.user_email) == (
        "anna@poczta.example",
        "Bartek",
        BARTEK,
    )
    act = next(one for one in served.announced(ActRecorded) if one.act.endswith("AcceptInvitation"))
    assert (act.actor_name, act.customer_id, act.subject_id) == ("Bartek", ANNAS, grant.grant_id)


def test_a_link_is_for_the_address_it_was_sent_to(home, anna, celina, bartek):
    home.invite(anna)
    link = home.link()
    for call in (home.look, home.accept):
        refusal = refused(call, celina, link)
        assert isinstance(refusal, PermissionDenied)
        assert refusal.reason == "OTHER_ADDRESS"
    home.accept(bartek, link)


def test_a_link_dies_after_fourteen_days_and_with_its_end(home, anna, identity, clock):
    home.invite(anna)
    home.invite(anna, "celina@poczta.example", ends_on=wire.pack_date(date(2026, 3, 17)))
    clock.advance(timedelta(days=14))
    identity.join(BARTEK, name="Bartek")
    assert refused(home.look, identity.log_in(BARTEK), home.link()).reason == "LINK_NOT_VALID"
    identity.join("celina@poczta.example", name="Celina")
    late = identity.log_in("celina@poczta.example")
    assert refused(home.accept, late, home.link("celina@poczta.example")).reason == "LINK_NOT_VALID"
    assert refused(home.accept, late, "zgadnięte").reason == "LINK_NOT_VALID"


@pytest.mark.repeats("InvitationService/CancelInvitation")
def test_an_invitation_taken_back_cannot_be_accepted(home, anna, bartek):
    invitation = home.invite(anna)
    link = home.link()
    for _ in range(2):
        home.cancel(anna, invitation.invitation_id)
    assert home.waiting(anna) == []
    assert refused(home.accept, bartek, link).reason == "LINK_NOT_VALID"


def test_of_two_who_accept_at_once_both_get_the_one_grant(home, anna, bartek, at_once, count):
    home.invite(anna)
    link = home.link()
    first, second = at_once(*[lambda: home.accept(bartek, link)] * 2)
    assert first == second
    assert count("grants", "given_by = 'INVITATION'") == 1


def test_who_holds_the_customer_by_proof_needs_no_invitation(home, anna, bartek, identity):
    home.invite(anna)
    identity.claim_annas(bartek)
    assert refused(home.accept, bartek, home.link()).reason == "ALREADY_HOLDS"
    [held] = identity.check(bartek).grants
    assert held.origin == grants.GRANT_ORIGIN_PROOF


# what a delegate may and may not


def test_a_delegate_neither_sees_nor_invites_nor_ends_others(home, anna, bartek, identity):
    home.invite(anna, scope=grants.SCOPE_MANAGE)
    delegate = home.accept(bartek, home.link())
    waiting = home.invite(anna, "celina@poczta.example")
    annas = next(one for one in home.holders(anna) if one.origin == grants.GRANT_ORIGIN_PROOF)
    for call in (
        lambda: home.holders(bartek),
        lambda: home.waiting(bartek),
        lambda: home.invite(bartek, "ktos@poczta.example"),
        lambda: home.cancel(bartek, waiting.invitation_id),
        lambda: home.change_end(bartek, delegate.grant_id, date(2027, 1, 1)),
        lambda: home.revoke(bartek, annas.grant_id),
    ):
        assert refused(call).reason == "ACCESS_REFUSED"


def test_a_token_of_who_is_owner_no_more_gives_nothing(home, anna, database):
    token = home.token(anna)
    home.give_up(anna)
    request = pb.InviteDelegateRequest(
        invitation_id=str(new_id()),
        customer_id=ANNAS,
        email=BARTEK,
        scope=grants.SCOPE_VIEW,
        ends_on=wire.pack_date(LAST_DAY),
    )
    refusal = refused(home.invitations.InviteDelegate, request, metadata=token)
    assert refusal.reason == "NOT_THE_OWNER" or isinstance(refusal, Unauthenticated)


def test_a_grant_ends_by_itself_on_its_day(home, bartek, delegate, identity, clock):
    clock.set(wire.unpack_instant(delegate.valid_until) - timedelta(seconds=1))
    later = identity.log_in(BARTEK)
    assert [one.grant_id for one in identity.check(later).grants] == [delegate.grant_id]
    clock.advance(timedelta(seconds=1))
    assert not identity.check(later).grants
    assert identity.check(later).customer_id == ""


def test_another_last_day_holds_from_now_on(home, anna, bartek, delegate, clock, identity):
    changed = home.change_end(anna, delegate.grant_id, date(2026, 3, 20))
    assert wire.unpack_date(changed.ends_on) == date(2026, 3, 20)
    again = home.change_end(anna, delegate.grant_id, date(2026, 3, 20))
    assert again == changed
    assert reasons(refused(home.change_end, anna, delegate.grant_id, date(2026, 3, 1))) == [
        ("ends_on", "OUT_OF_RANGE")
    ]
    clock.advance(timedelta(days=5))
    assert not identity.check(identity.log_in(BARTEK)).grants


@pytest.mark.repeats("GrantService/ChangeGrantEnd")
def test_an_owners_grant_has_no_end_to_change(home, anna, delegate):
    for _ in range(2):
        home.change_end(anna, delegate.grant_id, LAST_DAY)
    own = next(one for one in home.holders(anna) if one.origin == grants.GRANT_ORIGIN_PROOF)
    with pytest.raises(NotFound):
        home.change_end(anna, own.grant_id, LAST_DAY)


# ending


@pytest.mark.repeats("GrantService/RevokeGrant")
def test_a_delegate_who_is_sent_away_sees_nothing_more_and_is_told(
    home, anna, bartek, delegate, served, identity
):
    for _ in range(2):
        home.revoke(anna, delegate.grant_id)
    assert not identity.check(bartek).grants
    [told] = served.announced(events.GrantRevoked)
    assert (told.holder.email, told.customer_name, told.ended_by) == (BARTEK, "Anna Nowak", "owner")
    assert [one.user_name for one in home.holders(anna)] == ["Anna"]


def test_another_customer_of_who_was_sent_away_stays(home, anna, bartek, delegate, identity):
    identity.claim_celinas(bartek)
    home.revoke(anna, delegate.grant_id)
    answer = identity.check(bartek)
    assert answer.customer_id == CELINAS
    assert [one.customer_id for one in home.holders(bartek, CELINAS)] == [CELINAS]


@pytest.mark.repeats("GrantService/GiveUpGrant")
def test_a_delegate_gives_the_grant_up(home, anna, bartek, delegate, served, identity):
    token = home.token(bartek)
    request = grants.GiveUpGrantRequest(customer_id=ANNAS)
    for _ in range(2):
        # The token itself is refused within a second of the first call: what it may do until then is nothing.
        with suppress(Unauthenticated):
            identity.grants.GiveUpGrant(request, metadata=token)
    assert not identity.check(bartek).grants
    [told] = served.announced(events.GrantRevoked)
    assert (told.holder.email, told.ended_by) == (BARTEK, "holder")


def test_whom_an_owner_let_in_goes_with_the_owner(home, anna, bartek, delegate, identity, served, as_daria):
    home.invite(anna, "celina@poczta.example")
    own = next(one for one in home.holders(anna) if one.origin == grants.GRANT_ORIGIN_PROOF)
    request = grants.RevokeGrantRequest(customer_id=ANNAS, grant_id=own.grant_id)
    identity.grants.RevokeGrant(request, metadata=as_daria.metadata)
    assert not identity.check(anna).grants
    assert not identity.check(bartek).grants
    assert [one.ended_by for one in served.announced(events.GrantRevoked)] == ["staff", "staff"]
    waiting = pb.ListInvitationsRequest(customer_id=ANNAS)
    assert not home.invitations.ListInvitations(waiting, metadata=as_daria.metadata).invitations


def test_one_owner_does_not_end_another(home, anna, bartek, identity):
    identity.claim_annas(bartek)
    bartek_s = next(one for one in home.holders(anna) if one.user_name == "Bartek")
    assert refused(home.revoke, anna, bartek_s.grant_id).reason == "GRANT_NOT_FOUND"


def test_a_grant_is_ended_only_for_its_own_customer(home, anna, celina, delegate, identity):
    identity.claim_celinas(celina)
    assert refused(home.revoke, celina, delegate.grant_id, CELINAS).reason == "GRANT_NOT_FOUND"
    assert refused(home.revoke, celina, delegate.grant_id).reason == "ACCESS_REFUSED"
    assert refused(home.holders, celina).reason == "ACCESS_REFUSED"
    assert refused(home.waiting, celina).reason == "ACCESS_REFUSED"
    home.cancel(celina, home.invite(anna, "ktos@poczta.example").invitation_id, CELINAS)
    assert len(home.waiting(anna)) == 1


def test_staff_see_when_a_holder_was_last_here_and_owners_do_not(home, anna, delegate, identity, as_daria):
    request = grants.ListCustomerGrantsRequest(customer_id=ANNAS)
    listed = identity.grants.ListCustomerGrants(request, metadata=as_daria.metadata).grants
    assert all(one.HasField("last_seen_at") for one in listed)
    assert not any(one.HasField("last_seen_at") for one in home.holders(anna))


# a proof of who one is, for every change


def test_every_change_of_delegates_asks_for_a_recent_proof(home, anna, delegate, identity, clock):
    waiting = home.invite(anna, "ktos@poczta.example")
    for _ in range(3):
        clock.advance(timedelta(minutes=4))
        identity.check(anna)
    for call in (
        lambda: home.invite(anna, "inny@poczta.example"),
        lambda: home.cancel(anna, waiting.invitation_id),
        lambda: home.change_end(anna, delegate.grant_id, LAST_DAY),
        lambda: home.revoke(anna, delegate.grant_id),
    ):
        refusal = refused(call)
        assert isinstance(refusal, FailedPrecondition)
        assert refusal.reason == "STEP_UP_REQUIRED"
    assert len(home.holders(anna)) == 2


# claiming the customer of others


def test_a_delegate_who_claims_the_customer_is_told_of_to_the_others(home, anna, bartek, identity, served):
    home.invite(anna)
    home.accept(bartek, home.link())
    home.give_up(bartek)
    identity.claim_annas(bartek)
    given = served.announced(events.GrantGiven)[-1]
    assert [one.email for one in given.other_holders] == ["anna@poczta.example"]
    assert (given.user_email, given.HasField("inviter"), given.HasField("given_at")) == (BARTEK, False, True)


def test_a_claim_names_holders_in_force_alone_and_of_this_customer(
    home, anna, bartek, celina, identity, served
):
    identity.claim_celinas(celina)
    assert not served.announced(events.GrantGiven)[-1].other_holders
    home.invite(anna)
    home.accept(bartek, home.link())
    home.give_up(bartek)
    identity.claim_annas(celina)
    assert [one.email for one in served.announced(events.GrantGiven)[-1].other_holders] == [
        "anna@poczta.example"
    ]
