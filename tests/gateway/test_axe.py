"""Every page in a real browser, phone and desktop, light and dark: axe finds nothing, nothing is wider than the screen,
nothing is refused by the page's own policy."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ViewportSize, sync_playwright
from playwright.sync_api import Page as Tab

from tests.gateway.pages import PEOPLE, Page, cookies_of, pages, serving
from tests.gateway.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
DESKTOP = ViewportSize(width=1280, height=900)
LAPTOP = ViewportSize(width=1024, height=768)
PHONE = ViewportSize(width=390, height=844)
NARROW = ViewportSize(width=320, height=640)
# What the look of a page, light or dark, can break; everything else is the same in both.
OF_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
# What passed is of no interest, and a hundred times as much.
WANTED = {"resultTypes": ["violations"]}
AXE = Axe().axe_script
LOOK = "options => axe.run(options).then(found => found.violations.map(one => [one.id, one.nodes[0].target]))"
# What one presses or types into, unless what it lies in can be scrolled or lies above the page.
STICK_OUT = """() => [...document.querySelectorAll(".eb-card, .eb-hero, .ec-panel")].flatMap(card => {
  const edge = card.getBoundingClientRect().right + 1;
  const isApart = one => one !== card && (getComputedStyle(one).overflowX !== "visible"
    || getComputedStyle(one).position === "absolute" || isApart(one.parentElement));
  return [...card.querySelectorAll(".btn, .form-control, .form-select, .eb-notice")]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > edge && !isApart(one.parentElement))
    .map(one => one.textContent.trim() || one.name);
})"""
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


@pytest.mark.parametrize("who", PEOPLE)
def test_axe_finds_nothing_and_all_fits(
    world: World, every_page: list[Page], address: str, browser: Browser, who: str
):
    faults: list[str] = []
    context = browser.new_context(reduced_motion="reduce", locale="pl-PL")
    context.add_cookies(cookies_of(world, who, address))  # type: ignore[arg-type]
    tab = context.new_page()
    tab.on("console", lambda said: faults.append(said.text) if _is_fault(said.text) else None)
    for page in (one for one in every_page if one.who == who):
        tab.set_viewport_size(DESKTOP)
        tab.emulate_media(color_scheme="light")
        tab.goto(address + page.url)
        faults.extend(f"{page.name}, {fault}" for fault in _faults_of(tab))
    context.close()
    assert faults == []


def _faults_of(tab: Tab) -> Iterator[str]:
    """As opened, desktop and light; then dark, on a phone, on what 400 % zoom makes of a desktop, on a laptop."""
    tab.evaluate(AXE)
    yield from _violations(tab, "desktop light")
    tab.emulate_media(color_scheme="dark")
    yield from _violations(tab, "desktop dark", OF_COLOURS)
    yield from _too_wide(tab, DESKTOP)
    yield from _too_wide(tab, PHONE)
    yield from _violations(tab, "phone dark")
    tab.emulate_media(color_scheme="light")
    yield from _violations(tab, "phone light", OF_COLOURS)
    yield from _too_wide(tab, NARROW)
    yield from _too_wide(tab, LAPTOP)


def _violations(tab: Tab, how: str, options: dict[str, Any] | None = None) -> Iterator[str]:
    for rule, target in tab.evaluate(LOOK, {**WANTED, **(options or {})}):
        yield f"{how}: {rule} at {target}"


def _too_wide(tab: Tab, screen: ViewportSize) -> Iterator[str]:
    tab.set_viewport_size(screen)
    if tab.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
        yield f"wider than {screen['width']} px"
    for what in tab.evaluate(STICK_OUT):
        yield f"at {screen['width']} px “{what}” sticks out of its card"


def _is_fault(text: str) -> bool:
    return any(word in text for word in REFUSED)
