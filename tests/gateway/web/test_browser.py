"""The pages in a real browser: nothing for axe to find, nothing that the policy refuses, keys and guards that work."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright
from werkzeug.serving import make_server

from tests.gateway.web.conftest import Site

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, Site().app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


def open_page(
    browser: Browser, url: str, *, width: int = 1280, scheme: Literal["light", "dark"] = "light"
) -> tuple[Page, list[str]]:
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme=scheme,
        locale="pl-PL",
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    return page, said


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/", "/form", "/login", "/konsola/", "/konsola/#keys", "/#more"])
def test_axe_finds_nothing_and_the_policy_refuses_nothing(browser, address, path, width, scheme):
    page, said = open_page(browser, address + path, width=width, scheme=scheme)
    assert page.locator("html").get_attribute("data-bs-theme") == scheme
    found = Axe().run(page).response["violations"]
    assert [(item["id"], [node["html"] for node in item["nodes"]]) for item in found] == []
    assert said == []
    page.context.close()


@pytest.mark.parametrize("path", ["/", "/form", "/login", "/konsola/"])
def test_nothing_runs_out_of_the_narrowest_screen(browser, address, path):
    page, _said = open_page(browser, address + path, width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.context.close()


def test_a_form_is_sent_once(browser, address):
    page, _said = open_page(browser, address + "/form")
    sent: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        sent.append(route.request.url)
        route.fulfill(status=204)

    page.route("**/form", answer)
    page.evaluate("for (let n = 0; n < 3; n++) document.querySelector('main form').requestSubmit()")
    expect(page.locator("main form .is-sending")).to_have_attribute("aria-disabled", "true")
    page.wait_for_timeout(200)
    assert len(sent) == 1
    page.context.close()


def test_a_password_can_be_shown_and_hidden(browser, address):
    page, _said = open_page(browser, address + "/login")
    field = page.locator("#f-password")
    button = page.locator("[data-reveal]")
    button.click()
    expect(field).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(field).to_have_attribute("type", "password")
    page.context.close()


def test_keys_of_the_console(browser, address):
    page, _said = open_page(browser, address + "/konsola/")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("zoz?")
    assert "#" not in page.url
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="16 lis")).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="9 paź")).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="16 lis")).to_be_focused()
    page.keyboard.press("z")
    assert page.url.endswith("#case")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.get_by_role("button", name="Pojedyncze klawisze: włączone").click()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("main").focus()
    page.keyboard.press("o")
    assert not page.url.endswith("#reading")
    page.context.close()


def test_without_javascript_pages_are_whole(browser, address):
    context = browser.new_context(
        java_script_enabled=False, locale="pl-PL", viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto(address + "/")
    page.get_by_role("link", name="Więcej", exact=True).click()
    expect(page.locator("#more")).to_be_visible()
    page.goto(address + "/login")
    expect(page.locator("[data-reveal]")).to_be_hidden()
    page.goto(address + "/konsola/")
    page.get_by_role("link", name="Menu", exact=True).click()
    expect(page.locator("#menu")).to_be_visible()
    context.close()
