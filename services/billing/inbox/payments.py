"""What billing does about payments and refunds: it books them. A refusal sends the event back, to be tried again and,
in the end, laid aside for a human: money that does not fit is never passed over."""

from datetime import datetime

from ebok.payments.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.billing.domain import settled_payments
from services.billing.domain.settlement import Wish

handlers = Handlers()


@handlers.on(events_pb2.PaymentSettled)
def on_payment_settled(session: Session, event: events_pb2.PaymentSettled, *, now: datetime) -> None:
    """Post the payment as its payer meant it."""
    settled_payments.book(
        session,
        wire.unpack_id(event.payment_id, field="payment_id"),
        customer_id=wire.unpack_id(event.customer_id, field="customer_id"),
        number=event.number,
        amount=wire.unpack_money(event.amount),
        choice=[
            Wish(
                wire.unpack_id(share.invoice_id, field="shares.invoice_id"),
                wire.unpack_money(share.amount, field="shares.amount"),
            )
            for share in event.shares
        ],
        settled_at=wire.unpack_instant(event.settled_at, field="settled_at"),
        now=now,
    )


@handlers.on(events_pb2.PaymentRefunded)
def on_payment_refunded(session: Session, event: events_pb2.PaymentRefunded, *, now: datetime) -> None:
    """Take the money back out; waits for its payment when that is still on its way."""
    settled_payments.give_back(
        session,
        wire.unpack_id(event.refund_id, field="refund_id"),
        payment_id=wire.unpack_id(event.payment_id, field="payment_id"),
        customer_id=wire.unpack_id(event.customer_id, field="customer_id"),
        number=event.number,
        amount=wire.unpack_money(event.amount),
        refunded_at=wire.unpack_instant(event.refunded_at, field="refunded_at"),
        now=now,
    )
