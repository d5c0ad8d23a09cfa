"""Every page in a real browser, phone and desktop, light and dark: axe finds nothing, nothing is wider than the screen,
nothing is refused by the page's own policy."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from tests.gateway.pages import Page, cookies_of, pages, serving
from tests.gateway.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
SCREENS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}},
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "narrow": {"viewport": {"width": 320, "height": 640}},
}
REFUSED = ("Content Security Policy", "Refused to", "Uncaught")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def every_page(world: World) -> list[Page]:
    return pages(world)


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with serving(world) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_axe_finds_nothing(
    world: World, every_page: list[Page], address: str, browser: Browser, screen: str, look: Any
):
    faults: list[str] = []
    for who in dict.fromkeys(page.who for page in every_page):
        context = browser.new_context(**SCREENS[screen], color_scheme=look, locale="pl-PL")
        context.add_cookies(cookies_of(world, who, address))  # type: ignore[arg-type]
        tab = context.new_page()
        tab.on("console", lambda said: faults.append(said.text) if _is_fault(said.text) else None)
        for page in (one for one in every_page if one.who == who):
            tab.goto(address + page.url)
            for violation in Axe().run(tab).response["violations"]:
                where = violation["nodes"][0]["target"]
                faults.append(f"{page.name}: {violation['id']} at {where}")
            if tab.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                faults.append(f"{page.name}: wider than the screen")
        context.close()
    assert faults == []


def test_everything_fits_a_very_narrow_screen(
    world: World, every_page: list[Page], address: str, browser: Browser
):
    """320 px: what 400 % zoom makes of a desktop."""
    faults = []
    for who in dict.fromkeys(page.who for page in every_page):
        context = browser.new_context(**SCREENS["narrow"], locale="pl-PL")
        context.add_cookies(cookies_of(world, who, address))  # type: ignore[arg-type]
        tab = context.new_page()
        for page in (one for one in every_page if one.who == who):
            tab.goto(address + page.url)
            if tab.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                faults.append(page.name)
        context.close()
    assert faults == []


def _is_fault(text: str) -> bool:
    return any(word in text for word in REFUSED)
