"""What the others hear of payments."""

from collections.abc import Sequence
from datetime import datetime

from ebok.payments.v1 import events_pb2, payments_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging import outbox
from services.payments.storage.base import OutboxRow
from services.payments.storage.payments import Payment, PaymentShare


def payment_started(session: Session, payment: Payment) -> None:
    """A customer began to pay."""
    event = events_pb2.PaymentStarted(
        payment_id=wire.pack_id(payment.payment_id),
        customer_id=wire.pack_id(payment.customer_id),
        amount=wire.pack_money(payment.amount),
        provider=payment.provider,
    )
    outbox.announce(session, OutboxRow, event, key=event.payment_id)


def payment_settled(
    session: Session, payment: Payment, shares: Sequence[PaymentShare], *, settled_at: datetime
) -> None:
    """The provider has the money for us."""
    event = events_pb2.PaymentSettled(
        payment_id=wire.pack_id(payment.payment_id),
        customer_id=wire.pack_id(payment.customer_id),
        number=payment.number,
        amount=wire.pack_money(payment.amount),
        shares=[
            payments_pb2.PaymentShare(
                invoice_id=wire.pack_id(share.invoice_id),
                invoice_number=share.invoice_number,
                amount=wire.pack_money(share.amount),
            )
            for share in shares
        ],
        provider=payment.provider,
        provider_order_id=payment.provider_order_id,
        method_name=payment.method_name,
        settled_at=wire.pack_instant(settled_at),
        payer_email=payment.payer_email,
    )
    outbox.announce(session, OutboxRow, event, key=event.payment_id)


def payment_failed(session: Session, payment: Payment) -> None:
    """It came to nothing."""
    event = events_pb2.PaymentFailed(
        payment_id=wire.pack_id(payment.payment_id),
        customer_id=wire.pack_id(payment.customer_id),
        number=payment.number,
        amount=wire.pack_money(payment.amount),
        reason=payment.reason,
        payer_email=payment.payer_email,
    )
    outbox.announce(session, OutboxRow, event, key=event.payment_id)
