"""Records in the hands of staff: what they write goes the way of an import's row.

The same readers, the same tables, the same announcements; with one row, under the lock of imports.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from chassis.errors import Conflict, Invalid, Violation
from services.billing.domain import billed_records, customers
from services.billing.domain.imports import MASTERS
from services.billing.domain.records import NOUNS, Record, RecordNotFound, find, get, is_editable
from services.billing.domain.rows import OFFICE_PREFIX, Batch, Office, Outcome, RowKind, SourceRow
from services.billing.storage import imports as stored_imports
from services.billing.storage import invoices as stored_invoices
from services.billing.storage import records as stored

TAKERS = dict(MASTERS)
# What billing stands on: nothing is issued between the look at what is billed and the change.
BILLED = frozenset({RowKind.SERVICE_POINT, RowKind.METER, RowKind.CONTRACT})
# Where a fault of a field is, in the request.
PATHS = {
    RowKind.CUSTOMER: "customer",
    RowKind.PREMISES: "premises",
    RowKind.SERVICE_POINT: "service_point",
    RowKind.METER: "meter",
    RowKind.CONTRACT: "contract",
}


class RecordChanged(Conflict):
    """The record is not what it was when it was read: somebody, or an import, changed it since."""

    reason = "RECORD_CHANGED"


def save(
    session: Session, record_id: UUID, row: SourceRow, *, revision: str, names: Collection[str], now: datetime
) -> Record:
    """Make a record, or change one. `names` are the fields of the row's kind. Repeated, it changes nothing.

    Refuses: RECORD_NOT_FOUND; RECORD_CHANGED; by field: as an import would, OWNED_BY_PROVIDER, and what would
    contradict invoices and readings (`billed_records`).
    """
    stored_imports.lock_batches(session)
    if row.kind in BILLED:
        stored_invoices.lock_issuing(session)
    before = find(session, row.kind, record_id)
    if before is None and revision:
        raise RecordNotFound(record_id=str(record_id))
    batch = _take(session, record_id, row, before, revision=revision, names=names, now=now)
    if batch.outcomes[Outcome.UNCHANGED] and before is not None:
        return before
    customers.refresh_places(session, batch)
    if before is not None and not before.by_provider:
        stored.set_as_of(session, NOUNS[row.kind].model, record_id, as_of=now)
    after = get(session, row.kind, record_id)
    _refuse(row.kind, billed_records.contradictions(session, row.kind, record_id, before, after))
    return after


def _take(
    session: Session,
    record_id: UUID,
    row: SourceRow,
    before: Record | None,
    *,
    revision: str,
    names: Collection[str],
    now: datetime,
) -> Batch:
    # Somebody who repeats a call has the old revision: that is no fault as long as there is nothing left to do.
    stale = before is not None and before.revision != revision
    office = Office(
        record_id,
        texts={name: before.text(name) for name in names} if before is not None else {},
        editable=stale or is_editable(session),
    )
    external_id = before.row.external_id if before is not None else f"{OFFICE_PREFIX}{record_id}"
    named = row._replace(fields={**row.fields, "external_id": external_id})
    batch = Batch(now=now, today=warsaw_date(now), as_of=now, office=office)
    TAKERS[row.kind](session, [named], batch)
    if stale and not batch.outcomes[Outcome.UNCHANGED]:
        raise RecordChanged(record_id=str(record_id))
    for refused in batch.refused:
        _refuse(row.kind, [(fault.field, fault.reason) for fault in refused.faults])
    return batch


def _refuse(kind: RowKind, faults: Collection[tuple[str, str]]) -> None:
    if faults:
        raise Invalid(violations=[Violation(f"{PATHS[kind]}.{name}", reason) for name, reason in faults])
