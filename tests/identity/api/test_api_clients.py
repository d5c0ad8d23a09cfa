"""API clients through gRPC: made, changed, given a second secret, revoked; and what of it reaches the others."""

from dataclasses import replace
from datetime import timedelta

import pytest
from ebok.identity.v1 import api_clients_pb2 as pb
from ebok.identity.v1.api_clients_pb2_grpc import ApiClientServiceStub
from ebok.identity.v1.events_pb2 import AccessRevoked

from chassis import wire
from chassis.clock import warsaw_date
from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, PermissionDenied, Unauthenticated
from chassis.ids import new_id
from chassis.testing import cast
from tests.identity.office import SCOPES, Office


@pytest.fixture
def as_admin(persona, clock):
    """Edward, who has just proven who he is."""
    return persona(replace(cast.staff(cast.EDWARD_STAFF, "Edward"), stepped_up_at=clock.now()))


@pytest.fixture
def office(served, as_admin):
    return Office(served, as_admin)


def test_a_client_is_made_with_a_secret_that_is_told_once(office, count):
    made = office.make()
    assert made.client_secret.startswith("ebs_")
    assert len(made.client_secret) == 47
    shown = office.one(made.client.client_id)
    assert (shown.name, list(shown.scopes), shown.made_by) == ("GIS", SCOPES, "Edward")
    [secret] = shown.secrets
    assert made.client_secret.startswith(secret.prefix)
    assert made.client_secret not in str(shown)
    assert not shown.HasField("last_used_at")
    assert count("client_secrets", f"secret_hash::text LIKE '%{made.client_secret[4:]}%'") == 0


@pytest.mark.repeats("ApiClientService/CreateApiClient")
def test_a_repeat_makes_no_second_client_and_tells_no_secret(office):
    client_id = str(new_id())
    first = office.make(client_id=client_id)
    again = office.make(client_id=client_id)
    assert (again.client, again.client_secret) == (first.client, "")
    with pytest.raises(Conflict) as caught:
        office.make("Inny", client_id=client_id)
    assert caught.value.reason == "API_CLIENT_EXISTS"


def test_two_clicks_at_once_make_one_client_and_two_of_a_name_are_refused(office, at_once):
    for _ in range(5):
        client_id = str(new_id())
        answers = at_once(*(lambda: office.make(client_id=client_id) for _ in range(3)))  # noqa: B023
        assert sorted(bool(one.client_secret) for one in answers) == [False, False, True]
        office.revoke(client_id)
    outcomes = at_once(*(office.make for _ in range(4)))
    refusals = [one.reason for one in outcomes if isinstance(one, Conflict)]
    assert refusals == ["NAME_TAKEN"] * 3


def test_an_id_of_another_client_s_secret_makes_none(office):
    one, other = office.make("A").client, office.make("B").client
    with pytest.raises(Conflict) as caught:
        office.rotate(one.client_id, other.secrets[0].secret_id)
    assert caught.value.reason == "API_CLIENT_EXISTS"


def test_what_cannot_be_is_refused_field_by_field(office, clock):
    yesterday = wire.pack_date(warsaw_date(clock.now()) - timedelta(days=1))
    with pytest.raises(Invalid) as caught:
        office.make(scopes=["invoices:read", "everything:write"], expires_on=yesterday)
    assert [(one.field, one.reason) for one in caught.value.violations] == [
        ("scopes", "UNKNOWN"),
        ("expires_on", "IN_PAST"),
    ]
    office.make()
    with pytest.raises(Conflict) as taken:
        office.make("gis")
    assert taken.value.reason == "NAME_TAKEN"


def test_a_name_is_free_again_once_its_client_is_revoked(office):
    office.revoke(office.make().client.client_id)
    assert office.make().client_secret


def test_every_scope_is_listed_with_its_permissions(office):
    listed = {
        one.name: set(one.permissions)
        for one in office.clients.ListApiClients(pb.ListApiClientsRequest()).scopes
    }
    assert listed["invoices:read"] == {"billing.invoices.read"}
    assert list(listed) == sorted(listed)


def test_without_a_fresh_proof_of_who_one_is_nothing_that_tells_a_secret_is_done(
    served, office, as_edward, clock
):
    client = office.make().client
    clock.advance(timedelta(minutes=1))
    stale = Office(served, as_edward)
    for act in (
        lambda: stale.make("Inny"),
        lambda: stale.rotate(client.client_id),
        lambda: stale.change(client, scopes=[*SCOPES, "ledger:read"]),
    ):
        with pytest.raises(FailedPrecondition) as caught:
            act()
        assert caught.value.reason == "STEP_UP_REQUIRED"
    assert stale.revoke(client.client_id).HasField("revoked_at")


def test_a_clerk_sees_no_clients(served, as_edward):
    clerk = served.stub(ApiClientServiceStub, as_edward.without("identity.api_clients.manage"))
    with pytest.raises(PermissionDenied):
        clerk.ListApiClients(pb.ListApiClientsRequest())


@pytest.mark.repeats("ApiClientService/RotateSecret")
@pytest.mark.repeats("ApiClientService/RevokeSecret")
def test_two_secrets_live_until_the_old_one_is_revoked(office, served):
    made = office.make()
    client_id, first = made.client.client_id, made.client_secret
    secret_id = str(new_id())
    second = office.rotate(client_id, secret_id).client_secret
    assert office.rotate(client_id, secret_id).client_secret == ""
    assert office.token(client_id, first)
    assert office.token(client_id, second)
    with pytest.raises(FailedPrecondition) as caught:
        office.rotate(client_id)
    assert caught.value.reason == "TWO_SECRETS_LIVE"

    old = office.one(client_id).secrets[0]
    request = pb.RevokeSecretRequest(client_id=client_id, secret_id=old.secret_id)
    left = office.clients.RevokeSecret(request).client
    assert [one.secret_id for one in left.secrets] == [secret_id]
    assert office.clients.RevokeSecret(request).client == left
    with pytest.raises(Unauthenticated):
        office.token(client_id, first)
    assert office.token(client_id, second)
    assert [one.subject_id for one in served.announced(AccessRevoked)] == [old.secret_id]


def test_a_secret_of_another_client_is_not_found(office):
    one, other = office.make("A").client, office.make("B").client
    with pytest.raises(NotFound) as caught:
        office.clients.RevokeSecret(
            pb.RevokeSecretRequest(client_id=one.client_id, secret_id=other.secrets[0].secret_id)
        )
    assert caught.value.reason == "SECRET_NOT_FOUND"


@pytest.mark.repeats("ApiClientService/RevokeApiClient")
def test_a_revoked_client_is_let_in_no_more_and_the_others_are_told(office, served, clock):
    made = office.make()
    client_id = made.client.client_id
    ended = office.revoke(client_id)
    assert ended.HasField("revoked_at")
    assert not ended.secrets
    assert office.revoke(client_id) == ended
    with pytest.raises(Unauthenticated) as caught:
        office.token(client_id, made.client_secret)
    assert caught.value.reason == "CLIENT_REFUSED"
    [told] = served.announced(AccessRevoked)
    assert told.subject_id == client_id
    assert wire.unpack_instant(told.revoked_before) > clock.now()
    with pytest.raises(FailedPrecondition):
        office.rotate(client_id)


@pytest.mark.repeats("ApiClientService/ChangeApiClient")
def test_taking_a_scope_away_ends_the_tokens_that_had_it(office, served):
    client = office.make().client
    wider = office.change(client, scopes=[*SCOPES, "ledger:read"])
    assert office.change(wider, scopes=[*SCOPES, "ledger:read"]) == wider
    assert served.announced(AccessRevoked) == []
    narrower = office.change(wider, scopes=["invoices:read"])
    assert list(narrower.scopes) == ["invoices:read"]
    assert [one.subject_id for one in served.announced(AccessRevoked)] == [client.client_id]
    with pytest.raises(Conflict) as caught:
        office.change(wider, name="GIS 2")
    assert caught.value.reason == "API_CLIENT_CHANGED"


def test_an_unknown_client_is_not_found(office):
    with pytest.raises(NotFound):
        office.rotate(str(new_id()))
