"""Finding customers by anything one knows of them, and what the console's first page counts."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, or_, select, text
from sqlalchemy.orm import Session

from chassis.actors import EVERYWHERE, Area
from chassis.keyset import Page, Window, fetch_page
from services.billing.storage.areas import covered
from services.billing.storage.customers import Customer, CustomerKind
from services.billing.storage.invoices import Invoice

SEARCH_KEY = (str, UUID)
_HAYSTACK = Customer.search_own + " " + Customer.search_places
# Asked for one customer after the other, in the order of the list, until the page is full.
_IN_ARREARS = text("""
    EXISTS (SELECT 1 FROM ledger_entries e
             WHERE e.customer_id = customers.customer_id AND e.amount > 0
               AND coalesce(e.due_on, e.booked_on) < :today
               AND e.amount > (SELECT coalesce(sum(a.amount), 0) FROM ledger_allocations a
                                WHERE a.debit_entry_id = e.entry_id))
""")


def search_customers(
    session: Session,
    *,
    words: Sequence[str],
    invoice_numbers: dict[str, str],
    kind: CustomerKind | None,
    in_arrears_on: date | None,
    by_number: bool,
    window: Window,
    area: Area = EVERYWHERE,
) -> Page:
    """Customers of whom every folded word is known, in Polish order of names or by number.

    `invoice_numbers` are the words that may be numbers of invoices, as those are written. `in_arrears_on`: only
    those who owe something that was due before this day.
    """
    statement = select(Customer.__table__)
    owners = _owners(session, set(invoice_numbers.values()))
    for word in words:
        found: ColumnElement[bool] = _HAYSTACK.contains(word, autoescape=True)
        if invoice_numbers.get(word) in owners:
            found = or_(found, Customer.customer_id.in_(owners[invoice_numbers[word]]))
        statement = statement.where(found)
    if kind is not None:
        statement = statement.where(Customer.kind == kind)
    if in_arrears_on is not None:
        statement = statement.where(_IN_ARREARS.bindparams(today=in_arrears_on))
    if not area.is_whole:
        statement = statement.where(covered(area))
    keys = (Customer.number,) if by_number else (Customer.sort_name,)
    return fetch_page(session, statement, keys=(*keys, Customer.customer_id), window=window)


def _owners(session: Session, numbers: set[str]) -> dict[str, list[Any]]:
    if not numbers:
        return {}
    statement = select(Invoice.number, Invoice.customer_id).where(Invoice.number.in_(sorted(numbers)))
    owners: dict[str, list[Any]] = {}
    for row in session.execute(statement):
        owners.setdefault(str(row.number), []).append(row.customer_id)
    return owners


def count_desk(session: Session, *, today: date) -> Row[Any]:
    """The counts of the console's first page that need no ledger and no run, in one query."""
    month = today.replace(day=1)
    return session.execute(_DESK, {"today": today, "month": month}).one()


_DESK = text("""
    SELECT (SELECT count(*) FROM customers) AS customer_count,
           (SELECT count(*) FROM meters
             WHERE installed_on <= :today AND (removed_on IS NULL OR removed_on >= :today)) AS meter_count,
           (SELECT count(*) FROM readings WHERE status = 'SUBMITTED') AS readings_waiting,
           (SELECT CAST(coalesce(sum(open_reject_count), 0) AS bigint) FROM imports
             WHERE open_reject_count > 0) AS rejected_rows,
           (SELECT count(*) FROM invoices
             WHERE status = 'ISSUED' AND issued_on BETWEEN :month AND :today) AS invoices_this_month,
           (SELECT coalesce(sum(total_gross), 0) FROM invoices
             WHERE status = 'ISSUED' AND issued_on BETWEEN :month AND :today) AS issued_this_month,
           (SELECT max(as_of) FROM imports
             WHERE NOT dry_run AND created_count + changed_count + unchanged_count > 0) AS newest_data_at
""")
