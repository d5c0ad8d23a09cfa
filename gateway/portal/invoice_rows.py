"""Invoices as rows of lists. Drawn here in one go: a list has twenty, and templates would call a dozen macros for each.

Everything that is not ours is escaped.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from ebok.billing.v1 import invoices_pb2 as pb
from markupsafe import Markup, escape

from gateway.portal import portal
from gateway.web.amounts import zloty_plain
from gateway.web.chips import paid_chip
from gateway.web.days import DAYS_MAX, date_of, day_short, months, today
from gateway.web.filters import capital
from gateway.web.languages import gettext as _
from gateway.web.languages import language
from gateway.web.paging import row_url


def invoice_title(invoice: pb.Invoice) -> Markup:
    """`Wrzesień i październik`: the months it is for."""
    return _title(date_of(invoice.period_from), date_of(invoice.period_to), today().year, language())


@lru_cache(maxsize=DAYS_MAX)
def _title(first: date | None, last: date | None, _this_year: int, _language: str) -> Markup:
    return escape(capital(months(first, last)))


def invoice_state_line(invoice: pb.Invoice) -> Markup:
    """Until when it is to be paid, or when it was."""
    state = invoice.paid_state
    if state == pb.PAID_STATE_PAID:
        on = date_of(invoice.paid_on) if invoice.HasField("paid_on") else None
    else:
        on = date_of(invoice.due_on)
    return _state_line(state, on, today().year, language())


@lru_cache(maxsize=DAYS_MAX)
def _state_line(state: int, on: date | None, _this_year: int, _language: str) -> Markup:
    if state == pb.PAID_STATE_PAID:
        return escape(_("paid on %(day)s", day=day_short(on)) if on else _("paid"))
    if state == pb.PAID_STATE_OVERDUE:
        return escape(_("was due on %(day)s", day=day_short(on)))
    return escape(_("by %(day)s", day=day_short(on)))


def invoice_rows(invoices: Iterable[pb.Invoice]) -> Markup:
    """A `<li>` for each: its months, how it stands, its amount."""
    base = row_url("portal.invoice", "invoice_id")
    rows = [f"<li>{_link(one, base, _sub(one))}</li>" for one in invoices]
    return Markup("\n".join(rows))  # noqa: S704 - made of tags of our own and of what was escaped


def invoice_picks(invoices: Iterable[pb.Invoice]) -> Markup:
    """A `<li>` for each with a box to tick, its number beside how it stands."""
    base = row_url("portal.invoice", "invoice_id")
    before, _number, after = escape(_("Choose %(number)s", number="{}")).partition("{}")
    rows = []
    for place, one in enumerate(invoices, start=1):
        number = escape(one.number)
        rows.append(
            f'<li>\n<div class="eb-pick"><input class="form-check-input" type="checkbox" name="id" '
            f'value="{escape(one.invoice_id)}" id="pick-{place}"><label class="visually-hidden" for="pick-{place}">'
            f"{before}{number}{after}</label></div>\n"
            f"{_link(one, base, f'{number}, {_sub(one)}')}\n</li>"
        )
    return Markup("\n".join(rows))  # noqa: S704 - as above


def _sub(invoice: pb.Invoice) -> Markup:
    """How it stands; of a customer with several addresses also for which one it is."""
    line, premises = invoice_state_line(invoice), invoice.premises_line
    return Markup(f"{line}, {escape(premises)}") if premises else line  # noqa: S704 - both are escaped


def _link(invoice: pb.Invoice, base: str, sub: str) -> str:
    return (
        f'<a class="eb-row" href="{base}{escape(invoice.invoice_id)}"><span class="eb-row-main">'
        f'<span class="eb-row-title">{invoice_title(invoice)}</span>'
        f'<span class="eb-row-sub">{sub}</span></span><span class="eb-row-end"><span class="eb-row-amount">'
        f'<span class="eb-money">{zloty_plain(invoice.total_gross)}</span></span>'
        f"{paid_chip(invoice.paid_state)}</span></a>"
    )


for _function in (invoice_title, invoice_state_line, invoice_rows, invoice_picks):
    portal.add_app_template_global(_function)
