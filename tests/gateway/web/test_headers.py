"""The headers of safety, on every kind of answer."""

import re

import pytest

PATHS = ["/", "/form", "/login", "/konsola/", "/nowhere", "/boom", "/refuse/away", "/brand.css", "/invoices"]


@pytest.mark.parametrize("path", PATHS)
def test_policy_is_strict_everywhere(client, path):
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert "*" not in policy
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["style-src"] == rules["script-src"] == rules["font-src"] == rules["form-action"] == "'self'"
    assert rules["connect-src"] == "'self'"
    assert rules["img-src"] == "'self' data:"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"


@pytest.mark.parametrize("path", PATHS)
def test_other_headers_are_there(client, path):
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_pages_are_kept_by_nobody(client):
    assert client.get("/").headers["Cache-Control"] == "no-store"
    assert client.get("/boom").headers["Cache-Control"] == "no-store"


def test_transport_security_is_promised_over_https_only(client):
    assert "Strict-Transport-Security" not in client.get("/").headers
    promised = client.get("/", base_url="https://ebok.example").headers["Strict-Transport-Security"]
    assert "max-age=63072000" in promised


@pytest.mark.parametrize("path", ["/", "/form", "/login", "/konsola/", "/nowhere"])
def test_pages_hold_no_inline_style_script_or_foreign_address(client, path):
    html = client.get(path).get_data(as_text=True)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', html)
