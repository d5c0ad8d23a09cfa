"""Client credentials through gRPC: what a token holds, how it ends, and how guessing is slowed."""

from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from ebok.identity.v1 import tokens_pb2 as pb
from ebok.identity.v1.tokens_pb2_grpc import TokenServiceStub

from chassis import wire
from chassis.clock import warsaw_date
from chassis.errors import Invalid, RateLimited, Unauthenticated
from chassis.ids import new_id
from chassis.testing import cast
from tests.identity.office import SCOPES, Office


@pytest.fixture
def office(served, persona, clock):
    """Edward's, who has just proven who he is."""
    edward = replace(cast.staff(cast.EDWARD_STAFF, "Edward"), stepped_up_at=clock.now())
    return Office(served, persona(edward))


@pytest.fixture
def gis(office):
    """A client and its secret."""
    made = office.make()
    return made.client.client_id, made.client_secret


@pytest.fixture
def ask(served, as_system):
    """`ask(client_id, secret)`: as the gateway, which says where a request came from."""
    stub = served.stub(TokenServiceStub, as_system("gateway"))

    def issue(client_id: str, secret: str, *, scope: str = "", address: str = "192.0.2.7"):
        return stub.IssueToken(
            pb.IssueTokenRequest(client_id=client_id, client_secret=secret, scope=scope, address=address)
        )

    return issue


@pytest.mark.repeats("TokenService/IssueToken")
def test_a_token_names_client_scopes_and_permissions_and_lasts_five_minutes(gis, ask, office, clock):
    answer = ask(*gis)
    again = ask(*gis)
    claims = jwt.decode(answer.access_token, options={"verify_signature": False})
    assert (claims["kind"], claims["sub"], claims["name"], claims["aud"]) == ("CLIENT", gis[0], "GIS", "ebok")
    assert claims["scope"] == answer.scope == "customers:read invoices:read"
    assert claims["perms"] == [
        "billing.customers.read",
        "billing.customers.search",
        "billing.invoices.read",
    ]
    assert (answer.token_type, answer.expires_in, again.expires_in) == ("Bearer", 300, 300)
    assert claims["exp"] - claims["iat"] <= 300
    shown = office.one(gis[0])
    assert wire.unpack_instant(shown.last_used_at) == clock.now()
    assert wire.unpack_instant(shown.secrets[0].last_used_at) == clock.now()


def test_a_token_may_be_for_some_of_the_scopes_and_for_no_others(gis, ask):
    answer = ask(*gis, scope="invoices:read")
    claims = jwt.decode(answer.access_token, options={"verify_signature": False})
    assert (answer.scope, claims["perms"]) == ("invoices:read", ["billing.invoices.read"])
    with pytest.raises(Invalid) as caught:
        ask(*gis, scope="invoices:read runs:write")
    assert caught.value.reason == "SCOPE_NOT_GRANTED"
    assert caught.value.metadata == {"scope": "runs:write"}


def test_unknown_client_and_wrong_secret_are_one_refusal(gis, ask):
    told = set()
    for client_id, secret in ((gis[0], "ebs_wrong"), (str(new_id()), gis[1]), ("nobody", gis[1])):
        with pytest.raises(Unauthenticated) as caught:
            ask(client_id, secret)
        told.add((caught.value.reason, str(caught.value), tuple(caught.value.metadata)))
    assert told == {("CLIENT_REFUSED", "CLIENT_REFUSED", ())}


def test_a_client_ends_with_its_last_day(office, ask, clock):
    made = office.make(expires_on=wire.pack_date(warsaw_date(clock.now())), scopes=SCOPES)
    credentials = made.client.client_id, made.client_secret
    assert ask(*credentials).access_token
    clock.advance(timedelta(days=1))
    with pytest.raises(Unauthenticated):
        ask(*credentials)


def test_guessing_is_slowed_and_a_right_answer_begins_anew(gis, ask, clock):
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            ask(gis[0], "ebs_wrong")
    with pytest.raises(RateLimited) as caught:
        ask(*gis)
    assert caught.value.reason == "TOO_MANY_ATTEMPTS"
    assert caught.value.retry_after_s == 15
    clock.advance(timedelta(seconds=16))
    assert ask(*gis).access_token
    with pytest.raises(Unauthenticated):
        ask(gis[0], "ebs_wrong")
    assert ask(*gis).access_token


def test_a_stranger_does_not_keep_a_client_out(gis, ask):
    assert ask(*gis).access_token
    for number in range(60):
        with pytest.raises((Unauthenticated, RateLimited)):
            ask(gis[0], "ebs_wrong", address=f"203.0.113.{number}")
    assert ask(*gis).access_token


def test_only_the_gateway_says_where_a_request_came_from(gis, served, office):
    for number in range(10):
        with pytest.raises(Unauthenticated):
            office.tokens.IssueToken(
                pb.IssueTokenRequest(
                    client_id=gis[0], client_secret="ebs_wrong", address=f"203.0.113.{number}"
                )
            )
    with pytest.raises(RateLimited):
        office.token(*gis)
