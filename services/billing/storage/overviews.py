"""What the first page shows of money and of readings to hand in, in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Reader
from services.billing.storage.invoice_lists import LISTED, NEWEST_FIRST
from services.billing.storage.readable_meters import WANTED
from services.billing.storage.statements import BALANCE, BalanceRow, balance_of


@dataclass(frozen=True, slots=True)
class OverviewRows:
    """The balance, the newest invoices as `invoice_lists.list_issued` has them, and a row of `WANTED`."""

    balance: BalanceRow
    last_invoices: Sequence[Any]
    wanted: Any | None


# In one line it is short enough for the driver to remember how it reads it (4096 characters).
_OVERVIEW = " ".join(
    f"""
    SELECT *
      FROM ({BALANCE}) AS balance
      LEFT JOIN ({WANTED}) AS wanted ON true
      LEFT JOIN ({LISTED} {NEWEST_FIRST}) AS last ON true
     ORDER BY last.issued_at DESC, last.invoice_id DESC
""".split()  # noqa: S608 - parts of our own, no input
)


def get_overview(reader: Reader, customer_id: UUID, *, today: date, limit: int) -> OverviewRows:
    """With at most `limit` invoices."""
    rows = reader.rows(_OVERVIEW, {"customer_id": customer_id, "today": today, "limit": limit})
    first = rows[0]
    return OverviewRows(
        balance=balance_of(first),
        last_invoices=rows if first.invoice_id is not None else (),
        wanted=first if first.meter_id is not None else None,
    )
