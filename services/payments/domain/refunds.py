"""Giving money back: never more than was paid, never twice for one request, and never said to be done before it is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import FailedPrecondition, Invalid, Violation
from chassis.ids import new_id
from chassis.money import Money
from services.payments.domain import areas, states, waits
from services.payments.domain.providers import REFUSED_BY_PROVIDER, RefundAnswer, RefundState, Said
from services.payments.domain.settling import Judged, PaymentNotFound, find_misfit
from services.payments.domain.starting import RequestDiffers
from services.payments.storage import exchanges
from services.payments.storage import payments as stored_payments
from services.payments.storage import refunds as stored
from services.payments.storage.exchanges import Exchange, Verdict
from services.payments.storage.payments import Payment, PaymentStatus, Step
from services.payments.storage.refunds import Refund, RefundStatus

MOVES = {
    RefundState.PENDING: RefundStatus.PENDING,
    RefundState.REFUNDED: RefundStatus.REFUNDED,
    RefundState.REJECTED: RefundStatus.FAILED,
}


class PaymentNotSettled(FailedPrecondition):
    """Only what is paid can be given back or confirmed."""

    reason = "PAYMENT_NOT_SETTLED"


class RefundTooLarge(FailedPrecondition):
    """More than is left of the payment."""

    reason = "REFUND_TOO_LARGE"


class RefundRefused(FailedPrecondition):
    """The provider does not give this money back."""

    reason = REFUSED_BY_PROVIDER


def begin(
    session: Session,
    payment_id: UUID,
    request_id: UUID,
    *,
    amount: Money | None,
    reason: str,
    by: Actor,
    now: datetime,
) -> Refund:
    """Store the refund, or find the one that the same request began.

    Refuses PAYMENT_NOT_FOUND, REQUEST_DIFFERS, PAYMENT_NOT_SETTLED, REFUND_TOO_LARGE and amounts OUT_OF_RANGE.
    """
    areas.require_payment(session, payment_id, by=by)
    payment = stored_payments.lock_payment(session, payment_id)
    if payment is None:
        raise PaymentNotFound(payment_id=str(payment_id))
    begun = stored.find_by_request(session, request_id)
    if begun is not None:
        if (begun.payment_id, begun.asked_amount) != (payment_id, amount):
            raise RequestDiffers
        return begun
    if payment.status is not PaymentStatus.SETTLED:
        raise PaymentNotSettled
    if amount is not None and amount <= Money.zero():
        raise Invalid(violations=[Violation("amount", "OUT_OF_RANGE")])
    left = payment.amount - stored.sum_refunds(session, [payment_id])[payment_id]
    given = left if amount is None else amount
    if given > left or not given:
        raise RefundTooLarge(left=str(left))

    refund_id = new_id()
    added = stored.add_refund(
        session,
        {
            "refund_id": refund_id,
            "payment_id": payment_id,
            "request_id": request_id,
            "asked_amount": amount,
            "status": RefundStatus.STARTED,
            "amount": given,
            "reason": reason,
            "made_by": by.name,
            "fault": "",
            "started_at": now,
            "moved_at": now,
            "next_check_at": now + waits.FIRST,
            "checks": 0,
        },
    )
    if not added:
        raise RequestDiffers  # Of another payment: this one's requests wait for its lock.
    stored_payments.add_step(
        session, payment_id, Step.REFUND_STARTED, happened_at=now, amount=given, reason=reason
    )
    _, refund = _locked(session, refund_id)
    return refund


def note_answer(session: Session, refund_id: UUID, answer: RefundAnswer, *, now: datetime) -> Refund:
    """What the provider said when it was asked to give back, or how that stands."""
    payment, refund = _locked(session, refund_id)
    if answer.exchange_id is not None:
        exchanges.give_verdict(session, answer.exchange_id, answer.verdict)
    if refund.status in states.REFUND_ENDED:
        return refund  # A notification was faster.

    state = RefundState.REJECTED if answer.refused else answer.state
    if state is None and refund.status is RefundStatus.STARTED:
        states.advance_refund(
            session, refund, RefundStatus.UNKNOWN, payment=payment, fault=answer.doubt, now=now
        )
    elif state not in MOVES or not _believe(session, payment, refund, MOVES[state], now=now):
        _wait(refund, now=now)
    return refund


def put_off(session: Session, refund_id: UUID, *, now: datetime) -> None:
    """Asking failed on our side: again later, and the others first."""
    _, refund = _locked(session, refund_id)
    if refund.next_check_at is not None:
        _wait(refund, now=now)


def _wait(refund: Refund, *, now: datetime) -> None:
    refund.checks += 1
    refund.next_check_at = waits.next_check(refund.checks, now=now)


def judge(session: Session, exchange: Exchange, said: Said, *, now: datetime) -> Judged:
    """Judge a sound notification about a refund. What does not fit leaves the refund as it is."""
    try:
        payment, refund = _locked(session, UUID(hex=said.refund_key))
    except (ValueError, PaymentNotFound):
        return Judged(Verdict.NOT_OURS)
    if payment.provider != exchange.provider:
        return Judged(Verdict.NOT_OURS)
    exchange.payment_id = payment.payment_id
    wrong = _find_misfit(payment, refund, said)
    if wrong is not None:
        return Judged(wrong)
    if said.refund not in MOVES:
        return Judged(Verdict.MALFORMED)
    moved = _believe(session, payment, refund, MOVES[said.refund], now=now)
    return Judged(Verdict.ACCEPTED if moved else Verdict.REPEATED)


def _find_misfit(payment: Payment, refund: Refund, said: Said) -> Verdict | None:
    """What of the words does not fit the refund and its payment; None when all does."""
    if said.payment_key and said.payment_key != payment.payment_id.hex:
        return Verdict.NOT_OURS
    if any(amount != refund.amount for amount in said.amounts) or not said.amounts:
        return Verdict.AMOUNT_WRONG
    return find_misfit(payment, amounts=[payment.amount], currency=said.currency, order_id=said.order_id)


def _believe(session: Session, payment: Payment, refund: Refund, to: RefundStatus, *, now: datetime) -> bool:
    """Move a refund to what the provider says; false when that is no news, or older than what is known."""
    if (refund.status, to) not in states.REFUND_STEPS:
        return False
    fault = REFUSED_BY_PROVIDER if to is RefundStatus.FAILED else ""
    states.advance_refund(session, refund, to, payment=payment, fault=fault, now=now)
    return True


def _locked(session: Session, refund_id: UUID) -> tuple[Payment, Refund]:
    """A refund and its payment; always the payment first, so that two who want both never wait for each other."""
    found = stored.get_refund(session, refund_id)
    payment = stored_payments.lock_payment(session, found.payment_id) if found is not None else None
    refund = stored.lock_refund(session, refund_id)
    if payment is None or refund is None:
        raise PaymentNotFound(refund_id=str(refund_id))
    return payment, refund
