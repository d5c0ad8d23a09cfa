"""Płatności: the list, and a payment's page in every state it can be in."""

import io

import pytest
from pypdf import PdfReader

from tests.gateway.pay_forms import PayForm, payment_of
from tests.gateway.visitors import Visitor
from tests.gateway.world import World


def test_the_list_says_what_is_open_and_what_was_paid(world: World, anna: Visitor):
    said = anna.text("/platnosci")
    for words in (
        "Do zapłaty",
        "Zapłać",
        "Dane do przelewu",
        world.paid_payment.number,
        "Zaksięgowana",
        "Nieudana",
    ):
        assert words in said, words


def test_an_empty_list_says_what_will_be_there(celina: Visitor):
    assert "Nie ma jeszcze płatności" in celina.text("/platnosci")


def test_a_paid_one_tells_its_way(world: World, anna: Visitor):
    said = anna.text(f"/platnosci/{world.paid_payment.payment_id}")
    steps = ["Rozpoczęta", "Na stronie Przelewy24", "Wpłata otrzymana", "Zaksięgowana"]
    places = [said.rindex(words) for words in steps[:3]]
    assert places == sorted(places)
    for words in (
        *steps,
        world.paid_payment.number,
        "Gdy dzwonisz, podaj numer",
        "Faktura FV/",
        "anna@poczta.example",
    ):
        assert words in said, words
    assert "Dokończ płatność" not in said


def test_the_confirmation_is_a_pdf(world: World, anna: Visitor):
    response = anna.get(f"/platnosci/{world.paid_payment.payment_id}/pdf")
    assert world.paid_payment.number in PdfReader(io.BytesIO(response.data)).pages[0].extract_text()
    for other in (world.pending_payment, world.failed_payment):
        refused = anna.get(f"/platnosci/{other.payment_id}/pdf")
        assert refused.status_code == 409


def test_a_failed_one_says_that_nothing_was_taken_and_offers_the_same_again(world: World, anna: Visitor):
    url = f"/platnosci/{world.failed_payment.payment_id}"
    said = anna.text(url)
    assert "Płatność się nie udała. Nic nie pobraliśmy." in said
    assert "Została przerwana przed zapłatą." in said
    href = anna.page(url).split('href="/zaplac?nowa=1')[1].split('"')[0].replace("&amp;", "&")
    form = PayForm(anna, f"/zaplac?nowa=1{href}")
    assert form.ticked == [world.annas.last_invoice.invoice_id]
    assert form.shown == world.failed_payment.amount.grosze
    assert form.offered["ile"] == "calosc"


def test_one_half_way_leads_on_to_the_operator(world: World, anna: Visitor):
    url = f"/platnosci/{world.pending_payment.payment_id}"
    assert world.pending_payment.redirect_url in anna.page(url)
    assert "Czekamy na potwierdzenie z Twojego banku." in anna.text(url)
    assert "Refresh" not in anna.get(url).headers
    onward = anna.get(f"{url}/dalej")
    assert onward.headers["Refresh"] == f"0; url={world.pending_payment.redirect_url}"


@pytest.mark.parametrize(
    ("look", "header"),
    [
        ("", "3; 1"),
        ("0", "3; 1"),
        ("5", "8; 6"),
        ("20", "15; 21"),
        ("22", ""),
        ("99", ""),
        ("abc", "3; 1"),
        ("-1", "3; 1"),
        ("9" * 30, "3; 1"),
    ],
)
def test_the_waiting_page_looks_again_ever_more_rarely_and_gives_up(
    world: World, anna: Visitor, look: str, header: str
):
    url = f"/platnosci/{world.pending_payment.payment_id}/powrot"
    response = anna.get(url, query_string={"raz": look} if look else {})
    seconds, _, following = header.partition("; ")
    wanted = f"{seconds}; url={url}?raz={following}" if header else None
    assert response.headers.get("Refresh") == wanted
    assert "Sprawdź teraz" in response.text
    assert ("sprawdza sama" in response.text.replace("\u00a0", " ")) == bool(header)


def test_the_way_back_ends_at_what_is_known(world: World, anna: Visitor):
    for payment in (world.paid_payment, world.failed_payment):
        page = f"/platnosci/{payment.payment_id}"
        assert anna.get(f"{page}/powrot").location == page
        assert anna.get(f"{page}/dalej").location == f"{page}/powrot"


@pytest.mark.parametrize("tail", ["", "/powrot", "/dalej", "/pdf"])
def test_nobody_elses_payment_is_found(world: World, celina: Visitor, tail: str):
    for payment_id in (world.paid_payment.payment_id, "018f0000-0000-7000-8000-000000000000"):
        assert celina.get(f"/platnosci/{payment_id}{tail}").status_code == 404


def test_the_states_between_are_told_one_by_one(paying_town: World):
    """The bank confirmed; accepted by us, not booked yet; booked; given back in part."""
    town, celina = paying_town, paying_town.visitor("celina@poczta.example")
    form = PayForm(celina, "/zaplac?nowa=1")
    sent = form.send(sposob=form.way("przelewy24"), ile="inna", kwota="20", razem="2000")
    payment = payment_of(town, sent)
    page = f"/platnosci/{payment.payment_id}"

    town.tills.misbehave("przelewy24", "verify", "500", times=50)
    town.tills.act(payment)
    town.judge_until(payment, "RECEIVED")
    said = celina.text(f"{page}/powrot")
    assert "Twój bank potwierdził płatność." in said
    assert "Czekamy na pieniądze" in said
    town.tills.forget()

    town.judge_until(payment, "SETTLED")
    said = celina.text(page)
    assert "Zapłacona, księgujemy" in said
    again = PayForm(celina)
    assert "Nie płać jej drugi raz." in celina.text("/zaplac")
    assert set(again.listed) - set(again.ticked)

    town.deliver()
    assert "Zapłacona i zaksięgowana." in celina.text(page)
    assert "Rozpoczęta" in celina.text(page)


def test_one_half_way_is_not_to_be_finished_once_its_invoice_was_paid_otherwise(paying_town: World):
    town, celina = paying_town, paying_town.visitor("celina@poczta.example")
    choice = f"/zaplac?nowa=1&faktura={town.celinas.last_invoice.invoice_id}"
    form = PayForm(celina, choice)
    half_way = payment_of(town, form.send(sposob=form.way("payu"), ile="calosc"))
    page = f"/platnosci/{half_way.payment_id}"
    said = celina.text(page)
    assert "Dokończ płatność" in said
    number = said.partition("Płatność ")[2].split()[0]
    assert number in celina.text("/zaplac")
    form = PayForm(celina, choice)
    other = payment_of(town, form.send(sposob=form.way("przelewy24"), ile="calosc"))
    assert other.payment_id != half_way.payment_id
    town.settle(other)
    town.deliver()

    said = celina.text(page)
    assert "To, czego dotyczyła, jest już zapłacone." in said
    for offer in ("Dokończ", "Zapłać inaczej"):
        assert offer not in said
    assert celina.get(f"{page}/dalej").location == page
    assert number not in celina.text("/zaplac")
    assert number in celina.text("/platnosci")
