"""What people are told when something does not work."""

import re

import pytest

from chassis.errors import FailedPrecondition, NotFound, RateLimited, Refusal
from gateway.web import errors, reasons
from tests.gateway.web.conftest import plain


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("missing", 404),
        ("invalid", 400),
        ("state", 409),
        ("conflict", 409),
        ("denied", 403),
        ("often", 429),
        ("away", 503),
    ],
)
def test_each_refusal_becomes_a_page_with_a_number(client, kind, status):
    answer = client.get(f"/refuse/{kind}")
    html = plain(answer.get_data(as_text=True))
    assert answer.status_code == status
    assert html.count("<h1>") == 1
    assert re.search(r"podaj numer <strong[^>]*>[0-9A-F]{4}-[0-9A-F]{4}</strong>", html)


def test_the_number_is_the_head_of_the_trace(client):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    html = client.get("/boom", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}).get_data(
        as_text=True
    )
    assert "4BF9-2F35" in html


def test_a_bug_tells_nothing_of_the_inside(client):
    answer = client.get("/boom")
    html = plain(answer.get_data(as_text=True))
    assert answer.status_code == 500
    assert "secret of the inside" not in html
    assert "ValueError" not in html
    assert "Płatności nigdy nie pobieramy dwa razy." in html


def test_waiting_is_said_in_words_and_in_a_header(client):
    answer = client.get("/refuse/often")
    assert answer.headers["Retry-After"] == "300"
    assert "Spróbuj za 5 min." in plain(answer.get_data(as_text=True))


def test_a_stranger_is_led_to_login_and_back(client):
    answer = client.get("/refuse/stranger?tab=2%20x")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?next=%2Frefuse%2Fstranger%3Ftab%3D2%2520x"


def test_a_stranger_who_sent_a_form_comes_back_to_its_page(client, site):
    site.app.config["WTF_CSRF_ENABLED"] = False
    assert client.post("/refuse/stranger").headers["Location"] == "/login?next=%2Frefuse%2Fstranger"
    assert client.post("/refuse-only-posted").headers["Location"] == "/login?next="


@pytest.mark.parametrize(("path", "method", "status"), [("/nowhere", "get", 404), ("/say", "delete", 405)])
def test_http_errors_speak_the_same_way(client, site, path, method, status):
    site.app.config["WTF_CSRF_ENABLED"] = False
    answer = getattr(client, method)(path)
    assert answer.status_code == status
    assert "<h1>" in answer.get_data(as_text=True)


def test_too_large_a_form_is_answered_in_words(client, site):
    site.app.config["WTF_CSRF_ENABLED"] = False
    answer = client.post("/form", data={"value": "1", "text": "x" * 200_000})
    assert answer.status_code == 413
    assert "za duże" in plain(answer.get_data(as_text=True))


def test_machines_get_a_problem_without_markup(client):
    answer = client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert set(answer.get_json()) == {"type", "title", "status", "detail", "reason", "trace_id"}
    assert answer.get_json()["detail"] == "Nothing matches the given URI"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 429, 500, 503])
def test_machines_are_told_in_english_whatever_the_page_speaks(every_language, site, status):
    with site.app.test_request_context("/api/v1/nothing"):
        said = errors.render_error(status).get_json()["detail"]
    assert said
    assert said.isascii()
    with site.app.test_request_context("/nothing"):
        assert said != errors.page_of_status(status).happened


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 429, 500, 503])
def test_every_status_has_words_in_every_language(every_language, status):
    page = errors.page_of_status(status)
    assert page.title
    assert page.happened
    assert page.todo
    if every_language != "en":
        with_english = errors.page_of_status(status)
        assert not re.search(
            r"\b(the|this|your|again)\b", with_english.title + with_english.happened + with_english.todo
        )


def test_error_page_needs_no_service(site, client):
    site.away = True
    assert client.get("/nowhere").status_code == 404


def test_reasons_have_words_and_unknown_ones_fall_back_to_their_family(site):
    class InvoiceNotFound(NotFound):
        reason = "INVOICE_NOT_FOUND"

    class Odd(FailedPrecondition):
        reason = "NEVER_HEARD_OF"

    with site.app.test_request_context():
        assert (
            plain(reasons.sentence(InvoiceNotFound()))
            == "Nie możemy znaleźć tej faktury. Może należy do innego konta."
        )
        assert plain(reasons.sentence(Odd())) == "Teraz nie da się tego zrobić."
        assert plain(reasons.sentence(RateLimited(retry_after_s=5))) == "Za dużo prób w krótkim czasie."
        assert plain(reasons.field_sentence("NEVER_HEARD_OF")) == plain(reasons.field_sentence("MALFORMED"))
        assert reasons.words("NO_READING") == "Brak odczytu"
        assert reasons.words("NEVER_HEARD_OF") == "NEVER_HEARD_OF"


def test_a_sentence_takes_facts_from_the_refusal_or_does_without(site, monkeypatch):
    from flask_babel import lazy_gettext

    class TooLow(FailedPrecondition):
        reason = "TOO_LOW"

    monkeypatch.setitem(reasons.REASONS, "TOO_LOW", lazy_gettext("At least %(minimum)s."))
    with site.app.test_request_context():
        assert reasons.sentence(TooLow(minimum="5")) == "At least 5."
        assert plain(reasons.sentence(TooLow())) == "Teraz nie da się tego zrobić."


def test_every_member_of_the_family_has_a_status():
    assert {family for family in Refusal.__subclasses__() if family.__module__ == "chassis.errors"} == set(
        errors.STATUS
    )
