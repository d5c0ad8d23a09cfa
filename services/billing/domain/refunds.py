"""Money of a payment that is given back: a new entry, covered by that payment's own money and by nobody else's.

Nothing that was written is changed. What the payment had paid is taken back by allocations of less than nothing, so
that the invoices are open again with the due day they had. Worked numbers: docs/algorithms/settlement-order.md.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from chassis.errors import Conflict, FailedPrecondition
from chassis.money import Money, sum_money
from services.billing.domain.postings import add_entry, allocate, open_batch, violations_of, write
from services.billing.domain.settlement import NOTHING, OpenEntry, Paid, take_refund
from services.billing.storage import allocations as stored_allocations
from services.billing.storage import ledger as stored
from services.billing.storage.allocations import UseRow
from services.billing.storage.ledger import EntryKind, KnownEntry


class PaymentNotBooked(FailedPrecondition):
    """The payment that the money is from is not in the ledger, perhaps not yet: try again later."""

    reason = "PAYMENT_NOT_BOOKED"


class RefundDiffers(Conflict):
    """The ledger holds another refund under this id, of another customer, payment or amount; or the payment is
    another customer's."""

    reason = "REFUND_DIFFERS"


class RefundTooLarge(FailedPrecondition):
    """More would be given back than is left of the payment."""

    reason = "REFUND_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back of the payment that the ledger knows as `payment_external_id`; `external_id` is the refund's
    own and makes it safe to repeat. The amount is positive.
    """

    customer_id: UUID
    external_id: str
    payment_external_id: str
    amount: Money
    booked_on: date
    title: str = ""


@dataclass(frozen=True, slots=True)
class PostedRefund:
    """A refund in the ledger; `created` is false when it was there before."""

    entry_id: UUID
    created: bool


def post_refund(session: Session, refund: Refund, *, now: datetime) -> PostedRefund:
    """Post one refund. The same again is answered as known and changes nothing.

    Refuses: `Invalid` (amount not positive, day in the future, no id), `PaymentNotBooked`, `RefundDiffers`,
    `RefundTooLarge`.
    """
    faulty = violations_of(
        external_id=refund.external_id,
        amount_allowed=refund.amount > NOTHING,
        booked_on=refund.booked_on,
        today=warsaw_date(now),
        what="a refund",
    )
    if faulty is not None:
        raise faulty
    batch = open_batch(session, [refund.customer_id], now=now)
    known = stored.find_known(session, [refund.external_id, refund.payment_external_id])
    payment = known.get(refund.payment_external_id)
    if payment is None:
        raise PaymentNotBooked(external_id=refund.payment_external_id)
    if (payment.customer_id, payment.kind) != (refund.customer_id, EntryKind.PAYMENT):
        raise RefundDiffers(external_id=refund.external_id)
    uses = stored_allocations.list_uses(session, payment.entry_id)
    before = known.get(refund.external_id)
    if before is not None:
        if before.amount != refund.amount or before.entry_id not in {use.entry_id for use in uses}:
            raise RefundDiffers(external_id=refund.external_id)
        return PostedRefund(before.entry_id, created=False)
    left, paid = _left_of(payment, uses)
    if refund.amount > left.open + sum_money(one.amount for one in paid):
        raise RefundTooLarge(external_id=refund.external_id)

    account = batch.accounts[refund.customer_id]
    entry = add_entry(
        batch,
        account,
        kind=EntryKind.REFUND,
        amount=refund.amount,
        booked_on=refund.booked_on,
        external_id=refund.external_id,
        title=refund.title,
    )
    allocate(batch, account, take_refund(account, entry, left, paid))
    for one in paid:
        if not one.charge.open:  # Was paid and, by other credit, still is: nothing to announce.
            batch.paid.pop(one.charge.invoice_id, None)  # type: ignore[arg-type]
    write(session, batch)
    return PostedRefund(entry.entry_id, created=True)


def _left_of(payment: KnownEntry, uses: list[UseRow]) -> tuple[OpenEntry, list[Paid]]:
    """What is unused of a payment, and what it pays beside refunds: together, what can be given back."""
    day = payment.booked_on
    unused = -payment.amount - sum_money(use.paid for use in uses)
    paid = [
        Paid(
            OpenEntry(
                use.entry_id,
                use.open,
                use.order_day,
                use.booked_on,
                use.seq,
                use.counted_to,
                use.invoice_id,
            ),
            use.paid,
        )
        for use in uses
        if use.kind is not EntryKind.REFUND
    ]
    return OpenEntry(payment.entry_id, unused, day, day, payment.seq, day), paid
