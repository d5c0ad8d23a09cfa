"""An answer that was typed and not sent, in a real browser: kept in the window for who typed it, until they log out."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.gateway.pages import cookies_of, serving
from tests.gateway.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
TYPED = "Pani Anno, sprawdzamy wodomierz przy ul. Wodnej"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with serving(world) as url:
        yield url


@pytest.fixture
def tab(address: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium.new_context(locale="pl-PL").new_page()
        chromium.close()


def come(tab: Page, world: World, address: str, who: str) -> None:
    """Somebody is logged in from here on, in the same window."""
    tab.context.add_cookies(cookies_of(world, who, address))  # type: ignore[arg-type]


def box(tab: Page, world: World, address: str) -> str:
    """The case is opened; answers what stands in its box."""
    tab.goto(f"{address}/konsola/zgloszenia/{world.open_case.ticket_id}?widok=zespol")
    return tab.locator("#f-tresc").input_value()


def test_a_draft_is_its_writers_and_ends_when_they_log_out(world: World, address: str, tab: Page):
    come(tab, world, address, "daria")
    assert box(tab, world, address) == ""
    tab.locator("#f-tresc").press_sequentially(TYPED)
    assert box(tab, world, address) == TYPED

    come(tab, world, address, "edward")
    assert box(tab, world, address) == ""
    come(tab, world, address, "daria")
    assert box(tab, world, address) == TYPED

    tab.goto(f"{address}/konsola/ja")
    tab.locator("form[action$='/wyloguj'] button").last.click()
    tab.wait_for_url("**/konsola/logowanie")
    assert tab.evaluate("window.sessionStorage.length") == 0
    come(tab, world, address, "daria")
    assert box(tab, world, address) == ""
