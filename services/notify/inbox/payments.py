"""What payments says about money that came, did not come, or went back."""

from datetime import datetime
from typing import Any

from ebok.payments.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.notify.domain import messages
from services.notify.storage.messages import Rule

PaymentEvent = events_pb2.PaymentSettled | events_pb2.PaymentFailed | events_pb2.PaymentRefunded
handlers = Handlers()


@handlers.on(events_pb2.PaymentSettled)
def on_payment_settled(session: Session, event: events_pb2.PaymentSettled, *, now: datetime) -> None:
    """The payer hears that the money came, and for which invoices."""
    facts = {
        "shares": [
            [share.invoice_number, wire.unpack_money(share.amount, field="shares.amount").grosze]
            for share in event.shares
        ],
        "provider": event.provider,
        "method_name": event.method_name,
        "happened_at": wire.unpack_instant(event.settled_at, field="settled_at").isoformat(),
    }
    _plan(session, Rule.PAYMENT_RECEIVED, event, event.payment_id, facts, now=now)


@handlers.on(events_pb2.PaymentFailed)
def on_payment_failed(session: Session, event: events_pb2.PaymentFailed, *, now: datetime) -> None:
    """The payer hears that nothing was taken, unless the money comes after all before the mail has left."""
    _plan(session, Rule.PAYMENT_FAILED, event, event.payment_id, {"reason": event.reason}, now=now)


@handlers.on(events_pb2.PaymentRefunded)
def on_payment_refunded(session: Session, event: events_pb2.PaymentRefunded, *, now: datetime) -> None:
    """The payer hears that money is on its way back; a payment may be given back in parts."""
    facts = {"happened_at": wire.unpack_instant(event.refunded_at, field="refunded_at").isoformat()}
    refund_id = wire.unpack_id(event.refund_id, field="refund_id")
    _plan(session, Rule.PAYMENT_REFUNDED, event, str(refund_id), facts, now=now)


def _plan(
    session: Session,
    rule: Rule,
    event: PaymentEvent,
    subject_id: str,
    facts: dict[str, Any],
    *,
    now: datetime,
) -> None:
    payment_id = wire.unpack_id(event.payment_id, field="payment_id")
    messages.plan_for_customer(
        session,
        rule,
        customer_id=wire.unpack_id(event.customer_id, field="customer_id"),
        subject_id=subject_id,
        facts={
            "payment_id": str(payment_id),
            "number": event.number,
            "amount_grosze": wire.unpack_money(event.amount).grosze,
            messages.PAYER_EMAIL: event.payer_email,
            **facts,
        },
        now=now,
    )
