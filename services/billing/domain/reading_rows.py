"""Readings out of an import: each row judged in its order, what its source said before remembered."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.ids import new_id
from services.billing.domain import masters
from services.billing.domain.readings import Known, Said, Series, doubt, link_successors
from services.billing.domain.rows import Batch, Outcome, RowFault, RowKind, RowReader, SourceRow, shown
from services.billing.storage import readings as stored
from services.billing.storage.readings import NewReading, ReadingKind, ReadingStatus

KINDS = {kind.value.lower(): kind for kind in ReadingKind}
VALUE_PLACES = 3
VALUE_LIMIT = Decimal(10) ** 11  # what NUMERIC(14,3) holds
DAYS_REMEMBERED = 4_096  # A file of readings has few days and many rows.

_Pair = tuple[SourceRow, Said]
_ByMeter = dict[Series, list[_Pair]]
_Key = str | tuple[int, date]  # the provider's id of a reading; where it has none, its meter and day


def _key(external_id: str, meter_id: UUID, day: date) -> _Key:
    # The number of the id: the hash of an id itself is worked out in Python, each time anew.
    return external_id or (meter_id.int, day)


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
    settled: set[UUID] = field(default_factory=set)
    moved: bool = False  # whether a row moves a reading to another meter

    def look_at(self, known: Known) -> None:
        """Remember a reading that is there; two queries may find it."""
        if known.reading_id not in self.seen:
            self.seen.add(known.reading_id)
            self.keep(known, _key(known.external_id, known.meter_id, known.read_on))

    def keep(self, known: Known, key: _Key) -> None:
        """Remember a reading; of what one source said of one reading, the later stands. What was made here is not of
        the source: it can only stand in the way.
        """
        other = self.latest.get(key)
        if not known.made_here and (other is None or _came(other) < _came(known)):
            self.latest[key] = known
        if known.status == ReadingStatus.ACCEPTED:
            if not known.made_here:
                self.counted[key] = known
            series = self.series.get(known.meter_id)
            if series is not None:
                series.add(known)


def _came(known: Known) -> tuple[Any, ...]:
    return (known.received_at, known.reading_id)


def take(session: Session, rows: Sequence[SourceRow], batch: Batch) -> None:
    """Bring in readings, earlier days first. A doubtful one is kept and waits for a clerk.

    Refuses by row: UNKNOWN_METER, MALFORMED, OUT_OF_RANGE, TOO_PRECISE, and READING_BILLED for a changed one that
    an invoice stands on.
    """
    wanted = {row.fields["meter_external_id"].strip() for row in rows}
    meters = {row[0]: Series(*row[1:]) for row in stored.find_meters(session, wanted)}
    link_successors(session, {one.meter_id: one for one in meters.values()})
    batch.known[RowKind.METER] = meters
    said = [(row, one) for row in rows if (one := _read(row, batch, meters)) is not None]
    by_meter = _by_meter(said)
    own = _Round(batch, {series.meter_id: series for series in by_meter})
    _look_around(session, own, by_meter)
    stored.add_readings(
        session, _judged(own, _in_turn(own, said, by_meter)), now=batch.now, as_of=batch.as_of
    )
    # What gives way does so before, for one alone may count on a day; new estimates that are settled come settled.
    stored.supersede(session, own.superseded)
    stored.settle(session, own.settled - own.new.keys(), now=batch.now)
    stored.add_readings(session, map(_new, own.new.values()), now=batch.now, as_of=batch.as_of)
    stored.settle(session, own.settled & own.new.keys(), now=batch.now)


def _by_meter(said: Sequence[_Pair]) -> _ByMeter:
    """The rows of each meter, earlier days first, whatever the order of the file: a reading is judged by the one before
    it. What a file says twice of one day stays in its order: the later word counts.
    """
    by_meter: _ByMeter = {}
    for pair in said:
        by_meter.setdefault(pair[1].series, []).append(pair)
    for group in by_meter.values():
        group.sort(key=_day)
    return by_meter


def _day(pair: _Pair) -> date:
    return pair[1].read_on


def _in_turn(own: _Round, said: Sequence[_Pair], by_meter: _ByMeter) -> Iterable[Sequence[_Pair]]:
    """The rows as they are judged: meter after meter, unless a reading is moved from one to another. What a file says
    twice of one id stays in its order.
    """
    ids = [one.external_id for _, one in said if one.external_id]
    if len(set(ids)) < len(ids):
        return [said]
    return [sorted(said, key=_day)] if own.moved else by_meter.values()


def _judged(own: _Round, groups: Iterable[Sequence[_Pair]]) -> Iterator[NewReading]:
    """Judge the rows. What is new comes out group by group, to be written while the next one is judged; where another
    reading has to give way before, it stays in `own.new`.
    """
    waiting: dict[UUID, tuple[Known, str]] = {}
    for group in groups:
        gave_way = len(own.superseded) + len(own.settled)
        for row, one in group:
            _take_one(own, row, one)
        if len(own.superseded) + len(own.settled) == gave_way:
            yield from map(_new, own.new.values())
        else:
            waiting.update(own.new)
        own.new.clear()
    own.new = waiting


def _new(pair: tuple[Known, str]) -> NewReading:
    one, reason = pair
    return (
        one.reading_id,
        one.meter_id,
        one.read_on,
        one.value,
        one.kind,
        one.status,
        reason,
        one.external_id,
    )


def _read(row: SourceRow, batch: Batch, meters: Mapping[str, Series]) -> Said | None:
    """What a row says; None when it is refused. A row as rows should be is read in one go, any other with care."""
    fields = row.fields
    meter = meters.get(fields["meter_external_id"])
    external_id, value = fields["external_id"], fields["value"]
    kind, day = KINDS.get(fields["kind"] or "actual"), _usual_day(fields["read_on"])
    usual = _USUAL_VALUE(value) and (not external_id or _USUAL_ID(external_id))
    if usual and meter is not None and kind is not None and day is not None:
        return Said(meter.on(day), day, Decimal(value), kind, external_id)
    return _read_with_care(row, batch)


@lru_cache(maxsize=DAYS_REMEMBERED)
def _usual_day(text: str) -> date | None:
    return date.fromisoformat(text) if _USUAL_DAY(text) else None


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
    return Said(meter.on(read_on), read_on, value, kind, external_id)


def _look_around(session: Session, own: _Round, by_meter: _ByMeter) -> None:
    """Read what the rows are judged by: one query, or three where estimates are near and readings have ids, however
    many rows.
    """
    around = list(by_meter)
    windows = [(series.meter_id, _day(group[0]), _day(group[-1])) for series, group in by_meter.items()]
    behind_estimates = set()
    for place, *row in stored.list_around(session, windows):
        series = around[place - 1]
        known = _known(series.meter_id, row)
        own.look_at(known)
        if known.estimated and known.status == ReadingStatus.ACCEPTED:
            behind_estimates.add(series.meter_id)
    for meter_id, *row in stored.list_beyond_estimates(session, behind_estimates):
        own.look_at(_known(meter_id, row))
    meter_of = {
        one.external_id: one.series.meter_id
        for group in by_meter.values()
        for _, one in group
        if one.external_id
    }
    for row in stored.list_by_external_ids(session, meter_of):
        known = Known._make(row)
        own.moved |= known.meter_id != meter_of[known.external_id]
        own.look_at(known)


def _known(meter_id: UUID, row: Sequence[Any]) -> Known:
    reading_id, *rest = row
    return Known(reading_id, meter_id, *rest)


def _take_one(own: _Round, row: SourceRow, said: Said) -> None:
    batch, series = own.batch, said.series
    key = _key(said.external_id, series.meter_id, said.read_on)
    latest, counted = own.latest.get(key), own.counted.get(key)
    there = series.by_day.get(said.read_on)
    if there is not None and _says_the_same(there, said, latest=latest, counted=counted):
        batch.count(row, Outcome.UNCHANGED)
    elif latest is None:
        _add(own, said, key, doubt(said, today=batch.today))
        batch.count(row, Outcome.CREATED)
    elif _same(latest, said):
        batch.count(row, Outcome.UNCHANGED)
    elif counted is not None and counted.billed and not (counted.estimated and said.kind != counted.kind):
        batch.refuse(row, [RowFault("value", "READING_BILLED", shown(row.fields.get("value", "")))])
    else:
        _replace(own, said, latest=latest, counted=counted)
        batch.count(row, Outcome.CHANGED)


def _says_the_same(there: Known, said: Said, *, latest: Known | None, counted: Known | None) -> bool:
    """Whether a row adds nothing to the reading of its day: another source, or somebody here, said so already."""
    if there.value != said.value:
        return False
    if there.made_here and counted is None and not there.estimated:
        return True
    return latest is None and there.kind == said.kind


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
    _add(own, said, _key(said.external_id, said.series.meter_id, said.read_on), reason)


def _retire(own: _Round, known: Known) -> None:
    key = _key(known.external_id, known.meter_id, known.read_on)
    own.latest.pop(key, None)
    if own.counted.get(key) is known:
        del own.counted[key]
    if known.reading_id in own.new:
        del own.new[known.reading_id]
    elif known.reading_id is not None:
        own.superseded.add(known.reading_id)


def _add(own: _Round, said: Said, key: _Key, reason: str) -> None:
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
        False,
    )
    if said.series.estimated and not reason and not known.estimated:
        _settle(own, said)
    own.new[reading_id] = (known, reason)
    own.keep(known, key)


def _settle(own: _Round, said: Said) -> None:
    """The estimates that a reading settles give way; ours and the source's, new ones too."""
    for estimate in said.series.settled_by(said.read_on, said.value):
        said.series.remove(estimate)
        own.settled.add(estimate.reading_id)
        if estimate.reading_id in own.new:
            own.new[estimate.reading_id] = (estimate._replace(status=ReadingStatus.SUPERSEDED), "")
        key = _key(estimate.external_id, estimate.meter_id, estimate.read_on)
        if own.counted.get(key) is estimate:
            del own.counted[key]
