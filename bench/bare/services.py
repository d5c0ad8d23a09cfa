"""The bare services behind the bare pages: gRPC and PostgreSQL, a few prepared queries each, nothing else.

The same messages as ours carry the same data. No token, no field rules, no logs; psycopg with AUTOCOMMIT and a connection
for each thread. `python -m bench.bare.services PORT URL` serves all of them.
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import grpc
import psycopg
from ebok.billing.v1 import invoices_pb2, ledger_pb2, meters_pb2, readings_pb2
from ebok.common.v1.money_pb2 import Money
from ebok.common.v1.paging_pb2 import PageResponse
from ebok.identity.v1 import sessions_pb2
from ebok.notify.v1 import announcements_pb2
from ebok.tickets.v1 import tickets_pb2
from google.type.date_pb2 import Date

_threads = threading.local()
URL = ""


def _connection() -> psycopg.Connection[Any]:
    if not hasattr(_threads, "connection"):
        _threads.connection = psycopg.connect(URL, autocommit=True, prepare_threshold=1)
    connection: psycopg.Connection[Any] = _threads.connection
    return connection


def _day(value: date) -> Date:
    return Date(year=value.year, month=value.month, day=value.day)


def check_session(request: Any, _: Any) -> sessions_pb2.CheckSessionResponse:
    """One indexed query."""
    [(customer_id, name)] = (
        _connection()
        .execute("SELECT customer_id, name FROM bare_session WHERE token = %s", (request.session_token,))
        .fetchall()
    )
    answer = sessions_pb2.CheckSessionResponse(customer_id=customer_id, actor_token="x" * 400)
    answer.user.name = name
    return answer


INVOICES = """
    SELECT i.invoice_id, i.number, i.total, i.due_on, i.period_from, i.period_to,
           i.total - coalesce((SELECT sum(amount) FROM bare_allocation a WHERE a.invoice_id = i.invoice_id), 0)
    FROM bare_invoice i WHERE i.customer_id = %s ORDER BY i.issued_on DESC LIMIT %s
"""


def _invoices(customer_id: str, limit: int) -> list[invoices_pb2.Invoice]:
    rows = _connection().execute(INVOICES, (customer_id, limit)).fetchall()
    return [
        invoices_pb2.Invoice(
            invoice_id=str(row[0]),
            number=row[1],
            total_gross=Money(grosze=row[2]),
            due_on=_day(row[3]),
            period_from=_day(row[4]),
            period_to=_day(row[5]),
            open_amount=Money(grosze=int(row[6])),
        )
        for row in rows
    ]


def get_overview(request: Any, _: Any) -> ledger_pb2.GetOverviewResponse:
    """Three queries: balance, use, last invoices."""
    connection = _connection()
    total, count = connection.execute(
        "SELECT sum(amount), count(*) FROM bare_entry WHERE customer_id = %s", (request.customer_id,)
    ).fetchall()[0]
    use = connection.execute(
        "SELECT year, month, used FROM bare_use WHERE customer_id = %s ORDER BY year, month",
        (request.customer_id,),
    ).fetchall()
    months = [readings_pb2.UsageBucket(year=year, month=month, used=str(used)) for year, month, used in use]
    return ledger_pb2.GetOverviewResponse(
        balance=ledger_pb2.Balance(balance=Money(grosze=int(total))),
        last_invoices=_invoices(request.customer_id, 3),
        usage=readings_pb2.GetUsageResponse(unit="m3", buckets=months),
        invoice_count=count,
    )


def list_announcements(request: Any, _: Any) -> announcements_pb2.ListAnnouncementsResponse:
    """One query: what is live for the customer and was not read."""
    rows = _connection().execute(NEWS, (request.customer_id,)).fetchall()
    return announcements_pb2.ListAnnouncementsResponse(
        announcements=[
            announcements_pb2.Announcement(announcement_id=str(row[0]), titles={"pl": row[1]}) for row in rows
        ]
    )


NEWS = """
    SELECT n.announcement_id, n.title FROM bare_news n
     WHERE n.live_until > now()
       AND NOT EXISTS (SELECT FROM bare_read r WHERE r.announcement_id = n.announcement_id AND r.customer_id = %s)
     ORDER BY n.live_until LIMIT 3
"""


def list_tickets(request: Any, _: Any) -> tickets_pb2.ListTicketsResponse:
    """Two queries: the open cases, how many there are and how many have news."""
    connection = _connection()
    rows = connection.execute(CASES, (request.customer_id, request.page.page_size + 1)).fetchall()
    count, unread = connection.execute(CASE_COUNTS, (request.customer_id,)).fetchall()[0]
    return tickets_pb2.ListTicketsResponse(
        tickets=[
            tickets_pb2.Ticket(ticket_id=str(row[0]), subject=row[1], unread_count=row[2])
            for row in rows[: request.page.page_size]
        ],
        open_count=count,
        unread_count=unread,
    )


CASES = """
    SELECT ticket_id, subject, unread FROM bare_case WHERE customer_id = %s AND open
     ORDER BY unread > 0 DESC, opened_at DESC LIMIT %s
"""
CASE_COUNTS = """
    SELECT count(*) FILTER (WHERE open), count(*) FILTER (WHERE unread > 0) FROM bare_case WHERE customer_id = %s
"""


def get_usage(request: Any, _: Any) -> readings_pb2.GetUsageResponse:
    """Three queries: the points, every day there is of the first, its newest readings."""
    connection = _connection()
    points = connection.execute(POINTS, (request.customer_id,)).fetchall()
    point_id, address, serial_number, installed_on = points[0]
    years = connection.execute(YEARS, (point_id,)).fetchall()
    rows = connection.execute(READINGS, (point_id, request.page.page_size + 1)).fetchall()
    return readings_pb2.GetUsageResponse(
        unit="m3",
        service_point=meters_pb2.ServicePoint(
            service_point_id=str(point_id),
            premises=meters_pb2.Premises(address_line=address),
            meters=[
                meters_pb2.Meter(
                    serial_number=serial_number,
                    installed_on=_day(installed_on),
                    last_value=str(rows[0][2]),
                    unit="m3",
                )
            ],
        ),
        buckets=[readings_pb2.UsageBucket(year=row[0], used=str(row[1])) for row in years],
        known_from=_day(years[0][2]),
        read_until=_day(years[-1][3]),
        metered_points=[
            readings_pb2.MeteredPoint(
                service_point_id=str(row[0]), address_line=row[1], meter_serial_number=row[2]
            )
            for row in points
        ],
        readings=[
            readings_pb2.Reading(
                reading_id=str(row[0]),
                read_on=_day(row[1]),
                value=str(row[2]),
                kind=row[3],
                status=row[4],
                used="" if row[5] is None else str(row[5]),
                unit="m3",
            )
            for row in rows[: request.page.page_size]
        ],
        page=PageResponse(next_cursor=str(rows[-1][0]) if len(rows) > request.page.page_size else ""),
    )


POINTS = "SELECT point_id, address, serial_number, installed_on FROM bare_point WHERE customer_id = %s ORDER BY address"
YEARS = """
    SELECT date_part('year', day)::int, sum(used), min(day), max(day) FROM bare_day WHERE point_id = %s
     GROUP BY 1 ORDER BY 1
"""
READINGS = """
    SELECT reading_id, read_on, value, kind, status, value - lag(value) OVER (ORDER BY read_on)
      FROM bare_reading WHERE point_id = %s ORDER BY read_on DESC LIMIT %s
"""


def list_invoices(request: Any, _: Any) -> invoices_pb2.ListInvoicesResponse:
    """One query."""
    return invoices_pb2.ListInvoicesResponse(invoices=_invoices(request.customer_id, 20))


METHODS: dict[str, tuple[str, Any, Any]] = {
    "ebok.identity.v1.SessionService": ("CheckSession", check_session, sessions_pb2.CheckSessionRequest),
    "ebok.billing.v1.LedgerService": ("GetOverview", get_overview, ledger_pb2.GetOverviewRequest),
    "ebok.billing.v1.ReadingService": ("GetUsage", get_usage, readings_pb2.GetUsageRequest),
    "ebok.notify.v1.AnnouncementService": (
        "ListAnnouncements",
        list_announcements,
        announcements_pb2.ListAnnouncementsRequest,
    ),
    "ebok.tickets.v1.TicketService": ("ListTickets", list_tickets, tickets_pb2.ListTicketsRequest),
    "ebok.billing.v1.InvoiceService": ("ListInvoices", list_invoices, invoices_pb2.ListInvoicesRequest),
}


def main(port: str, url: str) -> None:
    """Serve until killed."""
    global URL  # noqa: PLW0603 - a program of one screen
    URL = url
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
    for service, (name, method, request_class) in METHODS.items():
        handler: Any = grpc.unary_unary_rpc_method_handler(
            method, request_class.FromString, lambda answer: answer.SerializeToString()
        )
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {name: handler})])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
