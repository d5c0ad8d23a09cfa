"""Faktury of a customer: the list, one as it was printed, and the PDF."""

from typing import Any
from uuid import UUID

from ebok.billing.v1 import invoices_pb2, ledger_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from flask import request
from werkzeug.wrappers import Response

from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.console.documents import pdf
from gateway.web import reasons
from gateway.web.calls import at_once, clients, document
from gateway.web.days import period
from gateway.web.forms import Form
from gateway.web.paging import page_links, page_request

STATES = {
    "do-zaplaty": invoices_pb2.PAID_STATE_DUE,
    "czesciowo": invoices_pb2.PAID_STATE_PART_PAID,
    "po-terminie": invoices_pb2.PAID_STATE_OVERDUE,
    "oplacone": invoices_pb2.PAID_STATE_PAID,
}
YEARS = range(2000, 2201)
ALLOCATIONS_MAX = 20  # The rest is on the entry's own page.


@console.get("/klienci/<uuid:customer_id>/faktury")
def customer_invoices(customer_id: UUID) -> tuple[str, int]:
    """Issued invoices, the newest first, by state and year."""
    form = Form(request.args)
    state = STATES.get(form.choice("stan", STATES, required=False), invoices_pb2.PAID_STATE_UNSPECIFIED)
    year = form.text("rok", required=False)
    if year and (not year.isascii() or not year.isdigit() or int(year[:9]) not in YEARS):
        form.fail("rok", reasons.field_sentence("UNKNOWN"))
        year = ""
    found, invoices = at_once(
        get_customer(customer_id),
        (
            clients().billing.invoices.ListInvoices,
            invoices_pb2.ListInvoicesRequest(
                customer_id=str(customer_id), paid_state=state, year=int(year or 0), page=page_request()
            ),
        ),
    )
    page = customer_page(
        "invoices",
        found.customer,
        tab="invoices",
        form=form,
        invoices=invoices.invoices,
        year_options=[(str(one), str(one)) for one in invoices.years],
        links=page_links(invoices.page),
    )
    return page, form.status


@console.get("/klienci/<uuid:customer_id>/faktury/<uuid:invoice_id>")
def customer_invoice(customer_id: UUID, invoice_id: UUID) -> str:
    """Everything the invoice prints."""
    wanted = invoices_pb2.GetInvoiceRequest(customer_id=str(customer_id), invoice_id=str(invoice_id))
    paid_with = ledger_pb2.ListAllocationsRequest(
        customer_id=str(customer_id), invoice_id=str(invoice_id), page=PageRequest(page_size=ALLOCATIONS_MAX)
    )
    billing = clients().billing
    found, invoice, listed = at_once(
        get_customer(customer_id),
        (billing.invoices.GetInvoice, wanted),
        (billing.ledger.ListAllocations, paid_with),
    )
    return customer_page(
        "invoice",
        found.customer,
        tab="invoices",
        detail=invoice.detail,
        entry=listed.entry,
        allocations=listed.allocations,
        more=bool(listed.page.next_cursor),
    )


@console.get("/klienci/<uuid:customer_id>/faktury/<uuid:invoice_id>/pdf")
def invoice_pdf(customer_id: UUID, invoice_id: UUID) -> Response:
    """The invoice as the customer gets it."""
    wanted = invoices_pb2.GetInvoicePdfRequest(customer_id=str(customer_id), invoice_id=str(invoice_id))
    return pdf(document(clients().billing.invoices.GetInvoicePdf, wanted))


def line_days(line: invoices_pb2.InvoiceLine) -> str:
    """The days a line is for; `from` is a word that templates cannot say."""
    first, last = getattr(line, "from"), line.until
    return period(first, last) if line.HasField("from") and line.HasField("until") else "–"


def reading_from(reading: invoices_pb2.InvoiceReading) -> Any:
    """The day of the first reading."""
    return getattr(reading, "from")


console.add_app_template_global(line_days)
console.add_app_template_global(reading_from)
