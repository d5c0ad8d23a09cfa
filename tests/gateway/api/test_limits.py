"""How often a caller may ask: told in every answer, and one limit over all gateways."""

from datetime import timedelta
from typing import Any

from ebok.identity.v1 import limits_pb2, limits_pb2_grpc
from flask import Flask

from chassis.actors import Actor, ActorKind
from tests.gateway.api.office import Office, Program
from tests.gateway.world import World

LIMIT = 600


def use_up(world: World, client_id: str, wanted: int) -> int:
    """As another gateway would: answers how many were granted."""
    gateway = world.persona(Actor(ActorKind.SYSTEM, "gateway", "gateway"))
    stub: Any = world.identity.stub(limits_pb2_grpc.LimitServiceStub, gateway)
    asked = limits_pb2.LeasePermitsRequest(
        kind=limits_pb2.CALLER_KIND_CLIENT, subject=client_id, wanted=wanted
    )
    return int(stub.LeasePermits(asked).granted)


def left(headers: Any) -> int:
    name, rest, _time = headers["RateLimit"].split(";")
    assert name == '"default"'
    return int(rest.removeprefix("r="))


def test_every_answer_says_where_the_caller_stands(everything: Program):
    first, second = everything.get("/tariffs"), everything.get("/customers/kein")
    assert first.headers["RateLimit-Policy"] == f'"default";q={LIMIT};w=60'
    assert left(first.headers) == LIMIT - 1
    third = everything.get("/nothing/of/ours?x=1")
    assert "RateLimit" not in second.headers  # No path of ours, no request that counts.
    assert third.status_code == 404
    assert left(everything.get("/tariffs").headers) == LIMIT - 2


def test_a_refusal_counts_and_says_so(everything: Program):
    response = everything.get("/customers?page_size=0")
    assert response.status_code == 400
    assert left(response.headers) == LIMIT - 1


def test_who_has_used_the_window_up_waits_for_the_next(world: World, office: Office):
    client_id, secret = office.client("GIS")
    program = Program(world.app, office.token(client_id, secret))
    assert program.get("/tariffs").status_code == 200
    while use_up(world, client_id, 1000):
        pass
    seen = [program.get("/tariffs") for _request in range(30)]
    last = seen[-1]
    assert sum(one.status_code == 200 for one in seen) == 19  # What this gateway held.
    assert (last.status_code, last.json["reason"]) == (429, "TOO_MANY_REQUESTS")
    assert left(last.headers) == 0
    wait = int(last.headers["Retry-After"])
    assert 1 <= wait <= 60
    before = world.clock.now()
    world.clock.advance(timedelta(seconds=wait))
    try:
        assert program.get("/tariffs").status_code == 200
    finally:
        world.clock.set(before)


def test_one_limit_holds_over_two_gateways(world: World, office: Office):
    client_id, secret = office.client("GIS")
    token = office.token(client_id, secret)
    use_up(world, client_id, LIMIT - 50)
    gateways = [Program(world.make_app(), token), Program(world.make_app(), token)]
    statuses = [gateways[turn % 2].get("/tariffs").status_code for turn in range(80)]
    assert statuses.count(200) == 50
    assert statuses.count(429) == 30


def test_addresses_of_one_household_are_counted_as_one(app: Flask):
    def ask(address: str) -> int:
        response = app.test_client().get("/api/v1/customers", environ_base={"REMOTE_ADDR": address})
        return left(response.headers)

    first = ask("2001:db8:7:7::1")
    assert ask("2001:db8:7:7:ffff::2") == first - 1
    assert ask("2001:db8:7:8::1") == first


def test_who_shows_no_token_is_counted_by_address(app: Flask):
    response = app.test_client().get("/api/v1/customers", environ_base={"REMOTE_ADDR": "198.51.100.7"})
    assert response.status_code == 401
    assert left(response.headers) >= 0
    assert response.headers["RateLimit-Policy"] != f'"default";q={LIMIT};w=60'
