"""The mails as a mail program draws them: on a phone and a desk, in light and in dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from services.notify.documents.messages import render_letter
from services.notify.storage.messages import Rule
from tests.notify.documents.test_messages import LANGUAGES, message, provider

pytestmark = pytest.mark.browser
LONG = {
    "number": "FV/2026/" + "9" * 30,
    "premises_label": "ul. Generała Stanisława Sosabowskiego 128A m. 1234, Zdrój-Uzdrowisko",
    "total_grosze": 1_234_567_89,
}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        running = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        yield running
        running.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 640])
def test_every_mail_fits_and_axe_finds_nothing(browser, scheme, width):
    context = browser.new_context(viewport={"width": width, "height": 640}, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for rule in Rule:
        for language in LANGUAGES:
            one = message(rule, language, facts=LONG if rule is Rule.INVOICE_ISSUED else {})
            page.set_content(render_letter(one, provider(), token="k3Jd8" * 9).html)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (rule, language)
            if language == "pl":
                found = Axe().run(page)
                assert found.violations_count == 0, found.generate_report()
    context.close()

    assert [url for url in asked if not url.startswith(("about:", "data:"))] == [], "nothing is fetched"
