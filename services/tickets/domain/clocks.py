"""The clock of a case: when an answer is due, how many days are gone, and what waiting for the customer adds.

Days are counted in Poland. The day of opening is not counted (art. 111 § 2 of the Civil Code); the last one counts to
its end. Calendar days that end on a Saturday or on a day free from work by law end on the next day that is neither
(art. 115); working days are Monday to Friday but for days free from work by law. Worked numbers:
docs/algorithms/ticket-clock.md.
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from holidays.countries import Poland

from chassis.clock import WARSAW, warsaw_date

ONE_DAY = timedelta(days=1)
LAST_SECOND = time(23, 59, 59)
SATURDAY, SUNDAY = 5, 6


@cache
def _free_days(year: int) -> frozenset[date]:
    """Days free from work by the act of 18 January 1951, in a year, without its Sundays."""
    return frozenset(Poland(years=year))


def is_working_day(day: date) -> bool:
    """Monday to Friday, and not a day free from work by law."""
    return day.weekday() < SATURDAY and day not in _free_days(day.year)


def began_at(ticket: Any) -> datetime:
    """Since when the clock of a case counts: its opening, or when it was last opened again."""
    since: datetime = ticket.clock_since or ticket.opened_at
    return since


def due_at(opened_at: datetime, days: int, *, working_days: bool) -> datetime:
    """The last second of the last day for an answer, in UTC."""
    if days < 1:
        raise ValueError("a clock has one day at least")
    last = _after(warsaw_date(opened_at), days, working_days=working_days)
    # On the day that clocks go back or on, the end of the day still is 23:59:59 of the wall clock.
    return datetime.combine(last, LAST_SECOND, tzinfo=WARSAW).astimezone(opened_at.tzinfo)


def days_between(begins_at: datetime, ends_at: datetime, *, working_days: bool) -> int:
    """The days that began after one instant and up to another, as the clock counts them; 0 when they are one day."""
    first, last = warsaw_date(begins_at), warsaw_date(ends_at)
    if not working_days:
        return max(0, (last - first).days)
    gone = (first + timedelta(days=number) for number in range(1, max(0, (last - first).days) + 1))
    return sum(is_working_day(day) for day in gone)


def days_gone(
    opened_at: datetime,
    now: datetime,
    days: int,
    *,
    working_days: bool,
    waited_days: int = 0,
    paused_at: datetime | None = None,
) -> int:
    """How many of the days are used up, from 0 to all of them.

    `waited_days` are those of earlier pauses; a clock that stands still does so since `paused_at`.
    """
    until = now if paused_at is None else min(now, paused_at)
    gone = days_between(opened_at, until, working_days=working_days) - waited_days
    return min(days, max(0, gone))


def resumed(
    opened_at: datetime,
    days: int,
    *,
    working_days: bool,
    waited_days: int,
    paused_at: datetime,
    resumed_at: datetime,
) -> tuple[int, datetime]:
    """The clock runs again: all days waited so far, and the new end.

    Each day of waiting is one more day for the answer; a pause that ends on the day it began adds none.
    """
    waited = waited_days + days_between(paused_at, resumed_at, working_days=working_days)
    return waited, due_at(opened_at, days + waited, working_days=working_days)


def _after(day: date, days: int, *, working_days: bool) -> date:
    if not working_days:
        last = day + timedelta(days=days)
        while last.weekday() in (SATURDAY, SUNDAY) or last in _free_days(last.year):
            last += ONE_DAY
        return last
    while days:
        day += ONE_DAY
        days -= is_working_day(day)
    return day
