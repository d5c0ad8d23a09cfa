"""What the others hear of readings."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging import outbox
from services.billing.storage.base import OutboxRow
from services.billing.storage.readings import Reading, ReadingStatus


def reading_submitted(session: Session, reading: Reading, meter: Any, *, customer_id: UUID) -> None:
    """A customer handed in a reading. `meter`: with `commodity` of its point."""
    event = events_pb2.ReadingSubmitted(
        reading_id=wire.pack_id(reading.reading_id),
        customer_id=wire.pack_id(customer_id),
        meter_id=wire.pack_id(reading.meter_id),
        meter_serial_number=meter.serial_number,
        commodity=f"COMMODITY_{meter.commodity}",
        read_on=wire.pack_date(reading.read_on),
        value=wire.pack_decimal(reading.value),
        unit=meter.unit,
        waits=reading.status is ReadingStatus.SUBMITTED,
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id)


def unusual_use_seen(
    session: Session,
    reading: Reading,
    meter: Any,
    *,
    customer_id: UUID | None,
    used: Decimal,
    usual: Decimal,
    days: int,
) -> None:
    """A reading says more than three times the usual use. `usual`: for as many days."""
    event = events_pb2.UnusualUseSeen(
        reading_id=wire.pack_id(reading.reading_id),
        customer_id=wire.pack_id(customer_id),
        meter_serial_number=meter.serial_number,
        commodity=f"COMMODITY_{meter.commodity}",
        read_on=wire.pack_date(reading.read_on),
        used=wire.pack_decimal(used),
        usual=wire.pack_decimal(usual),
        days=days,
        unit=meter.unit,
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id or wire.pack_id(reading.meter_id))


def reading_rejected(session: Session, reading: Reading, meter: Any, *, customer_id: UUID) -> None:
    """A reading that a customer handed in does not count. `meter`: with `commodity` of its point."""
    event = events_pb2.ReadingRejected(
        reading_id=wire.pack_id(reading.reading_id),
        customer_id=wire.pack_id(customer_id),
        meter_serial_number=meter.serial_number,
        commodity=f"COMMODITY_{meter.commodity}",
        read_on=wire.pack_date(reading.read_on),
        value=wire.pack_decimal(reading.value),
        unit=meter.unit,
        note=reading.note,
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id)
