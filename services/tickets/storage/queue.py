"""The queue in plain SQL: its page by key, and how many cases are in each of its views.

A case's `urgency` is its place; the bands below part the running clocks from the rest (`domain/urgency.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from chassis.database import Reader
from chassis.keyset import Page, Window, cut
from services.tickets.storage.areas import EVERYWHERE, WITHIN, Area
from services.tickets.storage.kinds import TicketKind, TicketStatus

BAND = 10**10  # Seconds since 1970 up to the year 2286.
NO_CLOCK, NOT_OURS, OVER = BAND, 2 * BAND, 3 * BAND
COUNTED_MAX = 1_000
QUEUE_KEY = (int, UUID)


class View(StrEnum):
    """Parts of the queue."""

    OPEN = "OPEN"
    MINE = "MINE"
    FREE = "FREE"
    LATE = "LATE"
    ALL = "ALL"


@dataclass(frozen=True)
class Search:
    """What is looked for; empty and None ask for nothing. `staff_id` is whose MINE is."""

    view: View
    staff_id: UUID | None
    now: datetime
    words: Sequence[str] = ()
    category_id: UUID | None = None
    kind: TicketKind | None = None
    status: TicketStatus | None = None
    commodity: str = ""
    area: Area = field(default=EVERYWHERE)


COLUMNS = (
    *("ticket_id", "number", "customer_id", "kind", "category_id", "category_names", "subject", "commodity"),
    *("status", "state", "state_names", "opened_at", "channel", "closed_at", "reopen_until", "rating"),
    *(
        "rating_comment",
        "changed_at",
        "customer_unread",
        "staff_unread",
        "follows_ticket_id",
        "follows_number",
    ),
    *(
        "assignee_id",
        "assignee_name",
        "days",
        "working_days",
        "sentences",
        "due_at",
        "waited_days",
        "paused_at",
    ),
    *("met_at", "clock_since", "customer_wrote_at", "urgency"),
)
_ROWS = (
    f"SELECT {', '.join(f't.{name}' for name in COLUMNS)},"  # noqa: S608 - constants
    " c.number AS customer_number, c.name AS customer_name"
    " FROM tickets t LEFT JOIN customers c USING (customer_id)"
)
_VIEWS = {
    View.OPEN: "t.urgency < %(over)s",
    View.MINE: "t.assignee_id = %(staff_id)s AND t.urgency < %(over)s",
    View.FREE: "t.assignee_id IS NULL AND t.urgency < %(over)s",
    View.LATE: "t.urgency < %(late)s",
    View.ALL: "true",
}
# Where a status stands in the queue: its rows lie together, and the others are not looked at.
_BANDS = {
    TicketStatus.NEW: "t.urgency < %(not_ours)s",
    TicketStatus.IN_PROGRESS: "t.urgency < %(not_ours)s",
    TicketStatus.WAITING: "t.urgency >= %(not_ours)s AND t.urgency < %(over)s",
    TicketStatus.ANSWERED: "t.urgency >= %(not_ours)s AND t.urgency < %(over)s",
    TicketStatus.CLOSED: "t.urgency >= %(over)s",
}


def list_queue(reader: Reader, search: Search, *, window: Window) -> Page:
    """Cases in the order of their urgency. Asked for the closed ones, the view shows those it would have shown open."""
    backward = window.before is not None
    key = window.before if backward else window.after
    where = _filters(search)
    if key is not None:
        where.append(f"(t.urgency, t.ticket_id) {'<' if backward else '>'} (%(urgency)s, %(ticket_id)s)")
    order = "DESC" if backward else "ASC"
    statement = (
        f"{_ROWS} WHERE {' AND '.join(where)} ORDER BY t.urgency {order}, t.ticket_id {order} LIMIT %(limit)s"
    )
    urgency, ticket_id = key if key is not None else (0, None)
    rows = reader.rows(
        statement,
        {**_values(search), "urgency": urgency, "ticket_id": ticket_id, "limit": window.size + 1},
    )
    return cut(list(rows), window)


def count_queue(reader: Reader, search: Search) -> Mapping[View, int]:
    """How many cases each view has, whatever is looked for; counted to COUNTED_MAX."""
    [row] = reader.rows(_COUNTS if search.area.is_everywhere else _COUNTS_WITHIN, _values(search))
    return {View.MINE: row.mine, View.FREE: row.free, View.LATE: row.late, View.OPEN: row.open}


def _filters(search: Search) -> list[str]:
    view = _VIEWS[search.view]
    if search.status is TicketStatus.CLOSED and search.view is not View.LATE:
        view = view.replace("t.urgency < %(over)s", "true")
    where = [view]
    if search.status is not None:
        where += [_BANDS[search.status], "t.status = %(status)s"]
    if search.category_id is not None:
        where.append("t.category_id = %(category_id)s")
    if search.kind is not None:
        where.append("t.kind = %(kind)s")
    if search.commodity:
        where.append("t.commodity = %(commodity)s")
    if search.words:
        where.append(
            "t.ticket_id IN (SELECT w.ticket_id FROM ticket_words w WHERE w.words @@ %(words)s::tsquery)"
        )
    if not search.area.is_everywhere:
        where.append(WITHIN)
    return where


def _values(search: Search) -> dict[str, Any]:
    return {
        "staff_id": search.staff_id,
        "late": int(search.now.timestamp()),
        "not_ours": NOT_OURS,
        "over": OVER,
        "status": search.status,
        "kind": search.kind,
        "category_id": search.category_id,
        "commodity": search.commodity,
        # Words have letters and digits alone: nothing in them means something in a tsquery.
        "words": " & ".join(f"'{word}':*" for word in search.words),
        **search.area.values,
    }


def _count(view: View, tables: str, within: str) -> str:
    rows = f"SELECT 1 FROM {tables} WHERE {_VIEWS[view]}{within} LIMIT {COUNTED_MAX}"  # noqa: S608 - constants
    return f"(SELECT count(*) FROM ({rows}) counted) AS {view.value.lower()}"  # noqa: S608 - constants


_COUNTED = (View.MINE, View.FREE, View.LATE, View.OPEN)
_COUNTS = "SELECT " + ", ".join(_count(view, "tickets t", "") for view in _COUNTED)
_COUNTS_WITHIN = "SELECT " + ", ".join(
    _count(view, "tickets t LEFT JOIN customers c USING (customer_id)", f" AND {WITHIN}") for view in _COUNTED
)
