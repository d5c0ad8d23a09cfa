"""Bills are paid: in a real browser, at both providers' pages, once for each carrier of events.

Anna and Celina have two months' invoices open. At the end the balance, the ledger, the timelines, the mails and the
providers' own books agree to the grosz.
"""

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from demo.people import PASSWORD
from tests.billing.documents.paper import words
from tests.journeys import town
from tests.journeys.company import DARIA, STAFF_PASSWORD, Company
from tests.journeys.conftest import CARRIERS, running_company
from tests.journeys.people import WAIT_MS, Visitor, plain

pytestmark = pytest.mark.browser
HOMES = town.households()
ANNA, CELINA = HOMES[town.ANNA], HOMES[town.CELINA]
ID = "[0-9a-f-]{36}"
A_PAYMENT = re.compile(rf"/platnosci/{ID}")
NUMBER = re.compile(r"\bP-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
PART = Decimal("20.00")
LATE_S = 4
REFUNDED = Decimal("15.50")


@dataclass
class Story:
    """What one test hands to the next."""

    company: Company
    anna: Visitor
    celina: Visitor
    daria: Visitor
    paid: dict[str, int] = field(default_factory=dict)  # grosze by the address of the payment's page

    def books(self, provider: str) -> list[dict[str, Any]]:
        """What the provider says of the payments it knows."""
        url = f"http://{self.company.suite.info['parts'][provider]}/sandbox/books"
        with urllib.request.urlopen(url, timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["payments"]
            return found


@pytest.fixture(scope="module", params=["direct", pytest.param("amqp", marks=pytest.mark.broker)])
def story(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Story]:
    with running_company(**CARRIERS[request.param]) as (company, _node):
        company.live_through()
        tell(company, "przelewy24", "pace", {"late_s": LATE_S})
        anna, celina, daria = (Visitor(browser, company.url) for _ in range(3))
        anna.log_in(ANNA.email, PASSWORD)
        celina.log_in(CELINA.email, PASSWORD)
        yield Story(company, anna, celina, daria)
        for visitor in (anna, celina, daria):
            visitor.close()


class TestPaying:
    """In the order of life."""

    story = True

    def test_a_part_is_paid_at_payu(self, story: Story):
        anna = story.anna
        before = owed(ANNA)

        choose(anna, sum_of=PART, provider="payu")
        payment = pay(anna, "approve")

        story.paid[payment] = grosze(PART)
        said = wait_for(anna, payment, "Zapłacona i zaksięgowana.")
        assert town.printed(PART) in said
        assert town.printed(before - PART) in anna.open("/platnosci")

    def test_a_payment_that_is_cancelled_takes_nothing(self, story: Story):
        anna = story.anna
        choose(anna, provider="payu")
        payment = pay(anna, "cancel")

        said = wait_for(anna, payment, "Nic nie pobraliśmy")

        assert "Spróbuj jeszcze raz" in said
        assert town.printed(owed(ANNA) - PART) in anna.open("/platnosci")
        assert [one["paid"] for one in story.books("payu")].count(0) == 1

    def test_two_invoices_are_paid_at_once_and_a_double_click_and_back_pay_once(self, story: Story):
        anna = story.anna
        rest = owed(ANNA) - PART
        choose(anna, provider="przelewy24")
        anna.page.locator("[data-pay-button]:visible").dblclick()
        anna.page.locator("#how-approve").wait_for(timeout=WAIT_MS)
        anna.page.go_back()
        anna.page.locator("[data-pay-button]:visible").click()
        payment = pay(anna, "approve", pressed=True)

        story.paid[payment] = grosze(rest)
        said = wait_for(anna, payment, "Zapłacona i zaksięgowana.")

        assert len(NUMBERS_OF_INVOICES.findall(said)) >= 2
        anna.page.go_back()
        anna.open("/platnosci")
        assert [one["paid"] for one in story.books("przelewy24")] == [grosze(rest)]
        assert "Nie ma nic do zapłaty" in anna.open("/zaplac")

    def test_a_notification_that_comes_late_and_twice_settles_once(self, story: Story):
        celina = story.celina
        first, second = town.total_of(CELINA, 1), town.total_of(CELINA, 2)
        for total, how in ((first, "late_twice"), (second, "twice")):
            choose(celina, sum_of=total, provider="przelewy24")
            payment = pay(celina, how)
            if how == "late_twice":
                assert "Czekamy na potwierdzenie" in celina.read()
            story.paid[payment] = grosze(total)
            wait_for(celina, payment, "Zapłacona i zaksięgowana.")

        notified = [one["paid"] for one in story.books("przelewy24")]
        assert sorted(notified)[-3:] == sorted([grosze(first), grosze(second), grosze(owed(ANNA) - PART)])

    def test_the_clerk_gives_a_part_back(self, story: Story):
        daria = story.daria
        daria.log_in_to_console(DARIA, STAFF_PASSWORD, story.company.doors.code)
        annas = next(one for one in story.paid if story.paid[one] == grosze(owed(ANNA) - PART))
        number = number_of(story.anna, annas)
        daria.open(f"/konsola/platnosci?q={number}")
        [link] = daria.links(rf"/konsola/klienci/{ID}/platnosci/{ID}")
        daria.open(link)
        form = daria.form_with("powod")
        tick(daria, "ile", "czesc")
        form.locator('[name="kwota"]').fill(str(REFUNDED).replace(".", ","))
        form.locator('[name="powod"]').fill("Zapłacono za dużo")
        form.locator('[name="suma"]').fill(str(REFUNDED).replace(".", ","))
        daria.press(form)

        daria.until(link, lambda: town.printed(REFUNDED) in daria.read() and "Zwrócono" in daria.read())
        assert town.printed(REFUNDED) in story.anna.open(annas)
        story.anna.until("/platnosci", lambda: town.printed(REFUNDED) in story.anna.read())

    def test_ledger_mails_timeline_and_the_providers_books_agree(self, story: Story):
        company, anna, celina = story.company, story.anna, story.celina
        post = company.post
        statement = anna.open("/rozliczenia")
        for amount in (PART, owed(ANNA) - PART, REFUNDED):
            assert town.printed(amount) in statement
        assert town.printed(REFUNDED) in anna.open("/start")
        assert "Nie ma nic do zapłaty" in celina.open("/zaplac")

        mine = [one for one in story.books("payu") + story.books("przelewy24") if one["paid"]]
        assert sorted(one["paid"] for one in mine) == sorted(story.paid.values())
        assert sum(one["refunded"] for one in mine) == grosze(REFUNDED)

        for path in story.paid:
            visitor = anna if path in anna.visited else celina
            said = visitor.open(path)
            assert all(step in said for step in ("Rozpoczęta", "Wpłata otrzymana", "Zaksięgowana")), said
        post.wait_for(ANNA.email, about="Otrzymaliśmy wpłatę", count=2)
        post.wait_for(CELINA.email, about="Otrzymaliśmy wpłatę", count=2)
        post.wait_for(ANNA.email, about="Zwracamy")
        assert len(post.letters(ANNA.email, about="Otrzymaliśmy wpłatę")) == 2
        assert len(post.letters(CELINA.email, about="Otrzymaliśmy wpłatę")) == 2
        assert len(post.letters(ANNA.email, about="nie doszła do skutku")) == 1

    def test_the_confirmation_says_what_the_page_says(self, story: Story):
        path, paid = next((one, amount) for one, amount in story.paid.items() if one in story.anna.visited)
        text = plain(words(story.anna.fetch(f"{path}/pdf").body()))

        assert town.printed(Decimal(paid) / 100) in text
        assert number_of(story.anna, path) in text

    def test_celina_finds_none_of_annas_payments(self, story: Story):
        for path in [one for one in story.paid if one in story.anna.visited]:
            story.celina.open(path, status=404)
            assert story.celina.fetch(f"{path}/pdf").status == 404


NUMBERS_OF_INVOICES = re.compile(r"FV/\d{4}/\d{6}")


def owed(home: Any) -> Decimal:
    """Both months together."""
    return town.total_of(home, 1) + town.total_of(home, 2)


def grosze(amount: Decimal) -> int:
    return int(amount * 100)


def choose(visitor: Visitor, *, provider: str, sum_of: Decimal | None = None) -> None:
    """Fill the pay page in: all that is open, or a sum; at the provider's own page."""
    visitor.open("/zaplac")
    page = visitor.page
    if sum_of is not None:
        tick(visitor, "ile", "inna")
        page.locator('[name="kwota"]').fill(str(sum_of).replace(".", ","))
    tick(visitor, "sposob", f"{provider}:")


def tick(visitor: Visitor, name: str, value: str) -> None:
    """Choose a row as people do: by its words."""
    choice = visitor.page.locator(f'[name="{name}"][value="{value}"]')
    visitor.page.locator(f'label[for="{choice.get_attribute("id")}"]').click()
    expect(choice).to_be_checked()


def pay(visitor: Visitor, how: str, *, pressed: bool = False) -> str:
    """Press the button, then one on the provider's page; answers the address of the payment's page."""
    page = visitor.page
    if not pressed:
        page.locator("[data-pay-button]:visible").click()
    page.locator(f"#how-{how}").click(timeout=WAIT_MS)
    expect(page).to_have_url(re.compile(rf"{re.escape(visitor.url)}/platnosci/{ID}"), timeout=WAIT_MS)
    found = A_PAYMENT.search(page.url)
    assert found
    return found[0]


def wait_for(visitor: Visitor, path: str, words_: str) -> str:
    """What the payment's page says once it says so."""
    visitor.until(path, lambda: words_ in visitor.read())
    return visitor.read()


def number_of(visitor: Visitor, path: str) -> str:
    """What people quote of a payment."""
    found = NUMBER.search(visitor.open(path))
    assert found
    return found[0]


def tell(company: Company, provider: str, what: str, order: dict[str, Any]) -> None:
    """Give the sandbox an order."""
    request = urllib.request.Request(
        f"http://{company.suite.info['parts'][provider]}/sandbox/{what}",
        data=json.dumps(order).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        answer.read()
