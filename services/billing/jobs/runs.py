"""The worker behind billing runs: each second it looks for a run to calculate or issue and goes on with it."""

import time
from datetime import datetime
from uuid import UUID

from chassis.clock import Clock
from chassis.database import Database
from chassis.jobs import Jobs
from chassis.telemetry import describe_fault, logger
from services.billing.domain import calculating, issuing
from services.billing.storage import invoices as stored_invoices
from services.billing.storage import runs as stored
from services.billing.storage.runs import RunStatus

WORK_S = 8.0  # Then the job ends, so that a stop is heeded; a second later it goes on.
FAILURES_MAX = 5
DISCARDED_AT_ONCE_MAX = 2_000

jobs = Jobs()
log = logger("runs")


@jobs.job("runs.advance", every_s=1.0)
def advance_runs(database: Database, *, now: datetime, clock: Clock) -> None:
    """Go on with the oldest run at work until there is none, or the time of this turn is over."""
    _ = now  # A turn is long: each step asks the clock itself.
    until = time.monotonic() + WORK_S
    _discard_drafts(database)
    while time.monotonic() < until:
        with database.asking() as reader:
            found = stored.find_run_at_work(reader)
        if found is None:
            return
        run_id, status = found
        try:
            with database.transaction() as session:
                if status is RunStatus.CALCULATING:
                    moved = calculating.calculate_step(session, run_id, report=_report, now=clock.now())
                else:
                    moved = issuing.issue_step(session, run_id, now=clock.now())
        except Exception as fault:
            _note_failure(database, run_id, fault)
            raise
        if not moved and _still_at_work(database, run_id, status):
            return  # Another worker has it.


def _still_at_work(database: Database, run_id: UUID, status: RunStatus) -> bool:
    with database.asking() as reader:
        return stored.find_run_at_work(reader) == (run_id, status)


def _discard_drafts(database: Database) -> None:
    """Drafts of discarded runs, a part at a time."""
    with database.asking() as reader:
        waiting = stored_invoices.find_drafts_to_discard(reader, limit=DISCARDED_AT_ONCE_MAX)
    if waiting:
        with database.transaction() as session:
            stored_invoices.discard_some(session, waiting)


def _report(customer_id: UUID, fault: Exception) -> None:
    """A customer was parked because its calculation failed unexpectedly."""
    log.error("customer not calculated", customer_id=str(customer_id), **describe_fault(fault))


def _note_failure(database: Database, run_id: UUID, fault: Exception) -> None:
    """A calculation that fails again and again stops and says why; issuing goes on trying, it must end."""
    with database.transaction() as session:
        run = stored.lock_run(session, run_id)
        if run is None:
            return
        run.failures += 1
        if run.failures >= FAILURES_MAX and run.status is RunStatus.CALCULATING:
            run.status = RunStatus.FAILED
            run.failure = type(fault).__name__
