"""Another meter takes the place of one: the old ends with its final reading, the new begins with its initial one.

What comes later under the old meter's id is the new one's, of days after the change.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import Conflict, FailedPrecondition, Invalid, Violation
from services.billing.domain import customers
from services.billing.domain.handing_in import ReadingBilled
from services.billing.domain.masters import text_of
from services.billing.domain.reading_desks import Desk, When, open_desk
from services.billing.domain.reading_rows import VALUE_PLACES
from services.billing.domain.readings import runs_backwards
from services.billing.domain.rows import OFFICE_PREFIX, Batch, RowKind
from services.billing.storage import meters as stored
from services.billing.storage.meters import Meter
from services.billing.storage.origins import RecordOrigin
from services.billing.storage.readings import ReadingKind, ReadingStatus


class MeterRemoved(FailedPrecondition):
    """The meter ended before, or another took its place already."""

    reason = "METER_REMOVED"


class MeterDiffers(Conflict):
    """The new meter's id is that of another one."""

    reason = "METER_DIFFERS"


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a clerk says of the change. `digits` 0: as many as the old one has."""

    meter_id: UUID
    replaced_on: date
    final_value: Decimal
    new_meter_id: UUID
    serial_number: str
    digits: int
    initial_value: Decimal


@dataclass(frozen=True, slots=True)
class Replaced:
    """Both meters, and how many readings are the new one's now: those that count, those that wait."""

    old: Meter
    new: Meter
    moved_count: int
    waiting_count: int


def replace_meter(session: Session, said: Replacement, *, when: When) -> Replaced:
    """Let a new meter take the place of one. Repeated with the same new id it changes nothing."""
    desk = open_desk(session, said.meter_id, when=when)
    old = stored.get_meter(session, said.meter_id)
    known = stored.get_meter(session, said.new_meter_id)
    assert old is not None  # noqa: S101 - it is on the desk
    if known is not None:
        if known.succeeds_meter_id != old.meter_id:
            raise MeterDiffers(meter_id=str(said.new_meter_id))
        return _replaced(session, old, known, when=when)
    _refuse(session, desk, old, said)
    _end(desk, old, said)
    new = _begin(session, old, said, when=when)
    _refresh_customers(session, old.service_point_id, when=when)
    return _replaced(session, old, new, when=when)


def _refuse(session: Session, desk: Desk, old: Meter, said: Replacement) -> None:
    """Refuse what cannot be, by field; what an invoice stands on stays where it is."""
    removed = old.removed_on is not None and old.removed_on < said.replaced_on
    if removed or stored.has_successor(session, old.meter_id):
        raise MeterRemoved(meter_id=str(old.meter_id))
    faults = [
        *_value_faults("final_value", said.final_value, old.digits),
        *_value_faults("initial_value", said.initial_value, said.digits or old.digits),
    ]
    if said.replaced_on > desk.when.today:
        faults.append(Violation("replaced_on", "IN_FUTURE"))
    elif said.replaced_on < old.installed_on:
        faults.append(Violation("replaced_on", "OUTSIDE_METER_LIFE"))
    before, _after = desk.series.around(said.replaced_on, estimates=False)
    if before is not None and runs_backwards(before.value, said.final_value, digits=old.digits):
        faults.append(Violation("final_value", "BELOW_PREVIOUS"))
    if stored.is_serial_taken(session, old.service_point_id, said.serial_number):
        faults.append(Violation("serial_number", "TAKEN"))
    if faults:
        raise Invalid(violations=faults)
    for day, known in desk.series.by_day.items():
        changed = day == said.replaced_on and known.value != said.final_value and not known.estimated
        if known.billed and (day > said.replaced_on or changed):
            raise ReadingBilled(read_on=day.isoformat())


def _value_faults(field: str, value: Decimal, digits: int) -> list[Violation]:
    exponent = value.normalize().as_tuple().exponent
    if value < 0:
        return [Violation(field, "OUT_OF_RANGE")]
    if value >= Decimal(10) ** digits:
        return [Violation(field, "ABOVE_DIGITS")]
    if isinstance(exponent, int) and -exponent > VALUE_PLACES:
        return [Violation(field, "TOO_PRECISE")]
    return []


def _end(desk: Desk, old: Meter, said: Replacement) -> None:
    """The old meter's final reading and last day. What the provider said of that day stands against ours no more."""
    for day in [day for day in desk.series.days if day > said.replaced_on]:
        desk.series.remove(desk.series.by_day[day])
    there = desk.series.by_day.get(said.replaced_on)
    if there is None or there.value != said.final_value or there.estimated:
        if there is not None and not there.estimated:
            desk.give_way(desk.readings[there.reading_id], ReadingStatus.SUPERSEDED)
        final = desk.add(read_on=said.replaced_on, value=said.final_value, kind=ReadingKind.FINAL)
        desk.let_count(final, decided=True)
    if old.origin is RecordOrigin.PROVIDER:
        old.office_fields = {"removed_on": text_of(old.removed_on), **old.office_fields}
    old.removed_on = desk.series.removed_on = said.replaced_on


def _begin(session: Session, old: Meter, said: Replacement, *, when: When) -> Meter:
    """The new meter with its initial reading and the later readings of the old one, judged again."""
    new = Meter(
        meter_id=said.new_meter_id,
        external_id=f"{OFFICE_PREFIX}{said.new_meter_id}",
        service_point_id=old.service_point_id,
        serial_number=said.serial_number,
        installed_on=said.replaced_on,
        removed_on=None,
        digits=said.digits or old.digits,
        unit=old.unit,
        purpose=old.purpose,
        as_of=when.now,
        succeeds_meter_id=old.meter_id,
        origin=RecordOrigin.OFFICE,
        office_fields={},
    )
    stored.add_meter(session, new)
    stored.move_readings(session, old.meter_id, new.meter_id, after=said.replaced_on)
    desk = open_desk(session, new.meter_id, when=when)
    # What counted at the old meter is a reading of another one now: it is judged like those that waited.
    for reading in desk.readings.values():
        if reading.status is ReadingStatus.ACCEPTED:
            desk.series.remove(desk.series.by_day[reading.read_on])
            reading.status = ReadingStatus.SUBMITTED
    session.flush()
    initial = desk.add(read_on=said.replaced_on, value=said.initial_value, kind=ReadingKind.ACTUAL)
    desk.let_count(initial, decided=True)
    desk.judge_again()
    return new


def _refresh_customers(session: Session, service_point_id: UUID, *, when: When) -> None:
    """Customers are found by their meters' numbers."""
    batch = Batch(now=when.now, today=when.today, as_of=when.now)
    batch.touch(RowKind.SERVICE_POINT, service_point_id)
    customers.refresh_places(session, batch)


def _replaced(session: Session, old: Meter, new: Meter, *, when: When) -> Replaced:
    """Both as they stand; what was made here on the day of the change was not moved."""
    desk = open_desk(session, new.meter_id, when=when)
    moved = [one for one in desk.readings.values() if one.read_on > new.installed_on]
    return Replaced(
        old,
        new,
        moved_count=sum(one.status is ReadingStatus.ACCEPTED for one in moved),
        waiting_count=sum(one.status is ReadingStatus.SUBMITTED for one in moved),
    )
