"""Permits through gRPC: however many gateways ask, a window has no more than it has."""

from datetime import timedelta

import pytest
from ebok.identity.v1 import limits_pb2 as pb
from ebok.identity.v1.limits_pb2_grpc import LimitServiceStub

from chassis import wire
from services.identity.__main__ import part


@pytest.fixture
def served(serving, neighbour):
    return serving(part, peers={"billing": neighbour.address}, client_calls_a_minute=50)


@pytest.fixture
def lease(served, as_system):
    stub = served.stub(LimitServiceStub, as_system("gateway"))

    def ask(wanted: int, subject: str = "gis", kind: "pb.CallerKind" = pb.CALLER_KIND_CLIENT):
        return stub.LeasePermits(pb.LeasePermitsRequest(kind=kind, subject=subject, wanted=wanted))

    return ask


@pytest.mark.repeats("LimitService/LeasePermits")
def test_permits_are_granted_until_the_window_is_used_up_and_then_anew(lease, clock):
    told = [(one.granted, one.remaining) for one in (lease(20), lease(20), lease(20), lease(20))]
    assert told == [(20, 30), (20, 10), (10, 0), (0, 0)]
    first = lease(1)
    assert first.limit == 50
    ends = wire.unpack_instant(first.window_ends_at)
    assert timedelta() < ends - clock.now() <= timedelta(minutes=1)
    clock.set(ends)
    assert (lease(20).granted, lease(1).remaining) == (20, 29)


def test_more_than_the_window_has_is_never_granted(lease):
    assert (lease(1000).granted, lease(1).granted) == (50, 0)


def test_callers_do_not_use_up_each_others(lease):
    lease(1000)
    assert lease(1, subject="other").granted == 1
    assert lease(1, kind=pb.CALLER_KIND_PERSONAL_TOKEN).granted == 1


def test_gateways_that_ask_at_once_get_no_more_than_one(lease, at_once):
    answers = at_once(*[lambda: lease(9) for _ in range(8)])
    assert sum(one.granted for one in answers) == 50


def test_windows_that_are_over_are_forgotten(lease, served, clock, count):
    lease(1)
    lease(1, subject="other")
    clock.advance(timedelta(minutes=70))
    lease(1, subject="other")
    served.run_job("permits.tidy")
    assert count("permits") == 1
