"""A bare queue: gRPC and PostgreSQL, the two statements of our own queue, prepared, and the same messages packed.

No token, no field rules, no audit, no logs; psycopg with AUTOCOMMIT and a connection for each thread.
`python -m bench.bare.queue PORT URL` serves it. Everything is the first page of all open cases; words are searched for when
there are any.
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import grpc
import psycopg
from ebok.common.v1.paging_pb2 import PageResponse
from ebok.tickets.v1 import desk_pb2, tickets_pb2
from google.protobuf.timestamp_pb2 import Timestamp

OVER = 30_000_000_000
PAGE = """
    SELECT t.ticket_id, t.number, t.customer_id, t.kind, t.category_id, t.category_names, t.subject, t.commodity,
           t.status, t.state, t.state_names, t.opened_at, t.channel, t.changed_at, t.staff_unread, t.assignee_id,
           t.assignee_name, t.days, t.working_days, t.sentences, t.due_at, t.customer_wrote_at, t.urgency,
           c.number, c.name
      FROM tickets t LEFT JOIN customers c USING (customer_id)
     WHERE t.urgency < 30000000000 {found} ORDER BY t.urgency, t.ticket_id LIMIT %(limit)s
"""
FOUND = "AND t.ticket_id IN (SELECT w.ticket_id FROM ticket_words w WHERE w.words @@ %(words)s::tsquery)"
COUNTED = "(SELECT count(*) FROM (SELECT 1 FROM tickets WHERE {} LIMIT 1000) counted)"
COUNTS = "SELECT " + ", ".join(
    COUNTED.format(view)
    for view in (
        "assignee_id = %(staff_id)s AND urgency < 30000000000",
        "assignee_id IS NULL AND urgency < 30000000000",
        "urgency < %(late)s",
        "urgency < 30000000000",
    )
)
KINDS: dict[str, Any] = {
    name: tickets_pb2.TicketKind.Value(f"TICKET_KIND_{name}") for name in ("COMPLAINT", "QUESTION", "FAULT")
}
STATUSES: dict[str, Any] = {
    name: tickets_pb2.TicketStatus.Value(f"TICKET_STATUS_{name}")
    for name in ("NEW", "IN_PROGRESS", "WAITING")
}
_threads = threading.local()
URL = ""


def _connection() -> psycopg.Connection[Any]:
    if not hasattr(_threads, "connection"):
        _threads.connection = psycopg.connect(URL, autocommit=True, prepare_threshold=1)
    connection: psycopg.Connection[Any] = _threads.connection
    return connection


def list_queue(request: Any, _: Any) -> desk_pb2.ListQueueResponse:
    """Two statements."""
    now = datetime.now(UTC)
    words = " & ".join(f"'{word}':*" for word in request.query.split())
    size = request.page.page_size or 20
    values = {"limit": size + 1, "words": words, "staff_id": None, "late": int(now.timestamp())}
    rows = _connection().execute(PAGE.format(found=FOUND if words else ""), values).fetchall()
    mine, free, late, everything = _connection().execute(COUNTS, values).fetchall()[0]
    return desk_pb2.ListQueueResponse(
        tickets=[_packed(row, now) for row in rows[:size]],
        page=PageResponse(next_cursor=f"{rows[-1][22]}/{rows[-1][0]}" if len(rows) > size else ""),
        counts=desk_pb2.QueueCounts(mine=mine, free=free, late=late, open=everything),
    )


def _packed(row: tuple[Any, ...], now: datetime) -> desk_pb2.QueuedTicket:
    clock = None
    if row[20] is not None:
        clock = tickets_pb2.Clock(
            due_at=_stamp(row[20]),
            days_total=row[17],
            days_gone=min(row[17], (now.date() - row[11].date()).days),
            working_days=row[18],
            is_late=row[20] < now,
            sentences=row[19],
        )
    ticket = tickets_pb2.Ticket(
        ticket_id=str(row[0]),
        number=row[1],
        customer_id=str(row[2]),
        kind=KINDS[row[3]],
        category_id=str(row[4]),
        category_names=row[5],
        subject=row[6],
        commodity=row[7],
        status=STATUSES[row[8]],
        state=row[9],
        state_names=row[10],
        opened_at=_stamp(row[11]),
        channel=tickets_pb2.CHANNEL_PORTAL,
        changed_at=_stamp(row[13]),
        unread_count=row[14],
        assignee_name=row[16],
        clock=clock,
    )
    return desk_pb2.QueuedTicket(
        ticket=ticket,
        customer_number=row[23],
        customer_name=row[24],
        assignee_id=str(row[15] or ""),
        customer_wrote_at=_stamp(row[21]) if row[21] is not None else None,
    )


def _stamp(value: datetime) -> Timestamp:
    return Timestamp(seconds=int(value.timestamp()), nanos=value.microsecond * 1000)


def main(port: str, url: str) -> None:
    """Serve until killed."""
    global URL  # noqa: PLW0603 - a program of one screen
    URL = url
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
    handler: Any = grpc.unary_unary_rpc_method_handler(
        list_queue, desk_pb2.ListQueueRequest.FromString, lambda answer: answer.SerializeToString()
    )
    service = "ebok.tickets.v1.TicketDeskService"
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"ListQueue": handler})])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
