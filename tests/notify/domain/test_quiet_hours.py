"""Quiet hours, by the clock on the wall in Poland."""

from datetime import datetime

import pytest

from chassis.clock import WARSAW
from services.notify.domain.quiet_hours import read_quiet_hours


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("20:00-8:00", "2026-03-18T12:00", None),
        ("20:00-8:00", "2026-03-18T20:00", "2026-03-19T08:00"),
        ("20:00-8:00", "2026-03-18T23:59", "2026-03-19T08:00"),
        ("20:00-8:00", "2026-03-19T07:59", "2026-03-19T08:00"),
        ("20:00-8:00", "2026-03-19T08:00", None),
        ("20:00-8:00", "2026-03-28T21:00", "2026-03-29T08:00"),  # The night that is an hour shorter.
        ("13:00-15:30", "2026-03-18T14:00", "2026-03-18T15:30"),
        ("13:00-15:30", "2026-03-18T16:00", None),
        ("", "2026-03-18T03:00", None),
        ("8:00-8:00", "2026-03-18T08:00", None),
    ],
)
def test_quiet_hours_end_when_they_say(hours, now, until):
    assert read_quiet_hours(hours).until(at(now)) == (None if until is None else at(until))


@pytest.mark.parametrize(
    "text", ["20", "20-8", "25:00-8:00", "20:00-8:60", "20:00–8:00", "nocą", "20:0-8:00"]
)
def test_what_are_no_hours_is_refused(text):
    with pytest.raises(ValueError, match=r"must be"):
        read_quiet_hours(text)
