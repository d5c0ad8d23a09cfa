"""What billing says about its ledger."""

from datetime import datetime

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.payments.domain import settling

handlers = Handlers()


@handlers.on(events_pb2.PaymentBooked)
def on_payment_booked(session: Session, event: events_pb2.PaymentBooked, *, now: datetime) -> None:
    """The payer sees that the money counts. One that we do not know as settled is refused, and comes again."""
    settling.note_booked(
        session,
        wire.unpack_id(event.payment_id, field="payment_id"),
        booked_at=wire.unpack_optional_instant(event.booked_at, field="booked_at") or now,
    )
