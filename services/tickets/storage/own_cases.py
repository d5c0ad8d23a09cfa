"""A customer's cases in plain SQL, a page by key together with their counts: every first page asks for them."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from chassis.database import Reader
from chassis.keyset import Page, Window, cut
from services.tickets.storage.queue import COLUMNS

OWN_KEY = (int, datetime, UUID)

_FALLING, _RISING = (f"has_news {way}, opened_at {way}, ticket_id {way}" for way in ("DESC", "ASC"))
_COUNTS = """
    SELECT count(*) FILTER (WHERE status <> 'CLOSED') AS open_count,
           count(*) FILTER (WHERE customer_unread > 0) AS unread_count
      FROM tickets WHERE customer_id = %(customer_id)s
"""
_CASES = f"""
    SELECT {", ".join(COLUMNS)}, (customer_unread > 0)::int AS has_news
      FROM tickets WHERE customer_id = %(customer_id)s
"""  # noqa: S608 - constants
_KEY = "((customer_unread > 0)::int, opened_at, ticket_id)"
_GIVEN_KEY = "(%(has_news)s, %(opened_at)s, %(ticket_id)s)"


@cache
def _statement(*, open_only: bool, backward: bool, given: bool) -> str:
    order = _RISING if backward else _FALLING
    open_ = " AND status <> 'CLOSED'" if open_only else ""
    beyond = f" AND {_KEY} {'>' if backward else '<'} {_GIVEN_KEY}" if given else ""
    cases = f"{_CASES}{open_}{beyond} ORDER BY {order} LIMIT %(limit)s"
    return f"SELECT * FROM ({_COUNTS}) AS counts LEFT JOIN ({cases}) AS cases ON true ORDER BY {order}"  # noqa: S608 - constants


def list_of_customer(
    reader: Reader, customer_id: UUID, *, open_only: bool, window: Window
) -> tuple[Page, int, int]:
    """Those with something new first, then the newest; and how many are open, and in how many there is something new.

    Rows are as of the queue, with `has_news`, 1 or 0.
    """
    backward = window.before is not None
    key = window.before if backward else window.after
    statement = _statement(open_only=open_only, backward=backward, given=key is not None)
    has_news, opened_at, ticket_id = key or (None, None, None)
    values: dict[str, Any] = {
        "customer_id": customer_id,
        "has_news": has_news,
        "opened_at": opened_at,
        "ticket_id": ticket_id,
        "limit": window.size + 1,
    }
    rows = reader.rows(statement, values)
    found = [row for row in rows if row.ticket_id is not None]
    return cut(found, window), rows[0].open_count, rows[0].unread_count
