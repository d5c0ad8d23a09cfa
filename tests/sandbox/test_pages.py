"""The mailbox's pages in a browser: readable on a phone, axe finds nothing, a mail's links lead out of the frame."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright

from sandbox.mailbox.config import MailboxConfig
from sandbox.mailbox.server import Mailbox

pytestmark = pytest.mark.browser
HTML = (
    '<!doctype html><html lang="pl"><head><title>x</title></head><body><main><h1>Faktura</h1>'
    '<p><a href="{url}/health">Zobacz</a></p><script>document.title = "zły"</script></main></body></html>'
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        running = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        yield running
        running.close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox(MailboxConfig()) as running:
        for number in range(3):
            mail = EmailMessage()
            mail["From"] = "Wodociągi Zdrój <bok@zdroj.example>"
            mail["To"] = "anna.bardzo-dlugie-nazwisko-z-kreskami@poczta-elektroniczna.example"
            mail["Subject"] = f"Nowa faktura {number}: 243,78 zł do 12 grudnia"
            mail.set_content(f"Dzień dobry\n{running.http_url}/health?" + "x" * 200)
            mail.add_alternative(HTML.format(url=running.http_url), subtype="html")
            host, port = running.smtp_url.removeprefix("smtp://").split(":")
            with smtplib.SMTP(host, int(port)) as smtp:
                smtp.send_message(mail)
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_pages_fit_and_axe_finds_nothing(browser, mailbox, scheme, width):
    context = browser.new_context(viewport={"width": width, "height": 640}, color_scheme=scheme)
    page = context.new_page()
    for path in ("/", "/?do=nikt@poczta.example", "/wiadomosci/1", "/wiadomosci/99"):
        page.goto(mailbox.http_url + path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    context.close()


def test_a_link_of_the_mail_opens_beside_it_and_no_script_runs(browser, mailbox):
    page = browser.new_page()
    page.goto(mailbox.http_url)
    page.get_by_role("link", name="Nowa faktura 2").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Faktura")).to_be_visible()

    with page.expect_popup() as opened:
        frame.get_by_role("link", name="Zobacz").click()

    expect(opened.value.locator("body")).to_contain_text("ok")
    assert page.frames[1].evaluate("document.title") != "zły"
    page.close()


def test_the_box_is_emptied_by_its_button(browser, mailbox):
    page = browser.new_page()
    page.goto(mailbox.http_url)

    page.get_by_role("button", name="Usuń wszystkie").click()

    expect(page.get_by_text("Skrzynka jest pusta")).to_be_visible()
    page.close()
