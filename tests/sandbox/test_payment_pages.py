"""The payment providers' pages in a browser: readable on a phone, axe finds nothing, buttons lead back to the shop."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright

from tests.sandbox.shop import books, misbehave, settle, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        running = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        yield running
        running.close()


def lived_in(p24, payu):
    """Payments in many states; answers the addresses of all pages."""
    open_page = f"{p24.url}/trnRequest/{p24.register('s-open', description='Faktura ' * 20)}"
    order_id = p24.paid("sesja-1", how="approve")
    p24.refund(order_id, 100)
    for how in ("decline", "cancel", "lost"):
        p24.register(f"s-{how}")
        settle(p24.url, f"s-{how}", how)
    misbehave(p24.url, call="status", how="500")
    misbehave(p24.url, call="verify", how="slow", times=9)
    p24.call("GET", "transaction/by/sessionId/sesja-1")
    order = payu.create("z-open")
    for how in ("approve", "decline", "hold"):
        payu.create(f"z-{how}")
        settle(payu.url, f"z-{how}", how)
    wait_until(lambda: any(one["refunded"] for one in books(p24.url)), "the refund")
    paths = [
        "/sandbox",
        "/sandbox?szukaj=nikt",
        "/sandbox/calls",
        "/sandbox/notifications",
        "/sandbox/payments/99",
    ]
    pages = [f"{one.url}{path}" for one in (p24, payu) for path in (*paths, "/sandbox/payments/2")]
    paid_page = open_page.rpartition("/")[0] + "/" + p24.register("s-decline")
    settle(p24.url, "s-decline", "lost")
    return [open_page, paid_page, order["redirectUri"], *pages]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_pages_fit_and_axe_finds_nothing(browser, p24, payu, scheme, width):
    context = browser.new_context(viewport={"width": width, "height": 640}, color_scheme=scheme)
    page = context.new_page()
    for address in lived_in(p24, payu):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
        found = Axe().run(page)
        assert found.violations_count == 0, (address, found.generate_report())
    context.close()


@pytest.mark.parametrize("how", ["approve", "cancel"])
def test_a_button_leads_back_to_the_shop(browser, p24, payu, shop, how):
    token = p24.register(urlReturn=f"{shop.url}/powrot")
    order = payu.create(continueUrl=f"{shop.url}/powrot")
    for address in (f"{p24.url}/trnRequest/{token}", order["redirectUri"]):
        page = browser.new_page()
        page.goto(address)

        page.locator(f"#how-{how}").click()

        expect(page.get_by_role("heading", name="Dziękujemy")).to_be_visible()
        assert page.url.startswith(f"{shop.url}/powrot")
        page.close()
    paid = [one["paid"] for one in (*books(p24.url), *books(payu.url))]
    assert paid == ([12_345, 9_900] if how == "approve" else [0, 0])
