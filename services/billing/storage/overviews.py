"""What the first page shows of money, of use and of readings to hand in, in one statement."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Reader
from services.billing.storage.invoice_lists import LISTED, NEWEST_FIRST
from services.billing.storage.readable_meters import WANTED
from services.billing.storage.service_points import OWN
from services.billing.storage.statements import BALANCE, BalanceRow, balance_of
from services.billing.storage.usage import METERS_WITH_MONTHS


class OverviewRows(NamedTuple):
    """The balance, the newest invoices as `invoice_lists.list_issued` has them, a row of `WANTED`, and those of
    `METERS_WITH_MONTHS`.
    """

    balance: BalanceRow
    last_invoices: Sequence[Any]
    wanted: Any | None
    meters: Sequence[Any]


# What is there once is one text beside each invoice: the driver asks how to read each column, and reads it in each row.
_OVERVIEW = f"""
      WITH {OWN}
    SELECT once.told, last.*
      FROM (SELECT row_to_json(parts)::text AS told
              FROM (SELECT (SELECT row_to_json(b) FROM ({BALANCE}) AS b) AS balance,
                           (SELECT row_to_json(w) FROM ({WANTED}) AS w) AS wanted,
                           (SELECT json_agg(m) FROM ({METERS_WITH_MONTHS}) AS m) AS meters) AS parts) AS once
      LEFT JOIN ({LISTED} {NEWEST_FIRST}) AS last ON true
     ORDER BY last.issued_at DESC, last.invoice_id DESC
"""  # noqa: S608 - parts of our own, no input
_READER = json.JSONDecoder(parse_float=Decimal)
_DAYS = (
    "closes_on", "installed_on", "removed_on", "last_read_on", "first_used_on", "last_used_on",
)  # fmt: skip


def get_overview(reader: Reader, customer_id: UUID, *, today: date, limit: int) -> OverviewRows:
    """With at most `limit` invoices."""
    rows = reader.rows(_OVERVIEW, {"customer_id": customer_id, "today": today, "limit": limit})
    once = _READER.decode(rows[0].told)
    return OverviewRows(
        balance=balance_of(once["balance"]),
        last_invoices=rows if rows[0].invoice_id is not None else (),
        wanted=_row(once["wanted"]) if once["wanted"] else None,
        meters=[_row(meter) for meter in once["meters"] or ()],
    )


def _row(told: dict[str, Any]) -> Any:
    """What JSON tells of a row, as a row that the driver read."""
    for name in _DAYS:
        if told.get(name):
            told[name] = date.fromisoformat(told[name])
    return SimpleNamespace(**told)
