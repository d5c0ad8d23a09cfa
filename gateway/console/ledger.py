"""Rozrachunki of a customer: every entry between two days with the balance after it."""

from datetime import date
from uuid import UUID

from ebok.billing.v1 import ledger_pb2
from ebok.billing.v1.ledger_pb2 import EntryKind
from flask import Response, request
from werkzeug.datastructures import MultiDict

from chassis import wire
from chassis.errors import Refusal
from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.console.words import entry_word
from gateway.web.calls import at_once, call, clients
from gateway.web.days import date_of
from gateway.web.exports import Table, export, zloty_of
from gateway.web.forms import Form
from gateway.web.languages import gettext as _


def statement_request(
    customer_id: UUID, since: date | None, until: date | None
) -> ledger_pb2.GetStatementRequest:
    """Between two days; without them the last year."""
    return ledger_pb2.GetStatementRequest(
        customer_id=str(customer_id),
        until=wire.pack_date(until) if until else None,
        **{"from": wire.pack_date(since) if since else None},
    )


@console.get("/klienci/<uuid:customer_id>/rozrachunki")
def customer_ledger(customer_id: UUID) -> tuple[str, int]:
    """The statement, the newest entry first."""
    form = Form(request.args)
    since, until = form.day("od", required=False), form.day("do", required=False)
    if form.ok and since and until and until < since:
        form.fail("do", _("This day is before the first one."))
    statement = None
    ledger = clients().billing.ledger
    if form.ok:
        try:
            found, statement = at_once(
                get_customer(customer_id),
                (ledger.GetStatement, statement_request(customer_id, since, until)),
            )
        except Refusal as refusal:
            form.refuse(refusal, fields={"from": "od", "until": "do"})
    if statement is None:
        found = call(*get_customer(customer_id))
    page = customer_page(
        "ledger",
        found.customer,
        tab="ledger",
        form=_with_days(form, statement),
        statement=statement,
        entries=list(reversed(statement.entries)) if statement else [],
    )
    return page, form.status


def _with_days(form: Form, statement: ledger_pb2.GetStatementResponse | None) -> Form:
    """The form with the days that are shown in the fields left empty."""
    if statement is None:
        return form
    first, last = date_of(getattr(statement, "from")), date_of(statement.until)
    return Form(MultiDict({"od": form.value("od") or str(first), "do": form.value("do") or str(last)}))


@console.get("/klienci/<uuid:customer_id>/rozrachunki.<any(csv, xlsx):kind>")
def customer_ledger_export(customer_id: UUID, kind: str) -> Response:
    """The statement as a file."""
    form = Form(request.args)
    wanted = statement_request(customer_id, form.day("od", required=False), form.day("do", required=False))
    found, statement = at_once(get_customer(customer_id), (clients().billing.ledger.GetStatement, wanted))
    head = [_("Day"), _("What"), _("Invoice"), _("Title"), _("Due"), _("Amount, zł"), _("Balance after, zł")]
    rows = (
        [
            date_of(one.booked_on),
            entry_word(EntryKind.Name(one.kind)),
            one.invoice_number,
            one.title,
            date_of(one.due_on),
            zloty_of(one.amount),
            zloty_of(one.balance_after),
        ]
        for one in statement.entries
    )
    return export([Table(_("Ledger"), head, rows)], name=f"rozrachunki-{found.customer.number}", kind=kind)
