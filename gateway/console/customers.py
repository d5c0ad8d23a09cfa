"""Klienci: found by anything one knows, and the customer's page with its tabs."""

from typing import Any
from uuid import UUID

from ebok.billing.v1 import contracts_pb2, customers_pb2, ledger_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.identity.v1 import grants_pb2
from ebok.notify.v1 import messages_pb2
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chassis.errors import Invalid
from gateway.console import console
from gateway.console.lists import every
from gateway.web.calls import at_once, call, clients
from gateway.web.days import today
from gateway.web.exports import Table, export, zloty_of
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.paging import CURSOR, page_links, page_request

QUERY_LENGTH_MAX = 100
LAST_ENTRIES = 8
LAST_MESSAGES = 5
KINDS = {"osoba": customers_pb2.CUSTOMER_KIND_PERSON, "firma": customers_pb2.CUSTOMER_KIND_COMPANY}
ORDERS = {"nazwa": customers_pb2.CUSTOMER_ORDER_NAME, "numer": customers_pb2.CUSTOMER_ORDER_NUMBER}


def search_request(form: Form) -> customers_pb2.SearchCustomersRequest:
    """What the address asks for; a filter that cannot be read is marked in the form and left out."""
    query = form.text("q", required=False, length_max=QUERY_LENGTH_MAX)
    return customers_pb2.SearchCustomersRequest(
        query=query[:QUERY_LENGTH_MAX],
        kind=KINDS.get(form.choice("rodzaj", KINDS, required=False), customers_pb2.CUSTOMER_KIND_UNSPECIFIED),
        in_arrears_only=form.ticked("zaleglosci"),
        order=ORDERS.get(
            form.choice("kolejnosc", ORDERS, required=False), customers_pb2.CUSTOMER_ORDER_UNSPECIFIED
        ),
    )


@console.get("/klienci")
def customers() -> Response | tuple[str, int]:
    """The list; one hit without further filters leads straight to the customer."""
    form = Form(request.args)
    wanted = search_request(form)
    wanted.page.CopyFrom(page_request())
    found = None
    if form.ok:
        try:
            found = call(clients().billing.customers.SearchCustomers, wanted)
        except Invalid as refusal:
            if any(violation.field.endswith(CURSOR) for violation in refusal.violations):
                raise
            form.refuse(refusal, fields={"query": "q"})
    only = found.customers[0].customer if found and len(found.customers) == 1 else None
    if only and wanted.query and set(request.args) <= {"q"}:
        return redirect(url_for("console.customer", customer_id=only.customer_id), code=303)
    page = render_template(
        "console/customers/list.html",
        form=form,
        found=found,
        links=page_links(found.page) if found else None,
        filtered=bool(wanted.query or wanted.kind or wanted.in_arrears_only),
    )
    return page, form.status


@console.get("/klienci.<any(csv, xlsx):kind>")
def customers_export(kind: str) -> Response:
    """The filtered list as a file, up to its largest size."""
    wanted = search_request(Form(request.args))
    head = [
        _("Number"),
        _("Name"),
        _("Tax number"),
        _("Address"),
        _("Town"),
        _("E-mail"),
        _("Telephone"),
        _("Premises"),
        _("Balance, zł"),
        _("Overdue, zł"),
    ]
    rows = (
        [
            one.customer.number,
            one.customer.name,
            one.customer.nip,
            one.customer.address_line,
            one.customer.town_line,
            one.customer.email,
            one.customer.phone,
            one.customer.premises_label,
            zloty_of(one.balance),
            zloty_of(one.overdue),
        ]
        for one in every(clients().billing.customers.SearchCustomers, wanted, "customers")
    )
    return export([Table(_("Customers"), head, rows)], name=f"klienci-{today()}", kind=kind)


def get_customer(customer_id: UUID) -> tuple[Any, customers_pb2.GetCustomerRequest]:
    """The call for the head of every tab, to be made together with the tab's own."""
    return clients().billing.customers.GetCustomer, customers_pb2.GetCustomerRequest(
        customer_id=str(customer_id)
    )


def customer_page(template: str, customer: customers_pb2.Customer, *, tab: str, **context: Any) -> str:
    """A tab of the customer's page."""
    return render_template(
        f"console/customers/{template}.html", customer=customer, tab=tab, data_age=customer.as_of, **context
    )


@console.get("/klienci/<uuid:customer_id>")
def customer(customer_id: UUID) -> str:
    """Przegląd: what is owed, what happened lately, contracts and meters, messages, who has access."""
    billing, one = clients().billing, str(customer_id)
    found, overview, statement, contracts, messages, grants = at_once(
        get_customer(customer_id),
        (billing.ledger.GetOverview, ledger_pb2.GetOverviewRequest(customer_id=one)),
        (billing.ledger.GetStatement, ledger_pb2.GetStatementRequest(customer_id=one)),
        (billing.contracts.ListContracts, contracts_pb2.ListContractsRequest(customer_id=one)),
        (
            clients().notify.messages.ListMessages,
            messages_pb2.ListMessagesRequest(customer_id=one, page=PageRequest(page_size=LAST_MESSAGES)),
        ),
        (
            clients().identity.grants.ListCustomerGrants,
            grants_pb2.ListCustomerGrantsRequest(customer_id=one),
        ),
    )
    return customer_page(
        "overview",
        found.customer,
        tab="overview",
        overview=overview,
        balance=overview.balance,
        entries=list(reversed(statement.entries))[:LAST_ENTRIES],
        entry_count=len(statement.entries),
        contracts=contracts.contracts,
        messages=messages.messages,
        grants=grants.grants,
    )
