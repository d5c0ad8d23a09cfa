"""Interval readings out of an import: what a meter used in stretches of 15, 30 or 60 minutes.

Meter and beginning are the id of one. They tell use and are not billed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from services.billing.domain import masters
from services.billing.domain.rows import (
    FIRST_YEAR,
    LAST_YEAR,
    Batch,
    Outcome,
    RowFault,
    RowKind,
    RowReader,
    SourceRow,
    shown,
)
from services.billing.storage import intervals as stored
from services.billing.storage import readings as stored_readings
from services.billing.storage.intervals import MINUTES, MINUTES_MAX, Interval

MINUTES_BY_WORD = {str(minutes): minutes for minutes in MINUTES}
USED_PLACES = 6
USED_LIMIT = Decimal(10) ** 8  # what NUMERIC(14,6) holds
QUARTER = timedelta(minutes=min(MINUTES))
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)


@dataclass(slots=True)
class _Round:
    """What is known around the rows of a batch, by meter and beginning, and what is to be written."""

    known: dict[tuple[UUID, datetime], tuple[int, Decimal]]
    new: dict[tuple[UUID, datetime], Interval] = field(default_factory=dict)

    def overlaps(self, one: Interval) -> bool:
        """Whether another one of the meter tells of a part of the same time."""
        for quarters in range(1, MINUTES_MAX // min(MINUTES)):
            before = self.known.get((one.meter_id, one.starts_at - QUARTER * quarters))
            if before is not None and QUARTER * quarters < timedelta(minutes=before[0]):
                return True
            within = QUARTER * quarters < timedelta(minutes=one.minutes)
            if within and (one.meter_id, one.starts_at + QUARTER * quarters) in self.known:
                return True
        return False

    def put(self, one: Interval) -> None:
        """It is to be written."""
        self.known[one.meter_id, one.starts_at] = one.minutes, one.used
        self.new[one.meter_id, one.starts_at] = one


def take(session: Session, rows: Sequence[SourceRow], batch: Batch) -> None:
    """Bring in intervals, in their order: the same again changes nothing.

    Refuses by row: UNKNOWN_METER, MALFORMED, OFFSET_MISSING, NOT_ALIGNED, UNKNOWN, OUT_OF_RANGE, TOO_PRECISE,
    IN_FUTURE, OUTSIDE_METER_LIFE, and OVERLAPS for one that begins within another or reaches into it.
    """
    wanted = {row.fields["meter_external_id"].strip() for row in rows}
    found = stored_readings.find_meters(session, wanted)
    batch.known[RowKind.METER] = {row.external_id: row for row in found}
    said = [(row, one) for row in rows if (one := _read(row, batch)) is not None]
    near = stored.list_near(session, [(one.meter_id, one.starts_at) for _, one in said])
    own = _Round({(row.meter_id, row.starts_at): (row.minutes, row.used) for row in near})
    for row, one in said:
        _take_one(own, row, one, batch)
    stored.put_intervals(session, list(own.new.values()))


def _read(row: SourceRow, batch: Batch) -> Interval | None:
    """What a row says; None when it is refused."""
    reader = RowReader(row)
    meter = masters.refer(reader, batch, "meter_external_id", RowKind.METER, unknown="UNKNOWN_METER")
    starts_at = _instant(reader, "starts_at")
    minutes = reader.one_of("minutes", MINUTES_BY_WORD, default=str(MINUTES_MAX))
    used = reader.decimal("used", places=USED_PLACES, limit=USED_LIMIT)
    if reader.faults or meter is None or starts_at is None or minutes is None or used is None:
        batch.refuse(row, reader.faults)
        return None
    _judge(reader, meter, starts_at, timedelta(minutes=minutes), now=batch.now)
    if reader.faults:
        batch.refuse(row, reader.faults)
        return None
    return Interval(meter.meter_id, starts_at, minutes, used)


def _judge(reader: RowReader, meter: Any, starts_at: datetime, length: timedelta, *, now: datetime) -> None:
    if (starts_at - datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)) % length:
        reader.fault("starts_at", "NOT_ALIGNED")
    elif starts_at + length > now:
        reader.fault("starts_at", "IN_FUTURE")
    day = warsaw_date(starts_at)
    if day < meter.installed_on or (meter.removed_on is not None and day > meter.removed_on):
        reader.fault("starts_at", "OUTSIDE_METER_LIFE")


def _instant(reader: RowReader, name: str) -> datetime | None:
    """An instant written `2026-11-30T13:00+01:00`, in UTC. None on a fault."""
    value = reader.text(name, length_max=40, required=True)
    if not value:
        return None
    match = _INSTANT.fullmatch(value)
    if match is None:
        reader.fault(name, "MALFORMED")
        return None
    if not match[1]:
        reader.fault(name, "OFFSET_MISSING")
        return None
    try:
        instant = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        reader.fault(name, "MALFORMED")
        return None
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        reader.fault(name, "OUT_OF_RANGE")
        return None
    return instant


def _take_one(own: _Round, row: SourceRow, one: Interval, batch: Batch) -> None:
    known = own.known.get((one.meter_id, one.starts_at))
    if known == (one.minutes, one.used):
        batch.count(row, Outcome.UNCHANGED)
    elif own.overlaps(one):
        batch.refuse(row, [RowFault("starts_at", "OVERLAPS", shown(row.fields["starts_at"]))])
    else:
        own.put(one)
        batch.count(row, Outcome.CREATED if known is None else Outcome.CHANGED)
