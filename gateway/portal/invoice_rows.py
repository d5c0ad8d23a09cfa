"""Invoices as rows of lists. Drawn here in one go: a list has twenty, and templates would call a dozen macros for each.

Everything that is not ours is escaped.
"""

from collections.abc import Iterable

from ebok.billing.v1 import invoices_pb2 as pb
from markupsafe import Markup, escape

from gateway.portal import portal
from gateway.web.amounts import zloty_plain
from gateway.web.chips import paid_chip
from gateway.web.days import day_short, months
from gateway.web.filters import capital
from gateway.web.languages import gettext as _
from gateway.web.paging import row_url


def invoice_title(invoice: pb.Invoice) -> str:
    """`Wrzesień i październik`: the months it is for."""
    return capital(months(invoice.period_from, invoice.period_to))


def invoice_state_line(invoice: pb.Invoice) -> str:
    """Until when it is to be paid, or when it was."""
    if invoice.paid_state == pb.PAID_STATE_PAID:
        if not invoice.HasField("paid_on"):
            return _("paid")
        return _("paid on %(day)s", day=day_short(invoice.paid_on))
    if invoice.paid_state == pb.PAID_STATE_OVERDUE:
        return _("was due on %(day)s", day=day_short(invoice.due_on))
    return _("by %(day)s", day=day_short(invoice.due_on))


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
    line = invoice_state_line(invoice)
    return escape(f"{line}, {invoice.premises_line}" if invoice.premises_line else line)


def _link(invoice: pb.Invoice, base: str, sub: str) -> str:
    return (
        f'<a class="eb-row" href="{base}{escape(invoice.invoice_id)}"><span class="eb-row-main">'
        f'<span class="eb-row-title">{escape(invoice_title(invoice))}</span>'
        f'<span class="eb-row-sub">{sub}</span></span><span class="eb-row-end"><span class="eb-row-amount">'
        f'<span class="eb-money">{zloty_plain(invoice.total_gross)}</span></span>'
        f"{paid_chip(invoice.paid_state)}</span></a>"
    )


for _function in (invoice_title, invoice_state_line, invoice_rows, invoice_picks):
    portal.add_app_template_global(_function)
