"""Revoked access: refused by the gate, by subject and by what a token was given for, without a query for each call."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chassis import revocations
from chassis.errors import Unauthenticated
from chassis.revocations import Revocations
from tests.chassis.example import notes_pb2, notes_pb2_grpc
from tests.chassis.notes import Revocation

HELLO = notes_pb2.HelloRequest(name="x")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """The copy is read again at each call."""
    monkeypatch.setattr(revocations, "READ_EVERY_S", 0.0)


@pytest.fixture
def revoke(served, clock):
    def keep(subject_id, *, before=timedelta()):
        with served.database.transaction() as session:
            revocations.keep(session, subject_id, revoked_before=clock.now() + before, now=clock.now())

    return keep


@pytest.fixture
def hello(served):
    stub = served.stub(notes_pb2_grpc.NoteServiceStub)
    return lambda metadata: stub.Hello(HELLO, metadata=metadata).kind


def test_older_tokens_of_a_subject_are_refused_and_newer_ones_are_not(hello, revoke, as_anna, clock):
    old = as_anna.metadata
    assert hello(old) == "CUSTOMER"
    clock.advance(timedelta(seconds=1))
    revoke(as_anna.actor.actor_id)
    with pytest.raises(Unauthenticated) as caught:
        hello(old)
    assert caught.value.reason == "TOKEN_REFUSED"
    assert hello(as_anna.metadata) == "CUSTOMER"


def test_tokens_given_for_a_session_are_refused_and_those_of_another_are_not(
    hello, revoke, as_anna, persona, clock
):
    here = as_anna.metadata
    there = persona(replace(as_anna.actor, session_id="elsewhere")).metadata
    clock.advance(timedelta(seconds=1))
    revoke(as_anna.actor.session_id)
    with pytest.raises(Unauthenticated):
        hello(here)
    assert hello(there) == "CUSTOMER"


def test_what_is_revoked_for_good_covers_a_token_that_is_being_given_now(hello, revoke, as_client, clock):
    revoke(as_client.actor.actor_id, before=timedelta(minutes=10))
    clock.advance(timedelta(seconds=5))
    with pytest.raises(Unauthenticated):
        hello(as_client.metadata)


def test_the_later_revocation_stays_and_old_ones_are_forgotten(served, revoke, as_anna, clock):
    revoke("x", before=timedelta(minutes=5))
    revoke("x")
    later = clock.now() + timedelta(minutes=5)
    with served.database.reading() as session:
        assert session.get(Revocation, "x").revoked_before == later
    clock.advance(timedelta(minutes=16))
    revoke("y")
    with served.database.reading() as session:
        assert session.get(Revocation, "x") is None


def test_the_copy_is_read_once_a_second_whoever_asks(served, clock, as_anna, monkeypatch):
    monkeypatch.setattr(revocations, "READ_EVERY_S", 60.0)
    copy = Revocations(served.database, clock)
    asked: list[int] = []
    asking = served.database.asking

    def counted():
        asked.append(1)
        return asking()

    monkeypatch.setattr(served.database, "asking", counted)
    for _ in range(100):
        assert not copy.covers(as_anna.actor, 0.0)
    assert len(asked) == 1
