"""Pulpit: what there is, and what waits for somebody."""

from ebok.billing.v1 import customers_pb2, imports_pb2, runs_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.payments.v1 import payments_pb2
from ebok.tickets.v1 import desk_pb2
from flask import g, render_template
from flask_login import current_user

from gateway.console import console
from gateway.web.calls import ahead, call, clients

NEWEST = 5
UNDER_WAY = (runs_pb2.RUN_STATUS_CALCULATING, runs_pb2.RUN_STATUS_ISSUING)
WAITING = (runs_pb2.RUN_STATUS_READY, runs_pb2.RUN_STATUS_FAILED)


@console.get("/")
def desk() -> str:
    """Figures, queues, the newest runs and imports, and how old the data are."""
    billing = clients().billing
    page = PageRequest(page_size=NEWEST)
    stuck = cases = runs = imports = None
    if current_user.may("tickets.tickets.work"):
        queue = desk_pb2.ListQueueRequest(view=desk_pb2.QUEUE_VIEW_LATE, page=PageRequest(page_size=1))
        cases = ahead(clients().tickets.desk.ListQueue, queue)
    if current_user.may("payments.payments.search"):
        asked = payments_pb2.SearchPaymentsRequest(stuck=True, page=PageRequest(page_size=1))
        stuck = ahead(clients().payments.payments.SearchPayments, asked)
    if current_user.may("billing.runs.read"):
        runs = ahead(billing.runs.ListBillingRuns, runs_pb2.ListBillingRunsRequest(page=page))
    if current_user.may("billing.imports.read"):
        imports = ahead(billing.imports.ListImports, imports_pb2.ListImportsRequest(page=page))
    figures = call(billing.customers.GetDesk, customers_pb2.GetDeskRequest())
    seen_runs = runs() if runs is not None else None
    seen_imports = imports() if imports is not None else None
    listed = list(seen_runs.runs) if seen_runs is not None else []
    found = stuck() if stuck is not None else None
    queued = cases() if cases is not None else None
    g.nav_counts = {
        "readings": figures.readings_waiting,
        "runs": figures.parked_count,
        "payments": found.stuck_count if found is not None else 0,
        "tickets": queued.counts.mine if queued is not None else 0,
    }
    return render_template(
        "console/desk.html",
        desk=figures,
        cases=queued.counts if queued is not None else None,
        data_age=figures.newest_data_at if figures.HasField("newest_data_at") else None,
        runs=listed,
        under_way=[run for run in listed if run.status in UNDER_WAY],
        waiting=[run for run in listed if run.status in WAITING],
        imports=list(seen_imports.imports) if seen_imports is not None else [],
    )
