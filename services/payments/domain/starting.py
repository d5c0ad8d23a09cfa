"""Starting a payment: stored first, registered at the provider then, and never twice whatever is pressed how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import Conflict, FailedPrecondition
from chassis.ids import new_id
from chassis.money import Money
from services.payments.domain import states, waits
from services.payments.domain.numbers import new_number
from services.payments.domain.providers import REFUSED_BY_PROVIDER, Registered
from services.payments.domain.shares import Payable, share_out
from services.payments.outbox import payments as announce
from services.payments.storage import exchanges
from services.payments.storage import payments as stored
from services.payments.storage.payments import Payment, PaymentStatus, Step

UNFINISHED_MAX = 20
NUMBER_TRIES_MAX = 5
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class MethodNotOffered(FailedPrecondition):
    """There is no such provider here, or no such way to pay at it."""

    reason = "METHOD_NOT_OFFERED"


class RequestDiffers(Conflict):
    """Something else was begun with this request id."""

    reason = "REQUEST_DIFFERS"


class TooManyUnfinished(FailedPrecondition):
    """The customer has as many payments under way as one may."""

    reason = "TOO_MANY_UNFINISHED"


@dataclass(frozen=True)
class Wish:
    """What a customer asked for."""

    customer_id: UUID
    request_id: UUID
    invoice_ids: Sequence[UUID]
    own_amount: Money | None
    provider: str
    method_id: str
    method_name: str
    email: str
    language: str
    payer_address: str

    @property
    def asked(self) -> dict[str, Any]:
        """What tells a repeat from another request. Not the payer's address and language: they are the browser's."""
        return {
            "invoice_ids": [str(invoice_id) for invoice_id in self.invoice_ids],
            "grosze": None if self.own_amount is None else self.own_amount.grosze,
            "provider": self.provider,
            "method_id": self.method_id,
        }


def find_begun(session: Session, wish: Wish) -> Payment | None:
    """The payment that this request began earlier. Refuses REQUEST_DIFFERS when that one was for something else."""
    begun = stored.find_by_request(session, wish.customer_id, wish.request_id)
    if begun is not None and begun.asked != wish.asked:
        raise RequestDiffers
    return begun


def begin(session: Session, wish: Wish, payable: Payable, *, now: datetime) -> Payment:
    """Store the payment, or find the one that the same request began a moment ago.

    Refuses NOTHING_TO_PAY, REQUEST_DIFFERS, TOO_MANY_UNFINISHED and amounts OUT_OF_RANGE.
    """
    stored.lock_customer(session, wish.customer_id)
    begun = find_begun(session, wish)
    if begun is not None:
        return begun  # A second click was first.
    amount, shares = share_out(payable, wish.own_amount, invoices_chosen=bool(wish.invoice_ids))
    if stored.count_unfinished(session, wish.customer_id) >= UNFINISHED_MAX:
        raise TooManyUnfinished(maximum=str(UNFINISHED_MAX))

    payment_id = new_id()
    _add(session, wish, payment_id, amount=amount, customer_number=payable.customer_number, now=now)
    stored.add_shares(
        session,
        [
            {
                "payment_id": payment_id,
                "position": position,
                "invoice_id": share.invoice_id,
                "invoice_number": share.invoice_number,
                "amount": share.amount,
            }
            for position, share in enumerate(shares)
        ],
    )
    stored.add_step(session, payment_id, Step.STARTED, happened_at=now, reason="")
    payment = stored.lock_payment(session, payment_id)
    if payment is None:
        raise LookupError(f"payment {payment_id} was not stored")
    announce.payment_started(session, payment)
    return payment


def _add(
    session: Session, wish: Wish, payment_id: UUID, *, amount: Money, customer_number: str, now: datetime
) -> None:
    values = {
        "payment_id": payment_id,
        "customer_id": wish.customer_id,
        "customer_number": customer_number,
        "request_id": wish.request_id,
        "asked": wish.asked,
        "status": PaymentStatus.STARTED,
        "reason": "",
        "amount": amount,
        "provider": wish.provider,
        "method_id": wish.method_id,
        "method_name": wish.method_name,
        "provider_order_id": "",
        "redirect_url": "",
        "payer_email": wish.email,
        "payer_address": wish.payer_address,
        "language": wish.language,
        "started_at": now,
        "moved_at": now,
        "next_check_at": now + waits.FIRST,
        "checks": 0,
    }
    for _ in range(NUMBER_TRIES_MAX):
        if stored.add_payment(session, {**values, "number": new_number()}):
            return
    raise LookupError(f"no free number in {NUMBER_TRIES_MAX} tries")


def note_registered(
    session: Session, payment_id: UUID, answer: Registered, *, repeated: bool, now: datetime
) -> Payment:
    """What the provider said to a started payment. `repeated`: it may have been asked before, by a process that died.

    A refusal of a repeated question proves nothing, the first one may have been taken: then nobody knows yet. A payment
    that a notification has moved on meanwhile stays where it is.
    """
    payment = stored.lock_payment(session, payment_id)
    if payment is None:
        raise LookupError(f"payment {payment_id} is gone")
    if answer.exchange_id is not None:
        exchanges.give_verdict(session, answer.exchange_id, answer.verdict)
    if not answer.sent:
        # The call is over. Unless an earlier one may have been heard, the provider has never heard of this payment.
        payment.calling_until = LONG_AGO if repeated else None
    if answer.order_id and not payment.provider_order_id:
        payment.provider_order_id = answer.order_id
    if payment.status not in (PaymentStatus.STARTED, PaymentStatus.UNKNOWN) or not answer.sent:
        return payment

    if answer.accepted:
        states.advance(session, payment, PaymentStatus.PENDING, now=now)
        payment.redirect_url = answer.redirect_url
    elif payment.status is PaymentStatus.UNKNOWN:
        pass
    elif answer.refused and not repeated:
        states.advance(session, payment, PaymentStatus.FAILED, reason=REFUSED_BY_PROVIDER, now=now)
    else:
        states.advance(session, payment, PaymentStatus.UNKNOWN, reason=answer.doubt, now=now)
    return payment
