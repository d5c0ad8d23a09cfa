"""Readings: which of them count, and what waits for a clerk."""

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from services.billing.storage import readings as stored
from services.billing.storage.readings import ReadingKind

# A meter that shows less than before has rolled over when it went on by at most this share of its range: from
# 99 987 to 00 012, not from 1 234 to 1 230, which would be a use of 99 996.
ROLLOVER_SHARE_MAX = Decimal("0.1")


class Known(NamedTuple):
    """A reading that is there, or is about to be; kind and status are words."""

    reading_id: UUID
    meter_id: UUID
    read_on: date
    value: Decimal
    kind: str
    status: str
    external_id: str
    received_at: datetime
    billed: bool
    made_here: bool

    @property
    def estimated(self) -> bool:
        """An estimate binds no actual reading."""
        return self.kind == ReadingKind.ESTIMATED


@dataclass(slots=True, eq=False)
class Series:
    """A meter and its accepted readings: on the days that a round is about, and the nearest on either side.

    `successor`: the meter that took its place. `estimated`: the days whose reading is an estimate.
    """

    meter_id: UUID
    installed_on: date
    removed_on: date | None
    digits: int
    days: list[date] = field(default_factory=list)
    by_day: dict[date, Known] = field(default_factory=dict)
    estimated: set[date] = field(default_factory=set)
    successor: "Series | None" = None

    def on(self, day: date) -> "Series":
        """The meter that stood in this one's place on a day; on the day of a change the old one."""
        series = self
        while series.successor is not None and series.removed_on is not None and day > series.removed_on:
            series = series.successor
        return series

    def add(self, reading: Known) -> None:
        """Take one in; of a day that has one, it is the same."""
        day = reading.read_on
        if not self.days or day > self.days[-1]:
            self.days.append(day)
        elif day not in self.by_day:
            insort(self.days, day)
        self.by_day[day] = reading
        if reading.estimated:
            self.estimated.add(day)
        elif self.estimated:
            self.estimated.discard(day)

    def remove(self, reading: Known) -> None:
        """Take one out again."""
        self.days.remove(reading.read_on)
        del self.by_day[reading.read_on]
        self.estimated.discard(reading.read_on)

    def around(
        self, day: date, *, without: Known | None = None, estimates: bool = True
    ) -> tuple[Known | None, Known | None]:
        """The nearest readings before and after a day, on request without estimates."""
        days, by_day = self.days, self.by_day
        after = bisect_left(days, day)
        before = after - 1
        if after < len(days) and days[after] == day:
            after += 1
        if without is not None or (self.estimated and not estimates):
            before = self._beside(before, -1, without=without, estimates=estimates)
            after = self._beside(after, 1, without=without, estimates=estimates)
        return (
            by_day[days[before]] if before >= 0 else None,
            by_day[days[after]] if after < len(days) else None,
        )

    def _beside(self, place: int, step: int, *, without: Known | None, estimates: bool) -> int:
        """The first place from one on, by steps, whose reading is asked for."""
        days = self.days
        while 0 <= place < len(days) and (
            self.by_day[days[place]] is without or (not estimates and days[place] in self.estimated)
        ):
            place += step
        return place

    def settled_by(self, day: date, value: Decimal) -> list[Known]:
        """The estimates that an actual reading settles: those of its day, those it contradicts, and later ones of ours
        that no invoice stands on. Estimates beyond the next actual reading are left to that one.
        """
        if not self.estimated:
            return []
        before, after = self.around(day, estimates=False)
        first = before.read_on if before is not None else date.min
        last = after.read_on if after is not None else date.max
        return [
            one
            for other in sorted(self.estimated)
            if first < other < last and (one := self.by_day[other])
            if other == day
            or (other < day and _went_too_far(one.value, value, digits=self.digits))
            or (other > day and one.made_here and not one.billed)
            or (other > day and _went_too_far(value, one.value, digits=self.digits))
        ]


class Said(NamedTuple):
    """What a row says; `series` is its meter's."""

    series: Series
    read_on: date
    value: Decimal
    kind: ReadingKind
    external_id: str


def runs_backwards(earlier: Decimal, later: Decimal, *, digits: int) -> bool:
    """Whether a meter cannot have gone from one value to the other: it fell, and did not roll over."""
    if later >= earlier:
        return False
    meter_range = Decimal(10) ** digits
    return later + meter_range - earlier > meter_range * ROLLOVER_SHARE_MAX


def _went_too_far(earlier: Decimal, later: Decimal, *, digits: int) -> bool:
    """The same where one of the two is an estimate, which may be past a roll-over that the meter has yet to come to."""
    meter_range = Decimal(10) ** digits
    return (
        runs_backwards(earlier, later, digits=digits)
        or later - earlier >= meter_range - meter_range * ROLLOVER_SHARE_MAX
    )


def used_since(earlier: Decimal, later: Decimal, *, digits: int) -> Decimal:
    """What a meter went on by from one accepted value to the next, over the roll-over if there was one."""
    return later - earlier if later >= earlier else later + Decimal(10) ** digits - earlier


def doubt(said: Said, *, today: date, without: Known | None = None) -> str:
    """Why a reading waits for a clerk; empty when it counts at once. `without` is the one it takes the place of."""
    meter, day = said.series, said.read_on
    if day > today:
        return "IN_FUTURE"
    if day < meter.installed_on or (meter.removed_on is not None and day > meter.removed_on):
        return "OUTSIDE_METER_LIFE"
    if said.value >= 10**meter.digits:
        return "ABOVE_DIGITS"
    there = meter.by_day.get(day)
    settles = there is not None and there.estimated and said.kind != ReadingKind.ESTIMATED
    if there is not None and there is not without and not settles:
        return "SECOND_OF_DAY"
    return "BELOW_PREVIOUS" if _falls(said, without) else ""


def _falls(said: Said, without: Known | None) -> bool:
    """Whether the meter would run backwards, from the reading before or to the one after. Estimates bind estimates."""
    meter, value = said.series, said.value
    binding = said.kind == ReadingKind.ESTIMATED
    before, after = meter.around(said.read_on, without=without, estimates=binding)
    return (before is not None and runs_backwards(before.value, value, digits=meter.digits)) or (
        after is not None and runs_backwards(value, after.value, digits=meter.digits)
    )


def link_successors(session: Session, series: Mapping[UUID, Series]) -> None:
    """Let meters that were replaced know the ones that took their places."""
    known = dict(series)
    removed = {meter_id for meter_id, one in known.items() if one.removed_on is not None}
    rows = stored.list_successors(session, removed)
    for row in rows:
        known.setdefault(row.meter_id, Series(row.meter_id, row.installed_on, row.removed_on, row.digits))
    for row in rows:
        if row.succeeds_meter_id in known:
            known[row.succeeds_meter_id].successor = known[row.meter_id]
