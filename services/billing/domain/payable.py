"""What can be paid now: amounts of a payment are taken from here at the moment it is started."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import FailedPrecondition
from chassis.money import Money, sum_money
from services.billing.domain.customers import CustomerNotFound
from services.billing.storage import payable as stored
from services.billing.storage.customers import get_customer

INVOICES_MAX = 1_000  # In one answer; nobody pays more at once.


class InvoiceNotPayable(FailedPrecondition):
    """The invoice is not the customer's, or not issued. The two are not told apart."""

    reason = "INVOICE_NOT_PAYABLE"


@dataclass(frozen=True, slots=True)
class PayableInvoice:
    """An invoice and what is open of it; nothing when it is paid."""

    invoice_id: UUID
    number: str
    open: Money
    due_on: date


@dataclass(frozen=True, slots=True)
class Payable:
    """What can be paid of a customer. `open_amount` is all that is open, also beyond these invoices."""

    customer_number: str
    invoices: Sequence[PayableInvoice]
    open_amount: Money


def payable_of(session: Session, customer_id: UUID, invoice_ids: Sequence[UUID]) -> Payable:
    """What is open of these invoices, in the order asked for, each once; of all open ones, the oldest due first,
    when none are named. Refuses `CustomerNotFound`, `InvoiceNotPayable`.
    """
    customer = get_customer(session, customer_id)
    if customer is None:
        raise CustomerNotFound(customer_id=str(customer_id))
    rows = stored.list_payable(session, customer_id, invoice_ids)
    found = {
        row.invoice_id: PayableInvoice(row.invoice_id, row.number, Money(int(row.open)), row.due_on)
        for row in rows
        if row.number is not None
    }
    missing = [str(invoice_id) for invoice_id in invoice_ids if invoice_id not in found]
    if missing:
        raise InvoiceNotPayable(invoice_id=missing[0])
    wanted = dict.fromkeys(invoice_ids) or list(found)[:INVOICES_MAX]
    return Payable(
        customer_number=customer.number,
        invoices=[found[invoice_id] for invoice_id in wanted],
        open_amount=sum_money(Money(int(row.open)) for row in rows),
    )
