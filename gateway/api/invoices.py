"""Issued invoices of a customer."""

from uuid import UUID

from ebok.billing.v1 import invoices_pb2 as pb
from flask import Response

from gateway.api import api
from gateway.api.answers import one, page, page_request, pdf
from gateway.api.inputs import Paged, Query, number, number_of, one_of
from gateway.api.operations import PDF, operation, query
from gateway.api.presenting import INVOICE, INVOICE_DETAIL
from gateway.api.shapes import Page
from gateway.web.calls import call, clients, document

INVOICES = Page(INVOICE)


class InvoiceFilter(Paged):
    """Which invoices are wanted."""

    paid_state = one_of(pb.PaidState, "Only those in this state.")
    year = number(1900, 2200, "Only of this year of issue.")


@api.get("/customers/<uuid:customer_id>/invoices")
@operation("invoices:read", INVOICES)
@query(InvoiceFilter)
def list_invoices(customer_id: UUID, query_data: Query) -> Response:
    """A customer's invoices, the newest first."""
    return invoices(str(customer_id), query_data)


@api.get("/customers/<uuid:customer_id>/invoices/<uuid:invoice_id>")
@operation("invoices:read", INVOICE_DETAIL, refuses=[404])
def get_invoice(customer_id: UUID, invoice_id: UUID) -> Response:
    """One invoice with everything it prints."""
    return invoice(str(customer_id), str(invoice_id))


@api.get("/customers/<uuid:customer_id>/invoices/<uuid:invoice_id>/pdf")
@operation("invoices:read", PDF, refuses=[404])
def get_invoice_pdf(customer_id: UUID, invoice_id: UUID) -> Response:
    """One invoice as a PDF."""
    return invoice_pdf(str(customer_id), str(invoice_id))


def invoices(customer_id: str, query: Query) -> Response:
    """The part of the list that a query asks for."""
    found = call(
        clients().billing.invoices.ListInvoices,
        pb.ListInvoicesRequest(
            customer_id=customer_id,
            paid_state=number_of(pb.PaidState, query.get("paid_state")),
            year=query.get("year", 0),
            page=page_request(query),
        ),
    )
    return page(INVOICES, found.invoices, found.page)


def invoice(customer_id: str, invoice_id: str) -> Response:
    """All of one."""
    request = pb.GetInvoiceRequest(customer_id=customer_id, invoice_id=invoice_id)
    return one(INVOICE_DETAIL, call(clients().billing.invoices.GetInvoice, request).detail)


def invoice_pdf(customer_id: str, invoice_id: str) -> Response:
    """The PDF of one."""
    request = pb.GetInvoicePdfRequest(customer_id=customer_id, invoice_id=invoice_id)
    answer = document(clients().billing.invoices.GetInvoicePdf, request)
    return pdf(answer.file_name, answer.content)
