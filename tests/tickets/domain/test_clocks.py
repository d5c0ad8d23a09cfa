"""The clock of a case. The numbers are those of docs/algorithms/ticket-clock.md."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import WARSAW, warsaw_date
from services.tickets.domain.clocks import days_between, days_gone, due_at, is_working_day, resumed

CALENDAR, WORKING = False, True
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31)).map(lambda one: one.replace(tzinfo=UTC))  # noqa: DTZ001


def at(day: str, hour: str) -> datetime:
    """An instant by the clocks on Polish walls, in UTC as doors give it."""
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=WARSAW).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "hour", "days", "working_days", "last"),
    [
        ("2026-11-17", "09:00", 14, CALENDAR, "2026-12-01"),
        ("2026-12-10", "09:00", 14, CALENDAR, "2026-12-28"),
        ("2024-12-10", "09:00", 14, CALENDAR, "2024-12-24"),
        ("2026-03-23", "09:00", 14, CALENDAR, "2026-04-07"),
        ("2026-05-21", "09:00", 14, CALENDAR, "2026-06-05"),
        ("2026-05-23", "09:00", 14, CALENDAR, "2026-06-08"),
        ("2026-03-15", "09:00", 14, CALENDAR, "2026-03-30"),
        ("2026-10-11", "09:00", 14, CALENDAR, "2026-10-26"),
        ("2026-11-30", "23:30", 14, CALENDAR, "2026-12-14"),
        ("2026-12-01", "00:30", 14, CALENDAR, "2026-12-15"),
        ("2026-12-30", "15:00", 30, CALENDAR, "2027-01-29"),
        ("2026-12-22", "09:00", 5, WORKING, "2026-12-31"),
        ("2026-04-02", "09:00", 3, WORKING, "2026-04-08"),
        ("2026-06-03", "09:00", 2, WORKING, "2026-06-08"),
        ("2026-04-29", "09:00", 5, WORKING, "2026-05-07"),
        ("2026-10-23", "12:00", 1, WORKING, "2026-10-26"),
    ],
)
def test_the_last_day_is_the_one_of_the_law(day, hour, days, working_days, last):
    assert due_at(at(day, hour), days, working_days=working_days) == at(last, "23:59:59")


def test_the_end_of_a_day_is_told_in_utc_by_the_hour_of_its_season():
    assert due_at(at("2026-03-15", "09:00"), 14, working_days=CALENDAR) == datetime(
        2026, 3, 30, 21, 59, 59, tzinfo=UTC
    )
    assert due_at(at("2026-10-11", "09:00"), 14, working_days=CALENDAR) == datetime(
        2026, 10, 26, 22, 59, 59, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("now", "calendar", "working"),
    [
        (at("2026-11-20", "16:00"), 0, 0),
        (at("2026-11-20", "23:59"), 0, 0),
        (at("2026-11-23", "08:00"), 3, 1),
        (at("2027-11-23", "08:00"), 14, 14),
        (at("2026-11-19", "08:00"), 0, 0),
    ],
)
def test_days_are_gone_when_they_have_begun(now, calendar, working):
    opened_at = at("2026-11-20", "16:00")
    assert days_gone(opened_at, now, 14, working_days=CALENDAR) == calendar
    assert days_gone(opened_at, now, 14, working_days=WORKING) == working


def test_a_clock_that_stands_still_uses_no_days():
    opened_at, paused_at = at("2026-11-17", "09:00"), at("2026-11-19", "10:00")
    for now in (paused_at, at("2026-11-21", "10:00"), at("2027-01-21", "10:00")):
        assert days_gone(opened_at, now, 14, working_days=CALENDAR, paused_at=paused_at) == 2


def test_days_waited_are_added_to_the_term():
    opened_at = at("2026-11-17", "09:00")
    waited, due = 0, due_at(opened_at, 14, working_days=CALENDAR)
    pauses = [
        (at("2026-11-19", "10:00"), at("2026-11-23", "09:00"), 4, "2026-12-07"),
        (at("2026-11-24", "08:00"), at("2026-11-24", "15:00"), 4, "2026-12-07"),
        (at("2026-11-25", "10:00"), at("2026-11-26", "09:00"), 5, "2026-12-07"),
    ]
    for paused_at, resumed_at, total, last in pauses:
        waited, due = resumed(
            opened_at,
            14,
            working_days=CALENDAR,
            waited_days=waited,
            paused_at=paused_at,
            resumed_at=resumed_at,
        )
        assert (waited, due) == (total, at(last, "23:59:59"))
    gone = days_gone(opened_at, at("2026-11-26", "09:00"), 14, working_days=CALENDAR, waited_days=waited)
    assert gone == 4  # 18 and 19 November, 24 and 25: the days on which it ran.


def test_only_working_days_are_waited_where_they_are_counted():
    assert resumed(
        at("2026-12-22", "09:00"),
        5,
        working_days=WORKING,
        waited_days=0,
        paused_at=at("2026-12-23", "10:00"),
        resumed_at=at("2026-12-28", "09:00"),
    ) == (1, at("2027-01-04", "23:59:59"))


@pytest.mark.parametrize("days", [0, -1])
def test_there_is_no_clock_without_days(days):
    with pytest.raises(ValueError, match="one day"):
        due_at(at("2026-11-20", "16:00"), days, working_days=CALENDAR)


@pytest.mark.parametrize(
    "day",
    ["2026-01-06", "2026-04-06", "2026-05-01", "2026-06-04", "2026-11-11", "2025-12-24", "2026-12-25"],
)
def test_days_free_from_work_by_law_are_known(day):
    assert not is_working_day(date.fromisoformat(day))


@given(INSTANTS, st.integers(1, 365), st.booleans())
def test_an_end_is_a_working_day_and_no_earlier_than_the_days_say(opened_at, days, working_days):
    due = due_at(opened_at, days, working_days=working_days)
    assert is_working_day(warsaw_date(due))
    assert warsaw_date(due) >= warsaw_date(opened_at) + timedelta(days=days)
    assert warsaw_date(due + timedelta(seconds=1)) == warsaw_date(due) + timedelta(days=1)


@given(INSTANTS, st.integers(1, 365))
def test_working_days_are_exactly_as_many_as_are_given(opened_at, days):
    due = due_at(opened_at, days, working_days=WORKING)
    assert days_between(opened_at, due, working_days=WORKING) == days


@given(INSTANTS, st.integers(1, 60), st.booleans(), st.integers(0, 60))
def test_more_days_never_end_earlier(opened_at, days, working_days, more):
    assert due_at(opened_at, days, working_days=working_days) <= due_at(
        opened_at, days + more, working_days=working_days
    )


@given(INSTANTS, st.integers(1, 60), st.booleans(), st.lists(st.integers(0, 200), min_size=2, max_size=8))
def test_a_clock_that_was_stopped_loses_nothing_and_wins_nothing(opened_at, days, working_days, hours):
    """Whatever the pauses: the days that ran and the days waited are all the days there were."""
    now, waited = opened_at, 0
    for runs, waits in zip(hours[::2], hours[1::2], strict=False):
        paused_at = now + timedelta(hours=runs)
        now = paused_at + timedelta(hours=waits)
        waited, due = resumed(
            opened_at,
            days,
            working_days=working_days,
            waited_days=waited,
            paused_at=paused_at,
            resumed_at=now,
        )
        assert due == due_at(opened_at, days + waited, working_days=working_days)
    gone = days_gone(opened_at, now, days, working_days=working_days, waited_days=waited)
    assert gone == min(days, days_between(opened_at, now, working_days=working_days) - waited)
