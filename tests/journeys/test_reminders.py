"""Forty days go by: each reminder goes once, by mail and by text message, and not to who has paid meanwhile.

Told once for each carrier of events. Edward switches the reminders on in his browser, Anna asks whether one was ours.
"""

import json
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.journeys import town
from tests.journeys.company import EDWARD, STAFF_PASSWORD, Company
from tests.journeys.conftest import CARRIERS, running_company
from tests.journeys.people import Visitor, plain

pytestmark = pytest.mark.browser
HOMES = town.households()
ANNA, CELINA = HOMES[town.ANNA], HOMES[town.CELINA]
WITH_MAIL = sum(bool(home.email) for home in HOMES)
WAIT_S = 60.0
# Subjects of the reminders, in the order in which an unpaid invoice meets them.
BEFORE, FIRST, SECOND = "Przypominamy:", "Minął termin płatności:", "Drugie przypomnienie:"
NUMBER = re.compile(r"numer=([0-9A-Z]{4}-[0-9A-Z]{4})")


@dataclass
class Story:
    """What one test hands to the next."""

    company: Company
    edward: Visitor
    stranger: Visitor
    issued_at: datetime

    def days_later(self, days: int) -> None:
        """So many days after the invoices."""
        self.company.go_to(self.issued_at + timedelta(days=days))

    def reminders(self, about: str) -> list[str]:
        """To whom letters of a kind went."""
        return [letter.to for letter in self.company.post.letters(about=about)]

    def texts(self) -> list[dict[str, Any]]:
        """What the simulated SMSAPI took."""
        url = f"{self.company.suite.info['smsapi']}/sandbox/messages"
        with urllib.request.urlopen(url, timeout=10) as said:  # noqa: S310
            found: list[dict[str, Any]] = json.load(said)
        return found


@pytest.fixture(scope="module", params=["direct", pytest.param("amqp", marks=pytest.mark.broker)])
def story(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Story]:
    with running_company(**CARRIERS[request.param]) as (company, _node):
        edward, stranger = Visitor(browser, company.url), Visitor(browser, company.url)
        yield Story(company, edward, stranger, company.months.first_issued_at)
        for visitor in (edward, stranger):
            visitor.close()


def wait_until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


class TestFortyDays:
    """In the order of life."""

    story = True

    def test_edward_switches_the_reminders_on(self, story: Story):
        company, edward = story.company, story.edward
        story.days_later(0)
        company.begin()
        company.publish_prices()
        company.bring_in(town.write_first_delivery(company.files / "first", company.months))
        edward.log_in_to_console(EDWARD, STAFF_PASSWORD, company.doors.code)
        for slug in ("przed-terminem", "po-terminie-1", "po-terminie-2"):
            edward.open(f"/konsola/komunikacja/przypomnienia/{slug}")
            form = edward.form_with("dni")
            form.locator('[name="wlaczone"]').check()
            form.locator('[name="kanaly"][value="sms"]').check(force=True)  # Its label is over it.
            edward.press(form)
            edward.at("/konsola/komunikacja/przypomnienia")
        assert edward.read().count("włączone") >= 3 or edward.read().count("on") >= 3

    def test_three_days_before_the_due_day_everybody_is_reminded_once(self, story: Story):
        company = story.company
        company.office.issue(company.calculate(company.months.first))
        company.post.wait_for(about="Nowa faktura", count=sum(map(town.gets_mail, HOMES)))
        assert story.reminders(BEFORE) == []
        story.days_later(town.PAYMENT_DAYS - 3)
        company.post.wait_for(about=BEFORE, count=WITH_MAIL)

    def test_who_pays_is_left_alone_and_the_others_hear_of_it(self, story: Story):
        company = story.company
        story.days_later(town.PAYMENT_DAYS + 2)
        total = town.total_of(CELINA, 1)
        paid = ("W000001", f"O{CELINA.index}", company.today, int(total * Decimal(100)), "Za wodę")
        files = town.write_first_delivery(company.files / "paid", company.months, payments=[paid])
        company.bring_in(files)

        story.days_later(town.PAYMENT_DAYS + 7)
        company.post.wait_for(about=FIRST, count=WITH_MAIL - 1)
        story.days_later(town.PAYMENT_DAYS + 14)
        company.post.wait_for(about=SECOND, count=WITH_MAIL - 1)
        story.days_later(40)
        time.sleep(5)  # Twice the pace of the planning job: a second one would come by now.

        for about, reached in ((BEFORE, WITH_MAIL), (FIRST, WITH_MAIL - 1), (SECOND, WITH_MAIL - 1)):
            to = story.reminders(about)
            assert (len(to), len(set(to))) == (reached, reached), (about, to)
            assert to.count(ANNA.email) == 1
        assert CELINA.email not in story.reminders(FIRST) + story.reminders(SECOND)

    def test_telephones_rang_once_for_each_and_say_that_they_did(self, story: Story):
        texts = story.texts()
        by_number = Counter(text["number"] for text in texts)
        celinas = next(text for text in texts if text["number"] == "48600102200")["number"]
        assert len(by_number) == len(HOMES)
        assert by_number.pop(celinas) == 1, "before she paid"
        assert set(by_number.values()) == {3}
        wait_until(
            lambda: {text["status"] for text in story.texts()} == {"DELIVERED"}, "texts are still under way"
        )
        wait_until(
            lambda: all(text["reported_at"] for text in story.texts()), "reports were not answered with OK"
        )

    def test_anybody_can_ask_whether_a_reminder_was_ours(self, story: Story):
        [letter] = story.company.post.letters(ANNA.email, about=FIRST)
        found = NUMBER.search(letter.text)
        assert found
        said = plain(story.stranger.open(f"/czy-to-my?numer={found[1]}"))
        assert found[1] in said
        assert "a…@poczta.example" in said
        assert ANNA.email not in said
        other = plain(story.stranger.open("/czy-to-my?numer=0000-0000"))
        assert "a…@poczta.example" not in other
