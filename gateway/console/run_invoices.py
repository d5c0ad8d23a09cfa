"""The drafts of a run or, once it is issued, its invoices."""

from uuid import UUID

from ebok.billing.v1 import runs_pb2
from flask import render_template

from gateway.console import console
from gateway.web.calls import at_once, clients
from gateway.web.paging import page_links, page_request


@console.get("/rozliczenia/<uuid:run_id>/faktury")
def run_invoices(run_id: UUID) -> str:
    """By customer number."""
    stub = clients().billing.runs
    found, listed = at_once(
        (stub.GetBillingRun, runs_pb2.GetBillingRunRequest(run_id=str(run_id))),
        (stub.ListRunInvoices, runs_pb2.ListRunInvoicesRequest(run_id=str(run_id), page=page_request())),
    )
    return render_template(
        "console/runs/invoices.html",
        run=found.run,
        invoices=listed.invoices,
        links=page_links(listed.page),
    )


@console.get("/rozliczenia/<uuid:run_id>/faktury/<uuid:invoice_id>")
def run_invoice(run_id: UUID, invoice_id: UUID) -> str:
    """Everything one draft would print."""
    stub = clients().billing.runs
    found, invoice = at_once(
        (stub.GetBillingRun, runs_pb2.GetBillingRunRequest(run_id=str(run_id))),
        (
            stub.GetRunInvoice,
            runs_pb2.GetRunInvoiceRequest(run_id=str(run_id), invoice_id=str(invoice_id)),
        ),
    )
    return render_template("console/runs/invoice.html", run=found.run, detail=invoice.detail)
