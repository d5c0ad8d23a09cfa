"""What a page shows of use: years, months, days or hours, with the year before beside.

Sums are over the daily use that is derived once, within the days of the customer's contracts.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from chassis.clock import WARSAW, warsaw_date
from chassis.database import Reader
from chassis.errors import NotFound
from services.billing.domain.deriving_use import midnight, minutes_of
from services.billing.domain.proration import ONE_DAY
from services.billing.domain.rows import FIRST_YEAR, LAST_YEAR
from services.billing.storage import usage as stored
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.usage import Span

MONTHS = 12


class ServicePointNotFound(NotFound):
    """The customer has no such service point."""

    reason = "SERVICE_POINT_NOT_FOUND"


class Step(StrEnum):
    """What one bucket is."""

    YEAR = "YEAR"
    MONTH = "MONTH"
    DAY = "DAY"
    HOUR = "HOUR"


class Bucket(NamedTuple):
    """A year, a month, a day or an hour; what it is a part of is told, what is finer is 0.

    What was used is a text with at least three places. None: nothing is known of it. `known_until`: only a part is.
    """

    year: int
    month: int
    day: int
    used: str | None
    used_year_before: str | None
    known_until: date | None = None
    starts_at: datetime | None = None


class UsageView(NamedTuple):
    """The buckets in time order, what they are of, the years there are data of, and the days known."""

    unit: str
    on: date  # In the year, month or day shown; finer than that it tells nothing.
    years: tuple[int, ...]
    buckets: tuple[Bucket, ...]
    known_from: date | None
    read_until: date | None
    has_hours: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """The meters that count, each with a stretch of days of the customer's contracts."""

    meters: Sequence[Any]

    @property
    def first(self) -> date | None:
        return min((row.first_used_on for row in self.meters if row.first_used_on), default=None)

    @property
    def last(self) -> date | None:
        return max((row.last_used_on for row in self.meters if row.last_used_on), default=None)

    @property
    def last_hour(self) -> datetime | None:
        return max((row.last_interval for row in self.meters if row.last_interval), default=None)

    def spans(self, *windows: tuple[date, date]) -> list[Span]:
        """The days of the meters within some days."""
        found = []
        for row in self.meters:
            for first, last in windows:
                from_day, until_day = max(row.eve + ONE_DAY, first), min(row.last_on, last)
                if from_day <= until_day:
                    read_from = row.first_read_on + ONE_DAY if row.first_read_on else None
                    found.append(Span(row.meter_id, from_day, until_day, read_from, row.last_read_on))
        return found

    def stretches(self, *windows: tuple[date, date]) -> list[tuple[UUID, datetime, datetime]]:
        """The same as instants."""
        return [
            (span.meter_id, midnight(span.from_day), midnight(span.until_day + ONE_DAY))
            for span in self.spans(*windows)
        ]


def find_point(reader: Reader, customer_id: UUID, service_point_id: UUID | None) -> Sequence[Any]:
    """A point of the customer's and what is known of its meters: rows of `storage.usage.list_meters_with_use`.

    Without an id the first one with a meter. Refuses SERVICE_POINT_NOT_FOUND, also for somebody else's.
    """
    rows = stored.list_meters_with_use(reader, customer_id, service_point_id)
    if not rows:
        raise ServicePointNotFound(service_point_id=str(service_point_id or ""))
    return rows


def view_usage(
    reader: Reader, rows: Sequence[Any], *, step: Step, year: int, month: int, day: int, today: date
) -> UsageView:
    """The use at a point, of the days of the customer's contracts. 0: the newest with data.

    Years that no reading may be of are brought to the nearest that it may; a day that a month has not, to its last.
    """
    known = _known_of(rows)
    on = _shown(reader, known, hours=step is Step.HOUR, wanted=(year, month, day), today=today)
    return _view(known, on, _BUCKETS[step](reader, known, on))


def view_newest_year(rows: Sequence[Any], *, today: date) -> UsageView:
    """The months of the newest year with data, of rows of `storage.usage.METERS_WITH_MONTHS`."""
    known = _known_of(rows)
    on = known.last or today
    sums: dict[int, str] = {}
    for row in known.meters:
        if row.last_used_on:
            january = MONTHS * (row.last_used_on.year - 1)
            for month, used in enumerate(row.months, january):
                if used is not None:
                    sums[month] = str(Decimal(sums[month]) + Decimal(used)) if month in sums else used
    return _view(known, on, _buckets_of_year(known.last, on.year, sums))


def _known_of(rows: Sequence[Any]) -> _Known:
    """What a garden meter measured, the one before it measured too."""
    return _Known([row for row in rows if row.purpose == MeterPurpose.MAIN])


def _view(known: _Known, on: date, buckets: Sequence[Bucket]) -> UsageView:
    first, last = known.first, known.last
    read_on = max((row.last_read_on for row in known.meters if row.last_read_on), default=None)
    return UsageView(
        unit=known.meters[0].unit if known.meters else "",
        on=on,
        years=tuple(range(first.year, last.year + 1)) if first and last else (),
        buckets=tuple(buckets),
        known_from=first,
        read_until=max(filter(None, (read_on, last)), default=None),
        has_hours=known.last_hour is not None,
    )


def _shown(reader: Reader, known: _Known, *, hours: bool, wanted: tuple[int, int, int], today: date) -> date:
    """A day in what is shown. What is not asked for is that of the newest data in what is."""
    newest = warsaw_date(known.last_hour) if hours and known.last_hour else known.last or today
    year, month, day = wanted
    year = min(max(year, FIRST_YEAR), LAST_YEAR) if year else newest.year
    first, last = _on(year, month or 1, 1), _on(year, month or MONTHS, 31)
    found: date | None = newest
    if not first <= newest <= last:
        found = _newest_within(reader, known, first, last, hours=hours)
    found = found or first
    return _on(year, month or found.month, day or found.day)


def _newest_within(reader: Reader, known: _Known, first: date, last: date, *, hours: bool) -> date | None:
    if not hours:
        return stored.find_last_day(reader, known.spans((first, last)))
    starts_at = stored.find_last_interval(reader, known.stretches((first, last)))
    return None if starts_at is None else warsaw_date(starts_at)


def _on(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


def _years(reader: Reader, known: _Known, on: date) -> list[Bucket]:
    _ = on  # All there are.
    if known.first is None or known.last is None:
        return []
    until = known.last
    sums = stored.sum_years(reader, known.spans((known.first, until)))
    buckets = [
        Bucket(year, 0, 0, _plain(sums.get(year)), _plain(sums.get(year - 1)))
        for year in range(known.first.year, until.year + 1)
    ]
    return _cut(buckets, -1, until, date(until.year, MONTHS, 31))


def _months(reader: Reader, known: _Known, on: date) -> list[Bucket]:
    window = date(on.year - 1, 1, 1), date(on.year, MONTHS, 31)
    return _buckets_of_year(known.last, on.year, stored.sum_months(reader, known.spans(window)))


def _buckets_of_year(until: date | None, year: int, sums: Mapping[int, str]) -> list[Bucket]:
    """The months of a year; `sums` by 12 × year + month - 1."""
    eve = MONTHS * year - 1
    buckets = [
        Bucket(year, month, 0, _plain(sums.get(eve + month)), _plain(sums.get(eve + month - MONTHS)))
        for month in range(1, MONTHS + 1)
    ]
    if until is None or until.year != year:
        return buckets
    return _cut(buckets, until.month - 1, until, _on(year, until.month, 31))


def _cut(buckets: list[Bucket], place: int, until: date, last: date) -> list[Bucket]:
    """Of the bucket that the known days end in, before its own last day, it is told until when."""
    if until < last and buckets[place].used is not None:
        buckets[place] = buckets[place]._replace(known_until=until)
    return buckets


def _days(reader: Reader, known: _Known, on: date) -> list[Bucket]:
    first, last = on.replace(day=1), _on(on.year, on.month, 31)
    before = _on(on.year - 1, on.month, 1), _on(on.year - 1, on.month, 31)
    sums = stored.sum_days(reader, known.spans(before, (first, last)))
    return [
        Bucket(day.year, day.month, day.day, _plain(sums.get(day)), _plain(_of_year_before(sums, day)))
        for day in (first + ONE_DAY * number for number in range(last.day))
    ]


def _of_year_before(sums: Mapping[date, str], day: date) -> str | None:
    """The 29th of February has no day a year before."""
    return None if _is_leap_day(day) else sums.get(day.replace(year=day.year - 1))


def _is_leap_day(day: date) -> bool:
    return (day.month, day.day) == (2, 29)


def _hours(reader: Reader, known: _Known, on: date) -> list[Bucket]:
    """By the clock on the wall: where it strikes an hour twice, the second is told from the first."""
    windows = [(on, on)]
    if not _is_leap_day(on):
        windows.append((on.replace(year=on.year - 1),) * 2)
    sums = stored.sum_hours(reader, known.stretches(*windows))
    before = {
        (starts_at.hour, starts_at.fold): used
        for starts_at, used in ((one.astimezone(WARSAW), used) for one, used in sums.items())
        if starts_at.date() != on
    }
    buckets = []
    for number in range(minutes_of(on) // 60):
        starts_at = midnight(on) + timedelta(hours=number)
        clock = starts_at.astimezone(WARSAW)
        buckets.append(
            Bucket(
                on.year,
                on.month,
                on.day,
                _plain(sums.get(starts_at)),
                _plain(before.get((clock.hour, clock.fold))),
                starts_at=starts_at,
            )
        )
    return buckets


_BUCKETS = {Step.YEAR: _years, Step.MONTH: _months, Step.DAY: _days, Step.HOUR: _hours}


def _plain(used: str | None) -> str | None:
    """A sum with its six places as it is told: at least three, more only where they tell something."""
    if used is None:
        return None
    return used[:-3] if used.endswith("000") else used.rstrip("0")
