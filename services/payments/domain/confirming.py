"""What a confirmation of a payment says: taken from the rows, plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from chassis.money import Money, sum_money
from services.payments.domain.refunds import PaymentNotSettled
from services.payments.storage import payments as stored
from services.payments.storage import refunds as stored_refunds
from services.payments.storage.payments import Payment
from services.payments.storage.settings import get_settings


@dataclass(frozen=True)
class ConfirmedShare:
    """What of the payment went to which invoice."""

    invoice_number: str
    amount: Money


@dataclass(frozen=True)
class Confirmation:
    """A settled payment, as paper says it. `credit` is what is meant for no invoice."""

    number: str
    customer_number: str
    amount: Money
    shares: Sequence[ConfirmedShare]
    credit: Money
    refunded: Money
    provider: str
    provider_order_id: str
    method_name: str
    started_on: date
    settled_on: date
    payee_name: str
    payee_lines: Sequence[str]
    payee_nip: str


def confirm(session: Session, payment: Payment) -> Confirmation:
    """A confirmation of the payment. Refuses PAYMENT_NOT_SETTLED."""
    if payment.settled_at is None:
        raise PaymentNotSettled
    shares = [
        ConfirmedShare(share.invoice_number, share.amount)
        for share in stored.find_shares(session, [payment.payment_id])[payment.payment_id]
    ]
    settings = get_settings(session)
    return Confirmation(
        number=payment.number,
        customer_number=payment.customer_number,
        amount=payment.amount,
        shares=shares,
        credit=payment.amount - sum_money(share.amount for share in shares),
        refunded=stored_refunds.sum_refunds(session, [payment.payment_id])[payment.payment_id],
        provider=payment.provider,
        provider_order_id=payment.provider_order_id,
        method_name=payment.method_name,
        started_on=warsaw_date(payment.started_at),
        settled_on=warsaw_date(payment.settled_at),
        payee_name=settings.name if settings else "",
        payee_lines=[line for line in (settings.address_line, settings.town_line) if line]
        if settings
        else [],
        payee_nip=settings.nip if settings else "",
    )
