"""The bare pages: the same page as ours to the eye, written as plainly as one can.

Flask, one call for the session and one for the data, one flat template in one language. No log-in, no forms' tokens, no
policies, no macros, no translation.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path

import grpc
from ebok.billing.v1 import (
    invoices_pb2,
    invoices_pb2_grpc,
    ledger_pb2,
    ledger_pb2_grpc,
    readings_pb2,
    readings_pb2_grpc,
)
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.identity.v1 import sessions_pb2, sessions_pb2_grpc
from ebok.notify.v1 import announcements_pb2, announcements_pb2_grpc
from ebok.tickets.v1 import tickets_pb2, tickets_pb2_grpc
from flask import Flask, request
from jinja2 import Template

app = Flask(__name__)
_sessions = sessions_pb2_grpc.SessionServiceStub(grpc.insecure_channel(os.environ["BARE_SESSIONS"]))
_data = grpc.insecure_channel(os.environ["BARE_DATA"])
_news = announcements_pb2_grpc.AnnouncementServiceStub(grpc.insecure_channel(os.environ["BARE_NEWS"]))
_cases = tickets_pb2_grpc.TicketServiceStub(grpc.insecure_channel(os.environ["BARE_CASES"]))
_ledger = ledger_pb2_grpc.LedgerServiceStub(_data)
_readings = readings_pb2_grpc.ReadingServiceStub(_data)
_invoices = invoices_pb2_grpc.InvoiceServiceStub(_data)

NAMES = [
    "",
    *[
        "Styczeń",
        "Luty",
        "Marzec",
        "Kwiecień",
        "Maj",
        "Czerwiec",
        "Lipiec",
        "Sierpień",
        "Wrzesień",
        "Październik",
        "Listopad",
        "Grudzień",
    ],
]
SHORT = ["", *["sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru"]]
OF_MONTH = [
    "",
    *[
        "stycznia",
        "lutego",
        "marca",
        "kwietnia",
        "maja",
        "czerwca",
        "lipca",
        "sierpnia",
        "września",
        "października",
        "listopada",
        "grudnia",
    ],
]
KINDS = ["", "odczytany przez nas", "podany przez klienta", "zdalny", "szacowany", "końcowy"]
WORDS = {"names": NAMES, "short": SHORT, "of_month": OF_MONTH, "kinds": KINDS}


@dataclass
class Month:
    """A month of this year and of the one before."""

    month: int
    now: float
    before: float


@dataclass
class Year:
    """A bar and a row."""

    year: int
    used: str
    x: str
    middle: str
    y: str
    height: str
    above: str


@dataclass
class Years:
    """The chart: its bars and axis, the last two whole years, litres a day."""

    bars: list[Year]
    ticks: list[tuple[str, str, int]]
    width: str
    last: Year
    before: Year
    a_day: int


def _page(name: str) -> Template:
    text = (Path(__file__).parent / name).read_text()
    app.jinja_env.autoescape = True
    return app.jinja_env.from_string(text)


_start_page = _page("start.html")
_list_page = _page("list.html")
_usage_page = _page("usage.html")


def _session() -> sessions_pb2.CheckSessionResponse:
    return _sessions.CheckSession(sessions_pb2.CheckSessionRequest(session_token=request.cookies["bare"]))


def _months(page: ledger_pb2.GetOverviewResponse) -> list[Month]:
    used = {(one.year, one.month): float(one.used) for one in page.usage.buckets}
    this = max(year for year, _month in used)
    return [
        Month(number, used.get((this, number), 0.0), used.get((this - 1, number), 0.0))
        for number in range(1, 13)
    ]


@app.get("/start")
def start() -> str:
    """Four calls, three of them at once, and seven queries."""
    who = _session()
    news = _news.ListAnnouncements.future(
        announcements_pb2.ListAnnouncementsRequest(customer_id=who.customer_id, for_start=True)
    )
    cases = _cases.ListTickets.future(
        tickets_pb2.ListTicketsRequest(
            customer_id=who.customer_id, open_only=True, page=PageRequest(page_size=3)
        )
    )
    page = _ledger.GetOverview(ledger_pb2.GetOverviewRequest(customer_id=who.customer_id))
    return _start_page.render(
        user=who.user,
        customer_id=who.customer_id,
        form="form",
        page=page,
        months=_months(page),
        news=news.result().announcements,
        cases=cases.result().tickets,
        **WORDS,
    )


@app.get("/zuzycie")
def usage() -> str:
    """Two calls, four queries."""
    who = _session()
    request = readings_pb2.GetUsageRequest(
        customer_id=who.customer_id, step=readings_pb2.USAGE_STEP_YEAR, page=PageRequest(page_size=6)
    )
    page = _readings.GetUsage(request)
    return _usage_page.render(
        user=who.user, customer_id=who.customer_id, form="form", page=page, chart=_years(page), **WORDS
    )


def _years(page: readings_pb2.GetUsageResponse) -> Years:
    used = [float(one.used) for one in page.buckets]
    step = next(step for step in (5, 10, 20, 25, 50, 100, 200, 500, 1000) if step * 4 >= max(used))
    top = step * math.ceil(max(used) / step)
    width, scale = 94 / len(used), 216 / top
    bars = [
        Year(
            year=one.year,
            used=f"{value:.1f}".replace(".", ","),
            x=f"{6 + width * (index + 0.2):.2f}",
            middle=f"{6 + width * (index + 0.5):.2f}",
            y=f"{256 - scale * value:.1f}",
            height=f"{scale * value:.1f}",
            above=f"{248 - scale * value:.1f}",
        )
        for index, (one, value) in enumerate(zip(page.buckets, used, strict=True))
    ]
    ticks = [
        (f"{256 - scale * value:.1f}", f"{260 - scale * value:.1f}", value)
        for value in range(step, top + 1, step)
    ]
    last, days = bars[-2], 366 if bars[-2].year % 4 == 0 else 365
    return Years(bars, ticks, f"{width * 0.6:.2f}", last, bars[-3], round(used[-2] * 1000 / days))


@app.get("/faktury")
def invoices() -> str:
    """Two calls, two queries."""
    who = _session()
    page = _invoices.ListInvoices(invoices_pb2.ListInvoicesRequest(customer_id=who.customer_id))
    return _list_page.render(user=who.user, customer_id=who.customer_id, form="form", page=page, **WORDS)
