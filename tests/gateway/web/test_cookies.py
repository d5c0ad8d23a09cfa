"""What a cookie says is remembered, as long as it would be believed."""

from datetime import timedelta

import pytest
from flask import Flask

from chassis.clock import machine_now
from gateway.web import cookies
from gateway.web.cookies import TwoCookies

SAID = {"csrf_token": "abc", "_flashes": [("saved", "Zapisane.")]}


@pytest.fixture
def app():
    made = Flask("cookies")
    made.secret_key = "a key of this test alone"
    made.session_interface = TwoCookies()
    return made


def opened(app, cookie):
    with app.test_request_context("/start", headers={"Cookie": f"ebok={cookie}"}) as context:
        return dict(app.session_interface.open_session(app, context.request))


@pytest.fixture
def cookie(app):
    return app.session_interface.get_signing_serializer(app).dumps(SAID)


def test_what_somebody_changes_is_not_what_the_next_one_gets(app, cookie):
    first = opened(app, cookie)
    first["_flashes"].append(("saved", "Anna"))
    first["csrf_token"] = "another"
    assert opened(app, cookie) == SAID


def test_a_remembered_cookie_grows_old(app, cookie, monkeypatch):
    assert opened(app, cookie) == SAID
    ages = app.permanent_session_lifetime + timedelta(minutes=1)
    monkeypatch.setattr(cookies, "machine_now", lambda: machine_now() + ages)
    assert opened(app, cookie) == {}


@pytest.mark.parametrize(
    "changed", [lambda it: it[:-1], lambda it: f"e{it}", lambda it: it[::-1], lambda _: ""]
)
def test_one_that_was_changed_says_nothing_also_beside_the_real_one(app, cookie, changed):
    assert opened(app, cookie) == SAID
    assert opened(app, changed(cookie)) == {}
    assert opened(app, cookie) == SAID


def test_one_signed_with_another_key_says_nothing(app, cookie):
    other = Flask("other")
    other.secret_key = "another key"
    other.session_interface = TwoCookies()
    assert opened(app, cookie) == SAID
    assert opened(other, cookie) == {}
