"""The calculation of a run, step by step: each step is one transaction and leaves the run where the next begins.

A worker that dies loses one step at most. The run's row is locked for a step, so two workers never do the same one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from chassis.ids import new_id
from services.billing.domain.billing_facts import CustomerFacts, Period, Provider
from services.billing.domain.drafts import Draft, drafts_of
from services.billing.domain.gathering import Gathered, customer_facts, gather, provider_of
from services.billing.domain.metered_use import Park
from services.billing.storage import billing_facts as stored_facts
from services.billing.storage import invoices as stored_invoices
from services.billing.storage import runs as stored
from services.billing.storage import settings as stored_settings
from services.billing.storage.invoices import InvoiceStatus
from services.billing.storage.runs import BillingRun, ParkedReason, RunStatus

CHUNK_SIZE = 200
REMOVED_AT_ONCE_MAX = 2_000
BEFORE_ALL = UUID(int=0)

Reports = Callable[[UUID, Exception], None]


@dataclass(slots=True)
class _Step:
    """The rows that a step adds."""

    drafts: list[dict[str, Any]] = field(default_factory=list)
    parked: list[dict[str, Any]] = field(default_factory=list)


def calculate_step(
    session: Session, run_id: UUID, *, report: Reports, now: datetime, size: int = CHUNK_SIZE
) -> bool:
    """Do the next step of a run; false when there is none left, or somebody else is at it.

    `report` hears of a customer whose calculation failed unexpectedly; the customer is parked, the run goes on.
    """
    run = stored.lock_run_at_work(session, run_id, RunStatus.CALCULATING)
    if run is None:
        return False
    run.failures = 0
    if run.reached is None:
        _begin(session, run)
        return True
    period = Period(run.period_from, run.period_to, run.payment_days)
    gathered = gather(session, period, after=run.reached, limit=size)
    provider = provider_of(stored_settings.get_settings(session))
    step = _Step()
    for customer_id in gathered.customers:
        _calculate(step, run, gathered, customer_id, period=period, provider=provider, report=report, now=now)
    stored_invoices.add_drafts(session, step.drafts)
    stored.add_parked(session, step.parked)
    run.done_count += len(gathered.customers)
    if len(gathered.customers) < size:
        run.status = RunStatus.READY
        run.calculated_at = now
        run.customer_count = run.done_count
        return False
    run.reached = max(gathered.customers)
    return True


def _begin(session: Session, run: BillingRun) -> None:
    """Clear away a former calculation, a part at a time; then count who is to be looked at."""
    if stored_invoices.remove_drafts(session, run.run_id, limit=REMOVED_AT_ONCE_MAX):
        return
    stored.remove_parked(session, run.run_id)
    run.customer_count = stored_facts.count_customers(
        session, from_day=run.period_from, until_day=run.period_to
    )
    run.done_count = 0
    run.reached = BEFORE_ALL


def _calculate(
    step: _Step,
    run: BillingRun,
    gathered: Gathered,
    customer_id: UUID,
    *,
    period: Period,
    provider: Provider,
    report: Reports,
    now: datetime,
) -> None:
    """Add a customer's drafts or the reason why there are none; a customer never stops the others."""
    try:
        customer = customer_facts(gathered, customer_id)
        drafts = drafts_of(customer, period, provider, today=warsaw_date(now))
        rows = [_draft_row(run, customer, draft, now=now) for draft in drafts]
    except Park as park:
        step.parked.append(
            _parked_row(run, gathered, customer_id, reason=park.reason, facts=park.facts, now=now)
        )
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is this customer's alone
        report(customer_id, fault)
        facts = {"fault": type(fault).__name__}
        step.parked.append(
            _parked_row(run, gathered, customer_id, reason=ParkedReason.CONTRACT_BROKEN, facts=facts, now=now)
        )
    else:
        step.drafts.extend(rows)


def _draft_row(run: BillingRun, customer: CustomerFacts, draft: Draft, *, now: datetime) -> dict[str, Any]:
    printed = draft.frozen.printed
    previous = draft.frozen.difference
    return {
        "invoice_id": new_id(),
        "run_id": run.run_id,
        "customer_id": customer.customer_id,
        "contract_id": draft.contract_id,
        "tariff_id": draft.tariff_id,
        "status": InvoiceStatus.DRAFT,
        "period_from": printed.period_from,
        "period_to": printed.period_until,
        "created_at": now,
        "total_net": printed.total_net,
        "total_vat": printed.total_vat,
        "total_gross": printed.total_gross,
        "change_gross": printed.total_gross - previous.previous_total if previous else None,
        "e_invoice": customer.by_mail,
        "customer_number": customer.number,
        "customer_name": customer.name,
        "frozen": draft.frozen.to_json(),
    }


def _parked_row(
    run: BillingRun,
    gathered: Gathered,
    customer_id: UUID,
    *,
    reason: ParkedReason,
    facts: dict[str, str],
    now: datetime,
) -> dict[str, Any]:
    first = gathered.customers[customer_id][0]
    return {
        "run_id": run.run_id,
        "customer_id": customer_id,
        "customer_number": first.number,
        "customer_name": first.name,
        "reason": reason,
        "facts": facts,
        "parked_at": now,
    }
