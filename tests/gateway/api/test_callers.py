"""Who gets in: the right kind of token, with the right scope, for what is theirs, as long as it holds."""

import time
from typing import Any

import pytest
from flask import Flask
from jwt.utils import base64url_encode

from chassis.testing import cast
from gateway.api.exchanges import GOOD_FOR_S
from tests.gateway.api import said
from tests.gateway.api.office import Office, Program
from tests.gateway.test_stranger import annas_marks, says
from tests.gateway.visitors import somewhere
from tests.gateway.world import World


def test_without_a_token_every_path_is_closed(app: Flask, world: World):
    nobody: Any = app.test_client(use_cookies=False)
    faults = list[object]()
    for one in said.operations(app):
        response = nobody.open(
            "/api/v1" + said.path_of(world, one), method=one.method, environ_base=somewhere()
        )
        challenge = response.headers.get("WWW-Authenticate", "")
        if (response.status_code, response.json["reason"]) != (
            401,
            "LOGIN_REQUIRED",
        ) or "Bearer" not in challenge:
            faults.append((one.name, response.status_code))
        faults += said.faults(app, one, response)
    assert faults == []


def test_a_token_without_the_scope_opens_nothing(app: Flask, world: World, office: Office):
    """Each path with a client that has every scope but its own."""
    clients = {}
    for one in said.operations(app):
        if one.is_personal:
            continue
        if one.scope not in clients:
            others = [scope for scope in office.scopes if scope != one.scope]
            clients[one.scope] = office.system("GIS", others)
        response = clients[one.scope].write(one.method, said.path_of(world, one), {})
        assert (response.status_code, response.json["reason"]) == (403, "SCOPE_MISSING"), one.name
        assert f'error="insufficient_scope", scope="{one.scope}"' in response.headers["WWW-Authenticate"]
        assert list(said.faults(app, one, response)) == []


def test_each_kind_of_token_opens_its_own_paths_only(
    app: Flask, world: World, everything: Program, annas: Program
):
    for one in said.operations(app):
        stranger = everything if one.is_personal else annas
        response = stranger.write(one.method, said.path_of(world, one), {})
        assert (response.status_code, response.json["reason"]) == (401, "TOKEN_REFUSED"), one.name
        assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_sessions_of_people_and_tokens_of_parts_open_nothing(app: Flask, world: World):
    """A cookie counts for nothing, and neither does a token that was not made for other systems."""
    anna = world.visitor("anna@poczta.example")
    assert anna.get("/api/v1/my/invoices").status_code == 401
    for persona in (
        world.persona(cast.staff(cast.EDWARD_STAFF, "Edward")),
        world.persona(cast.customer(cast.ANNA_USER, "Anna", cast.ANNA_CUSTOMER)),
    ):
        [(_key, bearer)] = persona.metadata
        program = Program(app, str(bearer).removeprefix("Bearer "))
        assert program.get("/customers").status_code == 401
        assert program.get("/my/invoices").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer ebok_" + "x" * 500,
        "Bearer a.b.c",
        "Bearer \xff",
        "x" * 9000,
    ],
)
def test_what_is_no_token_is_refused(app: Flask, header: str):
    nobody = app.test_client(use_cookies=False)
    for path in ("/api/v1/customers", "/api/v1/my/usage"):
        assert (
            nobody.get(path, headers={"Authorization": header}, environ_base=somewhere()).status_code == 401
        )


def test_an_unsigned_token_is_refused(app: Flask, everything: Program):
    head = base64url_encode(b'{"alg":"none","typ":"JWT"}').decode()
    payload = everything.token.split(".")[1]
    assert Program(app, f"{head}.{payload}.").get("/customers").status_code == 401


def test_annas_program_reads_her_use_and_invoices(world: World, annas: Program):
    body = annas.read("/my/invoices?page_size=100")
    assert [one["invoice_id"] for one in body["items"]] == [one.invoice_id for one in world.annas.invoices]
    invoice = world.annas.last_invoice.invoice_id
    assert annas.read(f"/my/invoices/{invoice}")["invoice"]["customer_number"] == "20411085"
    assert annas.get(f"/my/invoices/{invoice}/pdf").mimetype == "application/pdf"
    use = annas.read("/my/usage?step=year")
    assert use["unit"] == "m3"
    assert use["buckets"]


def test_every_path_of_programs_answers_as_the_document_says(app: Flask, world: World, annas: Program):
    faults, seen = list[str](), 0
    for one in (one for one in said.operations(app) if one.is_personal):
        response = annas.get(said.path_of(world, one))
        assert response.status_code == 200, one.path
        faults += said.faults(app, one, response)
        seen += 1
    assert (faults, seen) == ([], 5)


def test_celinas_program_gets_nothing_of_annas(app: Flask, world: World, celinas: Program):
    marks, faults = annas_marks(world), list[object]()
    point = world.annas.service_points[0].service_point_id
    paths = [said.path_of(world, one) for one in said.operations(app) if one.is_personal]
    for path in [*paths, f"/my/usage?service_point_id={point}"]:
        response = celinas.get(path)
        if (world.annas.last_invoice.invoice_id in path or "?" in path) and response.status_code != 404:
            faults.append((path, response.status_code))
        if found := says(response, [mark for mark in marks if mark not in path]):
            faults.append((path, found))
    assert faults == []


def test_a_personal_token_is_for_its_scopes_alone(world: World, office: Office):
    program = office.program("anna", ["usage:read"])
    assert program.get("/my/usage").status_code == 200
    response = program.get("/my/invoices")
    assert (response.status_code, response.json["reason"]) == (403, "SCOPE_MISSING")


def test_a_revoked_personal_token_ends_within_a_second(world: World, office: Office):
    token_id, token = office.personal_token("celina")
    program = Program(world.app, token)
    assert program.get("/my/invoices").status_code == 200
    office.forget("celina", token_id)
    time.sleep(GOOD_FOR_S)
    response = program.get("/my/invoices")
    assert (response.status_code, response.json["reason"]) == (401, "PERSONAL_TOKEN_REFUSED")


def test_a_revoked_client_is_out_within_seconds(world: World, office: Office):
    client_id, secret = office.client("GIS")
    program = Program(world.app, office.token(client_id, secret))
    assert program.get("/tariffs").status_code == 200
    office.revoke(client_id)
    world.deliver()
    until = time.monotonic() + 5
    while (response := program.get("/tariffs")).status_code == 200 and time.monotonic() < until:
        time.sleep(0.2)
    assert (response.status_code, response.json["reason"]) == (401, "TOKEN_REFUSED")
