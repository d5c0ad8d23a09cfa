"""Reminders in the console: four rules, switched on, changed, refused."""

from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup

from tests.gateway.visitors import Visitor
from tests.gateway.world import World

LIST = "/konsola/komunikacja/przypomnienia"
FIRST = f"{LIST}/po-terminie-1"


@pytest.fixture
def manager(edward: Visitor) -> Iterator[Visitor]:
    """Edward, who leaves the rules off."""
    yield edward
    for slug, days in (("po-terminie-1", "7"), ("po-terminie-2", "14")):
        save(edward, f"{LIST}/{slug}", wlaczone="", dni=days)


def version(page: Visitor, url: str) -> str:
    [field] = BeautifulSoup(page.page(url), "html.parser").select('input[name="wersja"]')
    return str(field["value"])


def save(page: Visitor, url: str, **changes):
    values = {
        "wlaczone": "1",
        "dni": "7",
        "kanaly": "email",
        "od_kwoty": "5,00",
        "wersja": version(page, url),
    }
    return page.submit(url, **{**values, **changes})


def test_the_list_shows_all_four_and_that_they_are_off(edward: Visitor):
    text = edward.text(LIST)
    for words in ("Przed terminem", "3 dni przed", "Ostatnie po terminie", "30 dni po", "wyłączone"):
        assert words in text, words


def test_a_rule_is_switched_on_and_tells_who_did_it(manager: Visitor):
    response = save(manager, FIRST, dni="6", od_kwoty="20", dopisek_pl="Zadzwoń w sprawie rat.")
    assert response.location == LIST
    text = manager.text(LIST)
    for words in ("Przypomnienie zapisane.", "6 dni po", "20,00 zł", "włączone", "Edward"):
        assert words in text, words
    assert "Zadzwoń w sprawie rat." in manager.page(FIRST).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dni": "0"}, "Wpisz liczbę dni od 1 do 90."),
        ({"dni": "91"}, "Wpisz liczbę dni od 1 do 90."),
        ({"dni": "2,5"}, "Wpisz liczbę dni od 1 do 90."),
        ({"dni": "kilka"}, "Wpisz liczbę"),
        ({"kanaly": ""}, "Wypełnij to pole."),
        ({"od_kwoty": "-3"}, "Wpisz kwotę w złotych"),
        ({"dopisek_uk": "x" * 301}, "To za długie"),
        ({"wersja": "999"}, "Ktoś inny zmienił tymczasem to przypomnienie."),
        ({"wersja": "x"}, "Ktoś inny zmienił tymczasem to przypomnienie."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(manager: Visitor, changes, words):
    response = save(manager, FIRST, **{"dopisek_pl": "Zdanie, które zostaje.", **changes})
    assert response.status_code in (409, 422)
    page = response.text.replace("\u00a0", " ")
    assert words in page
    assert "Zdanie, które zostaje." in page
    assert "wyłączone" in manager.text(LIST)


def test_the_second_cannot_come_before_the_first(manager: Visitor):
    save(manager, FIRST)
    response = save(manager, f"{LIST}/po-terminie-2", dni="7")
    assert response.status_code == 422
    assert "idą po kolei" in response.text.replace("\u00a0", " ")


def test_there_is_no_fifth(edward: Visitor):
    edward.page(f"{LIST}/po-terminie-4", status=404)


def test_a_clerk_finds_no_reminders(daria: Visitor, world: World):
    daria.page(LIST, status=403)


def test_own_words_are_kept_shown_and_refused_where_they_are_wrong(manager: Visitor):
    words = {
        "subject_pl": "Faktura {{ invoice.number }} czeka",
        "email_pl": "Czekamy na {{ invoice.amount }}.",
    }
    response = save(manager, f"{FIRST}?pokaz=email-pl", wlaczone="", co="pokaz", **words)
    assert response.status_code == 303
    assert response.location == f"{FIRST}?pokaz=email-pl#look"
    page = manager.page(FIRST)
    assert "Faktura {{ invoice.number }} czeka" in page
    said = manager.text(f"{FIRST}?pokaz=email-pl")
    assert "Co przeczyta" in said or "nie ma czego pokazać" in said

    refused = save(manager, FIRST, wlaczone="", sms_uk="{% for x in y %}{% endfor %}", **words)
    assert refused.status_code == 422
    assert "Pętle" in refused.text or "pętl" in refused.text.lower()
    assert "{% for x in y %}" in refused.text
    refused = save(manager, FIRST, wlaczone="", email_pl="Treść bez tematu", subject_pl="")
    assert refused.status_code == 422
    assert save(manager, FIRST, wlaczone="", subject_pl="", email_pl="").status_code == 303


def test_what_a_customer_would_read_is_shown_of_an_open_invoice(manager: Visitor):
    for channel, language in (("email", "pl"), ("sms", "en"), ("fax", "xx")):
        said = manager.get(f"{LIST}/przed-terminem?pokaz={channel}-{language}&osoba=9")
        assert said.status_code == 200
