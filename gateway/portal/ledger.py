"""The account as a statement between two days, and what was charged by month and commodity."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from ebok.billing.v1 import ledger_pb2 as pb
from flask import Response, render_template, request
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from chassis import wire
from gateway.portal import portal
from gateway.portal.invoices import year_asked
from gateway.portal.words import commodity_word, entry_word
from gateway.web import chart_words
from gateway.web.calls import at_once, call, clients
from gateway.web.charts import Stack, stack_chart
from gateway.web.days import date_of, month_name, month_short, today
from gateway.web.exports import Table, export, zloty_of
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.paging import here

YEAR_DAYS = 365  # As billing counts the year of a statement without days.


def _statement_request(form: Form) -> pb.GetStatementRequest:
    """The days of the form; a day that cannot be read, or an end before its beginning, is marked and left out."""
    first, last = form.day("od", required=False), form.day("do", required=False)
    if first and last and last < first:
        form.fail("do", _("The last day comes before the first one."))
        first = last = None
    days = {name: wire.pack_date(day) for name, day in (("from", first), ("until", last)) if day and form.ok}
    return pb.GetStatementRequest(customer_id=current_user.customer_id, **days)


def _typed() -> MultiDict[str, str]:
    return MultiDict((name, request.args.get(name, "")) for name in ("od", "do"))


@portal.get("/rozliczenia")
def ledger() -> tuple[str, int]:
    """Entries with the balance after each; the year's charges below."""
    form = Form(_typed())
    statement, charges = at_once(
        (clients().billing.ledger.GetStatement, _statement_request(form)),
        (
            clients().billing.ledger.GetCharges,
            pb.GetChargesRequest(customer_id=current_user.customer_id, year=year_asked()),
        ),
    )
    first, last = date_of(getattr(statement, "from")), date_of(statement.until)
    shown = Form(
        MultiDict({"od": form.value("od") or str(first), "do": form.value("do") or str(last)}),
    )
    shown.errors, shown.status = form.errors, form.status
    names, stacks = charge_stacks(charges)
    page = render_template(
        "portal/ledger/index.html",
        form=shown,
        statement=statement,
        entries=list(reversed(statement.entries)),
        first=first,
        last=last,
        year=charges.year,
        years=list(charges.years),
        year_tabs=[(str(year), here(rok=str(year)), year == charges.year) for year in charges.years],
        names=names,
        stacks=stacks,
        chart=stack_chart(stacks, unit="zł") if names else None,
        say=chart_words.charges_sentence(stacks),
        chart_title=chart_words.charges_title(stacks, names),
        ranges=_ranges(),
    )
    return page, form.status


def _ranges() -> list[tuple[str, date, date]]:
    """Times people ask for: the last year as shown at first, the last three months, this year, last year."""
    now = today()
    months = now.year * 12 + now.month - 1 - 2
    return [
        (_("12 months"), now - timedelta(days=YEAR_DAYS), now),
        (_("3 months"), date(months // 12, months % 12 + 1, 1), now),
        (str(now.year), date(now.year, 1, 1), now),
        (str(now.year - 1), date(now.year - 1, 1, 1), date(now.year - 1, 12, 31)),
    ]


def charge_stacks(charges: pb.GetChargesResponse) -> tuple[list[str], list[Stack]]:
    """Twelve months with a part for each commodity of the year; the names are the series."""
    series = sorted({charge.commodity for charge in charges.charges})
    amounts = {(one.month, one.commodity): zloty_of(one.gross) or Decimal(0) for one in charges.charges}
    stacks = [
        Stack(
            month_name(month),
            month_short(month),
            tuple(amounts.get((month, commodity), Decimal(0)) for commodity in series),
        )
        for month in range(1, 13)
    ]
    return [commodity_word(commodity) for commodity in series], stacks


@portal.get("/rozliczenia.<any(csv, xlsx):kind>")
def ledger_export(kind: str) -> Response:
    """The statement as a file."""
    statement = call(clients().billing.ledger.GetStatement, _statement_request(Form(_typed())))
    head = [_("Day"), _("What"), _("Title"), _("Due"), _("Amount, zł"), _("Balance after, zł"), _("Open, zł")]
    table = Table(_("Statement"), head, _statement_rows(statement))
    number = current_user.grant.customer_number if current_user.grant else ""
    span = f"{date_of(getattr(statement, 'from'))}-{date_of(statement.until)}"
    return export([table], name=f"rozliczenia-{number}-{span}", kind=kind)


def _statement_rows(statement: pb.GetStatementResponse) -> Iterable[list[str | Decimal | date | None]]:
    opening, closing = zloty_of(statement.opening_balance), zloty_of(statement.closing_balance)
    yield [date_of(getattr(statement, "from")), _("Balance at the beginning"), "", None, None, opening, None]
    for entry in statement.entries:
        charge = entry.kind == pb.ENTRY_KIND_CHARGE
        yield [
            date_of(entry.booked_on),
            entry_word(entry),
            entry.title,
            date_of(entry.due_on) if charge else None,
            zloty_of(entry.amount),
            zloty_of(entry.balance_after),
            zloty_of(entry.open_amount) if charge else None,
        ]
    yield [date_of(statement.until), _("Balance at the end"), "", None, None, closing, None]
