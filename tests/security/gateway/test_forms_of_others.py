"""No form of ours is sent by another site: every POST of the portal and the console, from the URL map.

Without a token: tests/gateway/test_stranger.py. How an old form comes back: tests/gateway/web/test_csrf.py.
"""

import re

import pytest
from flask import Flask

from tests.gateway import urls
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PAGE = {"portal.": "/profil", "console.": "/konsola/ja"}
OTHER_SITES = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "https://zle.example"},
    {"Origin": "http://localhost.zle.example"},
    {"Origin": "null"},
]


def token(visitor: Visitor, prefix: str) -> str:
    found = TOKEN.search(visitor.page(PAGE[prefix]))
    assert found
    return found[1]


def forms(app: Flask, world: World, prefix: str) -> list[str]:
    """Every address of a blueprint that takes a form."""
    found = [url for rule in urls.rules(app, prefix, method="POST") for url in urls.urls_of(app, rule, world)]
    assert len(found) > 10
    return found


@pytest.fixture
def people(anna: Visitor, edward: Visitor) -> dict[str, Visitor]:
    return {"portal.": anna, "console.": edward}


@pytest.mark.parametrize("prefix", ["portal.", "console."])
def test_the_token_of_another_session_is_none(app: Flask, world: World, people, prefix: str):
    stranger = {
        "portal.": world.visitor("celina@poczta.example"),
        "console.": world.visitor("daria@wodociagi-zdroj.example", staff=True),
    }
    tokens = {name: token(visitor, name) for name, visitor in stranger.items()}
    # Of somebody else at the same door, and of the same person's browser at the other one.
    other_door = "console." if prefix == "portal." else "portal."
    foreign = [tokens[prefix], token(people[other_door], other_door)]
    faults = [
        (url, answer.status_code)
        for url in forms(app, world, prefix)
        for value in foreign
        if (answer := people[prefix].post(url, data={"csrf_token": value, "name": "x"})).status_code != 400
    ]
    assert faults == []


@pytest.mark.parametrize("prefix", ["portal.", "console."])
@pytest.mark.parametrize("headers", OTHER_SITES)
def test_what_another_site_sends_is_refused_even_with_the_right_token(
    app: Flask, world: World, people, prefix: str, headers: dict[str, str]
):
    sent = {"csrf_token": token(people[prefix], prefix), "name": "x"}
    faults = [
        (url, answer.status_code)
        for url in forms(app, world, prefix)
        if (answer := people[prefix].post(url, data=sent, headers=headers)).status_code != 400
    ]
    assert faults == []


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}, {}],
)
def test_our_own_page_is_let_through(world: World, anna: Visitor, headers: dict[str, str]):
    """These tests would see a protection that refuses everything."""
    sent = {"csrf_token": token(anna, "portal."), "customer_id": world.annas.customer_id}
    assert anna.post("/klient", data=sent, headers=headers).location == "/start"


def test_no_address_changes_anything_when_it_is_only_opened(app: Flask):
    """A link or a picture on another site sends a GET, and with it the cookie."""
    doing = ("portal.log_out", "console.log_out", "portal.end_others", "portal.renew_codes")
    for rule in app.url_map.iter_rules():
        if rule.endpoint in doing:
            assert "GET" not in (rule.methods or ()), rule


def test_machines_have_no_cookie_that_another_site_could_use(app: Flask, anna: Visitor):
    for path in ("/api/v1/customers", "/api/v1/my/usage"):
        answer = anna.get(path)
        assert (answer.status_code, answer.headers.get("Set-Cookie")) == (401, None), path
