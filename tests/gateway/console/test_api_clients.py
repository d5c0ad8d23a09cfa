"""Klienci API: made, shown once, rotated, revoked by an administrator; not there for a clerk."""

import re
from typing import Any

import pytest
from sqlalchemy import text

from gateway.api.scopes import SCOPES as OF_REST
from gateway.console.scope_words import WORDS
from services.identity.domain import scopes
from tests.gateway import access_work
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

LIST, NEW = "/konsola/klienci-api", "/konsola/klienci-api/nowy"
ID = "01930000-0000-7000-8000-00000000b001"


@pytest.fixture(autouse=True)
def _as_before(busy_town: World):
    """No test finds the clients of another."""
    with busy_town.identity.database.transaction() as session:
        for table in ("client_secrets", "api_clients"):
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - names of ours


def secrets_in(page: str) -> list[str]:
    return re.findall(r"ebs_[\w-]{43}", page)


def make(manager: Visitor, **fields: Any) -> str:
    said: dict[str, Any] = {
        "nazwa": "Mapa",
        "zakresy": ["customers:read", "meters:read"],
        "request_id": ID,
        **fields,
    }
    sent = manager.submit(NEW, **said)
    assert sent.status_code == 303, sent.text
    return str(sent.location)


def test_the_secret_is_shown_once_and_nowhere_again(manager: Visitor):
    place = make(manager)
    page = manager.page(place)
    assert len(set(secrets_in(page))) == 1
    assert "Sekret, widoczny tylko teraz" in page
    assert secrets_in(manager.page(place)) == []
    listed = manager.text(LIST)
    assert "Mapa" in listed
    assert "nigdy" in listed


def test_a_double_click_makes_one_client_and_says_that_its_secret_was_shown(manager: Visitor):
    place = make(manager)
    manager.page(place)
    assert make(manager) == place
    assert "Jego sekret już pokazaliśmy." in manager.text(place)
    assert manager.text(LIST).count("Mapa") == 1


def test_what_is_wrong_is_said_at_its_field_and_the_rest_stays(manager: Visitor):
    sent = manager.submit(NEW, nazwa="", zakresy=["invoices:read"], do="2020-01-01", request_id=ID)
    assert sent.status_code == 422
    assert 'value="invoices:read" checked' in sent.text
    past = manager.submit(NEW, nazwa="Mapa", zakresy=["invoices:read"], do="2020-01-01", request_id=ID)
    assert past.status_code == 422
    assert "Ten dzień już minął." in past.text


def test_a_second_secret_and_the_end_of_the_first(manager: Visitor):
    place = make(manager)
    manager.page(place)
    sent = manager.submit(f"{place}/sekret", at=place, request_id="01930000-0000-7000-8000-00000000b002")
    assert sent.status_code == 303
    page = manager.page(place)
    assert len(set(secrets_in(page))) == 1
    [first, _second] = re.findall(r"/sekret/([\w-]{36})/uniewaznij", page)
    assert manager.submit(f"{place}/sekret/{first}/uniewaznij", at=place).status_code == 303
    assert "Sekret unieważniony." in manager.text(place)
    assert "uniewaznij" in manager.page(place)
    assert "/sekret/" not in manager.page(place).replace(f"{place}/sekret", "").replace(place, "")


def test_a_revoked_client_stays_in_the_list_and_can_be_changed_no_more(manager: Visitor, busy_town: World):
    place = make(manager)
    assert manager.submit(f"{place}/uniewaznij", at=place).status_code == 303
    assert "unieważniony" in manager.text(LIST)
    assert 'name="zakresy"' not in manager.page(place)
    busy_town.deliver()
    log = manager.text("/konsola/audyt?czynnosc=ebok.identity.v1.ApiClientService/RevokeApiClient")
    assert "odebrano dostęp innemu systemowi" in log


def test_scopes_are_changed_from_the_version_that_was_seen(manager: Visitor):
    place = make(manager)
    version = re.search(r'name="wersja" value="(\d+)"', manager.page(place))
    assert version
    fields: dict[str, Any] = {"nazwa": "Mapa", "zakresy": ["meters:read"], "wersja": version[1]}
    assert manager.submit(place, **fields).status_code == 303
    page = manager.page(place)
    assert 'value="meters:read" checked' in page
    assert 'value="customers:read" checked' not in page
    late = manager.submit(place, **{**fields, "nazwa": "Mapa 2"})
    assert late.status_code == 409
    assert "Ktoś inny w międzyczasie zmienił tego klienta API." in plain(late.text)


def test_every_scope_has_words():
    assert set(WORDS) == set(scopes.OF_CLIENTS)
    assert set(OF_REST) <= set(scopes.OF_CLIENTS)


def test_a_clerk_neither_sees_nor_opens_them(clerk: Visitor, busy_town: World):
    access_work.client_id(busy_town)
    assert "klienci-api" not in clerk.page("/konsola/")
    for url in (LIST, NEW, f"{LIST}/{access_work.CLIENT}"):
        clerk.page(url, status=403)
