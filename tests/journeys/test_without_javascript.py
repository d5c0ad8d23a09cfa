"""The main path with JavaScript switched off: pages are HTML and forms, scripts only add to them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from demo.people import PASSWORD
from tests.journeys import town
from tests.journeys.company import Company
from tests.journeys.people import Visitor, plain, spoken

pytestmark = pytest.mark.browser
ANNA = town.households()[town.ANNA]


@pytest.fixture
def anna(browser: Browser, lived_in: Company) -> Iterator[Visitor]:
    visitor = Visitor(browser, lived_in.url, javascript=False)
    yield visitor
    visitor.close()


def test_everything_needed_works_without_javascript(anna: Visitor, lived_in: Company):
    invoice = lived_in.newest[ANNA.number]
    total = town.printed(town.total_of(ANNA, 2))

    anna.open("/")
    anna.follow("/logowanie")
    anna.log_in(ANNA.email, PASSWORD)
    anna.at("/start")
    assert total in anna.read()

    assert invoice.number in anna.follow("/faktury")
    said = anna.follow(f"/faktury/{invoice.invoice_id}")
    assert total in said
    assert ANNA.number in said.replace(" ", "")
    assert anna.fetch(f"/faktury/{invoice.invoice_id}/pdf").body().startswith(b"%PDF")

    assert total in anna.follow("/rozliczenia")
    assert "5,4 m³" in anna.follow("/zuzycie")
    assert "UM/2022/0001" in anna.follow("/umowy")
    assert spoken(lived_in.months.first) in anna.read()


def test_the_profile_is_saved_without_javascript(anna: Visitor):
    anna.log_in(ANNA.email, PASSWORD)
    anna.open("/profil")

    anna.send(contact_phone="600 111 222", contact_email=ANNA.email)

    anna.at("/profil")
    phone = anna.form_with("contact_phone").locator('[name="contact_phone"]').input_value()
    assert plain(phone) == "600 111 222"


def test_what_was_typed_stays_without_javascript(anna: Visitor):
    anna.open("/logowanie")

    said = anna.send(email=ANNA.email, password="nie to hasło")

    assert anna.path == "/logowanie"
    assert anna.form_with("email").locator('[name="email"]').input_value() == ANNA.email
    assert anna.page.get_by_role("alert").count() == 1, said
