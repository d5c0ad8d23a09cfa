"""Edward tells one street that there will be no water, by e-mail, text message and in the portal, and nobody else.

Told once for each carrier of events: notify is killed in the middle and comes back by itself; each gets it once.
"""

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock_time
from typing import Any

import pytest
from playwright.sync_api import Browser

from chassis.clock import WARSAW
from demo.people import PASSWORD
from tests.journeys import town
from tests.journeys.company import EDWARD, STAFF_PASSWORD, Company
from tests.journeys.conftest import CARRIERS, running_company
from tests.journeys.people import Visitor

pytestmark = pytest.mark.browser
HOMES = town.households()
ANNA, CELINA = HOMES[town.ANNA], HOMES[town.CELINA]
STREET = "Młyńska"  # Of two households one has no e-mail address, so a text message goes there.
SUBJECT = "Przerwa w dostawie wody"
LIST = "/konsola/komunikacja/kampanie"


@dataclass
class Story:
    """What one test hands to the next."""

    company: Company
    edward: Visitor
    anna: Visitor
    celina: Visitor

    def texts(self) -> list[dict[str, Any]]:
        """What the simulated SMSAPI took."""
        url = f"{self.company.suite.info['smsapi']}/sandbox/messages"
        with urllib.request.urlopen(url, timeout=10) as said:  # noqa: S310
            found: list[dict[str, Any]] = json.load(said)
        return found

    def press(self, value: str) -> None:
        """One of the editor's buttons."""
        page = self.edward.page
        with page.expect_navigation():
            page.locator(f'button[name="co"][value="{value}"]:visible').first.click()

    def write(self, name: str, street: str, channels: list[str], texts: dict[str, dict[str, str]]) -> str:
        """A counted draft to one street; its address."""
        edward, page = self.edward, self.edward.page
        edward.open(f"{LIST}/nowa")
        page.fill('[name="nazwa"]', name)
        self.press("dodaj")
        page.select_option('[name="pole_0"]', "ulica")
        self.press("policz")  # Another field: the row comes back with what fits it.
        offered = [one.get_attribute("value") or "" for one in page.locator("datalist option").all()]
        page.fill('[name="wartosc_0"]', next(value for value in offered if value.endswith(street)))
        for channel in ("mail", "sms", "portal"):
            page.set_checked(f'[name="{channel}"]', channel in channels)
        for shown, fields in texts.items():
            self.press(f"pokaz-{shown}")
            for field, text in fields.items():
                page.fill(f'[name="{field}"]', text)
        self.press("policz")
        return edward.path


@pytest.fixture(scope="module", params=["direct", pytest.param("amqp", marks=pytest.mark.broker)])
def story(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Story]:
    with running_company(**CARRIERS[request.param]) as (company, _node):
        visitors = [Visitor(browser, company.url) for _ in range(3)]
        yield Story(company, *visitors)
        for visitor in visitors:
            visitor.close()


class TestOneStreet:
    """In the order of life."""

    story = True

    def test_the_town_is_there_by_day(self, story: Story):
        company = story.company
        company.live_through()
        noon = datetime.combine(company.today + timedelta(days=1), clock_time(11), WARSAW)
        company.go_to(noon)  # No text message goes out by night.
        story.edward.log_in_to_console(EDWARD, STAFF_PASSWORD, story.company.doors.code)

    def test_a_street_is_told_by_mail_and_text_message_though_notify_dies(self, story: Story):
        company = story.company
        url = story.write(
            "Młyńska w środę",
            STREET,
            ["mail", "sms"],
            {
                "email-pl": {
                    "subject_pl": SUBJECT,
                    "email_pl": "Dzień dobry {{ customer.name }}, w środę od 8 do 12 nie będzie wody.",
                },
                "sms-pl": {"sms_pl": "{{ provider.name }}: w środę 8-12 nie będzie wody."},
            },
        )
        assert "2 osoby dostaną wiadomość" in story.edward.read()
        story.press("zaraz")
        company.suite.kill("notify")
        company.suite.wait_until_ready("notify")
        story.edward.until(url, lambda: "Zakończona" in story.edward.read(), wait_s=90)

        time.sleep(3)  # Several rounds of every job: a second one would come by now.
        letters = company.post.letters(about=SUBJECT)
        assert Counter(letter.to for letter in letters) == {HOMES[11].email: 1}
        assert HOMES[11].name in letters[0].words
        texts = [
            text for text in story.texts() if "nie będzie wody" in str(text) or "nie bedzie wody" in str(text)
        ]
        assert len(texts) == 1

    def test_another_street_reads_it_in_the_portal_and_nobody_else_does(self, story: Story):
        company = story.company
        url = story.write(
            "Gęsia Łąka w portalu",
            ANNA.street,
            ["portal"],
            {"portal-pl": {"portal_title_pl": "Płukanie sieci", "portal_pl": "Woda może być **mętna**."}},
        )
        story.press("zaraz")
        story.edward.until(url, lambda: "Zakończona" in story.edward.read(), wait_s=90)
        assert company.post.letters(about="Płukanie sieci") == []
        for home, visitor, reads in ((ANNA, story.anna, True), (CELINA, story.celina, False)):
            visitor.log_in(home.email, PASSWORD)
            assert ("Płukanie sieci" in visitor.open("/wiadomosci")) is reads

    def test_edward_sees_what_became_of_each(self, story: Story):
        story.edward.open(LIST)
        campaign = story.edward.links(rf"{LIST}/[0-9a-f-]{{36}}")[-1]
        said = story.edward.open(f"{campaign}/odbiorcy")
        assert HOMES[11].name in said
        assert HOMES[5].name in said
        assert HOMES[1].name not in said
