"""The first page: how much, until when, what was used."""

import pytest

from tests.gateway.visitors import Visitor
from tests.gateway.world import World


def test_anna_sees_what_she_owes_and_until_when(anna: Visitor):
    text = anna.text("/start")
    assert "Dzień dobry, Anno" in text
    assert "Do zapłaty 163,29 zł do 27 listopada 2026, zostało 5 dni" in text
    assert "Stan na 20 listopada 2026, 10:00" in text


def test_two_invoices_of_one_day_lead_to_one_transfer(anna: Visitor):
    assert 'href="/przelew"' in anna.page("/start")
    text = anna.text("/przelew")
    assert "Kwota 163,29 zł" in text
    assert "58 1090 1014 0000 0003 1108 5261" in text
    assert "Klient 20411085" in text
    assert "41,40 zł" in text
    assert "121,89 zł" in text


def test_the_code_holds_the_transfer(anna: Visitor):
    assert "<title" in anna.page("/przelew")
    assert "Kod QR z danymi przelewu 163,29 zł" in anna.page("/przelew").replace("\u00a0", " ")


def test_the_chart_has_its_sentence_and_its_table(anna: Visitor):
    text = anna.text("/start")
    assert "W październiku poszło 6,0 m³ , o 0,8 m³ więcej niż rok temu." in text
    assert "Październik 6,0 5,2 +0,8" in text


def test_who_is_late_is_told_how_much_and_for_how_long(celina: Visitor):
    text = celina.text("/start")
    assert "137,02 zł po terminie od 26 dni" in text
    assert "Numer klienta 20 422 096" in text
    assert "299,94 zł" in text
    assert "W tym 162,92 zł dopiero do 27 listopada" in text


def test_the_screen_goes_quiet_when_all_is_paid(bartek: Visitor):
    page = bartek.page("/start")
    assert "eb-hero-calm" in page
    text = bartek.text("/start")
    assert "Wszystko zapłacone." in text
    assert "Nadpłata 108,88 zł" in text
    assert "Wszystko zapłacone." in bartek.text("/przelew")


def test_the_front_page_is_for_strangers_only(nobody: Visitor, anna: Visitor):
    text = nobody.text("/")
    assert "994" in text
    assert "75 000 00 00" in text
    assert anna.get("/").location == "/start"


def test_a_user_without_a_customer_is_led_to_the_proof(newcomer: Visitor):
    for url in ("/start", "/faktury", "/zuzycie", "/rozliczenia", "/umowy", "/przelew"):
        response = newcomer.get(url)
        assert (response.status_code, response.location) == (303, "/dodaj-konto"), url
    assert newcomer.get("/profil").status_code == 200


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Anna", "Anno"),
        ("Celina", "Celino"),
        ("Kasia", "Kasia"),
        ("Bartek", "Bartek"),
        ("Joshua", "Joshua"),
        ("A", "A"),
    ],
)
def test_the_greeting_is_a_vocative_where_it_is_certain(world: World, name: str, greeted: str):
    from gateway.portal.start import greeted as greet

    with world.app.test_request_context():
        assert greet(name) == greeted


def test_three_calls_at_once_make_the_page(world: World, anna: Visitor):
    """CheckSession, then the overview and at the same time news and open cases: nothing else is asked."""
    asked: list[str] = []
    clients = world.app.extensions["ebok_clients"]
    for service in (clients.billing, clients.identity, clients.notify, clients.tickets):
        for name, stub in vars(service).items():
            setattr(service, name, _Listening(stub, asked))
    try:
        anna.page("/start")
    finally:
        for service in (clients.billing, clients.identity, clients.notify, clients.tickets):
            for name, stub in vars(service).items():
                setattr(service, name, stub.stub)
    assert asked == ["CheckSession", "ListAnnouncements", "ListTickets", "GetOverview"]


class _Listening:
    """A stub that writes down what it is asked, and asks."""

    def __init__(self, stub: object, asked: list[str]) -> None:
        self.stub = stub
        self._asked = asked

    def __getattr__(self, name: str) -> object:
        if name != "GetSettings":
            self._asked.append(name)
        return getattr(self.stub, name)
