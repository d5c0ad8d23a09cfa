"""Daily use, derived once: what readings and intervals tell of each day of a meter.

Between two accepted readings the use is spread evenly (`usage.daily_use`). A day that intervals cover from midnight to
midnight, of 23, 24 or 25 hours, is what they add up to. Of a day they cover in part, they count only where readings
tell nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.clock import WARSAW
from services.billing.domain.proration import ONE_DAY, days_in
from services.billing.domain.usage import MeterValue, daily_use, use_stretches
from services.billing.storage import daily_use as stored
from services.billing.storage.daily_use import DayOfUse

MARKS_AT_ONCE_MAX = 500
DAYS_AT_ONCE_MAX = 100_000  # About a second's work; one meter with more is taken alone.


def derive_step(session: Session) -> int:
    """Derive what is marked, a part of it; answers how many meters that were. 0: nothing is left that is free."""
    starts = _portion(stored.lock_marks(session, limit=MARKS_AT_ONCE_MAX))
    if starts:
        values = stored.list_values(session, starts)
        measured = stored.list_measured(session, starts)
        stored.replace_days(session, starts, _days_of(starts, values, measured))
    return len(starts)


def _portion(marks: Sequence[Any]) -> list[tuple[UUID, date]]:
    """As many of the marked meters as one step takes, each with the day to derive from."""
    starts: list[tuple[UUID, date]] = []
    days = 0
    for mark in marks:
        days += 0 if mark.last_on is None else days_in(mark.first_on, mark.last_on)
        if starts and days > DAYS_AT_ONCE_MAX:
            break
        starts.append((mark.meter_id, mark.first_on))
    return starts


def _days_of(
    starts: Sequence[tuple[UUID, date]], values: Iterable[Any], measured: Iterable[Any]
) -> Iterator[DayOfUse]:
    read: dict[UUID, list[MeterValue]] = {}
    for row in values:
        read.setdefault(row.meter_id, []).append(MeterValue("", row.read_on, row.value, row.digits))
    told: dict[UUID, dict[date, tuple[Decimal, int]]] = {}
    for row in measured:
        told.setdefault(row.meter_id, {})[row.day] = (row.used, row.minutes)
    for meter_id, first_on in starts:
        yield from _days_of_meter(meter_id, first_on, read.get(meter_id, []), told.get(meter_id, {}))


def _days_of_meter(
    meter_id: UUID, first_on: date, values: Sequence[MeterValue], told: dict[date, tuple[Decimal, int]]
) -> Iterator[DayOfUse]:
    spread: dict[date, Decimal] = {}
    if values:
        spread = daily_use(use_stretches(values), from_day=first_on, until_day=values[-1].day)
    for day, (used, minutes) in told.items():
        if day not in spread or minutes == minutes_of(day):
            spread.pop(day, None)
            yield meter_id, day, used, True
    for day, used in spread.items():
        yield meter_id, day, used, False


@lru_cache(maxsize=8192)
def minutes_of(day: date) -> int:
    """How long a day is in Poland: 1440 minutes, an hour less or more when the clocks change."""
    return int((midnight(day + ONE_DAY) - midnight(day)).total_seconds()) // 60


def midnight(day: date) -> datetime:
    """When a day begins in Poland."""
    return datetime.combine(day, time(), WARSAW).astimezone(UTC)
