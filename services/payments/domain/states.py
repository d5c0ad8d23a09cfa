"""What may follow what: the one table of a payment's statuses and the one of a refund's, and the functions that move.

A payment never moves back. SETTLED is final: from there on only refunds. A payment that counted as failed may still be
settled, because the money was taken: a late confirmation. Nothing else writes a status.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from services.payments.domain import waits
from services.payments.outbox import payments as announce
from services.payments.outbox import refunds as announce_refunds
from services.payments.storage import payments as stored
from services.payments.storage.payments import Payment, PaymentStatus, Step
from services.payments.storage.refunds import Refund, RefundStatus

# From, to → the step that people read.
PAYMENT_STEPS: Mapping[tuple[PaymentStatus, PaymentStatus], Step] = {
    (PaymentStatus.STARTED, PaymentStatus.PENDING): Step.AT_PROVIDER,
    (PaymentStatus.STARTED, PaymentStatus.UNKNOWN): Step.NO_ANSWER,
    (PaymentStatus.STARTED, PaymentStatus.RECEIVED): Step.RECEIVED,
    (PaymentStatus.STARTED, PaymentStatus.SETTLED): Step.SETTLED,
    (PaymentStatus.STARTED, PaymentStatus.FAILED): Step.FAILED,
    (PaymentStatus.UNKNOWN, PaymentStatus.PENDING): Step.AT_PROVIDER,
    (PaymentStatus.UNKNOWN, PaymentStatus.RECEIVED): Step.RECEIVED,
    (PaymentStatus.UNKNOWN, PaymentStatus.SETTLED): Step.SETTLED,
    (PaymentStatus.UNKNOWN, PaymentStatus.FAILED): Step.FAILED,
    (PaymentStatus.PENDING, PaymentStatus.RECEIVED): Step.RECEIVED,
    (PaymentStatus.PENDING, PaymentStatus.SETTLED): Step.SETTLED,
    (PaymentStatus.PENDING, PaymentStatus.FAILED): Step.FAILED,
    (PaymentStatus.RECEIVED, PaymentStatus.SETTLED): Step.SETTLED,
    (PaymentStatus.RECEIVED, PaymentStatus.FAILED): Step.FAILED,
    (PaymentStatus.FAILED, PaymentStatus.RECEIVED): Step.RECEIVED,
    (PaymentStatus.FAILED, PaymentStatus.SETTLED): Step.SETTLED,
}
# None: the timeline of the payment says nothing of it.
REFUND_STEPS: Mapping[tuple[RefundStatus, RefundStatus], Step | None] = {
    (RefundStatus.STARTED, RefundStatus.PENDING): None,
    (RefundStatus.STARTED, RefundStatus.UNKNOWN): None,
    (RefundStatus.STARTED, RefundStatus.REFUNDED): Step.REFUNDED,
    (RefundStatus.STARTED, RefundStatus.FAILED): Step.REFUND_FAILED,
    (RefundStatus.UNKNOWN, RefundStatus.PENDING): None,
    (RefundStatus.UNKNOWN, RefundStatus.REFUNDED): Step.REFUNDED,
    (RefundStatus.UNKNOWN, RefundStatus.FAILED): Step.REFUND_FAILED,
    (RefundStatus.PENDING, RefundStatus.REFUNDED): Step.REFUNDED,
    (RefundStatus.PENDING, RefundStatus.FAILED): Step.REFUND_FAILED,
    (RefundStatus.FAILED, RefundStatus.REFUNDED): Step.REFUNDED,
}
ENDED = frozenset({PaymentStatus.SETTLED, PaymentStatus.FAILED})
REFUND_ENDED = frozenset({RefundStatus.REFUNDED, RefundStatus.FAILED})


class TransitionUnsound(Exception):
    """Somebody tried to move a payment or a refund where it cannot go: a bug of ours, nothing is written."""


def may_become(payment: Payment, to: PaymentStatus) -> bool:
    """Whether the table knows the way."""
    return (payment.status, to) in PAYMENT_STEPS


def advance(
    session: Session, payment: Payment, to: PaymentStatus, *, reason: str = "", now: datetime
) -> None:
    """Move a locked payment: status, step and announcement in one transaction. Raises TransitionUnsound."""
    step = PAYMENT_STEPS.get((payment.status, to))
    if step is None:
        raise TransitionUnsound(f"payment {payment.payment_id}: {payment.status} → {to}")

    payment.status = to
    payment.reason = reason
    payment.moved_at = now
    payment.checks = 0
    payment.next_check_at = None if to in ENDED else now + waits.FIRST
    if to is not PaymentStatus.PENDING:
        payment.redirect_url = ""  # Nowhere to go on to: an old page must not lead to a second payment.
    stored.add_step(session, payment.payment_id, step, happened_at=now, reason=reason)

    if to is PaymentStatus.SETTLED:
        payment.settled_at = now
        shares = stored.find_shares(session, [payment.payment_id])[payment.payment_id]
        announce.payment_settled(session, payment, shares, settled_at=now)
    elif to is PaymentStatus.FAILED:
        announce.payment_failed(session, payment)


def advance_refund(
    session: Session, refund: Refund, to: RefundStatus, *, payment: Payment, fault: str = "", now: datetime
) -> None:
    """Move a locked refund of a locked payment, as `advance`. Raises TransitionUnsound."""
    if (refund.status, to) not in REFUND_STEPS:
        raise TransitionUnsound(f"refund {refund.refund_id}: {refund.status} → {to}")
    step = REFUND_STEPS[refund.status, to]

    refund.status = to
    refund.fault = fault
    refund.moved_at = now
    refund.checks = 0
    refund.next_check_at = None if to in REFUND_ENDED else now + waits.FIRST
    refund.ended_at = now if to in REFUND_ENDED else None
    if step is not None:
        stored.add_step(
            session, payment.payment_id, step, happened_at=now, amount=refund.amount, reason=fault
        )
    if to is RefundStatus.REFUNDED:
        announce_refunds.payment_refunded(session, payment, refund, refunded_at=now)
