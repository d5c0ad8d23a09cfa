"""Fields that a form or a body does not have change nothing: nobody gives themselves rights, or another's customer.

REST refuses them by name; forms read only what they show.
"""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from chassis.ids import new_id
from gateway.api.document import document
from tests.gateway.api.office import Office
from tests.gateway.api.said import operations, path_of
from tests.gateway.visitors import Visitor
from tests.gateway.world import PASSWORD, World

MORE = {
    "user_id": "018f0000-0000-7000-8000-000000000001",
    "customer_id": "018f0000-0000-7000-8000-000000000002",
    "staff_id": "018f0000-0000-7000-8000-000000000003",
    "confirmed_at": "2020-01-01T00:00:00Z",
    "is_admin": "1",
    "role": "administrator",
    "roles": "administrator",
    "permissions": "billing.customers.read",
    "scope": "MANAGE",
    "realm": "2",
    "origin": "PROOF",
    "given_by": "PROOF",
    "valid_until": "2099-01-01",
    "stepped_up_at": "2099-01-01T00:00:00Z",
    "version": "99",
    "status": "SETTLED",
    "password_hash": "-",
    "_user_id": "x",
}


def row(world: World, email: str) -> dict[str, Any]:
    query = text("SELECT * FROM users WHERE email = :email")
    with world.identity.database.reading() as session:
        return dict(session.execute(query, {"email": email}).mappings().one())


def joined(world: World) -> str:
    email = f"wiecej-{new_id()}@poczta.example"
    world.join(email, "Hanna")
    return email


def test_nobody_registers_as_more_than_a_stranger(world: World):
    email = f"wiecej-{new_id()}@poczta.example"
    sent = world.visitor().submit("/rejestracja", name="Hanna", email=email, password=PASSWORD, **MORE)
    assert sent.location == "/rejestracja/wyslano"
    made = row(world, email)
    assert made["confirmed_at"] is None
    assert str(made["user_id"]) != MORE["user_id"]
    assert made["password_hash"].startswith("$argon2id$")


def test_a_profile_takes_name_language_and_look_alone(world: World):
    email = joined(world)
    anna = world.visitor(email)
    before = row(world, email)
    page = anna.page("/profil")
    assert 'name="language"' in page
    fields = {"name": "Hania", "language": "en", "look": "dark", "email": "inna@poczta.example"}
    for button in _buttons(page):
        anna.submit("/profil", **MORE, **fields, **button)
    changed = {name for name, value in row(world, email).items() if value != before[name]}
    assert changed <= {"name", "language", "look"}
    assert "name" in changed


def _buttons(page: str) -> list[dict[str, str]]:
    """What the page's forms are told apart by."""
    from bs4 import BeautifulSoup

    found = BeautifulSoup(page, "html.parser").select("form[action] input[type=hidden], button[name]")
    return [{}] + [
        {str(one["name"]): str(one.get("value", ""))}
        for one in found
        if one.get("name") not in (None, "csrf_token", *MORE)
    ]


def test_a_log_in_opens_no_other_door_and_no_other_customer(world: World):
    browser = world.visitor()
    browser.submit("/logowanie", email="celina@poczta.example", password=PASSWORD, **MORE)
    assert browser.get("/konsola/").status_code == 303
    chosen = browser.submit(
        "/klient", at="/profil", customer_id=world.annas.customer_id, **_but("customer_id")
    )
    assert chosen.status_code == 403
    assert world.annas.number not in browser.page("/profil")


def test_a_clerk_makes_no_administrator(world: World):
    daria = world.visitor("daria@wodociagi-zdroj.example", staff=True)
    for path in ("/konsola/pracownicy/nowa-rola", f"/konsola/pracownicy/{world.colleague('Daria').staff_id}"):
        answer = daria.submit(path, at="/konsola/ja", uprawnienia="identity.staff.change", **MORE)
        assert answer.status_code == 403, path
    assert list(world.colleague("Daria").roles) == ["clerk"]


def test_no_body_of_rest_has_room_for_more(app: Flask, world: World):
    program = Office(world).system("GIS")
    tried = 0
    for said in operations(app):
        if "requestBody" not in said.operation:
            continue
        tried += 1
        answer = program.write(said.method, path_of(world, said), MORE)
        assert answer.status_code == 400, said.name
        refused = {one["field"] for one in answer.json["violations"] if one["reason"] == "UNKNOWN_FIELD"}
        known = _keys(app, said.operation)
        assert refused >= set(MORE) - known, said.name
        assert not known & {"user_id", "staff_id", "roles", "permissions", "is_admin", "given_by"}, said.name
    assert tried > 5


def _keys(app: Flask, operation: dict[str, Any]) -> set[str]:
    with app.app_context():
        schemas = document()["components"]["schemas"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return set(schemas[schema["$ref"].rpartition("/")[2]]["properties"])


def _but(name: str) -> dict[str, str]:
    return {key: value for key, value in MORE.items() if key != name}


@pytest.mark.parametrize("name", ["customer_id", "user_id"])
def test_an_id_in_the_query_makes_nobody_somebody_else(world: World, name: str):
    celina: Visitor = world.visitor("celina@poczta.example")
    for path in ("/start", "/faktury", "/profil", "/rozliczenia"):
        page = celina.page(path, query_string={name: world.annas.customer_id})
        assert world.annas.number not in page, path
