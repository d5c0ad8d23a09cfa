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
from tests.gateway.api.office import Office, Program
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

KEPT = Path(__file__).with_name("surface.txt")
DOCS = (Path(__file__).parents[3] / "docs" / "integrating.md").read_text("utf-8")


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


def test_what_the_docs_do_with_curl_is_done(world: World, office: Office):
    """Line by line: a token, what is read with it, what is written with it."""
    lines = DOCS.partition("\n## REST\n")[2].partition("```sh\n")[2].partition("```")[0].replace("\n  ", " ")
    get_token, read, write = lines.strip().splitlines()
    client_id, secret = office.client("Curl")

    assert "-d grant_type=client_credentials https://EBOK_HOST/api/v1/oauth/token" in get_token
    assert "-u " in get_token, "who one is goes into the header"
    program = Program(world.app, office.token(client_id, secret))

    path = re.findall(r"https://EBOK_HOST/api/v1([^\s\"]+)", read)[0]
    assert program.get(path).status_code == 200

    body = json.loads(re.findall(r"--json '([^']+)'", write)[0])
    assert "idempotency-key: $(uuidgen)" in write
    done = program.write("POST", write.rpartition("/api/v1")[2], body)
    # The town has been billed for that month.
    assert (done.status_code, done.json.get("reason")) == (409, "RUN_OVERLAPS"), done.text
