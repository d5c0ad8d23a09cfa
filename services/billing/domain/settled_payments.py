"""Payments and refunds of the payments service, as it tells of them, in the ledger."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from chassis.money import Money
from services.billing.domain import ledger, refunds
from services.billing.domain.customers import CustomerNotFound
from services.billing.domain.ledger import Payment
from services.billing.domain.refunds import Refund
from services.billing.domain.settlement import Wish
from services.billing.outbox import ledger as announce
from services.billing.storage.customers import get_customer

PAYMENT_ID, REFUND_ID = "payment:{}", "refund:{}"


def book(
    session: Session,
    payment_id: UUID,
    *,
    customer_id: UUID,
    number: str,
    amount: Money,
    choice: list[Wish],
    settled_at: datetime,
    now: datetime,
) -> None:
    """Post a settled payment on the day it was settled, and say so. One that is in the ledger changes nothing.

    Refuses: `CustomerNotFound`, `PaymentDiffers`, `Invalid`.
    """
    _check_customer(session, customer_id)
    payment = Payment(
        customer_id=customer_id,
        external_id=PAYMENT_ID.format(payment_id),
        amount=amount,
        booked_on=warsaw_date(settled_at),
        title=number,
        choice=choice,
    )
    posted = ledger.post_payment(session, payment, now=now)
    if posted.created:
        announce.payment_booked(
            session, payment_id=payment_id, customer_id=customer_id, entry_id=posted.entry_id, booked_at=now
        )


def give_back(
    session: Session,
    refund_id: UUID,
    *,
    payment_id: UUID,
    customer_id: UUID,
    number: str,
    amount: Money,
    refunded_at: datetime,
    now: datetime,
) -> None:
    """Post a refund on the day it was made. One that is in the ledger changes nothing.

    Refuses: `CustomerNotFound`, `PaymentNotBooked` when the payment is still on its way, `RefundDiffers`,
    `RefundTooLarge`, `Invalid`.
    """
    _check_customer(session, customer_id)
    refund = Refund(
        customer_id=customer_id,
        external_id=REFUND_ID.format(refund_id),
        payment_external_id=PAYMENT_ID.format(payment_id),
        amount=amount,
        booked_on=warsaw_date(refunded_at),
        title=number,
    )
    refunds.post_refund(session, refund, now=now)


def payment_id_of(external_id: str | None) -> str:
    """The payment's id in the payments service; empty for money that came another way."""
    prefix = PAYMENT_ID.format("")
    return external_id.removeprefix(prefix) if external_id and external_id.startswith(prefix) else ""


def _check_customer(session: Session, customer_id: UUID) -> None:
    if get_customer(session, customer_id) is None:
        raise CustomerNotFound(customer_id=str(customer_id))
