"""Kartoteka: a clerk sets a customer up step by step; what the provider's system owns is marked, and read only."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import Tag
from werkzeug.test import TestResponse

from chassis.ids import new_id
from tests.gateway.forms import forms_of, soup_of
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import SETTINGS, World

NEW_CUSTOMER = "/konsola/klienci/nowy"
NEW_PREMISES = "/konsola/kartoteka/lokale/nowy"
SHOP = {
    "kind": "company",
    "name": "Kwiaciarnia Róża",
    "number": "20500001",
    "nip": "5252248481",
    "town": "Zdrój",
}


def fields_of(visitor: Visitor, url: str) -> dict[str, Any]:
    """What a browser would send of the record's form."""
    soup = soup_of(visitor.get(url))
    [form] = [
        one
        for one in forms_of(visitor.application, soup, page=url, who="")
        if one.field("csrf_token") and one.field("name-") is None and len(one.fields) > 3
    ]
    return {one.name: list(one.offered) for one in form.fields if one.kind != "button"}


def send(visitor: Visitor, url: str, **values: Any) -> TestResponse:
    """Open a form, fill it in and send it."""
    return visitor.post(url, data={**fields_of(visitor, url), **values})


def errors_of(response: TestResponse) -> dict[str, str]:
    """The messages at fields by name."""
    soup = soup_of(response)
    found = {}
    for error in soup.select(".eb-error"):
        field = error.find_parent(class_="eb-field") or error.find_parent("fieldset")
        assert isinstance(field, Tag)
        control = field.select_one("[name]")
        assert control is not None
        found[str(control["name"])] = error.get_text(" ", strip=True).replace("\u00a0", " ")
    return found


def choices_of(visitor: Visitor, response: TestResponse, name: str) -> dict[str, str]:
    """What a list offers: title → value."""
    soup = soup_of(response)
    return {
        label.get_text(" ", strip=True).replace("\u00a0", " "): str(one["value"])
        for one in soup.select(f'input[name="{name}"]')
        if (label := soup.find("label", attrs={"for": one["id"]})) is not None
    }


@pytest.fixture
def editable(busy_town: World) -> Any:
    """The settings let staff change what the provider's system owns, while a test runs."""
    world = busy_town
    path = world._file("editable.yaml", SETTINGS + "provider_data_editable: true\n")
    world.identity.run_job("settings.load", file=path)
    world.deliver()
    yield world
    world.identity.run_job("settings.load", file=world._file("settings.yaml", SETTINGS))
    world.deliver()


def test_a_clerk_sets_a_customer_up_in_one_flow(clerk: Visitor):
    assert 'href="/konsola/klienci/nowy"' in clerk.page("/konsola/klienci")
    answer = send(clerk, NEW_CUSTOMER, next="1", **SHOP)
    assert answer.status_code == 303
    assert urlsplit(answer.location).path == NEW_PREMISES
    [customer_id] = parse_qs(urlsplit(answer.location).query)["klient"]

    assert "Kwiaciarnia Róża" in clerk.text(answer.location)
    answer = send(
        clerk, answer.location, next="1", street="ul. Kwietna", building="8", postcode="57-000", town="Zdrój"
    )
    assert urlsplit(answer.location).path == "/konsola/kartoteka/punkty/nowy"
    point_form = answer.location
    answer = send(clerk, point_form, next="1", commodity="water", code="PPW/kwietna")
    assert urlsplit(answer.location).path == "/konsola/kartoteka/liczniki/nowy"
    sewage = send(clerk, point_form, commodity="sewage")
    assert "/kartoteka/punkty/" in sewage.location
    answer = send(clerk, answer.location, next="1", serial_number="70 800 900", installed_on="2026-11-02")
    assert urlsplit(answer.location).path == "/konsola/kartoteka/umowy/nowa"

    offered = choices_of(clerk, clerk.get(answer.location), "service_point_external_ids")
    assert sorted(title.partition(",")[0] for title in offered) == ["Woda", "Ścieki"]
    contract = {"number": "U/2026/0700", "tariff_code": "WS-E", "starts_on": "2026-11-02"}
    answer = send(clerk, answer.location, service_point_external_ids=list(offered.values()), **contract)
    assert answer.location == f"/konsola/klienci/{customer_id}/umowy"

    contracts = clerk.text(answer.location)
    assert "U/2026/0700" in contracts
    assert "70 800 900" in contracts
    data = clerk.text(f"/konsola/klienci/{customer_id}/dane")
    for word in (
        "ul. Kwietna 8",
        "Woda, ul. Kwietna 8, Zdrój",
        "Ścieki, ul. Kwietna 8, Zdrój",
        "70 800 900",
        "U/2026/0700",
    ):
        assert word in data
    assert "założone tutaj" in data
    assert clerk.get("/konsola/klienci?q=kwietna").location == f"/konsola/klienci/{customer_id}"


def test_a_form_sent_twice_makes_one_record(clerk: Visitor):
    sent = {**fields_of(clerk, NEW_CUSTOMER), **SHOP, "number": "20500002", "name": "Dwa Razy"}

    first, again = clerk.post(NEW_CUSTOMER, data=sent), clerk.post(NEW_CUSTOMER, data=sent)

    assert (first.status_code, again.status_code) == (303, 303)
    assert first.location == again.location
    assert clerk.get("/konsola/klienci?q=20500002").status_code == 303


def test_faults_are_said_at_their_fields_and_what_was_typed_stays(clerk: Visitor):
    answer = send(
        clerk,
        NEW_CUSTOMER,
        kind="person",
        name="",
        number="20411085",
        nip="5252248481",
        email="anna@",
        town="Zdrój",
    )

    assert answer.status_code == 422
    assert errors_of(answer) == {"name": "Wypełnij to pole."}
    answer = send(
        clerk,
        NEW_CUSTOMER,
        kind="person",
        name="Nowa",
        number="20411085",
        nip="5252248481",
        email="anna@",
        town="Zdrój",
    )
    assert answer.status_code == 422
    assert set(errors_of(answer)) == {"nip", "email"}
    answer = send(clerk, NEW_CUSTOMER, kind="person", name="Nowa", number="20411085", town="Zdrój")
    assert set(errors_of(answer)) == {"number"}
    assert 'value="Nowa"' in answer.text


def test_what_a_record_belongs_to_is_searched_without_a_script(clerk: Visitor, busy_town: World):
    form = "/konsola/kartoteka/liczniki/nowy"
    looked = send(
        clerk,
        form,
        find="service_point_external_id",
        serial_number="1 2 3",
        **{"find-service_point_external_id": "lesna"},
    )

    assert looked.status_code == 200
    assert 'value="1 2 3"' in looked.text
    offered = choices_of(clerk, looked, "service_point_external_id")
    assert len(offered) == 2
    assert all("ul. Leśna 3" in title for title in offered)
    nothing = send(
        clerk, form, find="service_point_external_id", **{"find-service_point_external_id": "nigdzie"}
    )
    assert "Nic nie pasuje" in plain(nothing.text)
    unknown = send(
        clerk, form, serial_number="1", installed_on="2026-11-01", service_point_external_id=str(new_id())
    )
    assert unknown.status_code == 422


def test_what_the_provider_owns_is_marked_with_its_age_and_only_read(clerk: Visitor, busy_town: World):
    url = f"/konsola/klienci/{busy_town.annas.customer_id}/dane"
    page = clerk.page(url)

    # All of it is the provider's: a lock at each field, and once whose it is and how old.
    assert "z systemu dostawcy, stan na 20 listopada 2026" in plain(page)
    assert page.count("bi-lock") == 12
    assert "is-old" in page
    assert 'name="number"' not in page
    assert "Te dane prowadzi system dostawcy" in plain(page)
    token = fields_of(clerk, NEW_CUSTOMER)["csrf_token"]
    assert clerk.post(url, data={"csrf_token": token, "name": "Ktoś"}).status_code == 403
    assert "Anna Zdrojewska" in clerk.text(url)


def test_where_the_settings_say_so_a_field_is_changed_and_says_what_the_provider_says(
    clerk: Visitor, editable: World
):
    url = f"/konsola/klienci/{editable.celinas.customer_id}/dane"

    answer = send(clerk, url, name="Celina Lis-Nowa")
    assert (answer.status_code, answer.location) == (303, url)
    text = clerk.text(url)
    assert "Zmienione tutaj. System dostawcy mówi: Celina Lis (stan na" in text
    assert "1 pole zmienione tutaj" in text
    assert "z systemu dostawcy, stan na" in text

    assert send(clerk, url, name="Celina Lis").status_code == 303
    assert "Zmienione tutaj" not in clerk.text(url)


def test_who_was_second_sees_what_is_saved_now_and_may_save_once_more(clerk: Visitor, manager: Visitor):
    made = send(clerk, NEW_PREMISES, street="ul. Zmienna", building="1", town="Zdrój")
    mine, theirs = fields_of(clerk, made.location), fields_of(manager, made.location)
    assert manager.post(made.location, data={**theirs, "building": "2"}).status_code == 303

    late = clerk.post(made.location, data={**mine, "flat": "9"})

    assert late.status_code == 409
    text = plain(late.text)
    assert "zmienił te dane" in text
    assert "Teraz zapisane: 2." in text
    soup = soup_of(late)
    revision = soup.select_one('input[name="revision"]')
    assert revision is not None
    assert (
        clerk.post(made.location, data={**mine, "flat": "9", "revision": revision["value"]}).status_code
        == 303
    )
    assert "ul. Zmienna 1/9" in clerk.text(made.location)


def test_what_is_billed_stays(clerk: Visitor, editable: World):
    contract_id = editable.annas.contracts[-1].contract_id
    answer = send(clerk, f"/konsola/kartoteka/umowy/{contract_id}", starts_on="2026-10-01")

    assert answer.status_code == 422
    assert errors_of(answer) == {"starts_on": "Na tym opiera się wystawiona faktura. Zostaw, jak było."}


def test_a_meter_is_replaced_from_its_own_page(clerk: Visitor):
    place = send(clerk, NEW_PREMISES, next="1", street="ul. Wymienna", building="3", town="Zdrój")
    point = send(clerk, place.location, next="1", commodity="water")
    made = send(clerk, point.location, serial_number="60 100 200", installed_on="2026-11-02")
    old = urlsplit(made.location).path
    assert f'href="{old}/wymiana"' in clerk.page(old)

    wrong = send(clerk, f"{old}/wymiana", numer="", stan_koncowy="15", dzien_wymiany="2026-11-20")
    assert errors_of(wrong) == {"numer": "Wypełnij to pole."}
    answer = send(clerk, f"{old}/wymiana", numer="60 100 300", stan_koncowy="15", dzien_wymiany="2026-11-20")

    assert answer.status_code == 303
    assert "60 100 300" in clerk.text(answer.location)
    assert 'value="2026-11-20"' in clerk.page(old)


def test_master_data_are_in_the_audit_log_with_words(clerk: Visitor, manager: Visitor, busy_town: World):
    made = send(clerk, NEW_CUSTOMER, kind="person", name="Wpisana Do Dziennika", number="20500009")
    clerk.page(made.location)
    busy_town.deliver()

    journal = manager.text(made.location.replace("/dane", "/dziennik"))
    assert "założono albo zmieniono wpis w kartotece" in journal
    assert "otwarto wpis w kartotece" in journal


def test_pages_of_master_data_are_for_staff(busy_town: World):
    for who in (busy_town.visitor(), busy_town.visitor("celina@poczta.example")):
        for url in (NEW_CUSTOMER, NEW_PREMISES, f"/konsola/klienci/{busy_town.annas.customer_id}/dane"):
            assert who.get(url).status_code in (302, 303)
