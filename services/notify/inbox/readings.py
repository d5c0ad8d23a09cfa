"""What billing says about reading windows and readings."""

from datetime import date, datetime, time, timedelta

from ebok.billing.v1 import events_pb2, meters_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.clock import WARSAW
from chassis.messaging.inbox import Handlers
from services.notify.domain import messages
from services.notify.storage.messages import Rule

handlers = Handlers()


@handlers.on(events_pb2.ReadingWindowOpened)
def on_reading_window_opened(
    session: Session, event: events_pb2.ReadingWindowOpened, *, now: datetime
) -> None:
    """The customer hears until when readings may be handed in; of no use once that is over."""
    closes_on = wire.unpack_date(event.closes_on, field="closes_on")
    messages.plan_for_customer(
        session,
        Rule.READING_WINDOW_OPENED,
        customer_id=wire.unpack_id(event.customer_id, field="customer_id"),
        subject_id=str(wire.unpack_id(event.window_id, field="window_id")),
        facts={
            "commodity": _word_of(event.commodity),
            "opens_on": wire.unpack_date(event.opens_on, field="opens_on").isoformat(),
            "closes_on": closes_on.isoformat(),
            "meter_count": event.meter_count,
        },
        expires_at=_end_of(closes_on),
        now=now,
    )


@handlers.on(events_pb2.ReadingMissing)
def on_reading_missing(session: Session, event: events_pb2.ReadingMissing, *, now: datetime) -> None:
    """The customer hears that the window closes soon and nothing came; of no use once that is over."""
    closes_on = wire.unpack_date(event.closes_on, field="closes_on")
    messages.plan_for_customer(
        session,
        Rule.READING_MISSING,
        customer_id=wire.unpack_id(event.customer_id, field="customer_id"),
        subject_id=str(wire.unpack_id(event.window_id, field="window_id")),
        facts={
            "commodity": _word_of(event.commodity),
            "closes_on": closes_on.isoformat(),
            "meter_count": event.meter_count,
        },
        expires_at=_end_of(closes_on),
        now=now,
    )


@handlers.on(events_pb2.ReadingRejected)
def on_reading_rejected(session: Session, event: events_pb2.ReadingRejected, *, now: datetime) -> None:
    """The customer hears that a reading does not count, and why."""
    messages.plan_for_customer(
        session,
        Rule.READING_REJECTED,
        customer_id=wire.unpack_id(event.customer_id, field="customer_id"),
        subject_id=str(wire.unpack_id(event.reading_id, field="reading_id")),
        facts={
            "commodity": _word_of(event.commodity),
            "meter": event.meter_serial_number,
            "read_on": wire.unpack_date(event.read_on, field="read_on").isoformat(),
            "value": wire.pack_decimal(wire.unpack_decimal(event.value)),
            "unit": event.unit,
            "note": event.note,
        },
        now=now,
    )


def _word_of(commodity: "meters_pb2.Commodity") -> str:
    """`WATER`; empty for one that is newer than this code."""
    known = meters_pb2.Commodity.values()
    return meters_pb2.Commodity.Name(commodity).removeprefix("COMMODITY_") if commodity in known else ""


def _end_of(day: date) -> datetime:
    """When a day ends in Poland."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=WARSAW)
