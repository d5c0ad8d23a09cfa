"""The first page after log-in: how much, until when; use; the last invoices."""

from ebok.billing.v1 import ledger_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.notify.v1 import announcements_pb2
from ebok.tickets.v1 import tickets_pb2
from flask import g, render_template

from gateway.portal import portal
from gateway.portal.usage_charts import chart_of
from gateway.web.calls import ahead, call, clients
from gateway.web.languages import language
from gateway.web.sessions import person

OPEN_TICKETS_SHOWN = 3


@portal.get("/start")
def start() -> str:
    """The overview; at the same time news and open cases, which the page can do without."""
    whose = person()
    news = ahead(
        clients().notify.announcements.ListAnnouncements,
        announcements_pb2.ListAnnouncementsRequest(customer_id=whose.customer_id, for_start=True),
    )
    cases = ahead(
        clients().tickets.tickets.ListTickets,
        tickets_pb2.ListTicketsRequest(
            customer_id=whose.customer_id,
            open_only=True,
            page=PageRequest(page_size=OPEN_TICKETS_SHOWN),
        ),
    )
    overview = call(
        clients().billing.ledger.GetOverview,
        ledger_pb2.GetOverviewRequest(customer_id=whose.customer_id),
    )
    usage = chart_of(overview.usage) if overview.HasField("usage") else None
    opened = cases()
    if opened is not None:
        g.nav_counts = {"tickets": opened.unread_count}
    return render_template(
        "portal/start/index.html",
        overview=overview,
        balance=overview.balance,
        usage=usage,
        grant=whose.grant,
        next_is_all=_next_is_all(overview),
        name=greeted(whose.user.name),
        news=news(),
        tickets=opened.tickets if opened is not None else [],
    )


def _next_is_all(overview: ledger_pb2.GetOverviewResponse) -> bool:
    """Whether the amount shown is that of one invoice, so that its own transfer data are the right ones."""
    balance = overview.balance
    shown = balance.open_amount if balance.overdue.grosze else balance.next_amount
    return any(
        one.invoice_id == balance.next_invoice_id and one.open_amount == shown
        for one in overview.last_invoices
    )


def greeted(name: str) -> str:
    """`Anno` for Anna: Polish greets in the vocative. Only where the form is certain; else the name as it is."""
    if language() != "pl" or not name.isalpha() or len(name) < 3 or not name.endswith("a"):
        return name
    return name if name[-2].lower() in "aeiouyąęó" else name[:-1] + "o"
