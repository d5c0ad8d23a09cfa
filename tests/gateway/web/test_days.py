"""Days, moments and periods in three languages, as tables of examples."""

from datetime import date

import pytest
from ebok.billing.v1.invoices_pb2 import Invoice
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from gateway.web import days, filters
from tests.gateway.web.conftest import plain


def stamp(text: str) -> Timestamp:
    message = Timestamp()
    message.FromJsonString(text)
    return message


WORDS = {
    "pl": ("12 grudnia 2026", "12 grudnia", "12 gru", "wtorek 1 grudnia", "wrzesień i październik", "wrz"),
    "en": ("12 December 2026", "12 December", "12 Dec", "Tuesday 1 December", "September and October", "Sep"),
    "uk": ("12 грудня 2026", "12 грудня", "12 гру", "вівторок 1 грудня", "вересень і жовтень", "вер"),
}


def test_days_read_as_people_say_them(every_language):
    full, short, brief, weekday, months, month = WORDS[every_language]
    on = Date(year=2026, month=12, day=12)
    assert plain(days.day(on)) == full
    assert plain(days.day_short(on)) == short
    assert plain(days.day_brief(on)) == brief
    assert plain(days.day_weekday(date(2026, 12, 1))) == weekday
    assert plain(days.months("2026-09-01", "2026-10-31")) == months
    assert days.month_short(9) == month


def test_day_and_month_never_part(every_language):
    for text in (days.day("2026-12-12"), days.day_short("2026-12-12"), days.day_brief("2026-12-12")):
        assert text.startswith("12\u00a0")


def test_a_day_of_another_year_says_its_year(site):
    with site.app.test_request_context():
        assert plain(days.day_short("2025-11-30")) == "30 listopada 2025"
        assert plain(days.day_brief("2025-11-30")) == "30 lis 2025"


def test_moments_are_shown_in_polish_time(site):
    with site.app.test_request_context():
        assert plain(days.moment(stamp("2026-11-16T07:16:00Z"))) == "16 listopada 2026, 8:16"
        assert plain(days.moment(stamp("2026-07-01T22:05:00Z"))) == "2 lipca 2026, 0:05"
        assert plain(days.moment_short(stamp("2026-11-16T07:16:00Z"))) == "16 listopada, 8:16"
        assert days.hour(stamp("2026-07-01T22:05:00Z")) == "0:05"
        assert days.iso(stamp("2026-11-16T07:16:00Z")) == "2026-11-16T08:16+01:00"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-09-01", "2026-10-31", "1 września – 31 października 2026"),
        ("2026-10-01", "2026-10-31", "1–31 października 2026"),
        ("2025-12-15", "2026-01-14", "15 grudnia 2025 – 14 stycznia 2026"),
        ("2026-10-03", "2026-10-03", "3 października 2026"),
        (None, "2026-10-03", "3 października 2026"),
    ],
)
def test_period_says_once_what_its_ends_share(site, start, end, expected):
    with site.app.test_request_context():
        assert plain(days.period(start, end)) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-10-01", "2026-10-31", "październik"),
        ("2026-07-01", "2026-09-30", "lipiec–wrzesień"),
        ("2025-10-01", "2025-10-31", "październik 2025"),
        ("2025-12-01", "2026-01-31", "grudzień 2025 i styczeń 2026"),
        ("2025-11-01", "2026-02-28", "listopad 2025 – luty 2026"),
        ("2026-10-02", "2026-10-31", "2–31 października 2026"),
    ],
)
def test_months_name_whole_months_and_fall_back_to_days(site, start, end, expected):
    with site.app.test_request_context():
        assert plain(days.months(start, end)) == expected


def test_nothing_prints_a_dash(every_language):
    assert days.day(None) == days.day(Date()) == days.moment(Timestamp()) == days.hour(None) == "–"
    assert days.iso(None) == days.iso(Timestamp()) == ""
    assert days.days_until(Date()) is None


def test_days_until_counts_from_the_suites_clock(site):
    with site.app.test_request_context():
        assert days.today() == date(2026, 11, 24)
        assert days.days_until("2026-12-12") == 18
        assert days.days_until("2026-11-20") == -4


def test_given_tells_presence_where_jinja_would_not(site):
    with site.app.test_request_context():
        template = site.app.jinja_env.from_string('{{ "yes" if invoice is given("due_on") else "no" }}')
        assert template.render(invoice=Invoice()) == "no"
        assert template.render(invoice=Invoice(due_on=Date(year=2026, month=12, day=12))) == "yes"
        assert filters.given(None, "due_on") is False
