"""What a clerk decides about readings: one counts, does not, is put right, or is estimated.

Each decision may be repeated. After each, the readings of the meter that wait are judged again in their order.
"""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import FailedPrecondition, Invalid, NotFound, Violation
from services.billing.domain.estimates import estimated_value
from services.billing.domain.handing_in import AlreadyRead, ReadingBilled
from services.billing.domain.reading_desks import Desk, When, open_desk
from services.billing.domain.reading_rows import VALUE_LIMIT, VALUE_PLACES
from services.billing.domain.readings import runs_backwards
from services.billing.domain.usage import MeterValue
from services.billing.outbox import readings as announce
from services.billing.storage import readable_meters as stored_meters
from services.billing.storage import reading_checks as stored
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.readings import Reading, ReadingKind, ReadingStatus


class ReadingNotFound(NotFound):
    """There is no such reading."""

    reason = "READING_NOT_FOUND"


class ReadingDecided(FailedPrecondition):
    """It was rejected, or another took its place."""

    reason = "READING_DECIDED"


class MeterRunsBackwards(FailedPrecondition):
    """The meter cannot have gone from the reading before to this one, or from this one to the next."""

    reason = "METER_RUNS_BACKWARDS"


class ReadingInFuture(FailedPrecondition):
    """Its day has not come."""

    reason = "READING_IN_FUTURE"


class ReadingAboveDigits(FailedPrecondition):
    """The meter's face has not so many digits."""

    reason = "READING_ABOVE_DIGITS"


class ReadingOutsideMeterLife(FailedPrecondition):
    """The meter was not in use on that day."""

    reason = "READING_OUTSIDE_METER_LIFE"


class NothingToEstimateFrom(FailedPrecondition):
    """The meter was not read often enough before that day."""

    reason = "NOTHING_TO_ESTIMATE_FROM"


_CANNOT_BE: dict[str, type[FailedPrecondition]] = {
    "BELOW_PREVIOUS": MeterRunsBackwards,
    "IN_FUTURE": ReadingInFuture,
    "ABOVE_DIGITS": ReadingAboveDigits,
    "OUTSIDE_METER_LIFE": ReadingOutsideMeterLife,
}


def accept(session: Session, reading_id: UUID, *, note: str, when: When) -> Reading:
    """It counts; one of the same day that counted so far gives way. One that counts already was looked at now."""
    desk, reading = _take(session, reading_id, when)
    if reading.status is ReadingStatus.ACCEPTED:
        if reading.decided_at is None:
            reading.decided_at, reading.note = when.now, note
        return reading
    if reading.status is not ReadingStatus.SUBMITTED:
        raise ReadingDecided(reading_id=str(reading_id))
    _put_in_place(desk, reading)
    desk.let_count(reading, decided=True, note=note)
    desk.judge_again()
    return reading


def _put_in_place(desk: Desk, reading: Reading) -> None:
    """Refuse what cannot be; let what counts on the day give way."""
    there = desk.series.by_day.get(reading.read_on)
    reason = desk.doubt_of(reading, without=there)
    if reason:
        raise _CANNOT_BE[reason](reading_id=str(reading.reading_id))
    if there is None or (there.estimated and reading.kind is not ReadingKind.ESTIMATED):
        return  # An estimate is settled, also one that an invoice stands on.
    if there.billed:
        raise ReadingBilled(read_on=reading.read_on.isoformat())
    desk.give_way(desk.readings[there.reading_id], ReadingStatus.SUPERSEDED)


def reject(session: Session, reading_id: UUID, *, note: str, when: When) -> Reading:
    """It does not count; also one that counted, while no invoice stands on it. Who handed it in is told."""
    desk, reading = _take(session, reading_id, when)
    if reading.status is ReadingStatus.REJECTED:
        return reading
    if reading.status is ReadingStatus.SUPERSEDED:
        raise ReadingDecided(reading_id=str(reading_id))
    if reading.billed_at is not None:
        raise ReadingBilled(read_on=reading.read_on.isoformat())
    desk.give_way(reading, ReadingStatus.REJECTED)
    reading.note = note
    session.flush()
    if reading.kind is ReadingKind.CUSTOMER and reading.made_here:
        holders = stored_meters.list_holders(session, desk.meter.service_point_id, day=reading.read_on)
        for customer_id in holders:
            announce.reading_rejected(session, reading, desk.meter, customer_id=customer_id)
    desk.judge_again()
    return reading


def correct(
    session: Session, reading_id: UUID, *, value: Decimal, read_on: date | None, note: str, when: When
) -> Reading:
    """Another value, day, or both take its place and count. Refuses faults at `value` and `read_on`."""
    desk, reading = _take(session, reading_id, when)
    day = read_on or reading.read_on
    if reading.status is ReadingStatus.SUPERSEDED:
        return _corrected(desk, reading, value=value, day=day)
    if reading.status is ReadingStatus.REJECTED:
        raise ReadingDecided(reading_id=str(reading_id))
    if reading.billed_at is not None:
        raise ReadingBilled(read_on=reading.read_on.isoformat())
    if (value, day) == (reading.value, reading.read_on):
        return accept(session, reading_id, note=note, when=when)
    _refuse_unfit(value)
    desk.give_way(reading, ReadingStatus.SUPERSEDED)
    new = desk.add(read_on=day, value=value, kind=reading.kind, note=note)
    there = desk.series.by_day.get(day)
    _refuse_at_fields(desk, new, desk.doubt_of(new, without=there))
    _put_in_place(desk, new)
    desk.let_count(new, decided=True, note=note)
    stored.move_photo(session, reading_id, new.reading_id)
    desk.judge_again()
    return new


def _corrected(desk: Desk, reading: Reading, *, value: Decimal, day: date) -> Reading:
    """What took the place of a reading when it was corrected just so; else somebody else decided."""
    there = desk.series.by_day.get(day)
    if there is None or there.value != value or not there.made_here:
        raise ReadingDecided(reading_id=str(reading.reading_id))
    return desk.readings[there.reading_id]


def _refuse_unfit(value: Decimal) -> None:
    exponent = value.normalize().as_tuple().exponent
    if not 0 <= value < VALUE_LIMIT:
        raise Invalid(violations=[Violation("value", "OUT_OF_RANGE")])
    if isinstance(exponent, int) and -exponent > VALUE_PLACES:
        raise Invalid(violations=[Violation("value", "TOO_PRECISE")])


def _refuse_at_fields(desk: Desk, reading: Reading, reason: str) -> None:
    """The same reasons as of a reading that waits, at the field to be put right."""
    if reason == "BELOW_PREVIOUS":
        before, _after = desk.series.around(reading.read_on, estimates=False)
        falls = before is not None and runs_backwards(before.value, reading.value, digits=desk.series.digits)
        raise Invalid(violations=[Violation("value", "BELOW_PREVIOUS" if falls else "ABOVE_NEXT")])
    if reason:
        field = "value" if reason == "ABOVE_DIGITS" else "read_on"
        raise Invalid(violations=[Violation(field, reason)])


def _take(session: Session, reading_id: UUID, when: When) -> tuple[Desk, Reading]:
    """A reading on the desk of its meter."""
    meter_id = stored.find_meter_of(session, reading_id)
    if meter_id is None:
        raise ReadingNotFound(reading_id=str(reading_id))
    desk = open_desk(session, meter_id, when=when)
    reading = desk.readings.get(reading_id) or stored.get_reading(session, reading_id)
    if reading is None or reading.meter_id != meter_id:
        raise ReadingNotFound(reading_id=str(reading_id))  # Moved to another meter while we looked.
    return desk, reading


def estimate(session: Session, meter_id: UUID, *, read_on: date, when: When) -> Reading:
    """Write an estimate of a day that nobody read. Repeated it answers the one that is there."""
    desk = open_desk(session, meter_id, when=when)
    there = desk.series.by_day.get(read_on)
    if there is not None and there.estimated:
        return desk.readings[there.reading_id]
    if there is not None:
        raise AlreadyRead(read_on=read_on.isoformat())
    meter = desk.meter
    if read_on > when.today:
        raise Invalid(violations=[Violation("read_on", "IN_FUTURE")])
    if read_on < meter.installed_on or (meter.removed_on is not None and read_on > meter.removed_on):
        raise Invalid(violations=[Violation("read_on", "OUTSIDE_METER_LIFE")])
    values = [MeterValue("", one.read_on, one.value, meter.digits) for one in desk.series.by_day.values()]
    value = estimated_value(values, read_on, garden=meter.purpose == MeterPurpose.GARDEN)
    if value is None:
        raise NothingToEstimateFrom(meter_id=str(meter_id))
    reading = desk.add(read_on=read_on, value=value % Decimal(10) ** meter.digits, kind=ReadingKind.ESTIMATED)
    desk.let_count(reading, decided=True)
    return reading
