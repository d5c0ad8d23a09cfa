"""Forms are posted from our own pages only, and an old one is not lost."""

import re
from datetime import timedelta

import pytest
from flask import session
from flask_wtf.csrf import generate_csrf, validate_csrf

from chassis.clock import machine_now
from gateway.web import csrf
from gateway.web.csrf import form_token

OURS = {"Sec-Fetch-Site": "same-origin"}
TYPED = {"value": "51", "note": "za <płotem>", "postcode": "57-000", "password": "tajne", "csrf_token": "old"}


def token(client, path="/form"):
    html = client.get(path).get_data(as_text=True)
    return re.findall(r'name="csrf_token" value="([^"]+)"', html)[0]


def test_a_form_with_its_token_passes(client):
    answer = client.post("/form", data={"csrf_token": token(client), "value": "51"})
    assert answer.status_code == 200
    assert "Zapisane." in answer.get_data(as_text=True)


def test_forms_of_one_minute_carry_one_token_and_of_the_next_another(client, monkeypatch):
    first = token(client)
    monkeypatch.setattr(csrf, "machine_now", lambda: machine_now() + timedelta(minutes=1))
    later = [token(client) for _ in range(2)]
    assert later[0] == later[1]
    for one in (first, later[0]):
        assert client.post("/form", data={"csrf_token": one, "value": "51"}).status_code == 200


def test_the_token_of_one_session_is_none_of_another(client):
    other = client.application.test_client()
    assert token(client) != token(other)
    assert other.post("/form", data={"csrf_token": token(client), "value": "51"}).status_code == 400


def test_a_session_that_begins_anew_has_another_token_at_once(client):
    with client.application.test_request_context("/form"):
        generate_csrf()
        session["csrf_token"] = "the secret of the session that began anew"
        begun_anew = form_token()
        validate_csrf(begun_anew)
    with client.application.test_request_context("/form"):
        session["csrf_token"] = "the secret of the session that began anew"
        validate_csrf(form_token())


def test_without_a_token_nothing_is_done(client):
    assert client.post("/form", data={"value": "51"}).status_code == 400


def test_an_old_form_is_offered_again_with_what_was_typed(client):
    answer = client.post("/form?tab=2", data=TYPED, headers=OURS)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert 'action="/form?tab=2"' in html
    assert 'name="value" value="51"' in html
    assert 'name="note" value="za &lt;płotem&gt;"' in html
    assert 'name="postcode"' in html
    assert "tajne" not in html
    fresh = re.findall(r'name="csrf_token" value="([^"]+)"', html)[0]
    assert client.post("/form", data={"csrf_token": fresh, "value": "51"}, headers=OURS).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/form"},
        {},
    ],
)
def test_words_of_another_site_are_never_put_into_a_form_of_ours(client, headers):
    answer = client.post("/form", data=TYPED, headers=headers)
    assert answer.status_code == 400
    assert "51" not in re.sub(r"[0-9A-F]{4}-[0-9A-F]{4}", "", answer.get_data(as_text=True).split("<main")[1])


def test_a_browser_without_fetch_metadata_is_known_by_its_origin(client):
    answer = client.post("/form", data=TYPED, headers={"Origin": "http://localhost"})
    assert 'name="value" value="51"' in answer.get_data(as_text=True)
