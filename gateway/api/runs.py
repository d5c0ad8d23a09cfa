"""Billing runs: preparing, looking, issuing, discarding."""

from typing import Any
from uuid import UUID

from ebok.billing.v1 import runs_pb2 as pb
from flask import Response, url_for

from gateway.api import api
from gateway.api.answers import one, page, page_request
from gateway.api.inputs import Input, Paged, Query, day, number, pack_day, text
from gateway.api.invoices import INVOICES
from gateway.api.keys import request_id
from gateway.api.operations import body, operation, query
from gateway.api.presenting import PARKED, RUN
from gateway.api.shapes import Page
from gateway.web.calls import call, clients

RUNS = Page(RUN)
ALL_PARKED = Page(PARKED)


class NewRun(Input):
    """A run to be prepared."""

    name = text(120, "What it is called.", least=1, required=True)
    period_from = day("First day billed.", required=True)
    period_to = day("Last day billed.", required=True)
    payment_days = number(1, 90, "Days from issue to due.", load_default=14)


class Issue(Input):
    """A run to be issued."""

    invoice_count = number(1, 10_000_000, "The number of invoices, as it was looked at.", required=True)


class ParkedFilter(Paged):
    """Which parked customers are wanted."""

    reason = text(40, "Only for this reason.")


@api.get("/runs")
@operation("runs:read", RUNS)
@query(Paged)
def list_runs(query_data: Query) -> Response:
    """All billing runs, the newest first."""
    request = pb.ListBillingRunsRequest(page=page_request(query_data))
    found = call(clients().billing.runs.ListBillingRuns, request)
    return page(RUNS, found.runs, found.page)


@api.post("/runs")
@operation("runs:write", RUN, status=201, refuses=[409])
@body(NewRun)
def post_run(json_data: dict[str, Any]) -> Response:
    """Start a run; its drafts are made in the background."""
    run = call(
        clients().billing.runs.CreateBillingRun,
        pb.CreateBillingRunRequest(
            run_id=request_id(),
            name=json_data["name"],
            period_from=pack_day(json_data["period_from"]),
            period_to=pack_day(json_data["period_to"]),
            payment_days=json_data["payment_days"],
        ),
    ).run
    return one(RUN, run, 201, location=url_for("api.get_run", run_id=run.run_id))


@api.get("/runs/<uuid:run_id>")
@operation("runs:read", RUN, refuses=[404])
def get_run(run_id: UUID) -> Response:
    """One run with its counts and progress."""
    request = pb.GetBillingRunRequest(run_id=str(run_id))
    return one(RUN, call(clients().billing.runs.GetBillingRun, request).run)


@api.get("/runs/<uuid:run_id>/invoices")
@operation("runs:read", INVOICES, refuses=[404])
@query(Paged)
def list_run_invoices(run_id: UUID, query_data: Query) -> Response:
    """The run's drafts or, once issued, invoices, by customer number."""
    request = pb.ListRunInvoicesRequest(run_id=str(run_id), page=page_request(query_data))
    found = call(clients().billing.runs.ListRunInvoices, request)
    return page(INVOICES, found.invoices, found.page)


@api.get("/runs/<uuid:run_id>/parked")
@operation("runs:read", ALL_PARKED, refuses=[404])
@query(ParkedFilter)
def list_parked(run_id: UUID, query_data: Query) -> Response:
    """Customers who get no invoice in this run, by number, with the reason."""
    request = pb.ListParkedRequest(
        run_id=str(run_id), reason=query_data.get("reason", ""), page=page_request(query_data)
    )
    found = call(clients().billing.runs.ListParked, request)
    return page(ALL_PARKED, found.parked, found.page)


@api.post("/runs/<uuid:run_id>/recalculate")
@operation("runs:write", RUN, refuses=[404, 409])
def recalculate_run(run_id: UUID) -> Response:
    """Calculate a run again, after data were mended."""
    request = pb.RecalculateBillingRunRequest(run_id=str(run_id))
    return one(RUN, call(clients().billing.runs.RecalculateBillingRun, request).run)


@api.post("/runs/<uuid:run_id>/issue")
@operation("runs:write", RUN, refuses=[404, 409])
@body(Issue)
def issue_run(run_id: UUID, json_data: dict[str, Any]) -> Response:
    """Make invoices of all drafts, in the background. It cannot be undone."""
    request = pb.IssueBillingRunRequest(run_id=str(run_id), invoice_count=json_data["invoice_count"])
    return one(RUN, call(clients().billing.runs.IssueBillingRun, request).run)


@api.post("/runs/<uuid:run_id>/discard")
@operation("runs:write", RUN, refuses=[404, 409])
def discard_run(run_id: UUID) -> Response:
    """Throw a run and its drafts away."""
    request = pb.DiscardBillingRunRequest(run_id=str(run_id))
    return one(RUN, call(clients().billing.runs.DiscardBillingRun, request).run)
