"""What the others hear of refunds."""

from datetime import datetime

from ebok.payments.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging import outbox
from services.payments.storage.base import OutboxRow
from services.payments.storage.payments import Payment
from services.payments.storage.refunds import Refund


def payment_refunded(session: Session, payment: Payment, refund: Refund, *, refunded_at: datetime) -> None:
    """Money was given back."""
    event = events_pb2.PaymentRefunded(
        refund_id=wire.pack_id(refund.refund_id),
        payment_id=wire.pack_id(payment.payment_id),
        customer_id=wire.pack_id(payment.customer_id),
        number=payment.number,
        amount=wire.pack_money(refund.amount),
        refunded_at=wire.pack_instant(refunded_at),
        payer_email=payment.payer_email,
    )
    outbox.announce(session, OutboxRow, event, key=event.payment_id)
