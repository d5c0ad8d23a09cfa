"""Audyt: who did or saw what. The whole log with its filters, and a customer's own."""

from datetime import date
from typing import Any
from uuid import UUID

from ebok.billing.v1 import customers_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.identity.v1 import audit_pb2
from flask import Response, render_template, request

from chassis import wire
from chassis.errors import Invalid
from gateway.console import console
from gateway.console.acts import ACTS, act_words, actor_kind_word, subject_url
from gateway.console.customers import customer_page, get_customer
from gateway.console.lists import every
from gateway.web.calls import at_once, call, clients
from gateway.web.days import instant_of, today
from gateway.web.exports import Table, export
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.paging import CURSOR, page_links, page_request

TEXT_LENGTH_MAX = 100
ACTOR_LENGTH_MAX = 60
CUSTOMER_LENGTH_MAX = 100


def audit_request(form: Form) -> audit_pb2.ListAuditEntriesRequest:
    """The filters of the address; a faulty one is marked in the form and left out."""
    since, until = form.day("od", required=False), form.day("do", required=False)
    if since and until and until < since:
        form.fail("do", _("This day is before the first one."))
    act = form.choice("czynnosc", ACTS, required=False)
    text = form.text("kto", required=False, length_max=TEXT_LENGTH_MAX)
    if act and text:
        form.fail(
            "kto", _("Choose an act or type a name, not both. A name in the list can be clicked as well.")
        )
    return audit_pb2.ListAuditEntriesRequest(
        customer_id=_customer_id(form),
        actor_id=form.text("osoba", required=False, length_max=ACTOR_LENGTH_MAX)[:ACTOR_LENGTH_MAX],
        text=(act or text)[:TEXT_LENGTH_MAX],
        until=_packed(until),
        changes_only=form.ticked("zmiany"),
        **{"from": _packed(since)},
    )


def _packed(day: date | None) -> Any:
    return wire.pack_date(day) if day else None


def _customer_id(form: Form) -> str:
    """A customer by id, or by whatever finds exactly one."""
    wanted = form.text("klient", required=False, length_max=CUSTOMER_LENGTH_MAX)[:CUSTOMER_LENGTH_MAX]
    if not wanted:
        return ""
    try:
        return str(UUID(wanted))
    except ValueError:
        pass  # No id, so it is looked for as people name a customer.
    search = customers_pb2.SearchCustomersRequest(query=wanted, page=PageRequest(page_size=2))
    try:
        found = call(clients().billing.customers.SearchCustomers, search).customers
    except Invalid as refusal:
        form.refuse(refusal, fields={"query": "klient"})
        return ""
    if len(found) != 1:
        several = _("Several customers fit. Type the customer number.")
        form.fail("klient", several if found else _("No customer fits."))
        return ""
    return str(found[0].customer.customer_id)


@console.get("/audyt")
def audit() -> tuple[str, int]:
    """The newest acts first."""
    form = Form(request.args)
    wanted = audit_request(form)
    wanted.page.CopyFrom(page_request())
    found = None
    if form.ok:
        try:
            found = call(clients().identity.audit.ListAuditEntries, wanted)
        except Invalid as refusal:
            if any(violation.field.endswith(CURSOR) for violation in refusal.violations):
                raise
            form.refuse(refusal, fields={"text": "kto", "actor_id": "osoba", "from": "od", "until": "do"})
    chain = call(clients().identity.audit.GetAuditChain, audit_pb2.GetAuditChainRequest())
    page = render_template(
        "console/audit/list.html",
        chain=chain,
        form=form,
        entries=found.entries if found else [],
        found=found is not None,
        links=page_links(found.page) if found else None,
        acts=sorted(((act, act_words(act)) for act in ACTS), key=lambda pair: pair[1]),
        customer_id=wanted.customer_id,
    )
    return page, form.status


@console.get("/audyt.<any(csv, xlsx):kind>")
def audit_export(kind: str) -> Response:
    """The filtered log as a file, up to its largest size."""
    form = Form(request.args)
    wanted = audit_request(form)
    head = [
        _("When"),
        _("Who"),
        _("Kind"),
        _("Act"),
        _("Change"),
        _("Customer id"),
        _("Subject id"),
        _("From where"),
    ]
    rows = (
        [
            f"{instant:%Y-%m-%d %H:%M:%S}" if (instant := instant_of(one.happened_at)) else "",
            one.actor_name,
            actor_kind_word(one.actor_kind),
            act_words(one.act),
            _("yes") if one.changed else _("no"),
            one.customer_id,
            one.subject_id,
            one.address,
        ]
        for one in every(clients().identity.audit.ListAuditEntries, wanted, "entries")
    )
    return export([Table(_("Audit log"), head, rows)], name=f"audyt-{today()}", kind=kind)


@console.get("/klienci/<uuid:customer_id>/dziennik")
def customer_audit(customer_id: UUID) -> str:
    """Dziennik of one customer."""
    wanted = audit_pb2.ListAuditEntriesRequest(
        customer_id=str(customer_id), changes_only=request.args.get("zmiany") == "1", page=page_request()
    )
    found, log = at_once(get_customer(customer_id), (clients().identity.audit.ListAuditEntries, wanted))
    return customer_page(
        "audit",
        found.customer,
        tab="audit",
        entries=log.entries,
        changes_only=wanted.changes_only,
        links=page_links(log.page),
    )


for _words in (act_words, actor_kind_word, subject_url):
    console.add_app_template_global(_words)
