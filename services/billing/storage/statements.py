"""Reads over the ledger for pages: balance, statement, charges. Each is one query, each number a sum over entries."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from chassis.database import Reader
from chassis.money import Money


class BalanceRow(NamedTuple):
    """The sum of a customer's ledger and what is open of it, with what the first page shows beside.

    Of each open charge the due day, what is open, and the id of its invoice as text.
    """

    balance: Money
    open_charges: Sequence[tuple[date, Money, str | None]]
    last_payment_on: date | None
    last_payment: Money | None
    invoice_count: int
    as_of: datetime | None


BALANCE = """
    WITH used AS (
        SELECT debit_entry_id, sum(amount) AS used FROM ledger_allocations
         WHERE customer_id = %(customer_id)s GROUP BY debit_entry_id),
    entries AS (
        SELECT e.amount, e.booked_on, e.seq, e.invoice_id, coalesce(e.due_on, e.booked_on) AS due,
               e.amount - coalesce(u.used, 0) AS open
          FROM ledger_entries e LEFT JOIN used u ON u.debit_entry_id = e.entry_id
         WHERE e.customer_id = %(customer_id)s)
    SELECT coalesce(sum(amount), 0) AS balance,
           json_agg(json_build_array(due, booked_on, seq, open, invoice_id))
                    FILTER (WHERE amount > 0 AND open > 0) AS open_charges,
           (SELECT json_build_array(booked_on, amount) FROM ledger_entries
             WHERE customer_id = %(customer_id)s AND kind = 'PAYMENT'
             ORDER BY booked_on DESC, seq DESC LIMIT 1) AS last_payment,
           (SELECT count(*) FROM invoices WHERE customer_id = %(customer_id)s AND status = 'ISSUED') AS invoice_count,
           (SELECT as_of FROM customers WHERE customer_id = %(customer_id)s) AS as_of
      FROM entries
"""
_BALANCE = f"SELECT row_to_json(b)::text AS balance FROM ({BALANCE}) AS b"  # noqa: S608 - a part of our own, no input


def get_balance(reader: Reader, customer_id: UUID) -> BalanceRow:
    """What a customer owes; open charges by due day, the oldest first. Nothing, for one without entries."""
    [row] = reader.rows(_BALANCE, {"customer_id": customer_id})
    return balance_of(json.loads(row.balance))


def balance_of(told: Mapping[str, Any]) -> BalanceRow:
    """A row of `BALANCE`, read from JSON."""
    paid_on, paid = told["last_payment"] or (None, None)
    as_of = told["as_of"]
    return BalanceRow(
        balance=Money(told["balance"]),
        open_charges=[
            (date.fromisoformat(due), Money(open_amount), invoice_id)
            for due, _, _, open_amount, invoice_id in sorted(told["open_charges"] or ())
        ],
        last_payment_on=date.fromisoformat(paid_on) if paid_on else None,
        last_payment=None if paid is None else Money(-paid),
        invoice_count=told["invoice_count"],
        as_of=datetime.fromisoformat(as_of) if as_of else None,
    )


@dataclass(frozen=True, slots=True)
class StatementRows:
    """Entries of some days in the order of booking, `balance_after` beside each, and the balance before them."""

    opening: Money
    entries: Sequence[Row[Any]]


_STATEMENT = text("""
    WITH entries AS (
        SELECT e.*, sum(e.amount) OVER (ORDER BY e.booked_on, e.seq) AS balance_after
          FROM ledger_entries e
         WHERE e.customer_id = :customer_id AND e.booked_on <= :until_day),
    shown AS (
        SELECT * FROM entries WHERE booked_on >= :from_day ORDER BY booked_on, seq LIMIT :limit)
    SELECT (SELECT coalesce(sum(amount), 0) FROM entries WHERE booked_on < :from_day) AS opening,
           s.entry_id, s.kind, s.booked_on, s.amount, s.balance_after, s.invoice_id, s.title, s.due_on,
           s.external_id,
           i.number AS invoice_number, i.period_from, i.period_to,
           s.amount - (SELECT coalesce(sum(a.amount), 0) FROM ledger_allocations a
                        WHERE a.debit_entry_id = s.entry_id) AS open
      FROM (SELECT 1) AS one
      LEFT JOIN shown s ON true
      LEFT JOIN invoices i USING (invoice_id)
     ORDER BY s.booked_on, s.seq
""")


def get_statement(
    session: Session, customer_id: UUID, *, from_day: date, until_day: date, limit: int
) -> StatementRows:
    """At most `limit` entries of the days, both included."""
    given = {"customer_id": customer_id, "from_day": from_day, "until_day": until_day, "limit": limit}
    rows = session.execute(_STATEMENT, given).all()
    return StatementRows(Money(int(rows[0].opening)), [row for row in rows if row.entry_id is not None])


_CHARGES = text("""
    SELECT EXTRACT(MONTH FROM i.issued_on)::int AS month, g.commodity, sum(g.gross)::bigint AS gross
      FROM invoices i
     CROSS JOIN LATERAL jsonb_to_recordset(i.frozen -> 'gross') AS g(commodity text, gross bigint)
     WHERE i.customer_id = :customer_id AND i.status = 'ISSUED'
           AND i.issued_on >= make_date(:year, 1, 1) AND i.issued_on < make_date(:year + 1, 1, 1)
     GROUP BY month, g.commodity
     ORDER BY month, g.commodity <> 'WATER', g.commodity
""")


def list_charges(session: Session, customer_id: UUID, *, year: int) -> Sequence[Row[Any]]:
    """Gross charges of a year by month of issue and commodity, in order."""
    return session.execute(_CHARGES, {"customer_id": customer_id, "year": year}).all()
