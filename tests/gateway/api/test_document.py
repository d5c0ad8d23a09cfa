"""The document: valid, complete, ours alone; and the page that shows it."""

import json
import re
from pathlib import Path

from flask import Flask
from jsonschema import Draft202012Validator

from gateway.api.document import document, with_code
from gateway.api.scopes import SCOPES
from services.identity.domain.scopes import OF_CLIENTS, OF_PERSONAL_TOKENS
from tests.gateway.api import said
from tests.gateway.visitors import Visitor

KEPT = Path(__file__).with_name("surface.txt")


def test_what_is_promised_is_what_was_agreed_upon(app: Flask):
    """Keys are public: a change is a decision. `python -m tests.gateway.api.kept` writes down the new ones."""
    with app.app_context():
        assert said.surface(document()) == KEPT.read_text("utf-8")


def test_every_schema_is_sound_and_every_reference_leads_somewhere(app: Flask):
    with app.app_context():
        spec = document()
    assert spec["openapi"] == "3.1.0"
    for schema in spec["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for ref in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(spec)):
        found = spec
        for part in ref.split("/"):
            found = found[part]


def test_scopes_are_those_of_identity(app: Flask):
    used = {one.scope for one in said.operations(app) if one.scope}
    assert used == set(SCOPES)
    assert set(SCOPES) <= set(OF_CLIENTS)
    personal = {one.operation["description"] for one in said.operations(app) if one.is_personal}
    assert personal == {f"Scope `{scope}`." for scope in OF_PERSONAL_TOKENS}


def test_the_document_is_served_to_anybody_with_its_version(app: Flask):
    client = app.test_client()
    response = client.get("/api/v1/openapi.json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    tag = response.headers["ETag"]
    assert client.get("/api/v1/openapi.json", headers={"If-None-Match": tag}).status_code == 304


def test_the_page_shows_every_operation_and_object_and_no_other_host(app: Flask, nobody: Visitor):
    response = nobody.get("/api/v1/docs")
    page = response.text
    for one in said.operations(app):
        assert f'id="{one.name}"' in page
    with app.app_context():
        for name in document()["components"]["schemas"]:
            assert f'id="{name}"' in page
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "`" not in page
    assert "Scope <code>invoices:read</code>." in page
    hosts = set(re.findall(r'(?:src|href)="(?:https?:)?//([^/"]+)', page))
    assert hosts <= {"localhost"}
    assert "<style" not in page
    assert re.findall(r"<script(?![^>]*src=)", page) == []


def test_what_a_description_says_is_text_whatever_it_says():
    assert with_code("`a<b>` & `c` d`") == "<code>a&lt;b&gt;</code> &amp; <code>c</code> d<code></code>"
    assert with_code("plain") == "plain"
