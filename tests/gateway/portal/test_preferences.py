"""Notifications in the profile, the link that ends offers, and the page that says whether a message was ours."""

from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from ebok.identity.v1 import consents_pb2 as pb
from flask.testing import FlaskClient

from services.notify.domain.messages import reference
from tests.gateway.offers import offer_token, sent_to_celina
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

PAGE = "/profil/powiadomienia"


@pytest.fixture
def own(celina: Visitor, world: World) -> Iterator[Visitor]:
    """Celina, whose table is put back as it was."""
    yield celina
    celina.submit(PAGE, wybor=ALL_ON_AT_FIRST)
    agree(celina, world)


ALL_ON_AT_FIRST = [
    *("payments.email", "before_due.email", "before_due.sms", "overdue.sms"),
    *("readings.email", "news.email", "news.sms"),
]


def ticked(page: Visitor) -> list[str]:
    soup = BeautifulSoup(page.page(PAGE), "html.parser")
    return [str(box["value"]) for box in soup.select('input[name="wybor"]') if box.has_attr("checked")]


def test_the_table_shows_what_is_on_and_what_cannot_be_switched(own: Visitor):
    assert ticked(own) == ALL_ON_AT_FIRST
    text = own.text(PAGE)
    for words in ("Przypomnienie po terminie", "zawsze", "tylko za Twoją zgodą", "Dokąd piszemy"):
        assert words in text, words


def test_what_is_chosen_is_kept_and_offers_are_agreed_to_elsewhere(own: Visitor):
    response = own.submit(PAGE, wybor=["news.email"])
    assert response.location == PAGE
    assert "Powiadomienia zapisane." in own.text(PAGE)
    assert ticked(own) == ["news.email"]
    assert 'href="/profil/zgody"' in own.page(PAGE)


def test_a_box_that_is_not_there_is_refused_and_nothing_is_kept(own: Visitor):
    for wrong in ("overdue.email", "marketing.email", "weather.sms", '"><script>'):
        response = own.submit(PAGE, wybor=["news.email", wrong])
        assert response.status_code == 409
        assert "Tabela tymczasem się zmieniła." in response.text.replace("\u00a0", " ")
    assert ticked(own) == ALL_ON_AT_FIRST


# was it ours?


def test_who_asks_about_a_number_of_ours_is_told_what_it_was(nobody: Visitor, world: World):
    number = reference(sent_to_celina(world).message_id)
    text = nobody.text(f"/czy-to-my?numer={number.lower()}")
    for words in ("Tak, wysłaliśmy wiadomość o tym numerze", number, "odczytu licznika", "c…@poczta.example"):
        assert words in text, words
    assert "celina@" not in text


@pytest.mark.parametrize("typed", ["K7QM-2XRP", "x", "<script>alert(1)</script>", "K7QM 2XRP 99999999999"])
def test_another_number_is_not_ours_and_says_what_to_do(nobody: Visitor, typed: str):
    page = nobody.page(f"/czy-to-my?numer={typed}")
    assert "Nie, nie znamy wiadomości o tym numerze." in page.replace("\u00a0", " ")
    assert "<script>alert" not in page


def test_without_a_number_there_is_only_the_form(nobody: Visitor):
    text = nobody.text("/czy-to-my")
    assert "Osiem liter i cyfr" in text
    assert "Nie, nie znamy" not in text


# no more offers

CONSENTS = "/profil/zgody"
BY_EMAIL, BY_SMS = str(pb.CONSENT_KIND_MARKETING_EMAIL), str(pb.CONSENT_KIND_MARKETING_SMS)


def boxes(visitor: Visitor) -> set[str]:
    soup = BeautifulSoup(visitor.page(CONSENTS), "html.parser")
    return {str(box["value"]) for box in soup.select('input[name="zgoda"]') if box.has_attr("checked")}


def agreed(visitor: Visitor) -> set[str]:
    """To which offers Celina has agreed."""
    return boxes(visitor) & {BY_EMAIL, BY_SMS}


def agree(visitor: Visitor, world: World, *kinds: str) -> None:
    """To these and no other offers."""
    given = boxes(visitor) - {BY_EMAIL, BY_SMS} | set(kinds)
    visitor.submit(CONSENTS, zgoda=sorted(given), stan=[f"{kind}.1" for kind in range(1, 5)])
    world.deliver()


@pytest.fixture
def token(world: World) -> str:
    """Of a marketing message to Celina."""
    return offer_token(world)


def test_the_link_asks_once_and_then_offers_end(own: Visitor, nobody: Visitor, world: World, token: str):
    agree(own, world, BY_EMAIL, BY_SMS)
    assert "Nie wysyłajcie mi więcej ofert" in nobody.text(f"/bez-ofert?t={token}")
    world.deliver()
    assert agreed(own) == {BY_EMAIL, BY_SMS}, "looking changes nothing"
    response = nobody.submit("/bez-ofert", t=token)
    assert "Więcej ofert nie będzie" in response.text.replace("\u00a0", " ")
    world.deliver()
    assert agreed(own) == {BY_SMS}
    assert "linkiem z wiadomości" in own.text(CONSENTS)


def test_a_mail_program_ends_them_with_one_click(own: Visitor, app, world: World, token: str):
    agree(own, world, BY_EMAIL)
    program = FlaskClient(app)
    address = f"/webhooks/bez-ofert?t={token}"
    assert program.get(address).status_code == 303
    world.deliver()
    assert agreed(own) == {BY_EMAIL}
    response = program.post(address, data={"List-Unsubscribe": "One-Click"})
    assert (response.status_code, response.text) == (200, "OK")
    world.deliver()
    assert agreed(own) == set()


def test_a_link_that_is_not_ours_ends_nothing_and_says_so(nobody: Visitor, app):
    response = nobody.submit("/bez-ofert", t="zgadnięte")
    assert response.status_code == 422
    assert "Ten link jest niepełny albo nie jest nasz." in response.text.replace("\u00a0", " ")
    assert FlaskClient(app).post("/webhooks/bez-ofert?t=x").status_code == 400
