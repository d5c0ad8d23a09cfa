"""Client credentials as RFC 6749 says: the answers, the errors, both ways of saying who one is."""

from typing import Any

import pytest
from flask import Flask

from tests.gateway.api.office import Office, Program
from tests.gateway.visitors import somewhere
from tests.gateway.world import World

GRANT = {"grant_type": "client_credentials"}


def ask(app: Flask, data: Any = None, **options: Any) -> Any:
    return app.test_client(use_cookies=False).post(
        "/api/v1/oauth/token", data=data, **{"environ_base": somewhere(), **options}
    )


def test_a_token_is_given_for_a_secret_in_the_header(app: Flask, office: Office):
    response = ask(app, GRANT, auth=office.client("GIS", ["tariffs:read", "runs:read"]))
    body = response.json
    assert (response.status_code, body["token_type"], body["expires_in"]) == (200, "Bearer", 300)
    assert set(body["scope"].split()) == {"tariffs:read", "runs:read"}
    assert (response.headers["Cache-Control"], response.headers["Pragma"]) == ("no-store", "no-cache")
    assert Program(app, body["access_token"]).get("/tariffs").status_code == 200


def test_and_for_one_in_the_form_with_fewer_scopes(app: Flask, office: Office):
    client_id, secret = office.client("GIS", ["tariffs:read", "runs:read"])
    form = {**GRANT, "client_id": client_id, "client_secret": secret, "scope": "runs:read"}
    body = ask(app, form).json
    assert body["scope"] == "runs:read"
    program = Program(app, body["access_token"])
    assert program.get("/runs").status_code == 200
    assert program.get("/tariffs").status_code == 403


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, 400, "unsupported_grant_type"),
        ({**GRANT, "scope": "everything"}, 400, "invalid_scope"),
        ({**GRANT, "scope": "runs:read"}, 400, "invalid_scope"),
        ({**GRANT, "scope": "x" * 3000}, 400, "invalid_scope"),
        (
            [("grant_type", "client_credentials"), ("grant_type", "client_credentials")],
            400,
            "invalid_request",
        ),
        ({**GRANT, "client_secret": "b"}, 400, "invalid_request"),
    ],
)
def test_what_is_wrong_is_named_as_the_rfc_names_it(
    app: Flask, office: Office, form: Any, status: int, error: str
):
    data: Any = form
    if isinstance(form, list):
        data = "&".join(f"{name}={value}" for name, value in form)
    response = ask(
        app,
        data,
        auth=office.client("GIS", ["tariffs:read"]),
        content_type="application/x-www-form-urlencoded",
    )
    assert (response.status_code, response.json["error"]) == (status, error)
    assert set(response.json) == {"error", "error_description"}


@pytest.mark.parametrize("wrong", ["secret", "client", "nothing"])
def test_who_is_not_known_is_told_nothing_more(app: Flask, office: Office, wrong: str):
    client_id, secret = office.client("GIS")
    auth = {"secret": (client_id, secret + "x"), "client": ("nobody", secret), "nothing": None}[wrong]
    response = ask(app, GRANT, auth=auth)
    assert (response.status_code, response.json["error"]) == (401, "invalid_client")
    assert response.headers["WWW-Authenticate"].startswith("Basic")
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("header", ["Bearer x", "Basic !!!", "Basic /w==", "Basic"])
def test_a_broken_header_is_nobody(app: Flask, header: str):
    response = ask(app, GRANT, headers={"Authorization": header})
    assert (response.status_code, response.json["error"]) == (401, "invalid_client")


def test_only_a_form_is_taken_and_not_a_large_one(app: Flask, office: Office):
    auth = office.client("GIS")
    assert ask(app, json=GRANT, auth=auth).json["error"] == "invalid_request"
    assert ask(app, {**GRANT, "x": "y" * 20_000}, auth=auth).status_code == 413
    assert app.test_client().get("/api/v1/oauth/token").status_code == 405


def test_too_many_wrong_secrets_are_slowed_down(world: World, office: Office):
    client_id, _secret = office.client("GIS")
    here = somewhere()
    seen = [ask(world.app, GRANT, auth=(client_id, "wrong"), environ_base=here) for _attempt in range(11)]
    assert {one.status_code for one in seen[:10]} == {401}
    last = seen[-1]
    assert (last.status_code, last.json["error"]) == (429, "temporarily_unavailable")
    assert int(last.headers["Retry-After"]) >= 1
