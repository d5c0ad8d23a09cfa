"""A clerk who is limited to an area, in a real browser on a whole suite of processes.

Edward limits Daria to what nobody in town gets; from her next page on Anna, her case and her payments are not there. He
takes the limit away, and they are there again. Told once for each carrier of events.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from demo.people import PASSWORD
from tests.journeys import town
from tests.journeys.company import DARIA, EDWARD, STAFF_PASSWORD, Company
from tests.journeys.conftest import CARRIERS, running_company
from tests.journeys.people import Visitor

pytestmark = pytest.mark.browser
ANNA = town.households()[town.ANNA]
SUBJECT = "Kto był u mnie z odczytem?"


@dataclass
class Story:
    """What one test hands to the next."""

    company: Company
    anna: Visitor
    daria: Visitor
    edward: Visitor
    case_url: str = ""

    @property
    def annas_page(self) -> str:
        """Anna's customer in the console."""
        return f"/konsola/klienci/{self.company.newest[ANNA.number].customer_id}"

    def limit(self, *, gas: bool) -> None:
        """Edward ticks, or takes away, gas in Daria's area, and sees her there."""
        edward = self.edward
        edward.open("/konsola/pracownicy")
        edward.page.get_by_role("link", name="Daria").click()
        edward.page.locator('[name="media"][value="gas"]').set_checked(gas)
        with edward.page.expect_navigation():
            edward.page.locator('[name="pokaz"]').click()
        means = "Widzi tylko klientów z obszaru: gaz" if gas else "Widzi wszystkich klientów"
        assert means in edward.read()
        with edward.page.expect_navigation():
            edward.page.get_by_role("button", name="Zapisz").click()
        assert "Zapisano role i obszar: Daria" in edward.read()


@pytest.fixture(scope="module", params=["direct", pytest.param("amqp", marks=pytest.mark.broker)])
def story(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Story]:
    with running_company(**CARRIERS[request.param]) as (company, _node):
        company.live_through()
        anna, daria, edward = (Visitor(browser, company.url) for _ in range(3))
        anna.log_in(ANNA.email, PASSWORD)
        daria.log_in_to_console(DARIA, STAFF_PASSWORD, company.doors.code)
        edward.log_in_to_console(EDWARD, STAFF_PASSWORD, company.doors.code)
        yield Story(company, anna, daria, edward)
        for visitor in (anna, daria, edward):
            visitor.close()


class TestAnArea:
    """In the order of life."""

    story = True

    def test_anna_asks_and_daria_finds_it(self, story: Story):
        story.anna.open("/zgloszenia/nowe")
        story.anna.page.get_by_role("link", name="Pytanie").first.click()
        story.anna.send(temat=SUBJECT, tresc="Nikogo nie było w domu.")
        story.case_url = f"/konsola/zgloszenia/{story.anna.path.rpartition('/')[2]}"
        assert SUBJECT in story.daria.open("/konsola/zgloszenia?widok=wolne")
        assert ANNA.name in story.daria.open(story.annas_page)

    def test_limited_daria_finds_nothing_of_anna(self, story: Story):
        story.limit(gas=True)
        daria = story.daria
        assert "Twój obszar: gaz" in daria.open("/konsola/")
        for url in (
            "/konsola/zgloszenia?widok=zespol",
            f"/konsola/klienci?q={ANNA.number}",
            "/konsola/platnosci",
        ):
            said = daria.open(url)
            assert SUBJECT not in said
            assert ANNA.name not in said
        for url in (story.annas_page, f"{story.annas_page}/platnosci"):
            said = daria.open(url, status=403)
            assert "To jest poza Twoim obszarem" in said
            assert ANNA.name not in said
        assert SUBJECT not in daria.open(story.case_url, status=404), "as a case that is not there"

    def test_without_the_limit_it_is_there_again(self, story: Story):
        story.limit(gas=False)
        assert SUBJECT in story.daria.open(story.case_url)
        assert ANNA.name in story.daria.open(story.annas_page)

    def test_dziennik_tells_of_both(self, story: Story):
        act = "/konsola/audyt?czynnosc=ebok.identity.v1.StaffService/ChangeStaff"
        story.edward.until(act, lambda: story.edward.read().count("zmieniono czyjeś role lub obszar") >= 2)
        assert [one for one in story.edward.complaints if "403" not in one] == []
