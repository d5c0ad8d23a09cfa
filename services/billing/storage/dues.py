"""What is not paid yet, invoice by invoice: reads for reminders."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_DUE = """
    SELECT e.invoice_id, e.customer_id, i.number, e.due_on, e.amount - u.used AS open,
           coalesce(i.frozen #>> '{printed,payment,nrb}', '') AS account_number
      FROM ledger_entries e
      JOIN invoices i USING (invoice_id)
     CROSS JOIN LATERAL (SELECT coalesce(sum(a.amount), 0) AS used FROM ledger_allocations a
                          WHERE a.debit_entry_id = e.entry_id) u
     WHERE e.kind = 'CHARGE' AND e.amount > u.used AND
"""
_BETWEEN = text(
    _DUE
    + """ e.due_on BETWEEN :from_day AND :until_day AND (e.due_on, e.invoice_id) > (:after_day, :after_id)
     ORDER BY e.due_on, e.invoice_id LIMIT :size"""
)
_NAMED = text(_DUE + " e.invoice_id = ANY(CAST(:ids AS uuid[]))")
BEFORE_ALL = (date.min, UUID(int=0))


def list_due(
    session: Session, *, from_day: date, until_day: date, after: tuple[date, UUID] = BEFORE_ALL, size: int
) -> Sequence[Row[Any]]:
    """Invoices with something open that are due between two days, by due day and id, after one of them."""
    given = {"from_day": from_day, "until_day": until_day, "size": size}
    return session.execute(_BETWEEN, {**given, "after_day": after[0], "after_id": after[1]}).all()


def find_due(session: Session, invoice_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """Those of the invoices with something open."""
    return session.execute(_NAMED, {"ids": [*invoice_ids]}).all()
