"""What is open of a customer right now, read for a payment that is being started."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_PAYABLE = text("""
    SELECT e.invoice_id, i.number, coalesce(e.due_on, e.booked_on) AS due_on, e.amount - coalesce(u.used, 0) AS open
      FROM ledger_entries e
      LEFT JOIN (SELECT debit_entry_id, sum(amount) AS used FROM ledger_allocations
                  WHERE customer_id = :customer_id GROUP BY debit_entry_id) u ON u.debit_entry_id = e.entry_id
      LEFT JOIN invoices i ON i.invoice_id = e.invoice_id AND e.kind = 'CHARGE'
     WHERE e.customer_id = :customer_id AND e.amount >= 0
           AND (e.amount > coalesce(u.used, 0) OR i.invoice_id = ANY(:invoice_ids))
     ORDER BY due_on, e.booked_on, e.seq
""")


def list_payable(session: Session, customer_id: UUID, invoice_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """Everything with something open, the oldest due first, and the invoices asked for, open or not.

    A row without a number is no invoice: a correction. Only issued invoices have a charge, and only the customer's
    own are there.
    """
    given = {"customer_id": customer_id, "invoice_ids": list(invoice_ids)}
    return session.execute(_PAYABLE, given).all()
