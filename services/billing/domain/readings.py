"""Readings: which of them count, and what waits for a clerk."""

import re
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.ids import new_id
from services.billing.domain import masters
from services.billing.domain.rows import Batch, Outcome, RowFault, RowKind, RowReader, SourceRow, shown
from services.billing.storage import readings as stored
from services.billing.storage.readings import ReadingKind, ReadingStatus

KINDS = {kind.value.lower(): kind for kind in ReadingKind}
VALUE_PLACES = 3
VALUE_LIMIT = Decimal(10) ** 11  # what NUMERIC(14,3) holds
# A meter that shows less than before has rolled over when it went on by at most this share of its range: from
# 99 987 to 00 012, not from 1 234 to 1 230, which would be a use of 99 996.
ROLLOVER_SHARE_MAX = Decimal("0.1")


class Known(NamedTuple):
    """A reading that is there, or is about to be; kind and status are words.

    Of the nearest reading outside the days of a round only meter, day and value are known: its id is None.
    """

    reading_id: UUID | None
    meter_id: UUID
    read_on: date
    value: Decimal
    kind: str
    status: str
    external_id: str
    received_at: datetime | None
    billed: bool


@dataclass(slots=True)
class Series:
    """A meter, the days a round is about, and its accepted readings on them and the nearest on either side."""

    meter_id: UUID
    installed_on: date
    removed_on: date | None
    digits: int
    first: date = date.max
    last: date = date.min
    days: list[date] = field(default_factory=list)
    by_day: dict[date, Known] = field(default_factory=dict)

    def widen(self, day: date) -> None:
        """The round is about this day, too."""
        self.first = min(self.first, day)
        self.last = max(self.last, day)

    def add(self, reading: Known) -> None:
        """Take one in. Of a day that has one, the other is the same and less is known of it."""
        day = reading.read_on
        if not self.days or day > self.days[-1]:
            self.days.append(day)
        elif day not in self.by_day:
            insort(self.days, day)
        self.by_day[day] = reading

    def remove(self, reading: Known) -> None:
        """Take one out again."""
        self.days.remove(reading.read_on)
        del self.by_day[reading.read_on]

    def around(self, day: date, *, without: Known | None = None) -> tuple[Known | None, Known | None]:
        """The nearest readings before and after a day."""
        days, place = self.days, bisect_left(self.days, day)
        before, after = place - 1, place + (place < len(days) and days[place] == day)
        if without is not None and before >= 0 and days[before] == without.read_on:
            before -= 1
        if without is not None and after < len(days) and days[after] == without.read_on:
            after += 1
        return (
            self.by_day[days[before]] if before >= 0 else None,
            self.by_day[days[after]] if after < len(days) else None,
        )


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
    if there is not None and there is not without:
        return "SECOND_OF_DAY"
    return "BELOW_PREVIOUS" if _falls(said, without) else ""


def _falls(said: Said, without: Known | None) -> bool:
    """Whether the meter would run backwards, from the reading before or to the one after."""
    meter, value = said.series, said.value
    before, after = meter.around(said.read_on, without=without)
    return (before is not None and runs_backwards(before.value, value, digits=meter.digits)) or (
        after is not None and runs_backwards(value, after.value, digits=meter.digits)
    )


# out of an import

_Key = str | tuple[UUID, date]  # the provider's id of a reading; where it has none, its meter and day


@dataclass
class _Round:
    """What is known around the rows of a round, and what is to be written."""

    batch: Batch
    series: dict[UUID, Series]
    seen: set[UUID | None] = field(default_factory=set)
    latest: dict[_Key, Known] = field(default_factory=dict)  # what each source said last
    counted: dict[_Key, Known] = field(default_factory=dict)  # what of it counts
    new: dict[UUID, tuple[Known, str]] = field(default_factory=dict)
    superseded: set[UUID] = field(default_factory=set)

    def keep(self, known: Known) -> None:
        """Remember a reading; of what one source said of one reading, the later stands."""
        if known.reading_id in self.seen:
            return
        self.seen.add(known.reading_id)
        key = known.external_id or (known.meter_id, known.read_on)
        other = self.latest.get(key)
        if other is None or _came(other) < _came(known):
            self.latest[key] = known
        if known.status == ReadingStatus.ACCEPTED:
            self.counted[key] = known
            series = self.series.get(known.meter_id)
            if series is not None:
                series.add(known)


def _came(known: Known) -> tuple[Any, ...]:
    return (known.received_at, known.reading_id)


def take(session: Session, rows: Sequence[SourceRow], batch: Batch) -> None:
    """Bring in readings, in their order. A doubtful one is kept and waits for a clerk.

    Refuses by row: UNKNOWN_METER, MALFORMED, OUT_OF_RANGE, TOO_PRECISE, and READING_BILLED for a changed one that
    an invoice stands on.
    """
    wanted = {row.fields["meter_external_id"].strip() for row in rows}
    meters = {row[0]: Series(*row[1:]) for row in stored.find_meters(session, wanted)}
    batch.known[RowKind.METER] = meters
    said = [(row, one) for row in rows if (one := _read(row, batch, meters)) is not None]
    own = _Round(batch, {one.series.meter_id: one.series for _, one in said})
    _look_around(session, own, [one for _, one in said])
    for row, one in said:
        _take_one(own, row, one)
    stored.supersede(session, own.superseded)
    stored.add_readings(
        session,
        [
            (
                one.reading_id,
                one.meter_id,
                one.read_on,
                one.value,
                one.kind,
                one.status,
                reason,
                one.external_id,
            )
            for one, reason in own.new.values()
        ],
        now=batch.now,
        as_of=batch.as_of,
    )


def _read(row: SourceRow, batch: Batch, meters: Mapping[str, Series]) -> Said | None:
    """What a row says; None when it is refused. A row as rows should be is read in one go, any other with care."""
    fields = row.fields
    meter = meters.get(fields["meter_external_id"])
    external_id, value, read_on = fields["external_id"], fields["value"], fields["read_on"]
    kind = KINDS.get(fields["kind"] or "actual")
    usual = _USUAL_VALUE(value) and _USUAL_DAY(read_on) and _USUAL_ID(external_id)
    if usual and meter is not None and kind is not None:
        return Said(meter, date.fromisoformat(read_on), Decimal(value), kind, external_id)
    return _read_with_care(row, batch)


# Days up to the 28th are in every month; ids without spaces are what they seem.
_USUAL_VALUE = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,3})?", re.ASCII).fullmatch
_USUAL_DAY = re.compile(r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])", re.ASCII).fullmatch
_USUAL_ID = re.compile(r"[!-~]{0,80}", re.ASCII).fullmatch


def _read_with_care(row: SourceRow, batch: Batch) -> Said | None:
    reader = RowReader(row)
    meter: Any = masters.refer(reader, batch, "meter_external_id", RowKind.METER, unknown="UNKNOWN_METER")
    external_id = reader.key("external_id", required=False)
    read_on = reader.day("read_on", required=True)
    value = reader.decimal("value", places=VALUE_PLACES, limit=VALUE_LIMIT)
    kind = reader.one_of("kind", KINDS, default="actual")
    if reader.faults or read_on is None or value is None or kind is None:
        batch.refuse(row, reader.faults)
        return None
    return Said(meter, read_on, value, kind, external_id)


def _look_around(session: Session, own: _Round, said: Sequence[Said]) -> None:
    """Read what the rows are judged by: three queries, however many rows."""
    for one in said:
        one.series.widen(one.read_on)
    around = list(own.series.values())
    windows = [(series.meter_id, series.first, series.last) for series in around]
    for place, reading_id, read_on, value, kind, external_id, received_at, billed in stored.list_around(
        session, windows
    ):
        series = around[place - 1]
        known = Known(
            reading_id, series.meter_id, read_on, value, kind, "ACCEPTED", external_id, received_at, billed
        )
        if reading_id is None:
            series.add(known)
        else:
            own.keep(known)
    days = [(one.series.meter_id, one.read_on) for one in said if not one.external_id]
    for row in stored.list_unsettled(session, days):
        own.keep(Known._make(row))
    for row in stored.list_by_external_ids(session, {one.external_id for one in said if one.external_id}):
        own.keep(Known._make(row))


def _take_one(own: _Round, row: SourceRow, said: Said) -> None:
    batch, series = own.batch, said.series
    key = said.external_id or (series.meter_id, said.read_on)
    latest, counted = own.latest.get(key), own.counted.get(key)
    if latest is None:
        there = series.by_day.get(said.read_on)
        if there is not None and (there.value, there.kind) == (said.value, said.kind):
            batch.count(row, Outcome.UNCHANGED)
            return
        _add(own, said, doubt(said, today=batch.today))
        batch.count(row, Outcome.CREATED)
    elif _same(latest, said):
        batch.count(row, Outcome.UNCHANGED)
    elif counted is not None and counted.billed:
        batch.refuse(row, [RowFault("value", "READING_BILLED", shown(row.fields.get("value", "")))])
    else:
        _replace(own, said, latest=latest, counted=counted)
        batch.count(row, Outcome.CHANGED)


def _same(known: Known, said: Said) -> bool:
    return (known.meter_id, known.read_on, known.value, known.kind) == (
        said.series.meter_id,
        said.read_on,
        said.value,
        said.kind,
    )


def _replace(own: _Round, said: Said, *, latest: Known, counted: Known | None) -> None:
    """A changed row takes the place of what it said before; what counts stays while the new value waits."""
    without = counted if counted is not None and counted.meter_id == said.series.meter_id else None
    reason = doubt(said, today=own.batch.today, without=without)
    if latest.status == ReadingStatus.SUBMITTED:
        _retire(own, latest)
    if counted is not None and not reason:
        if counted.meter_id in own.series:
            own.series[counted.meter_id].remove(counted)
        _retire(own, counted)
    _add(own, said, reason)


def _retire(own: _Round, known: Known) -> None:
    key = known.external_id or (known.meter_id, known.read_on)
    own.latest.pop(key, None)
    if own.counted.get(key) is known:
        del own.counted[key]
    if known.reading_id in own.new:
        del own.new[known.reading_id]
    elif known.reading_id is not None:
        own.superseded.add(known.reading_id)


def _add(own: _Round, said: Said, reason: str) -> None:
    reading_id = new_id()
    status = ReadingStatus.SUBMITTED if reason else ReadingStatus.ACCEPTED
    known = Known(
        reading_id,
        said.series.meter_id,
        said.read_on,
        said.value,
        said.kind,
        status,
        said.external_id,
        own.batch.now,
        False,
    )
    own.new[reading_id] = (known, reason)
    own.keep(known)
