"""What a payment is meant for: pure arithmetic over what billing says is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.errors import FailedPrecondition, Invalid, Violation
from chassis.money import Money, sum_money

AMOUNT_MIN = Money(1_00)
AMOUNT_MAX = Money(100_000_00)


class InvoiceNotPayable(FailedPrecondition):
    """One of the invoices is not the customer's, or not issued; which one is not said."""

    reason = "INVOICE_NOT_PAYABLE"


class NothingToPay(FailedPrecondition):
    """The invoices are paid."""

    reason = "NOTHING_TO_PAY"


@dataclass(frozen=True)
class PayableInvoice:
    """An invoice and what is open of it; zero when it is paid."""

    invoice_id: UUID
    number: str
    open_amount: Money


@dataclass(frozen=True)
class Payable:
    """What of a customer's invoices can be paid now, in the order in which money is used."""

    customer_number: str
    invoices: Sequence[PayableInvoice]


@dataclass(frozen=True)
class Share:
    """A part of a payment for one invoice."""

    invoice_id: UUID
    invoice_number: str
    amount: Money


def share_out(
    payable: Payable, own_amount: Money | None, *, invoices_chosen: bool
) -> tuple[Money, list[Share]]:
    """What is to be paid, and what of it is meant for which invoice: each is filled in order, the rest is credit.

    Without an own amount it is all that is open. Refuses NOTHING_TO_PAY when the chosen invoices are paid, or nothing
    is open and no amount is named; AMOUNT OUT_OF_RANGE outside 1 zł … 100 000 zł.
    """
    open_invoices = [invoice for invoice in payable.invoices if invoice.open_amount > Money.zero()]
    if not open_invoices and (invoices_chosen or own_amount is None):
        raise NothingToPay
    amount = own_amount
    if amount is None:
        amount = sum_money(invoice.open_amount for invoice in open_invoices)
    if not AMOUNT_MIN <= amount <= AMOUNT_MAX:
        raise Invalid(violations=[Violation("amount", "OUT_OF_RANGE")])

    left = amount
    shares = []
    for invoice in open_invoices:
        part = min(left, invoice.open_amount)
        if part:
            shares.append(Share(invoice.invoice_id, invoice.number, part))
        left -= part
    return amount, shares
