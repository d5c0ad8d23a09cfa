"""Issuing a run, step by step: numbers, days, ledger, events and documents of some drafts in one transaction.

Numbers are taken in the transaction that uses them, so a step that fails gives them back and there is no gap; what is
left to do are the drafts, so nobody is issued twice. One step goes on at a time in the whole database: what is billed
already is then the last word, whatever the runs were calculated from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from services.billing.domain import ledger
from services.billing.domain.frozen import FrozenInvoice, FrozenReading, FrozenSpan
from services.billing.domain.gathering import provider_of
from services.billing.domain.ledger import Charge, PostedCharge
from services.billing.domain.plain import UnreadableDocument
from services.billing.domain.runs import refuse_unknown_provider
from services.billing.outbox import invoices as announce
from services.billing.storage import invoices as stored
from services.billing.storage import runs as stored_runs
from services.billing.storage import settings as stored_settings
from services.billing.storage.invoices import InvoiceStatus
from services.billing.storage.runs import BillingRun, ParkedReason, RunStatus

CHUNK_SIZE = 200
SERIES = "FV"


@dataclass(frozen=True, slots=True)
class _Ready:
    """A draft with its document; `row` are its columns."""

    row: Row[Any]
    frozen: FrozenInvoice


def number_of(series: str, year: int, number: int) -> str:
    """A number as printed: FV/2026/000123."""
    return f"{series}/{year}/{number:06d}"


def issue_step(session: Session, run_id: UUID, *, now: datetime, size: int = CHUNK_SIZE) -> bool:
    """Issue the next drafts of a run; false when there are none left, or somebody else is at it."""
    run = stored_runs.lock_run_at_work(session, run_id, RunStatus.ISSUING)
    if run is None:
        return False
    settings = stored_settings.get_settings(session)
    refuse_unknown_provider(settings)
    run.failures = 0
    stored.lock_issuing(session)
    drafts = stored.list_drafts(session, run_id, limit=size)
    if drafts:
        ready, faults = _read(drafts)
        faults |= _billed_meanwhile(session, ready)
        faults |= _changed_readings(session, ready)
        _park(session, run, drafts, faults, now=now)
        sound = [one for one in ready if one.row.invoice_id not in faults]
        _issue(session, run, [_with_seller(one, settings) for one in sound], now=now)
        run.done_count += len(drafts)
    if len(drafts) == size:
        return True
    run.status = RunStatus.ISSUED
    run.issued_at = now
    return False


def _with_seller(ready: _Ready, settings: Any) -> _Ready:
    """The seller is printed as the settings are on the day of issue."""
    provider = provider_of(settings)
    payment = ready.frozen.printed.payment
    account = payment.nrb if payment.own_account else provider.account_number
    return replace(
        ready,
        frozen=ready.frozen.with_printed(
            seller=provider.seller,
            contact=provider.contact,
            payment=replace(payment, nrb=account, recipient=provider.seller.name),
        ),
    )


def _issue(session: Session, run: BillingRun, ready: Sequence[_Ready], *, now: datetime) -> None:
    if not ready:
        return
    issued_on = warsaw_date(now)
    due_on = issued_on + timedelta(days=run.payment_days)
    taken = stored.next_numbers(session, series=SERIES, year=issued_on.year, count=len(ready))
    numbers = [number_of(SERIES, issued_on.year, number) for number in taken]
    charges = [
        Charge(one.row.customer_id, one.row.invoice_id, one.frozen.printed.total_gross, issued_on, due_on)
        for one in ready
    ]
    posted = ledger.post_charges(session, charges, now=now)
    final = [
        _numbered(one, number, posted[one.row.invoice_id], issued_on=issued_on, due_on=due_on)
        for one, number in zip(ready, numbers, strict=True)
    ]
    stored.issue_drafts(session, [_issued_row(one, now=now) for one in final])
    stored.add_spans(
        session,
        [_span_row(one, position, span) for one in final for position, span in enumerate(one.frozen.spans)],
    )
    stored.mark_readings(session, _shown(final), now=now)
    for one in final:
        _announce(session, one)
    run.first_number = run.first_number or numbers[0]
    run.last_number = numbers[-1]


def _numbered(ready: _Ready, number: str, posted: PostedCharge, *, issued_on: date, due_on: date) -> _Ready:
    """The document as it stays: number, days, title, and what the ledger said at this moment."""
    printed = ready.frozen.printed
    frozen = ready.frozen.with_printed(
        number=number,
        issued_on=issued_on,
        due_on=due_on,
        payment=replace(printed.payment, title=number),
        to_pay=printed.total_gross - posted.credit_used,
        explanation=replace(printed.explanation, arrears=posted.arrears, credit=posted.credit_used),
    )
    return replace(ready, frozen=frozen)


def _issued_row(one: _Ready, *, now: datetime) -> dict[str, Any]:
    printed = one.frozen.printed
    return {
        "invoice_id": one.row.invoice_id,
        "status": InvoiceStatus.ISSUED,
        "number": printed.number,
        "issued_at": now,
        "issued_on": printed.issued_on,
        "due_on": printed.due_on,
        "frozen": one.frozen.to_json(),
    }


def _span_row(one: _Ready, position: int, span: FrozenSpan) -> dict[str, Any]:
    return {
        "invoice_id": one.row.invoice_id,
        "position": position,
        "contract_id": one.row.contract_id,
        "service_point_id": UUID(span.service_point_id),
        "basis": span.basis,
        "meter_id": UUID(span.meter_id) if span.meter_id else None,
        "from_day": span.from_day,
        "until_day": span.until_day,
        "until_value": span.until_value,
    }


def _announce(session: Session, one: _Ready) -> None:
    printed, difference = one.frozen.printed, one.frozen.difference
    announce.invoice_issued(
        session,
        invoice_id=one.row.invoice_id,
        customer_id=one.row.customer_id,
        number=printed.number,
        total_gross=printed.total_gross,
        due_on=printed.due_on,
        period=(printed.period_from, printed.period_until),
        account_number=printed.payment.nrb,
        used=one.frozen.used,
        unit=one.frozen.used_unit,
        previous_total=difference.previous_total if difference else None,
    )


Faults = dict[UUID, tuple[ParkedReason, dict[str, str]]]


def _read(drafts: Sequence[Row[Any]]) -> tuple[list[_Ready], Faults]:
    """The drafts with their documents, and those whose document this code cannot read."""
    ready: list[_Ready] = []
    faults: Faults = {}
    for row in drafts:
        try:
            ready.append(_Ready(row, FrozenInvoice.from_json(row.frozen)))
        except UnreadableDocument as fault:
            faults[row.invoice_id] = (ParkedReason.CONTRACT_BROKEN, {"fault": type(fault).__name__})
    return ready, faults


def _park(
    session: Session, run: BillingRun, drafts: Sequence[Row[Any]], faults: Faults, *, now: datetime
) -> None:
    """The safety bound before anything is written: what was billed meanwhile, or stands on readings that are no
    longer so, is parked for a person; the rest goes out.
    """
    stored.discard_some(session, list(faults))
    parked: dict[UUID, dict[str, Any]] = {}
    for row in drafts:
        if row.invoice_id in faults:
            reason, facts = faults[row.invoice_id]
            parked[row.customer_id] = {
                "run_id": run.run_id,
                "customer_id": row.customer_id,
                "customer_number": row.customer_number,
                "customer_name": row.customer_name,
                "reason": reason,
                "facts": facts,
                "parked_at": now,
            }
    stored_runs.add_parked(session, list(parked.values()))


def _billed_meanwhile(session: Session, ready: Sequence[_Ready]) -> Faults:
    """Drafts whose days are billed by an issued invoice, or by another draft of this step."""
    spans = [
        {
            "invoice_id": one.row.invoice_id,
            "service_point_id": span.service_point_id,
            "basis": span.basis,
            "meter_id": span.meter_id or None,
            "from_day": span.from_day,
            "until_day": span.until_day,
        }
        for one in ready
        for span in one.frozen.spans
    ]
    billed = stored.find_billed(session, spans)
    taken: dict[tuple[str, str], list[FrozenSpan]] = {}
    for one in ready:
        mine = [(span.service_point_id, span.meter_id, span) for span in one.frozen.spans]
        clashes = any(
            span.from_day <= other.until_day and other.from_day <= span.until_day
            for point, meter, span in mine
            for other in taken.get((point, meter), [])
        )
        if clashes and one.row.invoice_id not in billed:
            billed[one.row.invoice_id] = ""
        if one.row.invoice_id not in billed:
            for point, meter, span in mine:
                taken.setdefault((point, meter), []).append(span)
    return {
        invoice_id: (ParkedReason.ALREADY_BILLED, {"invoice": number} if number else {})
        for invoice_id, number in billed.items()
    }


def _changed_readings(session: Session, ready: Sequence[_Ready]) -> Faults:
    """Drafts with a reading that is no longer accepted with its value."""
    sound = stored.lock_readings(session, _shown(ready))
    faults: Faults = {}
    for one in ready:
        for reading in one.frozen.readings:
            for day, _ in _ends(reading):
                if (UUID(reading.meter_id), day) not in sound:
                    facts = {"meter": reading.meter_serial, "read_on": day.isoformat()}
                    faults[one.row.invoice_id] = (ParkedReason.READING_WAITS, facts)
    return faults


def _shown(ready: Sequence[_Ready]) -> list[dict[str, Any]]:
    """The readings that the invoices stand on."""
    return [
        {"meter_id": reading.meter_id, "read_on": day, "value": value}
        for one in ready
        for reading in one.frozen.readings
        for day, value in _ends(reading)
    ]


def _ends(reading: FrozenReading) -> list[tuple[date, Decimal]]:
    """Day and value of the readings that count; an estimate that was settled is on the invoice that billed it."""
    end = (reading.until_day, reading.value_until)
    return [end] if reading.start_settled else [(reading.from_day, reading.value_from), end]
