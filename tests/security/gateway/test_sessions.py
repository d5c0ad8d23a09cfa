"""A session cannot be planted, guessed from a cookie, or read by a script; what cookies promise to browsers."""

from flask import Flask

from tests.gateway.visitors import Visitor
from tests.gateway.world import PASSWORD, World

ANNA = "anna@poczta.example"
CELINA = "celina@poczta.example"
HTTPS = "https://ebok.example"


def secret_of(visitor: Visitor) -> str:
    with visitor.session_transaction() as session:
        return str(session.get("_user_id", ""))


def cookie_of(visitor: Visitor) -> str:
    cookie = visitor.get_cookie("ebok")
    assert cookie
    return cookie.value


def test_a_cookie_that_was_planted_before_the_log_in_is_worth_nothing_after_it(world: World):
    attacker, anna = world.visitor(), world.visitor()
    attacker.get("/logowanie")
    anna.set_cookie("ebok", cookie_of(attacker))
    with attacker.session_transaction() as planted:
        token = planted["csrf_token"]
        planted["email_hint"] = "podstawiona@poczta.example"
    anna.set_cookie("ebok", cookie_of(attacker))

    assert anna.submit("/logowanie", email=ANNA, password=PASSWORD).location == "/start"

    assert attacker.get("/start").location.startswith("/logowanie")
    with anna.session_transaction() as session:
        assert session.get("csrf_token") != token
        assert "email_hint" not in session


def test_each_log_in_opens_a_session_of_its_own(world: World):
    first, second = world.visitor(), world.visitor()
    for visitor in (first, second):
        visitor.submit("/logowanie", email=ANNA, password=PASSWORD)
    assert secret_of(first)
    assert secret_of(first) != secret_of(second)
    assert len(secret_of(first)) >= 40


def test_who_logs_in_in_the_browser_of_another_is_not_that_other(world: World):
    """Celina's session was planted in Anna's browser; Anna logs out of it and in as herself."""
    celina, anna = world.visitor(CELINA), world.visitor()
    planted = secret_of(celina)
    anna.take_session(planted)
    anna.submit("/wyloguj", at="/profil")
    anna.submit("/logowanie", email=ANNA, password=PASSWORD)
    assert secret_of(anna) != planted
    assert CELINA not in anna.page("/profil")
    assert celina.get("/start").location.startswith("/logowanie")


def test_a_session_is_taken_from_the_cookie_only(app: Flask, world: World):
    secret = world.log_in(ANNA)
    for options in (
        {"query_string": {"session": secret, "_user_id": secret, "ebok": secret}},
        {"headers": {"Authorization": f"Bearer {secret}", "X-Session": secret, "Cookie": f"ebok={secret}"}},
    ):
        assert app.test_client(use_cookies=False).get("/start", **options).location.startswith("/logowanie")


def test_a_cookie_that_was_changed_or_signed_by_another_is_none(world: World):
    anna = world.visitor(ANNA)
    anna.get("/profil")
    sound = cookie_of(anna)
    other = world.make_app(secret_key="t" * 40).test_client()
    assert isinstance(other, Visitor)
    other.take_session(secret_of(anna))
    payload, _dot, rest = sound.partition(".")
    for forged in (
        cookie_of(other),
        f"{payload}A.{rest}",
        # Not the last letter: two of its bits mean nothing.
        sound[:-2] + ("A" if sound[-2] != "A" else "B") + sound[-1],
        payload,
    ):
        anna.set_cookie("ebok", forged)
        assert anna.get("/start").location.startswith("/logowanie"), forged
    anna.set_cookie("ebok", sound)
    assert anna.get("/start").status_code == 200


def test_no_script_reads_a_cookie_and_none_goes_over_plain_http(world: World):
    browser = world.make_app(public_url=HTTPS, proxies=1).test_client()
    assert isinstance(browser, Visitor)
    options = {"base_url": HTTPS, "environ_overrides": {"HTTP_X_FORWARDED_PROTO": "https"}}
    said = []
    for path in ("/logowanie", "/konsola/logowanie", "/jezyk/pl", "/wyglad/dark", "/haslo"):
        said += browser.get(path, **options).headers.getlist("Set-Cookie")
    names = {one.partition("=")[0] for one in said}
    assert {"__Host-ebok", "__Secure-ebok-konsola", "ebok_language", "ebok_look"} <= names
    for one in said:
        rules = {part.strip().partition("=")[0].lower() for part in one.split(";")[1:]}
        assert {"secure", "httponly", "samesite"} <= rules, one
        assert "SameSite=Lax" in one
        assert "domain" not in rules, one
        path = "/konsola" if one.startswith("__Secure-ebok-konsola") else "/"
        assert f"Path={path};" in one + ";", one


def test_a_cookie_of_a_session_ends_with_the_browser_and_says_nothing_of_the_person(world: World):
    anna = world.visitor()
    answer = anna.submit("/logowanie", email=ANNA, password=PASSWORD)
    [said] = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("ebok=")]
    assert "expires" not in said.lower()
    assert "max-age" not in said.lower()
    with anna.session_transaction() as session:
        assert "anna" not in str(dict(session)).lower()
