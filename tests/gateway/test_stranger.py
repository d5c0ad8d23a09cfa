"""Every address of the gateway as somebody it is not for. Made from the app's own URL map: a new page is in it."""

import io
import zipfile
from collections.abc import Iterable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from pypdf import PdfReader
from werkzeug.test import TestResponse

from tests.gateway import casework, urls
from tests.gateway.board import ANNAS_TITLE
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

# Named here once more: opening a page to everybody takes two decisions.
OPEN_TO_EVERYBODY = {
    "portal.home",
    "portal.log_in",
    "portal.register",
    "portal.register_sent",
    "portal.confirm",
    "portal.reset",
    "portal.reset_sent",
    "portal.new_password",
    "portal.confirm_new_email",
    "portal.deny_sign_in",
    "portal.undo_email_change",
    "portal.help",
    "portal.accessibility",
    "portal.privacy",
    "portal.page",
    "portal.check_message",
    "portal.unsubscribe",
    "portal.refuse_offers",
    "portal.invitation",
    "console.log_in",
}
# Providers and mail programs carry neither cookie nor form token; a signature or a secret address is judged behind.
FOR_PROVIDERS = {
    "webhooks.przelewy24",
    "webhooks.przelewy24_refund",
    "webhooks.payu",
    "webhooks.smsapi",
    "webhooks.unsubscribe_at_once",
}
# Bearer tokens and no cookies: proven in tests/gateway/api.
MACHINES = "api."
OPEN_TO_POST = {
    *FOR_PROVIDERS,
    "portal.log_in",
    "portal.log_out",
    "portal.register",
    "portal.confirm",
    "portal.reset",
    "portal.new_password",
    "portal.confirm_new_email",
    "portal.deny_sign_in",
    "portal.undo_email_change",
    "portal.unsubscribe",
    "portal.invitation",
    "console.log_in",
    "console.log_out",
}


# Pages that lead on as soon as a payment is known to be paid, as Anna's sample is.
LEAD_ON = {"portal.payment_onward", "portal.payment_return"}


def annas_marks(world: World) -> list[str]:
    """What only Anna's pages may say: names, numbers, addresses, amounts."""
    anna = world.annas
    amounts = {one.total_gross.grosze for one in anna.invoices} - {
        one.total_gross.grosze for one in (*world.celinas.invoices, *world.bartek.invoices)
    }
    return [
        anna.customer_id,
        anna.name,
        anna.number,
        "20 411 085",
        "anna@poczta.example",
        "600 100 200",
        "600100200",
        "Lipowa",
        "Łąkowa",
        "5810901014",
        "58 1090 1014",
        ANNAS_TITLE,
        casework.SUBJECT,
        casework.REPLY,
        casework.FILE_NAME,
        *(one.ticket_id for one in (world.open_case, world.answered_case, world.closed_case)),
        *(one.number for one in anna.invoices),
        *(one.number for one in anna.contracts),
        *(one.invoice_id for one in anna.invoices),
        *(one.number for one in (world.paid_payment, world.failed_payment, world.pending_payment)),
        *(one.payment_id for one in (world.paid_payment, world.failed_payment, world.pending_payment)),
        *(meter.serial_number for point in anna.service_points for meter in point.meters),
        *(f"{grosze // 100},{grosze % 100:02d} zł" for grosze in amounts),
    ]


def says(response: TestResponse, marks: Iterable[str]) -> list[str]:
    """The marks found in an answer, in its text and in its headers; files are opened."""
    body = _words(response.data)
    seen = " ".join((body, plain(body), str(response.headers)))
    return [mark for mark in marks if mark in seen]


def _words(data: bytes) -> str:
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return " ".join(name + " " + _words(archive.read(name)) for name in archive.namelist())
    if data.startswith(b"%PDF"):
        return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    return data.decode("utf-8", "replace")


def addresses(app: Flask, world: World, prefix: str) -> list[tuple[urls.Rule, str]]:
    """Every GET address of a blueprint, with samples of Anna's."""
    return [
        (rule, url)
        for rule in urls.rules(app, prefix)
        for made in urls.urls_of(app, rule, world)
        for url in (made, *urls.with_foreign_query(rule, made, world))
    ]


def test_every_rule_has_its_samples(app: Flask, world: World):
    for rule in app.url_map.iter_rules():
        assert urls.urls_of(app, rule, world)


def test_anna_opens_every_page(app: Flask, world: World, anna: Visitor):
    faults = []
    for rule, url in addresses(app, world, "portal."):
        response = anna.get(url)
        if response.status_code not in (200, 303):
            faults.append((url, response.status_code))
        if urls.names_anna(rule) and response.status_code != 200 and rule.endpoint not in LEAD_ON:
            faults.append((url, response.status_code))
    assert faults == []


def test_celina_gets_nothing_of_annas(app: Flask, world: World, celina: Visitor):
    marks, faults = annas_marks(world), list[tuple[str, object]]()
    for rule, url in addresses(app, world, "portal."):
        response = celina.get(url)
        if (urls.names_anna(rule) or "?" in url) and response.status_code not in (403, 404):
            faults.append((url, response.status_code))
        if found := says(response, [mark for mark in marks if mark not in url]):
            faults.append((url, found))
    assert faults == []


def test_these_tests_would_see_what_is_annas(world: World, anna: Visitor):
    """The eyes of this file: each kind of answer is read, and Anna's own is full of marks."""
    marks, invoice = annas_marks(world), world.annas.last_invoice.invoice_id
    for url in ("/start", "/umowy", "/zuzycie", "/faktury.csv", "/faktury.xlsx", f"/faktury/{invoice}/pdf",
                f"/faktury/zip?id={invoice}"):  # fmt: skip
        assert says(anna.get(url), marks), url


def test_annas_cursors_lead_celina_nowhere(world: World, anna: Visitor, celina: Visitor):
    page = anna.page("/faktury")
    cursor = page.split("cursor=")[1].split('"')[0]
    response = celina.get(f"/faktury?cursor={cursor}")
    assert response.status_code in (200, 400, 403, 404)
    assert says(response, annas_marks(world)) == []


def test_celina_cannot_choose_annas_account(world: World, celina: Visitor):
    response = celina.submit("/klient", at="/profil", customer_id=world.annas.customer_id)
    assert response.status_code == 403
    assert "Celina Lis" in celina.text("/profil")
    assert says(celina.get("/start"), annas_marks(world)) == []


def test_nobody_is_led_to_the_log_in(app: Flask, world: World):
    faults = []
    for prefix, login in (("portal.", "/logowanie"), ("console.", "/konsola/logowanie")):
        for rule, url in addresses(app, world, prefix):
            response = world.visitor().get(url)
            if rule.endpoint in OPEN_TO_EVERYBODY:
                if response.status_code == 303 and urlsplit(response.location).path != login:
                    response = world.visitor().get(response.location)
                wrong = response.status_code != 200
            else:
                wrong = response.status_code != 303 or urlsplit(response.location).path != login
            if wrong or says(response, [mark for mark in annas_marks(world) if mark not in url]):
                faults.append((url, response.status_code, response.location))
    assert faults == []


def test_nobody_posts_anywhere(app: Flask, world: World):
    faults = []
    for rule in urls.rules(app, method="POST"):
        if rule.endpoint in OPEN_TO_POST or rule.endpoint.startswith(MACHINES):
            continue
        for url in urls.urls_of(app, rule, world):
            visitor = world.visitor()
            response = _post_with_token(visitor, url)
            login = "/konsola/logowanie" if url.startswith("/konsola") else "/logowanie"
            if response.status_code != 303 or urlsplit(response.location).path != login:
                faults.append((url, response.status_code, response.location))
    assert faults == []


@pytest.mark.parametrize("who", ["anna", "celina"])
def test_no_customer_opens_the_console(app: Flask, world: World, who: str):
    secret = world.log_in(f"{who}@poczta.example")
    visitor = world.visitor()
    visitor.take_session(secret)
    visitor.take_session(secret, console=True)  # A session of the portal in the cookie of the console.
    marks, faults = annas_marks(world), []
    for rule, url in addresses(app, world, "console."):
        response = visitor.get(url)
        if rule.endpoint == "console.log_in":
            continue
        refused = response.status_code == 403 or (
            response.status_code == 303 and urlsplit(response.location).path == "/konsola/logowanie"
        )
        if not refused or says(response, [mark for mark in marks if mark not in url]):
            faults.append((url, response.status_code))
    assert faults == []


def test_a_session_of_the_console_opens_no_portal(app: Flask, world: World):
    secret = world.log_in("edward@wodociagi-zdroj.example", staff=True)
    visitor = world.visitor()
    visitor.take_session(secret)
    for rule, url in addresses(app, world, "portal."):
        if rule.endpoint not in OPEN_TO_EVERYBODY:
            response = visitor.get(url)
            assert (response.status_code, urlsplit(response.location or "").path) == (303, "/logowanie"), url


def test_without_the_form_token_nothing_is_posted(app: Flask, world: World, anna: Visitor, edward: Visitor):
    faults = []
    for rule in urls.rules(app, method="POST"):
        if rule.endpoint in FOR_PROVIDERS or rule.endpoint.startswith(MACHINES):
            continue
        visitor = edward if rule.endpoint.startswith("console.") else anna
        for url in urls.urls_of(app, rule, world):
            response = visitor.post(url, data={"name": "x"})
            if response.status_code != 400:
                faults.append((url, response.status_code))
    assert faults == []


def _post_with_token(visitor: Visitor, url: str) -> TestResponse:
    """A post that the form protection lets through, so that only the log-in can stop it."""
    login = "/konsola/logowanie" if url.startswith("/konsola") else "/logowanie"
    return visitor.submit(url, at=login, name="x")
