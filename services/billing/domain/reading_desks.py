"""A meter with all its readings on a clerk's desk: held for one decision, judged again after it.

Whoever decides holds the meter, so two clerks never decide at once, and shares the lock of imports, so no batch comes
in between.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.errors import NotFound
from chassis.ids import new_id
from services.billing.domain.readings import Known, Said, Series, doubt
from services.billing.storage import imports as stored_imports
from services.billing.storage import reading_checks as stored
from services.billing.storage.readings import Reading, ReadingKind, ReadingStatus

UNUSUAL = "UNUSUAL"


class MeterNotFound(NotFound):
    """There is no such meter."""

    reason = "METER_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class When:
    """The instant of a decision, and its day in Poland."""

    now: datetime
    today: date


@dataclass(slots=True)
class Desk:
    """A meter and its readings; `series` are those that count."""

    session: Session
    meter: Row[Any]
    readings: dict[UUID, Reading]
    series: Series
    when: When

    def doubt_of(self, reading: Reading, *, without: Known | None = None) -> str:
        """Why a reading would wait, as things are."""
        return doubt(self._said(reading), today=self.when.today, without=without)

    def let_count(self, reading: Reading, *, decided: bool, note: str = "") -> None:
        """It counts, and the estimates that it settles do not."""
        if reading.kind is not ReadingKind.ESTIMATED:
            for estimate in self.series.settled_by(reading.read_on, reading.value):
                self.give_way(self.readings[estimate.reading_id], ReadingStatus.SUPERSEDED)
        self.session.flush()  # Of a day one may count: the other has to go before.
        reading.status, reading.reason = ReadingStatus.ACCEPTED, ""
        if decided:
            reading.decided_at, reading.note = self.when.now, note
        self.session.flush()
        self.series.add(known_of(reading))

    def give_way(self, reading: Reading, status: ReadingStatus) -> None:
        """It counts no more."""
        if reading.status is ReadingStatus.ACCEPTED:
            self.series.remove(self.series.by_day[reading.read_on])
        reading.status, reading.decided_at = status, self.when.now

    def add(self, *, read_on: date, value: Decimal, kind: ReadingKind, note: str = "") -> Reading:
        """A reading made here, not counting yet."""
        reading = Reading(
            reading_id=new_id(),
            meter_id=self.meter.meter_id,
            read_on=read_on,
            value=value,
            kind=kind,
            status=ReadingStatus.SUBMITTED,
            reason="",
            external_id="",
            received_at=self.when.now,
            as_of=self.when.now,
            made_here=True,
            note=note,
        )
        self.session.add(reading)
        self.readings[reading.reading_id] = reading
        return reading

    def judge_again(self) -> None:
        """The readings that wait, in order: what stood in their way may be gone. What is unusual waits on."""
        waiting = [one for one in self.readings.values() if one.status is ReadingStatus.SUBMITTED]
        for reading in sorted(waiting, key=lambda one: (one.read_on, one.received_at, one.reading_id)):
            reason = self.doubt_of(reading)
            if reason:
                reading.reason = reason
            elif reading.reason != UNUSUAL:
                self.let_count(reading, decided=False)
        self.session.flush()

    def _said(self, reading: Reading) -> Said:
        return Said(self.series, reading.read_on, reading.value, reading.kind, reading.external_id)


def known_of(reading: Reading) -> Known:
    """A row as rules see it."""
    return Known(
        reading.reading_id,
        reading.meter_id,
        reading.read_on,
        reading.value,
        reading.kind,
        reading.status,
        reading.external_id,
        reading.received_at,
        reading.billed_at is not None,
        reading.made_here,
    )


def series_of(meter: Row[Any], readings: Iterable[Reading]) -> Series:
    """What counts of a meter's readings."""
    series = Series(meter.meter_id, meter.installed_on, meter.removed_on, meter.digits)
    counting = (one for one in readings if one.status is ReadingStatus.ACCEPTED)
    for reading in sorted(counting, key=lambda one: one.read_on):
        series.add(known_of(reading))
    return series


def settle_estimates(session: Session, meter: Row[Any], *, day: date, value: Decimal, now: datetime) -> None:
    """Before an actual reading of a meter that is held is added: the estimates that it settles count no more."""
    readings = {one.reading_id: one for one in stored.lock_readings_of(session, meter.meter_id)}
    for estimate in series_of(meter, readings.values()).settled_by(day, value):
        readings[estimate.reading_id].status = ReadingStatus.SUPERSEDED
        readings[estimate.reading_id].decided_at = now
    session.flush()


def open_desk(session: Session, meter_id: UUID, *, when: When) -> Desk:
    """Hold a meter with its readings. Refuses METER_NOT_FOUND."""
    stored_imports.share_with_batches(session)
    meter = stored.lock_meter(session, meter_id)
    if meter is None:
        raise MeterNotFound(meter_id=str(meter_id))
    readings = {one.reading_id: one for one in stored.lock_readings_of(session, meter_id)}
    return Desk(session, meter, readings, series_of(meter, readings.values()), when)
