"""Handing in: what a customer reads off a meter, or a clerk writes down, becomes a reading.

A reading is judged against the meter's accepted ones on either side of its day. What cannot be is refused at the
field, so that whoever reads looks once more; what is merely unusual is asked back, and kept when it is confirmed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.errors import FailedPrecondition, Invalid, NotFound, Violation
from chassis.ids import new_id
from services.billing.domain.proration import ONE_DAY, QUANTITY_STEP
from services.billing.domain.reading_desks import settle_estimates
from services.billing.domain.reading_rows import VALUE_PLACES
from services.billing.domain.readings import runs_backwards, used_since
from services.billing.domain.usage import MeterValue
from services.billing.domain.usual_use import exceeded, usual_use
from services.billing.outbox import readings as announce
from services.billing.storage import imports as stored_imports
from services.billing.storage import photos as stored_photos
from services.billing.storage import readable_meters as stored
from services.billing.storage import reading_windows as stored_windows
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.reading_windows import ReadingWindow
from services.billing.storage.readings import Reading, ReadingKind, ReadingStatus

HISTORY_DAYS = 1100  # Enough for the year before, also of a meter that is read once a year.
OWN_KINDS = (ReadingKind.CUSTOMER, ReadingKind.ESTIMATED)  # What a customer's reading may take the place of.


class MeterNotFound(NotFound):
    """The customer has no such meter."""

    reason = "METER_NOT_FOUND"


class MeterRemote(FailedPrecondition):
    """The meter sends its readings by itself."""

    reason = "METER_REMOTE"


class ReadingWindowClosed(FailedPrecondition):
    """No window of the commodity is open today."""

    reason = "READING_WINDOW_CLOSED"


class ReadingUnusual(FailedPrecondition):
    """More than three times the usual use: to be confirmed."""

    reason = "READING_UNUSUAL"


class AlreadyRead(FailedPrecondition):
    """The provider has a reading of its own of that day."""

    reason = "ALREADY_READ"


class ReadingBilled(FailedPrecondition):
    """An invoice stands on the reading of that day."""

    reason = "READING_BILLED"


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says a meter shows at the end of a day."""

    customer_id: UUID
    meter_id: UUID
    read_on: date
    value: Decimal
    kind: ReadingKind
    unusual_confirmed: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """The reading, its meter, and what was used since the accepted reading before."""

    reading: Reading
    meter: Row[Any]
    used: Decimal | None


@dataclass(frozen=True, slots=True)
class Unusual:
    """More than three times the usual: `usual` is for as many days."""

    used: Decimal
    usual: Decimal
    days: int


def submit(session: Session, said: Said, *, photo: bytes | None, now: datetime, today: date) -> Taken:
    """A customer hands in a reading inside an open window. An unusual one that is confirmed waits for a clerk."""
    meter, of_day = _look(session, said)
    same = _same(of_day, said)
    if same is not None:
        if photo is not None:
            _keep_photo(session, same, said, photo, now=now)
        return _taken(session, same, meter)
    window = open_window(session, meter, today=today)
    holders = stored.list_holders(session, meter.service_point_id, day=said.read_on)
    faults = [*_value_faults(said, meter), *_day_faults(said, meter, today=today)]
    if said.read_on < window.opens_on:
        faults.append(Violation("read_on", "BEFORE_WINDOW"))
    elif said.customer_id not in holders:
        faults.append(Violation("read_on", "OUTSIDE_CONTRACT"))
    _check_replaced(of_day, faults, own=False)
    before = _check_course(session, said, meter, faults)
    unusual = _ask_back(session, said, meter, before)
    waits = unusual is not None
    reading = _add(session, said, meter, "UNUSUAL" if waits else "", of_day, own=False, now=now)
    if photo is not None:
        _keep_photo(session, reading, said, photo, now=now)
    announce.reading_submitted(session, reading, meter, customer_id=said.customer_id)
    if unusual is not None:
        _announce_unusual(session, reading, meter, unusual, holders=[said.customer_id])
    return _taken(session, reading, meter)


def record(session: Session, said: Said, *, now: datetime, today: date) -> Taken:
    """A clerk writes down a reading, of any day of the meter's life. It counts at once."""
    if said.kind not in (ReadingKind.ACTUAL, ReadingKind.CUSTOMER):
        raise Invalid(violations=[Violation("kind", "UNKNOWN")])
    meter, of_day = _look(session, said)
    same = _same(of_day, said)
    if same is not None:
        return _taken(session, same, meter)
    faults = [*_value_faults(said, meter), *_day_faults(said, meter, today=today)]
    _check_replaced(of_day, faults, own=True)
    before = _check_course(session, said, meter, faults)
    unusual = _ask_back(session, said, meter, before)
    reading = _add(session, said, meter, "", of_day, own=True, now=now)
    if unusual is not None:
        holders = stored.list_holders(session, meter.service_point_id, day=said.read_on)
        _announce_unusual(session, reading, meter, unusual, holders=[*holders])
    return _taken(session, reading, meter)


def open_window(session: Session, meter: Row[Any], *, today: date) -> ReadingWindow:
    """The window a meter may be read in today. Refuses METER_REMOTE, READING_WINDOW_CLOSED (opens_on)."""
    if meter.is_remote:
        raise MeterRemote(meter_id=str(meter.meter_id))
    window = stored_windows.list_present(session, [meter.commodity], today=today).get(meter.commodity)
    if window is None:
        raise ReadingWindowClosed
    if window.opens_on > today:
        raise ReadingWindowClosed(opens_on=window.opens_on.isoformat())
    return window


def _look(session: Session, said: Said) -> tuple[Row[Any], list[Reading]]:
    """The meter, held for us alone, and what is known of the day."""
    stored_imports.share_with_batches(session)
    meter = stored.lock_meter(session, said.customer_id, said.meter_id)
    if meter is None:
        raise MeterNotFound(meter_id=str(said.meter_id))
    return meter, list(stored.list_of_day(session, said.meter_id, said.read_on))


def _same(of_day: list[Reading], said: Said) -> Reading | None:
    """The reading that says just this already."""
    return next((one for one in of_day if (one.kind, one.value) == (said.kind, said.value)), None)


def _value_faults(said: Said, meter: Row[Any]) -> list[Violation]:
    exponent = said.value.normalize().as_tuple().exponent
    if said.value < 0:
        return [Violation("value", "OUT_OF_RANGE")]
    if said.value >= Decimal(10) ** meter.digits:
        return [Violation("value", "ABOVE_DIGITS")]
    if isinstance(exponent, int) and -exponent > VALUE_PLACES:
        return [Violation("value", "TOO_PRECISE")]
    return []


def _day_faults(said: Said, meter: Row[Any], *, today: date) -> list[Violation]:
    if said.read_on > today:
        return [Violation("read_on", "IN_FUTURE")]
    if said.read_on < meter.installed_on or (
        meter.removed_on is not None and said.read_on > meter.removed_on
    ):
        return [Violation("read_on", "OUTSIDE_METER_LIFE")]
    return []


def _replaces(one: Reading, *, own: bool) -> bool:
    """Whether the new reading may take the place of one: of a customer's or an estimate; a clerk's own too."""
    return one.kind in OWN_KINDS or (own and one.made_here)


def _check_replaced(of_day: list[Reading], faults: list[Violation], *, own: bool) -> None:
    """Refuse what the fields say, then what stands on the day already."""
    if faults:
        raise Invalid(violations=faults)
    for one in of_day:
        if one.status is not ReadingStatus.ACCEPTED:
            continue
        if not _replaces(one, own=own):
            raise AlreadyRead(read_on=one.read_on.isoformat())
        if one.billed_at is not None and one.kind is not ReadingKind.ESTIMATED:
            raise ReadingBilled(read_on=one.read_on.isoformat())


def _check_course(session: Session, said: Said, meter: Row[Any], faults: list[Violation]) -> Row[Any] | None:
    """Refuse what the meter cannot have gone through; answers the accepted reading before. Estimates bind nobody."""
    before, after = stored.get_nearest(session, said.meter_id, said.read_on, estimates=False)
    if before is not None and runs_backwards(before.value, said.value, digits=meter.digits):
        faults.append(Violation("value", "BELOW_PREVIOUS"))
    elif after is not None and runs_backwards(said.value, after.value, digits=meter.digits):
        faults.append(Violation("value", "ABOVE_NEXT"))
    if faults:
        raise Invalid(violations=faults)
    return before


def _ask_back(session: Session, said: Said, meter: Row[Any], before: Row[Any] | None) -> Unusual | None:
    """What is unusual about a reading; refused until whoever says it has confirmed it."""
    if before is None:
        return None
    used = used_since(before.value, said.value, digits=meter.digits)
    days = (said.read_on - before.read_on).days
    since = before.read_on - timedelta(days=HISTORY_DAYS)
    history = stored.list_history(session, said.customer_id, [said.meter_id], since=since)
    usual = usual_use(
        values_of(history),
        first=before.read_on + ONE_DAY,
        last=said.read_on,
        garden=meter.purpose == MeterPurpose.GARDEN,
    )
    expected = exceeded(used, days, usual=usual)
    if expected is None:
        return None
    if not said.unusual_confirmed:
        raise ReadingUnusual(
            used=format(used, "f"), usual=format(expected, "f"), days=str(days), unit=meter.unit
        )
    return Unusual(used, expected, days)


def values_of(history: Any) -> Iterator[MeterValue]:
    """Stored readings as what they say of use."""
    return (MeterValue(str(row.meter_id), row.read_on, row.value, row.digits) for row in history)


def _add(
    session: Session,
    said: Said,
    meter: Row[Any],
    reason: str,
    of_day: list[Reading],
    *,
    own: bool,
    now: datetime,
) -> Reading:
    """Write the reading in place of what it replaces."""
    replaced = [one for one in of_day if _replaces(one, own=own)]
    for one in replaced:
        one.status, one.decided_at = ReadingStatus.SUPERSEDED, now
    session.flush()  # Of a day one may count: the old one has to go before the new one comes.
    if not reason:
        settle_estimates(session, meter, day=said.read_on, value=said.value, now=now)
    reading = Reading(
        reading_id=new_id(),
        meter_id=said.meter_id,
        read_on=said.read_on,
        value=said.value.quantize(QUANTITY_STEP),
        kind=said.kind,
        status=ReadingStatus.SUBMITTED if reason else ReadingStatus.ACCEPTED,
        reason=reason,
        external_id="",
        received_at=now,
        as_of=now,
        made_here=True,
        decided_at=now if own else None,  # What a clerk writes down is looked at.
        note="",
    )
    session.add(reading)
    session.flush()
    for one in replaced:
        stored_photos.move_photo(session, one.reading_id, reading.reading_id, customer_id=said.customer_id)
    return reading


def _keep_photo(session: Session, reading: Reading, said: Said, photo: bytes, *, now: datetime) -> None:
    stored_photos.add_photo(session, reading.reading_id, customer_id=said.customer_id, content=photo, now=now)


def _announce_unusual(
    session: Session, reading: Reading, meter: Row[Any], unusual: Unusual, *, holders: list[UUID]
) -> None:
    announce.unusual_use_seen(
        session,
        reading,
        meter,
        customer_id=holders[0] if holders else None,
        used=unusual.used,
        usual=unusual.usual,
        days=unusual.days,
    )


def _taken(session: Session, reading: Reading, meter: Row[Any]) -> Taken:
    before, _after = stored.get_nearest(session, reading.meter_id, reading.read_on)
    counts = reading.status is ReadingStatus.ACCEPTED and before is not None
    used = used_since(before.value, reading.value, digits=meter.digits) if counts and before else None
    return Taken(reading, meter, used)
