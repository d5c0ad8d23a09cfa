"""Does somebody know enough of a customer to act for it? Whatever part is wrong, the answer is the same."""

from hmac import compare_digest
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import FailedPrecondition
from chassis.money import Money
from services.billing.storage import customers as stored
from services.billing.storage import invoices as stored_invoices
from services.billing.storage.customers import Customer

NOBODY = UUID(int=0)


class ProofNotAccepted(FailedPrecondition):
    """Customer number, invoice number and amount are not those of one customer's last invoice."""

    reason = "PROOF_NOT_ACCEPTED"


def check_proof(
    session: Session, *, customer_number: str, invoice_number: str, invoice_total: Money
) -> Customer:
    """The customer whose last issued invoice this is. The same queries run whether or not there is such a customer."""
    customer = stored.find_customer_by_number(session, customer_number.strip())
    invoice = stored_invoices.get_last_issued(session, customer.customer_id if customer else NOBODY)
    expected = (invoice.number or "", str(invoice.total_gross)) if invoice is not None else ("", "")
    given = ("".join(invoice_number.split()).upper(), str(invoice_total))
    same = [compare_digest(one.encode(), other.encode()) for one, other in zip(expected, given, strict=True)]
    if customer is None or invoice is None or not all(same):
        raise ProofNotAccepted
    return customer
