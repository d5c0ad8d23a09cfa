"""Reads of single allocations: what one payment pays now, and the audit of what was put where and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Row, Select, text
from sqlalchemy.orm import Session

from chassis.keyset import Page, Window, fetch_page
from chassis.money import Money
from services.billing.storage.invoices import Invoice
from services.billing.storage.ledger import EntryKind, LedgerAllocation, LedgerEntry


@dataclass(frozen=True, slots=True)
class UseRow:
    """What a payment pays of an entry now, net of what was taken back; `open` and `counted_to` are the entry's."""

    entry_id: UUID
    kind: EntryKind
    paid: Money
    open: Money
    order_day: date
    booked_on: date
    seq: int
    counted_to: date
    invoice_id: UUID | None


_USES = text("""
    SELECT d.entry_id, d.kind, p.paid, d.amount - t.used AS open, coalesce(d.due_on, d.booked_on) AS order_day,
           d.booked_on, d.seq, t.last_on AS counted_to, d.invoice_id
      FROM (SELECT debit_entry_id, sum(amount) AS paid FROM ledger_allocations
             WHERE credit_entry_id = :entry_id GROUP BY debit_entry_id HAVING sum(amount) > 0) p
      JOIN ledger_entries d ON d.entry_id = p.debit_entry_id
     CROSS JOIN LATERAL (
           SELECT sum(a.amount) AS used, max(a.counts_from) AS last_on
             FROM ledger_allocations a WHERE a.debit_entry_id = d.entry_id) t
     ORDER BY d.seq
""")


def list_uses(session: Session, payment_entry_id: UUID) -> list[UseRow]:
    """All that a payment pays now, refunds of it included."""
    return [
        UseRow(
            entry_id=row.entry_id,
            kind=EntryKind(row.kind),
            paid=Money(int(row.paid)),
            open=Money(int(row.open)),
            order_day=row.order_day,
            booked_on=row.booked_on,
            seq=row.seq,
            counted_to=row.counted_to,
            invoice_id=row.invoice_id,
        )
        for row in session.execute(_USES, {"entry_id": payment_entry_id})
    ]


_ENTRY_COLUMNS: tuple[Any, ...] = (
    LedgerEntry.entry_id,
    LedgerEntry.kind,
    LedgerEntry.booked_on,
    LedgerEntry.amount,
    LedgerEntry.invoice_id,
    LedgerEntry.external_id,
    LedgerEntry.title,
    LedgerEntry.due_on,
    Invoice.number.label("invoice_number"),
    Invoice.period_from,
    Invoice.period_to,
)


def find_entry(
    session: Session, customer_id: UUID, *, entry_id: UUID | None, invoice_id: UUID | None
) -> Row[Any] | None:
    """An entry of the customer by its id, or the charge of an invoice; None for anybody else's."""
    named = (
        LedgerEntry.entry_id == entry_id
        if entry_id is not None
        else sa.and_(LedgerEntry.invoice_id == invoice_id, LedgerEntry.kind == EntryKind.CHARGE)
    )
    statement = (
        sa.select(*_ENTRY_COLUMNS)
        .outerjoin(Invoice, Invoice.invoice_id == LedgerEntry.invoice_id)
        .where(LedgerEntry.customer_id == customer_id, named)
    )
    return session.execute(statement).first()


def list_allocations(session: Session, entry_id: UUID, *, window: Window) -> Page:
    """What was put to an entry and taken from it, the oldest first, with the entry on the other side of each."""
    other = sa.case(
        (LedgerAllocation.debit_entry_id == entry_id, LedgerAllocation.credit_entry_id),
        else_=LedgerAllocation.debit_entry_id,
    )
    statement: Select[Any] = (
        sa.select(
            LedgerAllocation.allocation_id,
            LedgerAllocation.amount.label("allocated"),
            LedgerAllocation.counts_from,
            LedgerAllocation.reason,
            LedgerAllocation.created_at,
            *_ENTRY_COLUMNS,
        )
        .join(LedgerEntry, LedgerEntry.entry_id == other)
        .outerjoin(Invoice, Invoice.invoice_id == LedgerEntry.invoice_id)
        .where(
            sa.or_(LedgerAllocation.debit_entry_id == entry_id, LedgerAllocation.credit_entry_id == entry_id)
        )
    )
    return fetch_page(session, statement, keys=(LedgerAllocation.allocation_id,), window=window)


def list_refunded(session: Session, entry_ids: Sequence[UUID]) -> dict[UUID, str]:
    """By entry of a refund: the id that others gave the payment it was taken from."""
    if not entry_ids:
        return {}
    statement = (
        sa.select(LedgerAllocation.debit_entry_id, LedgerEntry.external_id)
        .join(LedgerEntry, LedgerEntry.entry_id == LedgerAllocation.credit_entry_id)
        .where(LedgerAllocation.debit_entry_id.in_(list(entry_ids)))
    )
    return {row.debit_entry_id: row.external_id or "" for row in session.execute(statement)}
