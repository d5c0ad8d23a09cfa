"""What a clerk sees of a reading before deciding: whose it is, what follows from it against the usual, its course."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.actors import Area
from chassis.keyset import Page, Window
from services.billing.domain.handing_in import HISTORY_DAYS, values_of
from services.billing.domain.proration import ONE_DAY, days_in
from services.billing.domain.reading_checks import ReadingNotFound
from services.billing.domain.readings import runs_backwards, used_since
from services.billing.domain.usage import Use, UseStretch, use_between, use_stretches
from services.billing.domain.usual_use import usual_of, usual_use
from services.billing.storage import reading_checks as stored
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.readings import ReadingStatus

AROUND_MAX = 12  # each way
MONTHS = 24
MONTHS_PER_YEAR = 12
FELL_FAR_SHARE = Decimal("0.5")  # Below half of the reading before nobody has merely misread a digit.
NOTHING = Decimal("0.000")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reading in the queue; `used` is what would follow from it, `usual` the usual use of as many days."""

    row: Row[Any]
    customer: Row[Any] | None
    previous: Row[Any] | None
    used: Decimal | None
    usual: Decimal | None
    also_waiting: int


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the chart; None: nothing is known."""

    year: int
    month: int
    used: Decimal | None
    used_year_before: Decimal | None
    known_until: date | None


@dataclass(frozen=True, slots=True)
class Case:
    """A reading and what a decision needs."""

    waiting: Waiting
    newest: Row[Any] | None
    around: Sequence[Row[Any]]
    months: Sequence[Month]
    next_reading_id: UUID | None
    replacement_hint: Decimal | None


def list_waiting(
    session: Session, *, commodity: str, reason: str, window: Window, area: Area
) -> tuple[Page, list[Waiting]]:
    """A page of the queue: a handful of queries, however many readings."""
    page = stored.list_waiting(session, commodity=commodity, reason=reason, window=window, area=area)
    return page, _told(session, page.rows)


def told_of(session: Session, reading_id: UUID) -> Waiting:
    """One reading as the queue tells it, whatever became of it. Refuses READING_NOT_FOUND."""
    row = stored.get_with_place(session, reading_id)
    if row is None:
        raise ReadingNotFound(reading_id=str(reading_id))
    return _told(session, [row])[0]


def case_of(session: Session, reading_id: UUID, *, area: Area) -> Case:
    """One reading with everything around it. Refuses READING_NOT_FOUND."""
    waiting = told_of(session, reading_id)
    row = waiting.row
    around = stored.list_near(session, row.meter_id, row.read_on, each_way=AROUND_MAX)
    months_from = _month_before(row.read_on, 2 * MONTHS - 1)
    history = stored.list_history(
        session,
        [(row.service_point_id, row.purpose, months_from - timedelta(days=HISTORY_DAYS), row.read_on)],
    )
    return Case(
        waiting=waiting,
        newest=stored.get_newest_value(session, row.meter_id),
        around=around,
        months=_months(history, row.read_on),
        next_reading_id=stored.find_next_waiting(session, after=(row.read_on, row.reading_id), area=area),
        replacement_hint=replacement_hint(waiting, around),
    )


def _told(session: Session, rows: Sequence[Row[Any]]) -> list[Waiting]:
    """What the queue tells of readings."""
    customers = stored.find_customers(session, {(row.service_point_id, row.read_on) for row in rows})
    counts = stored.count_waiting(session, {row.meter_id for row in rows})
    wanted = {
        (row.service_point_id, row.purpose, row.read_on - timedelta(days=HISTORY_DAYS), row.read_on)
        for row in rows
    }
    history: dict[tuple[UUID, str], list[Row[Any]]] = defaultdict(list)
    for one in stored.list_history(session, wanted):
        history[one.service_point_id, one.purpose].append(one)
    told = []
    for row in rows:
        known = history[row.service_point_id, row.purpose]
        earlier = [one for one in known if one.meter_id == row.meter_id and one.read_on < row.read_on]
        previous = earlier[-1] if earlier else None
        own = row.status == ReadingStatus.SUBMITTED
        told.append(
            Waiting(
                row=row,
                customer=customers.get((row.service_point_id, row.read_on)),
                previous=previous,
                used=_used(row, previous),
                usual=_usual(row, known, previous),
                also_waiting=max(counts.get(row.meter_id, 0) - own, 0),
            )
        )
    return told


def _used(row: Row[Any], previous: Row[Any] | None) -> Decimal | None:
    if previous is None or runs_backwards(previous.value, row.value, digits=row.digits):
        return None
    return used_since(previous.value, row.value, digits=row.digits)


def _usual(row: Row[Any], known: Sequence[Row[Any]], previous: Row[Any] | None) -> Decimal | None:
    """The usual use of the days since the reading before."""
    if previous is None:
        return None
    first = previous.read_on + ONE_DAY
    garden = row.purpose == MeterPurpose.GARDEN
    usual = usual_use(values_of(known), first=first, last=row.read_on, garden=garden)
    return usual_of(days_in(first, row.read_on), usual)


def replacement_hint(waiting: Waiting, around: Sequence[Row[Any]]) -> Decimal | None:
    """What a new meter showed on the day of the reading before, if it is that the meter was replaced; else None.

    It seems so when the value fell below half of the one before, and every later reading of the meter is above the one
    before it. The new meter would then have begun with what it shows less the usual use since, at least with nothing.
    """
    row, previous = waiting.row, waiting.previous
    if previous is None or not runs_backwards(previous.value, row.value, digits=row.digits):
        return None
    if row.value > previous.value * FELL_FAR_SHARE:
        return None
    later = [one for one in around if one.read_on >= row.read_on and one.status == ReadingStatus.SUBMITTED]
    if len(later) < 2 or any(after.value < before.value for before, after in pairwise(later)):
        return None
    return max(row.value - (waiting.usual or NOTHING), NOTHING)


def _months(history: Sequence[Row[Any]], day: date) -> list[Month]:
    """The months of two years up to a day, with the same months a year before."""
    stretches = use_stretches(values_of(history))
    read_until = max((row.read_on for row in history), default=None)
    uses = [
        _month_use(stretches, _month_before(day, back))
        for back in range(MONTHS + MONTHS_PER_YEAR - 1, -1, -1)
    ]
    return [
        Month(
            year=use.from_day.year,
            month=use.from_day.month,
            used=use.quantity if use.days_known else None,
            used_year_before=before.quantity if before.days_known else None,
            known_until=read_until
            if read_until is not None and use.days_known and use.from_day <= read_until < use.until_day
            else None,
        )
        for before, use in zip(uses, uses[MONTHS_PER_YEAR:], strict=False)
    ]


def _month_use(stretches: Sequence[UseStretch], first: date) -> Use:
    return use_between(stretches, from_day=first, until_day=_month_before(first, -1) - ONE_DAY)


def _month_before(day: date, months: int) -> date:
    """The first day of the month that many months before the month of a day."""
    year, month = divmod(day.year * MONTHS_PER_YEAR + day.month - 1 - months, MONTHS_PER_YEAR)
    return date(year, month + 1, 1)
