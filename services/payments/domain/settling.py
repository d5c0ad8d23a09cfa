"""From what a provider says to what is so: never settled twice, with another amount, or moved back.

A provider speaks to us in two ways, by its notifications and by its answers to our questions. Both are judged by the
same rules here, in one transaction each, on the locked payment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import NotFound
from chassis.money import Money
from services.payments.domain import states, waits
from services.payments.domain.providers import (
    CANCELLED,
    CURRENCY,
    EXPIRED,
    NO_ANSWER,
    Answer,
    OrderState,
    OrderStatus,
    Said,
)
from services.payments.storage import exchanges
from services.payments.storage import payments as stored
from services.payments.storage.exchanges import Exchange, Verdict
from services.payments.storage.payments import Payment, PaymentStatus, Step

MONEY_THERE = frozenset({OrderState.TO_ACCEPT, OrderState.PAID})


class PaymentNotFound(NotFound):
    """There is no such payment, or it is somebody else's."""

    reason = "PAYMENT_NOT_FOUND"


@dataclass(frozen=True)
class Judged:
    """What became of a message, and the payment whose money is to be accepted now, if any."""

    verdict: Verdict
    to_accept: UUID | None = None


# notifications


def judge(session: Session, exchange: Exchange, said: Said, *, method_name: str, now: datetime) -> Judged:
    """Judge a sound notification about a payment. What does not fit leaves the payment as it is."""
    payment = _lock_by_key(session, said.payment_key)
    if payment is None or payment.provider != exchange.provider:
        return Judged(Verdict.NOT_OURS)
    exchange.payment_id = payment.payment_id
    wrong = find_misfit(payment, amounts=said.amounts, currency=said.currency, order_id=said.order_id)
    if wrong is not None:
        return Judged(wrong)
    if said.order is None:
        return Judged(Verdict.MALFORMED)
    before = payment.status
    moved = _believe(session, payment, said.order, order_id=said.order_id, method_name=method_name, now=now)
    news = moved or payment.status is not before
    to_accept = payment.payment_id if payment.status is PaymentStatus.RECEIVED else None
    return Judged(Verdict.ACCEPTED if news else Verdict.REPEATED, to_accept)


def _lock_by_key(session: Session, key: str) -> Payment | None:
    """The payment by its id as providers know it: 32 hexadecimal digits."""
    try:
        return stored.lock_payment(session, UUID(hex=key)) if len(key) == 32 else None
    except ValueError:
        return None


def find_misfit(
    payment: Payment, *, amounts: Sequence[Money], currency: str, order_id: str
) -> Verdict | None:
    """What of a provider's words does not fit the payment; None when all does."""
    if any(amount != payment.amount for amount in amounts) or not amounts:
        return Verdict.AMOUNT_WRONG
    if currency != CURRENCY:
        return Verdict.CURRENCY_WRONG
    if payment.provider_order_id and order_id != payment.provider_order_id:
        return Verdict.NOT_OURS  # Another payment of the provider's under the same key of ours.
    return None


def _believe(
    session: Session, payment: Payment, state: OrderState, *, order_id: str, method_name: str, now: datetime
) -> bool:
    """Move a payment to what its provider says; false when that is no news, or older than what is known."""
    status = payment.status
    if status is PaymentStatus.SETTLED:
        return False
    if state in MONEY_THERE:
        payment.provider_order_id = payment.provider_order_id or order_id
        payment.method_name = method_name or payment.method_name
        to = PaymentStatus.SETTLED if state is OrderState.PAID else PaymentStatus.RECEIVED
    elif state is OrderState.CANCELLED:
        to = PaymentStatus.FAILED
    elif state is OrderState.OPEN and status is PaymentStatus.UNKNOWN:
        payment.provider_order_id = payment.provider_order_id or order_id
        to = PaymentStatus.PENDING
    else:
        return False
    if not states.may_become(payment, to):
        return False
    states.advance(session, payment, to, reason=CANCELLED if to is PaymentStatus.FAILED else "", now=now)
    return True


# answers


def note_accepted(session: Session, payment_id: UUID, answer: Answer, *, now: datetime) -> Payment:
    """What the provider said when we accepted its money. Unless it was yes, it is asked how the payment stands."""
    payment = _locked(session, payment_id)
    if answer.exchange_id is not None:
        exchanges.give_verdict(session, answer.exchange_id, answer.verdict)
    if payment.status is not PaymentStatus.RECEIVED:
        return payment  # Somebody else was first.
    if answer.accepted:
        states.advance(session, payment, PaymentStatus.SETTLED, now=now)
    else:
        _wait(payment, now=now)
    return payment


def prepare_check(session: Session, payment_id: UUID, *, now: datetime) -> Payment | None:
    """The payment when its provider is to be asked about it; None when there is nothing to ask.

    A start that never left us fails by itself after a grace; one that a process took with it into its end is unknown.
    """
    payment = _locked(session, payment_id)
    if payment.status is PaymentStatus.SETTLED:
        payment.next_check_at = None
        return None
    if payment.status is not PaymentStatus.STARTED:
        return payment
    if payment.calling_until is None:
        if now - payment.started_at >= waits.GRACE:
            states.advance(session, payment, PaymentStatus.FAILED, reason=EXPIRED, now=now)
        else:
            _wait(payment, now=now)
        return None
    if stored.is_in_hands(session, payment_id):
        payment.next_check_at = now + waits.FIRST
        return None
    states.advance(session, payment, PaymentStatus.UNKNOWN, reason=NO_ANSWER, now=now)
    return payment


def note_status(
    session: Session, payment_id: UUID, answer: OrderStatus, *, method_name: str, now: datetime
) -> Payment:
    """What the provider says of a payment when asked. Without a clear word the payment waits, longer each time."""
    payment = _locked(session, payment_id)
    verdict, state = answer.verdict, answer.state
    if state in MONEY_THERE:
        amounts = () if answer.amount is None else (answer.amount,)
        wrong = find_misfit(payment, amounts=amounts, currency=answer.currency, order_id=answer.order_id)
        if wrong is not None:
            verdict, state = wrong, None
    if answer.exchange_id is not None:
        exchanges.give_verdict(session, answer.exchange_id, verdict)

    moved = False
    if state is not None and payment.status is not PaymentStatus.SETTLED:
        if _is_over(payment, state, now=now):
            states.advance(session, payment, PaymentStatus.FAILED, reason=EXPIRED, now=now)
            moved = True
        else:
            moved = _believe(
                session, payment, state, order_id=answer.order_id, method_name=method_name, now=now
            )
    if not moved and payment.status not in states.ENDED:
        _wait(payment, now=now)
    return payment


def put_off(session: Session, payment_id: UUID, *, now: datetime) -> None:
    """Asking failed on our side: again later, and the others first."""
    payment = _locked(session, payment_id)
    if payment.next_check_at is not None:
        _wait(payment, now=now)


def _is_over(payment: Payment, state: OrderState, *, now: datetime) -> bool:
    """Whether a payment that nobody has paid is given up: old enough, and the provider says so clearly."""
    age = now - payment.started_at
    if state is OrderState.NOT_FOUND and payment.status is PaymentStatus.UNKNOWN:
        return age >= waits.GRACE
    unpaid = state in (OrderState.OPEN, OrderState.NOT_FOUND, OrderState.UNASKABLE)
    waiting = payment.status in (PaymentStatus.PENDING, PaymentStatus.UNKNOWN)
    return unpaid and waiting and age >= waits.LIFE


def _locked(session: Session, payment_id: UUID) -> Payment:
    payment = stored.lock_payment(session, payment_id)
    if payment is None:
        raise PaymentNotFound(payment_id=str(payment_id))
    return payment


def _wait(payment: Payment, *, now: datetime) -> None:
    payment.checks += 1
    payment.next_check_at = waits.next_check(payment.checks, now=now)


# the ledger


def note_booked(session: Session, payment_id: UUID, *, booked_at: datetime) -> None:
    """Billing has the payment in its ledger. Repeated: nothing happens. Refuses PAYMENT_NOT_FOUND before SETTLED."""
    payment = _locked(session, payment_id)
    if payment.status is not PaymentStatus.SETTLED:
        raise PaymentNotFound(payment_id=str(payment_id))  # The event comes again.
    if payment.booked_at is None:
        payment.booked_at = booked_at
        stored.add_step(session, payment_id, Step.BOOKED, happened_at=booked_at, reason="")
