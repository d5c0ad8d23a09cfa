"""Intervals out of an import: the same again changes nothing, and nothing is told twice."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub

from chassis.database import Database
from services.billing.storage.daily_use import UseToDerive
from services.billing.storage.intervals import IntervalReading
from tests.billing.api.test_imports import Connector, counts
from tests.billing.import_rows import interval, whole_house


@pytest.fixture
def connector(billing: Callable[..., Any], as_system: Callable[..., Any]) -> Connector:
    """With a house that has the meter m-1, in use since 2024."""
    connector = Connector(billing(ImportServiceStub, as_system("connector")))
    connector.bring(whole_house())
    return connector


@pytest.fixture
def kept(database: Database) -> Callable[[], list[tuple[str, int, str]]]:
    """`kept()`: beginning in UTC, minutes and use of every interval."""

    def rows() -> list[tuple[str, int, str]]:
        with database.reading() as session:
            found = session.scalars(sa.select(IntervalReading).order_by(IntervalReading.starts_at))
            return [(f"{one.starts_at:%m-%dT%H:%M}", one.minutes, str(one.used)) for one in found]

    return rows


HOURS = [
    interval("2026-01-10T13:00+01:00", "0.5"),
    interval("2026-01-10T13:00Z", "1.234567", minutes="30"),
    interval("2026-01-10 14:30:00+01:00", "0", minutes="15"),
]


def test_intervals_come_in_and_the_same_again_changes_nothing(connector, kept):
    assert counts(connector.bring(HOURS)) == (3, 0, 0, 0)
    assert kept() == [
        ("01-10T12:00", 60, "0.500000"),
        ("01-10T13:00", 30, "1.234567"),
        ("01-10T13:30", 15, "0.000000"),
    ]
    assert counts(connector.bring(HOURS)) == (0, 0, 3, 0)


def test_a_changed_interval_changes_one(connector, kept):
    connector.bring(HOURS)
    changed = [interval("2026-01-10T12:00+00:00", "0.75"), HOURS[1], interval("2026-01-10T12:00Z", "0.76")]

    assert counts(connector.bring(changed)) == (0, 2, 1, 0)
    assert kept()[0] == ("01-10T12:00", 60, "0.760000")


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        (interval("2026-01-10T13:00", "1"), [("starts_at", "OFFSET_MISSING")]),
        (interval("", "1"), [("starts_at", "REQUIRED")]),
        (interval("10.01.2026 13:00", "1"), [("starts_at", "MALFORMED")]),
        (interval("2026-02-30T13:00Z", "1"), [("starts_at", "MALFORMED")]),
        (interval("1899-01-01T13:00Z", "1"), [("starts_at", "OUT_OF_RANGE")]),
        (interval("0001-01-01T00:00+14:00", "1"), [("starts_at", "MALFORMED")]),
        (interval("2026-01-10T13:15Z", "1"), [("starts_at", "NOT_ALIGNED")]),
        (interval("2026-01-10T13:15:01Z", "1", minutes="15"), [("starts_at", "NOT_ALIGNED")]),
        (interval("2199-01-10T13:00Z", "1"), [("starts_at", "IN_FUTURE")]),
        (interval("2023-12-31T22:00Z", "1"), [("starts_at", "OUTSIDE_METER_LIFE")]),
        (interval("2026-01-10T13:00Z", "1", minutes="20"), [("minutes", "UNKNOWN")]),
        (interval("2026-01-10T13:00Z", "-1"), [("used", "OUT_OF_RANGE")]),
        (interval("2026-01-10T13:00Z", "100000000"), [("used", "OUT_OF_RANGE")]),
        (interval("2026-01-10T13:00Z", "0.1234567"), [("used", "TOO_PRECISE")]),
        (interval("2026-01-10T13:00Z", "x"), [("used", "MALFORMED")]),
        (
            interval("soon", "", meter_external_id="m-9"),
            [("meter_external_id", "UNKNOWN_METER"), ("starts_at", "MALFORMED"), ("used", "REQUIRED")],
        ),
    ],
)
def test_a_bad_interval_is_refused_with_all_its_reasons(connector, kept, row, faults):
    done = connector.bring([row, HOURS[0]])

    assert counts(done) == (1, 0, 0, 1)
    assert connector.reasons(done.import_id) == faults
    assert len(kept()) == 1


def test_no_time_is_told_twice(connector, kept):
    connector.bring([interval("2026-01-10T13:00Z", "1")])
    within = interval("2026-01-10T13:15Z", "1", minutes="15")
    over = interval("2026-01-10T12:30Z", "1", minutes="30")
    around = interval("2026-01-10T12:00Z", "1")

    done = connector.bring([within, over, around])

    assert counts(done) == (1, 0, 0, 2)
    assert connector.reasons(done.import_id) == [("starts_at", "OVERLAPS")] * 2
    assert [one[0] for one in kept()] == ["01-10T12:30", "01-10T13:00"]


def test_an_hour_may_become_quarters(connector, kept):
    connector.bring([interval("2026-01-10T13:00Z", "1")])

    done = connector.bring(
        [interval(f"2026-01-10T13:{minute}Z", "0.25", minutes="15") for minute in ("00", "15", "30", "45")]
    )

    assert counts(done) == (3, 1, 0, 0)
    assert len(kept()) == 4


def test_a_dry_run_keeps_nothing_and_knows_the_meters_of_its_own(connector, kept, database):
    rows = [
        *whole_house(),
        interval("2026-01-10T13:00Z", "1"),
        interval("2026-01-10T13:00Z", "1", meter_external_id="m-9"),
    ]

    assert connector.bring(rows[:-2], rows[-2:], dry_run=True).rejected_count == 1
    assert kept() == []


def test_what_intervals_tell_is_marked_with_them(connector, database):
    with database.transaction() as session:
        session.execute(sa.delete(UseToDerive))
    connector.bring([interval("2026-01-10T23:00Z", "1"), interval("2026-01-12T13:00Z", "1")])

    with database.reading() as session:
        [mark] = session.scalars(sa.select(UseToDerive))
    assert f"{mark.from_day}" == "2026-01-11"  # The hour after midnight in Poland.
