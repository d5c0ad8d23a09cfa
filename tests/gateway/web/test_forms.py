"""Forms keep what was typed and read what people type."""

from datetime import date
from decimal import Decimal

import pytest
from werkzeug.datastructures import MultiDict

from chassis.errors import Conflict, Invalid, RateLimited, Violation
from gateway.web.forms import Form
from tests.gateway.web.conftest import plain


def typed(**fields: str) -> Form:
    return Form(MultiDict(fields))


@pytest.mark.parametrize(
    ("text", "grosze"),
    [
        ("120", 12000),
        ("120,50", 12050),
        ("1 234,56", 123456),
        ("1\u00a0234.56", 123456),
        ("0,01", 1),
        ("184,20 zł", 18420),
    ],
)
def test_money_reads_what_people_type(site, text, grosze):
    with site.app.test_request_context():
        form = typed(own=text)
        assert form.money("own") == grosze
        assert form.ok


@pytest.mark.parametrize("text", ["", "0", "-5", "1,234", "abc", "1e5", "NaN", "99999999999999", "12,"])
def test_money_refuses_what_is_no_amount_and_keeps_it(site, text):
    with site.app.test_request_context():
        form = typed(own=text)
        assert form.money("own") is None
        assert form.errors["own"]
        assert form.value("own") == text
        assert form.status == 422


@pytest.mark.parametrize(
    ("text", "number"), [("38", "38"), ("12,5", "12.5"), ("1 234.5", "1234.5"), ("−3", "-3"), ("00038", "38")]
)
def test_numbers_take_a_comma_or_a_point(site, text, number):
    with site.app.test_request_context():
        assert typed(value=text).number("value") == Decimal(number)


@pytest.mark.parametrize("text", ["x", "1,2,3", "1e9", "Infinity", "١٢٣٤"])
def test_what_is_no_number_is_said(site, text):
    with site.app.test_request_context():
        form = typed(value=text)
        assert form.number("value") is None
        assert not form.ok


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-12-12", date(2026, 12, 12)), ("12.12.2026", date(2026, 12, 12)), ("1.2.2026", date(2026, 2, 1))],
)
def test_days(site, text, day):
    with site.app.test_request_context():
        assert typed(on=text).day("on") == day


@pytest.mark.parametrize("text", ["2026-02-30", "31.11.2026", "tomorrow"])
def test_days_that_are_none(site, text):
    with site.app.test_request_context():
        form = typed(on=text)
        assert form.day("on") is None
        assert "on" in form.errors


def test_texts_digits_choices(site):
    with site.app.test_request_context():
        form = Form(
            MultiDict(
                [("name", "  Anna "), ("nip", "123-456-32-18"), ("kind", "z"), ("pick", "a"), ("pick", "x")]
            )
        )
        assert form.text("name") == "Anna"
        assert form.digits("nip") == "1234563218"
        assert form.choice("kind", ["a", "b"]) == ""
        assert form.choices("pick", ["a", "b"]) == ["a"]
        assert form.text("absent") == ""
        assert form.text("name", length_max=2) == "Anna"
        assert set(form.errors) == {"kind", "absent", "name"}


def test_optional_fields_may_stay_empty(site):
    with site.app.test_request_context():
        form = typed(a="", b="", c="", d="")
        assert form.text("a", required=False) == ""
        assert form.number("b", required=False) is None
        assert form.money("c", required=False) is None
        assert form.day("d", required=False) is None
        assert form.ok


def test_violations_go_to_their_fields(site):
    with site.app.test_request_context():
        form = typed(value="35", email="x")
        refusal = Invalid(
            violations=[Violation("reading.value", "BELOW_PREVIOUS"), Violation("email_address", "MALFORMED")]
        )
        form.refuse(refusal, fields={"email_address": "email"})
        assert set(form.errors) == {"value", "email"}
        assert plain(form.errors["value"]).startswith("To mniej niż ostatni odczyt.")
        assert form.problem == ""


def test_a_refusal_without_a_field_of_ours_is_said_above(site):
    with site.app.test_request_context():
        form = typed(value="35")
        form.refuse(Invalid(violations=[Violation("service_point_id", "MALFORMED")]))
        assert plain(form.problem) == "Coś w formularzu się nie zgadza."
        other = typed(value="35")
        other.refuse(Conflict())
        assert other.status == 409
        waiting = typed(value="35")
        waiting.refuse(RateLimited(retry_after_s=7200))
        assert plain(waiting.problem).endswith("Spróbuj za 2 godz.")
        assert waiting.status == 429


def test_the_request_id_stays_with_its_intention(site):
    with site.app.test_request_context():
        fresh = Form()
        assert fresh.request_id == fresh.request_id
        assert typed(request_id="abc").request_id == "abc"
        assert Form().request_id != fresh.request_id
