"""Which language and look a page has."""

import re

import pytest

from gateway.web import Preferences, texts
from gateway.web.languages import choose_language, local_path


@pytest.mark.parametrize(
    ("saved", "cookie", "accepted", "chosen"),
    [
        ("", "", [], "pl"),
        ("", "", ["de", "fr"], "pl"),
        ("", "", ["de", "uk-UA", "en"], "uk"),
        ("", "en", ["uk"], "en"),
        ("uk", "en", ["pl"], "uk"),
        ("xx", "yy", ["en-GB"], "en"),
    ],
)
def test_profile_then_cookie_then_browser(saved, cookie, accepted, chosen):
    assert choose_language(saved, cookie, accepted) == chosen


def test_only_offered_languages_are_chosen():
    assert choose_language("uk", "", ["uk"], offered=["pl", "en"]) == "pl"
    assert choose_language("", "", [], offered=["en", "pl"]) == "en"


def test_page_tells_its_language(client):
    answer = client.get("/login", headers={"Accept-Language": "uk,en;q=0.5"})
    assert '<html lang="uk"' in answer.get_data(as_text=True)
    assert answer.headers["Content-Language"] == "uk"
    assert {"accept-language", "cookie"} <= {name.lower() for name in answer.vary}


def test_a_choice_is_remembered(client):
    answer = client.get("/jezyk/en?next=/login")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert '<html lang="en"' in client.get("/login").get_data(as_text=True)
    assert client.get("/jezyk/de").status_code == 404


def test_profile_goes_before_the_cookie(site, client):
    client.get("/jezyk/en")
    site.preferences = Preferences(language="uk", look="dark")
    html = client.get("/login").get_data(as_text=True)
    assert '<html lang="uk" data-bs-theme="dark">' in html
    assert "theme.js" not in html


def test_as_the_system_in_a_profile_gives_way_to_the_browsers_choice(site, client):
    site.preferences = Preferences(look="auto")
    client.get("/wyglad/dark")
    assert 'data-bs-theme="dark">' in client.get("/login").get_data(as_text=True)


def test_look_follows_the_system_until_chosen(client):
    html = client.get("/login").get_data(as_text=True)
    assert 'data-look="auto"' in html
    assert re.search(r'<script src="[^"]+theme\.js"></script>', html)
    client.get("/wyglad/light")
    html = client.get("/login").get_data(as_text=True)
    assert 'data-bs-theme="light">' in html
    assert "theme.js" not in html
    assert client.get("/wyglad/pink").status_code == 404


@pytest.mark.parametrize(
    "wish",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        None,
        "/a\nb",
        "evil",
    ],
)
def test_next_never_leaves_the_site(wish):
    assert local_path(wish) == "/"


def test_next_keeps_a_path_of_ours():
    assert local_path("/faktury?status=DUE&cursor=x") == "/faktury?status=DUE&cursor=x"


@pytest.mark.parametrize(
    ("accepted", "written", "said"),
    [
        ("pl", {"pl": "Awaria w sieci"}, "Awaria w\u00a0sieci"),
        ("en", {"pl": "Awaria w sieci", "en": "A <fault>"}, "A &lt;fault&gt;"),
        ("en", {"pl": "Awaria w sieci"}, '<span lang="pl">Awaria w\u00a0sieci</span>'),
        ("uk", {"pl": "<b>", "en": "x"}, '<span lang="pl">&lt;b&gt;</span>'),
        ("uk", {}, ""),
    ],
)
def test_polish_words_on_another_page_say_so(site, accepted, written, said):
    with site.app.test_request_context(headers={"Accept-Language": accepted}):
        site.app.preprocess_request()
        assert texts.said(written) == said


def test_polish_html_on_another_page_says_so(site):
    with site.app.test_request_context(headers={"Accept-Language": "en"}):
        site.app.preprocess_request()
        assert texts.html_in_language({"pl": "<p>Woda</p>"}) == '<div lang="pl"><p>Woda</p></div>'
        assert texts.html_in_language({"pl": "<p>Woda</p>", "en": "<p>Water</p>"}) == "<p>Water</p>"
        assert texts.said({"pl": "Nowe"}, "uncapital") == '<span lang="pl">nowe</span>'
