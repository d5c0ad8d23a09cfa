"""The ledger: charges and payments are added, never changed; what people see about money is a sum over them.

Everything here works on batches of `postings`; money that is given back is in `refunds`, corrections of either sign
in `corrections`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from chassis.errors import Conflict, NotFound, Refusal
from chassis.money import Money
from services.billing.domain.postings import Batch, add_entry, allocate, open_batch, violations_of, write
from services.billing.domain.settlement import NOTHING, Wish, take_charge, take_payment
from services.billing.storage import invoices as stored_invoices
from services.billing.storage import ledger as stored
from services.billing.storage.ledger import AllocationReason, EntryKind, KnownEntry


class PaymentDiffers(Conflict):
    """The ledger holds another payment under this id: of another customer or amount."""

    reason = "PAYMENT_DIFFERS"


class UnknownInvoice(NotFound):
    """The customer has no issued invoice of this number."""

    reason = "UNKNOWN_INVOICE"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money in. `external_id` is the provider's and makes it safe to repeat. What it is for: `invoice_number` names an
    invoice, as the title of a transfer does; `choice` is the payer's own, in its order."""

    customer_id: UUID
    external_id: str
    amount: Money
    booked_on: date
    title: str = ""
    invoice_number: str | None = None
    choice: Sequence[Wish] = ()


@dataclass(frozen=True, slots=True)
class PostedPayment:
    """A payment in the ledger; `created` is false when it was there before."""

    entry_id: UUID
    created: bool


@dataclass(frozen=True, slots=True)
class Charge:
    """An invoice that is being issued."""

    customer_id: UUID
    invoice_id: UUID
    amount: Money
    booked_on: date
    due_on: date


@dataclass(frozen=True, slots=True)
class PostedCharge:
    """A charge in the ledger: what was open of the customer before it, and what of it credit paid at once."""

    entry_id: UUID
    arrears: Money
    credit_used: Money


def post_payment(session: Session, payment: Payment, *, now: datetime) -> PostedPayment:
    """Post one payment. Refuses as `post_payments` does, by raising."""
    [posted] = post_payments(session, [payment], now=now)
    if isinstance(posted, Refusal):
        raise posted
    return posted


def post_payments(
    session: Session, payments: Sequence[Payment], *, now: datetime
) -> list[PostedPayment | Refusal]:
    """Post payments in order; the answer of each stands at its place, a refusal where it was not posted.

    Refusals: `Invalid` (amount not positive, day in the future, no id), `PaymentDiffers`, `UnknownInvoice`. A payment
    that is there already is answered as such and changes nothing.
    """
    batch = open_batch(session, (payment.customer_id for payment in payments), now=now)
    known = stored.find_known(session, [payment.external_id for payment in payments])
    named = stored_invoices.find_issued_ids(
        session,
        [(payment.customer_id, payment.invoice_number) for payment in payments if payment.invoice_number],
    )
    answers: list[PostedPayment | Refusal] = []
    for payment in payments:
        before = known.get(payment.external_id)
        refusal = _refusal(payment, before, named, today=warsaw_date(now))
        if refusal is not None:
            answers.append(refusal)
        elif before is not None:
            answers.append(PostedPayment(before.entry_id, created=False))
        else:
            invoice_id = named.get((payment.customer_id, payment.invoice_number or ""))
            added = known[payment.external_id] = _add_payment(batch, payment, invoice_id)
            answers.append(PostedPayment(added.entry_id, created=True))
    write(session, batch)
    return answers


def post_charges(session: Session, charges: Sequence[Charge], *, now: datetime) -> dict[UUID, PostedCharge]:
    """Post the charges of invoices that are being issued, by invoice; credit is used at once."""
    batch = open_batch(session, (charge.customer_id for charge in charges), now=now)
    posted = {charge.invoice_id: _add_charge(batch, charge) for charge in charges}
    write(session, batch)
    return posted


def _refusal(
    payment: Payment,
    before: KnownEntry | None,
    named: dict[tuple[UUID, str], UUID],
    *,
    today: date,
) -> Refusal | None:
    faulty = violations_of(
        external_id=payment.external_id,
        amount_allowed=payment.amount > NOTHING,
        booked_on=payment.booked_on,
        today=today,
        what="a payment",
    )
    if faulty is not None:
        return faulty
    if before is not None:
        same = (before.customer_id, before.amount) == (payment.customer_id, -payment.amount)
        return None if same else PaymentDiffers(external_id=payment.external_id)
    if payment.invoice_number and (payment.customer_id, payment.invoice_number) not in named:
        return UnknownInvoice(invoice_number=payment.invoice_number)
    return None


def _add_payment(batch: Batch, payment: Payment, invoice_id: UUID | None) -> KnownEntry:
    account = batch.accounts[payment.customer_id]
    entry = add_entry(
        batch,
        account,
        kind=EntryKind.PAYMENT,
        amount=-payment.amount,
        booked_on=payment.booked_on,
        invoice_id=invoice_id,
        external_id=payment.external_id,
        title=payment.title,
    )
    named = [Wish(invoice_id, payment.amount, AllocationReason.NAMED)] if invoice_id else []
    allocate(batch, account, take_payment(account, entry, wishes=[*payment.choice, *named]))
    return KnownEntry(
        entry.entry_id,
        payment.customer_id,
        EntryKind.PAYMENT,
        -payment.amount,
        payment.booked_on,
        entry.seq,
    )


def _add_charge(batch: Batch, charge: Charge) -> PostedCharge:
    account = batch.accounts[charge.customer_id]
    arrears = account.open_amount
    entry = add_entry(
        batch,
        account,
        kind=EntryKind.CHARGE,
        amount=charge.amount,
        booked_on=charge.booked_on,
        due_on=charge.due_on,
        invoice_id=charge.invoice_id,
    )
    credit_before = account.credit
    allocate(batch, account, take_charge(account, replace(entry, invoice_id=charge.invoice_id)))
    if not charge.amount:
        batch.paid[charge.invoice_id] = (charge.customer_id, charge.booked_on)
    return PostedCharge(entry.entry_id, arrears, credit_before - account.credit)
