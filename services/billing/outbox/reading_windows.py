"""What the others hear of reading windows."""

from uuid import UUID

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging import outbox
from services.billing.storage.base import OutboxRow
from services.billing.storage.reading_windows import ReadingWindow


def reading_window_opened(
    session: Session, window: ReadingWindow, customer_id: UUID, *, meter_count: int
) -> None:
    """A customer may hand in readings from now on."""
    event = events_pb2.ReadingWindowOpened(
        window_id=wire.pack_id(window.window_id),
        customer_id=wire.pack_id(customer_id),
        commodity=f"COMMODITY_{window.commodity}",
        opens_on=wire.pack_date(window.opens_on),
        closes_on=wire.pack_date(window.closes_on),
        meter_count=meter_count,
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id)


def reading_missing(session: Session, window: ReadingWindow, customer_id: UUID, *, meter_count: int) -> None:
    """A window closes soon, and nothing came in of some meters of a customer."""
    event = events_pb2.ReadingMissing(
        window_id=wire.pack_id(window.window_id),
        customer_id=wire.pack_id(customer_id),
        commodity=f"COMMODITY_{window.commodity}",
        closes_on=wire.pack_date(window.closes_on),
        meter_count=meter_count,
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id)
