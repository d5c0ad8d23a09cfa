"""The profile: two forms beside each other, and the languages."""

import html
import re
from collections.abc import Iterator

import pytest
from ebok.billing.v1 import imports_pb2

from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

MARKUP = '"><img src=x onerror=alert(1)>'
ACCOUNT = {"form": "account", "name": "Celina", "language": "pl", "look": "auto"}


@pytest.fixture
def own(celina: Visitor) -> Iterator[Visitor]:
    """Celina, who is put back as she was."""
    yield celina
    celina.submit("/profil", form="contact", contact_email="", contact_phone="")
    celina.submit("/profil", **ACCOUNT)


def test_the_profile_says_what_the_provider_knows_and_since_when(anna: Visitor):
    text = anna.text("/profil")
    for words in (
        "20 411 085",
        "Anna Zdrojewska",
        "ul. Lipowa 7/2, 57-000 Zdrój",
        "Stan na 20 listopada 2026, 10:00.",
    ):
        assert words in text, words
    assert 'value="600 100 200"' in anna.page("/profil").replace("\u00a0", " ")


def test_contact_data_are_changed_and_given_back(own: Visitor):
    response = own.submit(
        "/profil", form="contact", contact_email="nowy@poczta.example", contact_phone="700 800 900"
    )
    assert response.location == "/profil"
    page = own.page("/profil").replace("\u00a0", " ")
    assert "Dane kontaktowe zapisane." in page
    assert 'value="nowy@poczta.example"' in page
    assert 'value="700 800 900"' in page
    own.submit("/profil", form="contact", contact_email="", contact_phone="")
    assert 'value="celina@poczta.example"' in own.page("/profil")


def test_what_the_form_shows_can_be_sent_back(own: Visitor):
    own.submit("/profil", form="contact", contact_email="", contact_phone="700 800 900")
    shown = re.search(r'name="contact_phone"[^>]*value="([^"]*)"', own.page("/profil"))
    assert shown, "the number is in the form"
    response = own.submit(
        "/profil", form="contact", contact_email="nowy@poczta.example", contact_phone=html.unescape(shown[1])
    )
    assert response.location == "/profil"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contact_email", "nie-adres"),
        ("contact_email", "x" * 255),
        ("contact_email", MARKUP),
        ("contact_phone", "12"),
        ("contact_phone", "zadzwoń"),
        ("contact_phone", "6" * 31),
        ("contact_phone", MARKUP),
    ],
)
def test_wrong_contact_data_stay_and_change_nothing(own: Visitor, field: str, value: str):
    typed = {"contact_email": "inny@poczta.example", "contact_phone": "600 700 800"} | {field: value}
    response = own.submit("/profil", form="contact", **typed)
    assert response.status_code == 422
    assert f'id="f-{field}-e"' in response.text
    assert MARKUP not in response.text
    for name, kept in typed.items():
        if name != field:
            assert f'value="{kept}"' in response.text
    assert 'value="celina@poczta.example"' in own.page("/profil")


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 81), ("language", "de"), ("language", ""), ("look", "pink"), ("look", "")],
)
def test_a_wrong_setting_changes_nothing(own: Visitor, field: str, value: str):
    response = own.submit("/profil", **(ACCOUNT | {"name": "Inna", field: value}))
    assert response.status_code == 422
    assert f'id="f-{field}-e"' in response.text
    assert "Dzień dobry, Celino" in own.text("/start")


def test_markup_in_a_name_is_only_text(own: Visitor):
    own.submit("/profil", **(ACCOUNT | {"name": MARKUP}))
    page = own.page("/start")
    assert MARKUP not in page
    assert "&lt;img src=x" in page


def test_a_post_of_no_form_changes_nothing(own: Visitor):
    for typed in ({"name": "x"}, {"form": "<b>", "name": "x"}):
        assert own.submit("/profil", **typed).status_code in (200, 400)
    assert "Dzień dobry, Celino" in own.text("/start")


@pytest.mark.parametrize(("language", "hello"), [("en", "Good day, Celina"), ("uk", "Добрий день, Celina")])
def test_the_language_is_kept_with_the_person(world: World, own: Visitor, language: str, hello: str):
    own.submit("/profil", **(ACCOUNT | {"language": language}))
    response = own.get("/start")
    assert hello in plain(response.text)
    assert f'<html lang="{language}"' in response.text
    elsewhere = world.visitor("celina@poczta.example")
    assert hello in elsewhere.text("/start")


def test_the_look_is_kept_with_the_person(own: Visitor):
    own.submit("/profil", **(ACCOUNT | {"look": "dark"}))
    assert 'data-bs-theme="dark"' in own.page("/start")


def test_an_unchanged_form_leaves_the_providers_data_in_force(world: World, own: Visitor):
    own.submit("/profil", form="contact", contact_email="celina@poczta.example", contact_phone="")
    row = imports_pb2.CustomerRow(
        external_id="k-2", number="20422096", kind="person", name="Celina Lis", email="z.systemu@poczta.example",
        address_line="ul. Leśna 3", postcode="57-000", town="Zdrój",
    )  # fmt: skip
    try:
        world.bring([imports_pb2.ImportRow(customer=row)], source="poprawka.csv")
        assert 'value="z.systemu@poczta.example"' in own.page("/profil")
    finally:
        row.email = "celina@poczta.example"
        world.bring([imports_pb2.ImportRow(customer=row)], source="poprawka-2.csv")
        world.import_ids[-2:] = []
