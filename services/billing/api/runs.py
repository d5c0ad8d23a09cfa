"""The door for billing runs."""

from datetime import datetime
from uuid import UUID

from ebok.billing.v1 import runs_pb2 as pb
from ebok.billing.v1 import runs_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.money import Money
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.billing.api.invoice_packing import pack_detail, pack_invoice
from services.billing.api.packing import words_of
from services.billing.domain import invoices, runs
from services.billing.domain.runs import CHANGE_BOUNDS, RunFigures
from services.billing.storage import invoices as stored_invoices
from services.billing.storage import runs as stored
from services.billing.storage.runs import BillingRun, ParkedCustomer, ParkedReason, RunStatus

RUNS, RUN_INVOICES, PARKED = "runs", "run_invoices", "parked"
RUN_STATUSES = words_of(pb.RunStatus, RunStatus, "RUN_STATUS")


class BillingRunService(rpc.BillingRunServiceServicer):
    """Front door for billing runs: unpack, call the domain, pack. The work is done by a job."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def CreateBillingRun(
        self, request: pb.CreateBillingRunRequest, context: Context
    ) -> pb.CreateBillingRunResponse:
        now = self._clock.now()
        with self._database.transaction() as session:
            run = runs.create(
                session,
                wire.unpack_id(request.run_id, field="run_id"),
                name=request.name,
                period_from=wire.unpack_date(request.period_from, field="period_from"),
                period_to=wire.unpack_date(request.period_to, field="period_to"),
                payment_days=request.payment_days,
                by=context.actor,
                now=now,
            )
            return pb.CreateBillingRunResponse(run=pack_run(run, runs.figures(session, run, now=now)))

    def GetBillingRun(self, request: pb.GetBillingRunRequest, context: Context) -> pb.GetBillingRunResponse:
        with self._database.reading() as session:
            run = runs.get(session, wire.unpack_id(request.run_id, field="run_id"))
            found = runs.figures(session, run, now=self._clock.now())
        return pb.GetBillingRunResponse(run=pack_run(run, found))

    def ListBillingRuns(
        self, request: pb.ListBillingRunsRequest, context: Context
    ) -> pb.ListBillingRunsResponse:
        window = unpack_window(request.page, of=RUNS, kinds=(datetime, UUID))
        with self._database.reading() as session:
            page = stored.list_runs(session, window)
            found = runs.list_figures(session, list(page.rows), now=self._clock.now())
        packed = [pack_run(run, found[run.run_id]) for run in page.rows]
        for run in packed:
            run.parked_by_reason.clear()
        return pb.ListBillingRunsResponse(
            runs=packed, page=pack_page(page, of=RUNS, key_of=lambda run: (run.created_at, run.run_id))
        )

    def ListRunInvoices(
        self, request: pb.ListRunInvoicesRequest, context: Context
    ) -> pb.ListRunInvoicesResponse:
        window = unpack_window(request.page, of=RUN_INVOICES, kinds=(str, UUID))
        with self._database.reading() as session:
            run = runs.get(session, wire.unpack_id(request.run_id, field="run_id"))
            page = stored_invoices.list_run_invoices(
                session, run.run_id, discarded=run.status is RunStatus.DISCARDED, window=window
            )
        today = warsaw_date(self._clock.now())
        return pb.ListRunInvoicesResponse(
            invoices=[pack_invoice(row, today=today) for row in page.rows],
            page=pack_page(page, of=RUN_INVOICES, key_of=lambda row: (row.customer_number, row.invoice_id)),
        )

    def GetRunInvoice(self, request: pb.GetRunInvoiceRequest, context: Context) -> pb.GetRunInvoiceResponse:
        with self._database.reading() as session:
            kept = invoices.get_of_run(
                session,
                wire.unpack_id(request.run_id, field="run_id"),
                wire.unpack_id(request.invoice_id, field="invoice_id"),
            )
        return pb.GetRunInvoiceResponse(detail=pack_detail(kept, today=warsaw_date(self._clock.now())))

    def ListParked(self, request: pb.ListParkedRequest, context: Context) -> pb.ListParkedResponse:
        window = unpack_window(request.page, of=PARKED, kinds=(str, UUID))
        reason = _unpack_reason(request.reason)
        with self._database.reading() as session:
            run = runs.get(session, wire.unpack_id(request.run_id, field="run_id"))
            page = stored.list_parked(session, run.run_id, reason=reason, window=window)
        return pb.ListParkedResponse(
            parked=[_pack_parked(parked) for parked in page.rows],
            page=pack_page(page, of=PARKED, key_of=lambda one: (one.customer_number, one.customer_id)),
        )

    def RecalculateBillingRun(
        self, request: pb.RecalculateBillingRunRequest, context: Context
    ) -> pb.RecalculateBillingRunResponse:
        with self._database.transaction() as session:
            run = runs.recalculate(session, wire.unpack_id(request.run_id, field="run_id"))
            found = runs.figures(session, run, now=self._clock.now())
            return pb.RecalculateBillingRunResponse(run=pack_run(run, found))

    def IssueBillingRun(
        self, request: pb.IssueBillingRunRequest, context: Context
    ) -> pb.IssueBillingRunResponse:
        with self._database.transaction() as session:
            run = runs.issue(
                session,
                wire.unpack_id(request.run_id, field="run_id"),
                invoice_count=request.invoice_count,
                by=context.actor,
            )
            found = runs.figures(session, run, now=self._clock.now())
            return pb.IssueBillingRunResponse(run=pack_run(run, found))

    def DiscardBillingRun(
        self, request: pb.DiscardBillingRunRequest, context: Context
    ) -> pb.DiscardBillingRunResponse:
        with self._database.transaction() as session:
            run = runs.discard(session, wire.unpack_id(request.run_id, field="run_id"))
            found = runs.figures(session, run, now=self._clock.now())
            return pb.DiscardBillingRunResponse(run=pack_run(run, found))


def _unpack_reason(text: str) -> ParkedReason | None:
    if not text:
        return None
    if text not in ParkedReason.__members__:
        raise wire.fault("reason", "UNKNOWN")
    return ParkedReason(text)


def pack_run(run: BillingRun, found: RunFigures) -> pb.BillingRun:
    """A run with its figures."""
    return pb.BillingRun(
        run_id=wire.pack_id(run.run_id),
        name=run.name,
        period_from=wire.pack_date(run.period_from),
        period_to=wire.pack_date(run.period_to),
        payment_days=run.payment_days,
        status=RUN_STATUSES[run.status],
        customer_count=run.customer_count,
        done_count=run.done_count,
        invoice_count=found.sums.invoice_count,
        parked_count=sum(found.parked_by_reason.values()),
        total_net=wire.pack_money(found.sums.total_net),
        total_vat=wire.pack_money(found.sums.total_vat),
        total_gross=wire.pack_money(found.sums.total_gross),
        created_at=wire.pack_instant(run.created_at),
        created_by=run.created_by,
        calculated_at=wire.pack_optional_instant(run.calculated_at),
        issued_at=wire.pack_optional_instant(run.issued_at),
        issued_by=run.issued_by,
        first_number=run.first_number,
        last_number=run.last_number,
        failure=run.failure,
        parked_by_reason=found.parked_by_reason,
        e_invoice_count=found.sums.e_invoice_count,
        due_on_if_issued_today=wire.pack_date(found.due_on_if_issued_today),
        previous_total_gross=wire.pack_optional_money(found.previous_total_gross),
        changes=_pack_changes(found.changes),
    )


def _pack_changes(counts: tuple[int, ...]) -> list[pb.ChangeStep]:
    """The steps with their bounds; none where nothing was compared."""
    if not any(counts):
        return []
    lower: list[Money | None] = [None, *CHANGE_BOUNDS]
    upper: list[Money | None] = [*CHANGE_BOUNDS, None]
    steps = []
    for first, below, count in zip(lower, upper, counts, strict=True):
        step = pb.ChangeStep(below=wire.pack_optional_money(below), count=count)
        if first is not None:
            getattr(step, "from").CopyFrom(wire.pack_money(first))  # "from" is a keyword of Python
        steps.append(step)
    return steps


def _pack_parked(parked: ParkedCustomer) -> pb.Parked:
    return pb.Parked(
        customer_id=wire.pack_id(parked.customer_id),
        customer_number=parked.customer_number,
        customer_name=parked.customer_name,
        reason=parked.reason.value,
        facts=parked.facts,
    )
