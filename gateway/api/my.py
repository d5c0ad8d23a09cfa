"""A customer's own use and invoices, for a program of hers: with her personal token, and of nobody else."""

from uuid import UUID

from ebok.billing.v1 import readings_pb2
from flask import Response

from gateway.api import api
from gateway.api.answers import tagged
from gateway.api.callers import caller
from gateway.api.inputs import Query, number_of
from gateway.api.invoices import INVOICES, InvoiceFilter, invoice, invoice_pdf, invoices
from gateway.api.operations import PDF, operation, query
from gateway.api.presenting import INVOICE_DETAIL, USAGE
from gateway.api.readings import UsageFilter, asked_use, usage
from gateway.web.exports import download
from gateway.web.green_button import MIMETYPE, green_button


@api.get("/my/usage")
@operation("usage:read", USAGE, personal=True, refuses=[404])
@query(UsageFilter)
def get_my_usage(query_data: Query) -> Response:
    """What one of your service points used, with the year before beside it."""
    return usage(caller().customer_id, query_data)


@api.get("/my/usage/green-button")
@operation("usage:read", MIMETYPE, personal=True, refuses=[404])
@query(UsageFilter)
def get_my_usage_green_button(query_data: Query) -> Response:
    """The same as Green Button: ESPI in an Atom feed."""
    use = asked_use(caller().customer_id, query_data)
    content = green_button(use, number_of(readings_pb2.UsageStep, query_data["step"]))
    return tagged(download(content, "green-button.xml", MIMETYPE))


@api.get("/my/invoices")
@operation("invoices:read", INVOICES, personal=True)
@query(InvoiceFilter)
def list_my_invoices(query_data: Query) -> Response:
    """Your invoices, the newest first."""
    return invoices(caller().customer_id, query_data)


@api.get("/my/invoices/<uuid:invoice_id>")
@operation("invoices:read", INVOICE_DETAIL, personal=True, refuses=[404])
def get_my_invoice(invoice_id: UUID) -> Response:
    """One of your invoices with everything it prints."""
    return invoice(caller().customer_id, str(invoice_id))


@api.get("/my/invoices/<uuid:invoice_id>/pdf")
@operation("invoices:read", PDF, personal=True, refuses=[404])
def get_my_invoice_pdf(invoice_id: UUID) -> Response:
    """One of your invoices as a PDF."""
    return invoice_pdf(caller().customer_id, str(invoice_id))
