"""Billing runs: started, calculated again, issued, discarded. The work itself is done in steps by a job.

A run is open until it is issued or discarded; two open runs never cover the same day.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.clock import warsaw_date
from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, Violation
from chassis.money import Money
from services.billing.domain.gathering import provider_of
from services.billing.domain.proration import days_in, months_in
from services.billing.storage import invoices as stored_invoices
from services.billing.storage import runs as stored
from services.billing.storage import settings as stored_settings
from services.billing.storage.runs import BillingRun, RunStatus
from services.billing.storage.settings import ProviderSettings

PERIOD_DAYS_MAX = 366
# Changed bills are counted by these steps: below −40 zł, to −20, to −5, about the same, from 5, from 20, from 40.
CHANGE_BOUNDS = tuple(Money(zloty * 100) for zloty in (-40, -20, -5, 5, 20, 40))


class RunNotFound(NotFound):
    """There is no such run."""

    reason = "RUN_NOT_FOUND"


class RunDiffers(Conflict):
    """The id belongs to a run of another period."""

    reason = "RUN_DIFFERS"


class PeriodInFuture(FailedPrecondition):
    """The period has not ended."""

    reason = "PERIOD_IN_FUTURE"


class RunOverlaps(FailedPrecondition):
    """An open run covers a day of the period."""

    reason = "RUN_OVERLAPS"


class RunNotReady(FailedPrecondition):
    """The run's drafts are not there to be looked at, or no more."""

    reason = "RUN_NOT_READY"


class RunIssued(FailedPrecondition):
    """The run's invoices are out, or on their way."""

    reason = "RUN_ISSUED"


class InvoiceCountDiffers(FailedPrecondition):
    """The number typed is not the number of drafts."""

    reason = "INVOICE_COUNT_DIFFERS"


class ProviderUnknown(FailedPrecondition):
    """The settings are not here, or name no account: an invoice could say neither who sells nor where to pay."""

    reason = "PROVIDER_UNKNOWN"


def create(
    session: Session,
    run_id: UUID,
    *,
    name: str,
    period_from: date,
    period_to: date,
    payment_days: int,
    by: Actor,
    now: datetime,
) -> BillingRun:
    """Start a run; a worker calculates it. Repeated with the same id, it answers the run that is there."""
    stored.lock_runs(session)
    known = stored.get_run(session, run_id)
    if known is not None:
        if (known.period_from, known.period_to) != (period_from, period_to):
            raise RunDiffers(run_id=str(run_id))
        return known
    if period_to < period_from or days_in(period_from, period_to) > PERIOD_DAYS_MAX:
        raise Invalid(violations=[Violation("period_to", "OUT_OF_RANGE")])
    if period_to >= warsaw_date(now):
        raise PeriodInFuture(period_to=period_to.isoformat())
    other = stored.find_overlapping(session, from_day=period_from, until_day=period_to)
    if other is not None:
        raise RunOverlaps(run_id=str(other.run_id), name=other.name)
    run = BillingRun(
        run_id=run_id,
        name=name,
        period_from=period_from,
        period_to=period_to,
        payment_days=payment_days,
        status=RunStatus.CALCULATING,
        created_at=now,
        created_by=by.name,
    )
    session.add(run)
    session.flush()
    return run


def recalculate(session: Session, run_id: UUID) -> BillingRun:
    """Calculate a run again from the start. Repeated while it is being calculated, it changes nothing."""
    run = _lock(session, run_id)
    if run.status is RunStatus.CALCULATING:
        return run
    if run.status not in (RunStatus.READY, RunStatus.FAILED):
        raise RunNotReady(run_id=str(run_id))
    run.status = RunStatus.CALCULATING
    run.reached = None
    run.customer_count = run.done_count = run.failures = 0
    run.failure = ""
    run.calculated_at = None
    return run


def issue(session: Session, run_id: UUID, *, invoice_count: int, by: Actor) -> BillingRun:
    """Set a run out to be issued. Repeated, it answers the run as it stands."""
    run = _lock(session, run_id)
    if run.status in (RunStatus.ISSUING, RunStatus.ISSUED):
        return run
    if run.status is not RunStatus.READY:
        raise RunNotReady(run_id=str(run_id))
    drafts = stored_invoices.count_drafts(session, run_id)
    if invoice_count != drafts:
        raise InvoiceCountDiffers(invoice_count=str(drafts))
    refuse_unknown_provider(stored_settings.get_settings(session))
    run.status = RunStatus.ISSUING
    run.done_count = 0
    run.issued_by = by.name
    return run


def refuse_unknown_provider(settings: ProviderSettings | None) -> None:
    """Nothing is issued without a seller and an account of 26 digits. Refuses with `ProviderUnknown`."""
    if settings is None or not re.fullmatch(r"[0-9]{26}", provider_of(settings).account_number):
        raise ProviderUnknown


def discard(session: Session, run_id: UUID) -> BillingRun:
    """Throw a run away; a worker discards its drafts. Repeated, it changes nothing."""
    run = _lock(session, run_id)
    if run.status in (RunStatus.ISSUING, RunStatus.ISSUED):
        raise RunIssued(run_id=str(run_id))
    run.status = RunStatus.DISCARDED
    return run


def _lock(session: Session, run_id: UUID) -> BillingRun:
    run = stored.lock_run(session, run_id)
    if run is None:
        raise RunNotFound(run_id=str(run_id))
    return run


def get(session: Session, run_id: UUID) -> BillingRun:
    """A run. Refuses with `RunNotFound`."""
    run = stored.get_run(session, run_id)
    if run is None:
        raise RunNotFound(run_id=str(run_id))
    return run


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What is shown beside a run; all of it is counted from its invoices and parked customers."""

    sums: stored.RunSums
    parked_by_reason: dict[str, int]
    due_on_if_issued_today: date
    previous_total_gross: Money | None = None
    changes: tuple[int, ...] = ()


def figures(session: Session, run: BillingRun, *, now: datetime) -> RunFigures:
    """The figures of one run."""
    [found] = list_figures(session, [run], now=now).values()
    previous = _run_before(session, run)
    return RunFigures(
        sums=found.sums,
        parked_by_reason=found.parked_by_reason,
        due_on_if_issued_today=found.due_on_if_issued_today,
        previous_total_gross=previous,
        changes=tuple(stored.count_changes(session, run.run_id, CHANGE_BOUNDS)),
    )


def list_figures(session: Session, runs: list[BillingRun], *, now: datetime) -> dict[UUID, RunFigures]:
    """The figures of many runs, without those that compare."""
    ids = [run.run_id for run in runs]
    sums = stored.sums_of(session, ids)
    parked = stored.count_parked(session, ids)
    today = warsaw_date(now)
    return {
        run.run_id: RunFigures(
            sums=sums[run.run_id],
            parked_by_reason=parked[run.run_id],
            due_on_if_issued_today=today + timedelta(days=run.payment_days),
        )
        for run in runs
    }


def _run_before(session: Session, run: BillingRun) -> Money | None:
    """The gross total of the latest issued run before it for a period as long, in months."""
    length = months_in(run.period_from, run.period_to)
    for other in stored.list_issued_before(session, run.period_from):
        if months_in(other.period_from, other.period_to) == length:
            return stored.sums_of(session, [other.run_id])[other.run_id].total_gross
    return None
