"""Payments that the provider's own books hold, out of an import into the ledger."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy.orm import Session

from chassis.errors import Refusal
from chassis.money import Money
from services.billing.domain import ledger, masters
from services.billing.domain.rows import Batch, Outcome, RowFault, RowKind, RowReader, SourceRow, shown
from services.billing.storage.customers import Customer

AMOUNT_PLACES = 2
AMOUNT_LIMIT = Decimal(10) ** 11
# How the ledger begins the ids of what our own services post: a provider's ids may not pass for those.
OWN_IDS = ("payment:", "refund:", "correction:")
# What the ledger refuses, and the field of the row that it is about.
FIELDS = {"PAYMENT_DIFFERS": "amount", "UNKNOWN_INVOICE": "invoice_number"}


def take(session: Session, rows: Sequence[SourceRow], batch: Batch) -> None:
    """Post the payments of a batch, in their order.

    Refuses by row: UNKNOWN_CUSTOMER, UNKNOWN_INVOICE, PAYMENT_DIFFERS when the id is known with another amount or
    customer, OUT_OF_RANGE for what is not positive or booked in the future, MALFORMED for an id of our own kind.
    """
    wanted = {row.fields.get("customer_external_id", "").strip() for row in rows}
    masters.look_up(session, Customer, RowKind.CUSTOMER, wanted, batch)
    read = [(row, payment) for row in rows if (payment := _read(row, batch)) is not None]
    answers = ledger.post_payments(session, [payment for _, payment in read], now=batch.now)
    for (row, _), answer in zip(read, answers, strict=True):
        if isinstance(answer, Refusal):
            batch.refuse(row, _faults(row, answer))
        else:
            batch.count(row, Outcome.CREATED if answer.created else Outcome.UNCHANGED)


def _read(row: SourceRow, batch: Batch) -> ledger.Payment | None:
    reader = RowReader(row)
    external_id = reader.key("external_id")
    if external_id.startswith(OWN_IDS):
        reader.fault("external_id", "MALFORMED")
    customer = masters.refer(
        reader, batch, "customer_external_id", RowKind.CUSTOMER, unknown="UNKNOWN_CUSTOMER"
    )
    booked_on = reader.day("booked_on", required=True)
    amount = reader.decimal("amount", places=AMOUNT_PLACES, limit=AMOUNT_LIMIT)
    title = reader.text("title", length_max=140)
    invoice_number = reader.text("invoice_number", length_max=60)
    if reader.faults or customer is None or booked_on is None or amount is None:
        batch.refuse(row, reader.faults)
        return None
    return ledger.Payment(
        customer_id=customer.customer_id,
        external_id=external_id,
        amount=Money.rounded(amount),
        booked_on=booked_on,
        title=title,
        invoice_number=invoice_number or None,
    )


def _faults(row: SourceRow, refusal: Refusal) -> list[RowFault]:
    if refusal.violations:
        return [
            RowFault(one.field, one.reason, shown(row.fields.get(one.field, "")))
            for one in refusal.violations
        ]
    name = FIELDS.get(refusal.reason, "")
    return [RowFault(name, refusal.reason, shown(row.fields.get(name, "")))]
