"""Reads of issued invoices for their customers, with what the ledger says of each in the same query."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Row, Select
from sqlalchemy.orm import Session

from chassis.database import Reader
from chassis.keyset import Page, Window, cut
from services.billing.storage.invoices import LIST_COLUMNS, Invoice, InvoiceStatus
from services.billing.storage.ledger import EntryKind, LedgerAllocation, LedgerEntry
from services.billing.storage.service_points import OWN

_USED = (
    sa.select(
        sa.func.coalesce(sa.func.sum(LedgerAllocation.amount), 0).label("used"),
        sa.func.max(LedgerAllocation.counts_from).label("last_on"),
    )
    .where(LedgerAllocation.debit_entry_id == LedgerEntry.entry_id)
    .lateral("used")
)
# Plain integers here: Money has no arithmetic in SQL.
_OPEN = sa.type_coerce(LedgerEntry.amount, sa.BigInteger) - sa.type_coerce(_USED.c.used, sa.BigInteger)
_WITH_PAID = (
    _OPEN.label("open_grosze"),
    sa.case((_OPEN == 0, sa.func.coalesce(_USED.c.last_on, LedgerEntry.booked_on))).label("paid_on"),
)


def _issued(customer_id: UUID, *columns: Any) -> Select[Any]:
    return (
        sa.select(*LIST_COLUMNS, *_WITH_PAID, *columns)
        .join(
            LedgerEntry,
            sa.and_(LedgerEntry.invoice_id == Invoice.invoice_id, LedgerEntry.kind == EntryKind.CHARGE),
        )
        .join(_USED, sa.true())
        .where(Invoice.customer_id == customer_id, Invoice.status == InvoiceStatus.ISSUED)
    )


_YEARS = """
    SELECT DISTINCT EXTRACT(YEAR FROM issued_on)::int AS year FROM invoices
     WHERE customer_id = %(customer_id)s AND status = 'ISSUED' ORDER BY year DESC
"""
_COLUMNS = """
    SELECT i.invoice_id, i.customer_id, i.number, i.status, i.period_from, i.period_to, i.issued_at, i.issued_on,
           i.due_on, i.total_net, i.total_vat, i.total_gross, i.customer_number, i.customer_name,
           e.amount - u.used AS open_grosze,
           CASE WHEN e.amount = u.used THEN coalesce(u.last_on, e.booked_on) END AS paid_on,
           CASE WHEN (SELECT count(DISTINCT premises_id) > 1 FROM own)
                THEN i.frozen ->> 'premises_line' ELSE '' END AS premises_line
"""
_FROM = """
      FROM invoices i
      JOIN ledger_entries e ON e.invoice_id = i.invoice_id AND e.kind = 'CHARGE'
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(a.amount), 0) AS used, max(a.counts_from) AS last_on
             FROM ledger_allocations a WHERE a.debit_entry_id = e.entry_id) u
     WHERE i.customer_id = %(customer_id)s AND i.status = 'ISSUED'
"""
LISTED = _COLUMNS + _FROM  # It is asked with `OWN`.
LISTED_WITH_YEARS = f"WITH {OWN} {_COLUMNS}, ARRAY({_YEARS}) AS years {_FROM}"
_IN_STATE = {
    "PAID": "AND e.amount = u.used",
    "OVERDUE": "AND e.amount > u.used AND i.due_on < %(today)s",
    "DUE": "AND i.total_gross > 0 AND i.total_gross = e.amount - u.used AND i.due_on >= %(today)s",
    "PART_PAID": "AND e.amount > u.used AND i.total_gross > e.amount - u.used AND i.due_on >= %(today)s",
}
_IN_YEAR = "AND i.issued_on >= make_date(%(year)s, 1, 1) AND i.issued_on < make_date(%(year)s + 1, 1, 1)"
_AMONG = "AND i.invoice_id = ANY(%(only)s)"
_OLDER = "AND (i.issued_at, i.invoice_id) < (%(issued_at)s, %(invoice_id)s)"
_NEWER = "AND (i.issued_at, i.invoice_id) > (%(issued_at)s, %(invoice_id)s)"
NEWEST_FIRST = "ORDER BY i.issued_at DESC, i.invoice_id DESC LIMIT %(limit)s"
_OLDEST_FIRST = "ORDER BY i.issued_at, i.invoice_id LIMIT %(limit)s"


@cache
def _statement(*, in_year: bool, state: str | None, among: bool, backward: bool, given: bool) -> str:
    return " ".join(
        [
            LISTED_WITH_YEARS,
            _IN_YEAR if in_year else "",
            _IN_STATE[state] if state else "",
            _AMONG if among else "",
            "" if not given else _NEWER if backward else _OLDER,
            _OLDEST_FIRST if backward else NEWEST_FIRST,
        ]
    )


def list_issued(
    reader: Reader,
    customer_id: UUID,
    *,
    window: Window,
    year: int | None = None,
    state: str | None = None,
    only: Sequence[UUID] = (),
    today: date,
) -> Page:
    """A customer's invoices, the newest first; `state` is a PaidState, `only` are ids; empty: all.

    `open_grosze`: what is open of each.
    `premises_line`: the address, where the customer's contracts are for more than one; else empty.
    Each has `years`, which are those of `list_years`: a list has them from its first row.
    """
    backward = window.before is not None
    issued_at, invoice_id = window.before or window.after or (None, None)
    statement = _statement(
        in_year=bool(year), state=state, among=bool(only), backward=backward, given=issued_at is not None
    )
    values = {
        "customer_id": customer_id,
        "year": year,
        "only": only,
        "today": today,
        "issued_at": issued_at,
        "invoice_id": invoice_id,
        "limit": window.size + 1,
    }
    return cut([*reader.rows(statement, values)], window)


def list_years(reader: Reader, customer_id: UUID) -> list[int]:
    """Years of issue of a customer's invoices, the newest first."""
    return [row.year for row in reader.rows(_YEARS, {"customer_id": customer_id})]


def find_issued(session: Session, customer_id: UUID, invoice_id: UUID) -> Row[Any] | None:
    """One issued invoice of the customer with its document; None for anybody else's, and for drafts."""
    statement = _issued(customer_id, Invoice.frozen).where(Invoice.invoice_id == invoice_id)
    return session.execute(statement).first()


def list_documents(session: Session, customer_id: UUID, invoice_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """Number and document of those invoices that are issued and the customer's."""
    statement = sa.select(Invoice.invoice_id, Invoice.number, Invoice.frozen).where(
        Invoice.customer_id == customer_id,
        Invoice.status == InvoiceStatus.ISSUED,
        Invoice.invoice_id.in_(invoice_ids),
    )
    return session.execute(statement).all()


def find_of_run(session: Session, run_id: UUID, invoice_id: UUID) -> Row[Any] | None:
    """One draft or invoice of a run with its document."""
    statement: Select[Any] = sa.select(*LIST_COLUMNS, Invoice.frozen).where(
        Invoice.run_id == run_id, Invoice.invoice_id == invoice_id
    )
    return session.execute(statement).first()
