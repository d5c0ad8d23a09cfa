"""Every answer of the gateway carries the headers of safety; what a browser would run is a download.

What the headers say in detail: tests/gateway/web/test_headers.py. Files of cases: tests/gateway/portal/test_tickets.py
and tests/tickets/api/test_attachments.py.
"""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from gateway.web.attachments import disposition
from tests.gateway import urls
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

HTTPS = {"base_url": "https://ebok.example", "headers": {"X-Forwarded-Proto": "https"}}
SHOWN = {"text/html", "text/css", "text/javascript", "text/plain", "image/svg+xml", "image/png", "image/jpeg",
         "image/webp", "image/x-icon", "font/woff2", "application/json", "application/problem+json",
         "application/pdf"}  # fmt: skip # PDFs are ours alone.
# The same for everybody.
PUBLIC = ("web.", "api.openapi", "api.docs", "health")


def faults_of(url: str, answer: TestResponse) -> Iterator[str]:
    headers = answer.headers
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield f"{url}: may be sniffed"
    if answer.mimetype == "text/html":
        policy = headers.get("Content-Security-Policy", "")
        for rule in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
            if rule not in policy:
                yield f"{url}: policy lacks {rule}"
        if "unsafe" in policy:
            yield f"{url}: policy is loose"
        for name, value in (
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ):
            if headers.get(name) != value:
                yield f"{url}: {name} is {headers.get(name)}"
    if (
        answer.data
        and answer.mimetype not in SHOWN
        and not headers.get("Content-Disposition", "").startswith("attachment")
    ):
        yield f"{url}: {answer.mimetype} is no download"
    if {"Server", "X-Powered-By"} & set(headers.keys()):
        yield f"{url}: says what runs here"
    if "Access-Control-Allow-Origin" in headers:
        yield f"{url}: is read by other sites"


@pytest.mark.parametrize("who", ["nobody", "anna", "edward"])
def test_every_page_and_file_is_safe_to_show(
    app: Flask, world: World, anna: Visitor, edward: Visitor, who: str
):
    visitor = {"nobody": world.visitor(), "anna": anna, "edward": edward}[who]
    faults: list[str] = []
    for rule in urls.rules(app):
        if who == "edward" and not rule.endpoint.startswith("console."):
            continue
        for url in urls.urls_of(app, rule, world):
            answer = visitor.get(url)
            faults += faults_of(url, answer)
            kept = answer.headers.get("Cache-Control", "")
            is_public = rule.endpoint.startswith(PUBLIC) or "public" in kept
            if not is_public and "no-store" not in kept and "private" not in kept:
                faults.append(f"{url}: may be kept by others: {kept}")
            if "public" in kept and rule.endpoint.startswith(("console.", "webhooks.")):
                faults.append(f"{url}: is public")
    assert faults == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nie-ma", 404),
        ("GET", "/konsola/nie-ma", 303),
        ("DELETE", "/logowanie", 405),
        ("POST", "/logowanie", 400),
        ("GET", "/api/v1/nie-ma", 404),
        ("GET", "/api/v1/customers", 401),
        ("TRACE", "/", 405),
        ("GET", "/faktury/../../etc/passwd", 404),
        ("GET", "/static/%2e%2e/%2e%2e/config.py", 404),
    ],
)
def test_refusals_are_as_safe(world: World, method: str, path: str, status: int):
    answer = world.visitor().open(path, method=method)
    assert answer.status_code in (status, 404, 401), answer.status_code
    assert list(faults_of(path, answer)) == []


def test_over_https_every_answer_promises_to_stay_there(world: World):
    browser = world.make_app(public_url="https://ebok.example", proxies=1).test_client()
    for path in ("/", "/logowanie", "/konsola/logowanie", "/nie-ma", "/api/v1/customers", "/zdrowie"):
        promised = browser.get(path, **HTTPS).headers.get("Strict-Transport-Security", "")
        assert promised == "max-age=63072000; includeSubDomains", path


@pytest.mark.parametrize(
    "name",
    [
        'a"; filename="x.html',
        "a\r\nSet-Cookie: zly=1",
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "a\x00b.pdf",
        "zażółć; filename*=x",
        "\u202etxt.exe",
        "x" * 500 + ".html",
        "",
    ],
)
def test_a_name_of_a_file_stays_within_its_header(name: str):
    said = disposition(name, "attachment")
    assert said.startswith('attachment; filename="')
    assert said.isascii()
    assert said.isprintable()
    assert said.count('"') == 2
    assert said.count(";") == 2
    assert "/" not in said
    assert "\\" not in said
    assert len(said) < 1000
