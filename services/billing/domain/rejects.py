"""Refused rows: a clerk mends one and it comes in as any other, or sets it aside."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.clock import warsaw_date
from chassis.errors import FailedPrecondition, NotFound, Violation, refuse_if
from services.billing.domain import imports
from services.billing.domain.contracts import POINTS_FIELD
from services.billing.domain.rows import Batch, RowKind, SourceRow
from services.billing.storage import imports as stored
from services.billing.storage.imports import Import, ImportReject, RejectStatus

Fields = Mapping[RowKind, Sequence[str]]


class RejectNotFound(NotFound):
    """There is no such refused row."""

    reason = "REJECT_NOT_FOUND"


class RejectSettled(FailedPrecondition):
    """Somebody has decided otherwise about the row."""

    reason = "REJECT_SETTLED"


class TrialOnly(FailedPrecondition):
    """The row is one of a dry run: nothing of it was to be kept."""

    reason = "TRIAL_ONLY"


def get(session: Session, reject_id: UUID) -> ImportReject:
    """A refused row as it is now."""
    reject = stored.get_reject(session, reject_id)
    if reject is None:
        raise RejectNotFound(reject_id=str(reject_id))
    return reject


def resubmit(
    session: Session, reject_id: UUID, *, row: Mapping[str, str], fields: Fields, by: Actor, now: datetime
) -> ImportReject:
    """Take a mended row as its import would have taken it; one that was taken before stays as it came in.

    `fields` are the names that a row of each kind may have. Refuses by field, as an import refuses rows.
    """
    stored.lock_batches(session)
    reject = _lock(session, reject_id)
    if reject.status is RejectStatus.MENDED:
        return reject
    if reject.status is RejectStatus.DISMISSED:
        raise RejectSettled(reject_id=str(reject_id))
    import_ = _lock_import(session, reject)
    batch = Batch(now=now, today=warsaw_date(now), as_of=import_.as_of)
    imports.take_rows(session, [_mended(reject, row, fields)], batch)
    refuse_if(
        [
            Violation(f"row.{fault.field}" if fault.field else "row", fault.reason)
            for refused in batch.refused
            for fault in refused.faults
        ]
    )
    reject.mended_row = {name: value for name, value in row.items() if value}
    _settle(reject, import_, RejectStatus.MENDED, by=by, now=now)
    return reject


def dismiss(session: Session, reject_id: UUID, *, by: Actor, now: datetime) -> ImportReject:
    """Set a row aside; one that was set aside before stays so."""
    reject = _lock(session, reject_id)
    if reject.status is RejectStatus.DISMISSED:
        return reject
    if reject.status is RejectStatus.MENDED:
        raise RejectSettled(reject_id=str(reject_id))
    _settle(reject, _lock_import(session, reject), RejectStatus.DISMISSED, by=by, now=now)
    return reject


def _lock(session: Session, reject_id: UUID) -> ImportReject:
    reject = stored.lock_reject(session, reject_id)
    if reject is None:
        raise RejectNotFound(reject_id=str(reject_id))
    return reject


def _lock_import(session: Session, reject: ImportReject) -> Import:
    import_ = stored.lock_import(session, reject.import_id)
    if import_ is None:
        raise imports.ImportNotFound(import_id=str(reject.import_id))
    if import_.dry_run:
        raise TrialOnly(reject_id=str(reject.reject_id))
    return import_


def _mended(reject: ImportReject, row: Mapping[str, str], fields: Fields) -> SourceRow:
    """The row as a sound one; names that are no fields of its kind are refused by their place."""
    kind = RowKind(reject.kind)
    names = [*fields.get(kind, ()), *([POINTS_FIELD] if kind is RowKind.CONTRACT else [])]
    refuse_if(
        [
            Violation(f"row[{place}].key", "UNKNOWN")
            for place, name in enumerate(sorted(row))
            if name not in names
        ]
    )
    points = [point.strip() for point in row.get(POINTS_FIELD, "").split(",")]
    return SourceRow(
        reject.row_number,
        kind,
        {name: row.get(name, "") for name in names if name != POINTS_FIELD},
        tuple(point for point in points if point),
    )


def _settle(reject: ImportReject, import_: Import, status: RejectStatus, *, by: Actor, now: datetime) -> None:
    reject.status = status
    reject.settled_at = now
    reject.settled_by = by.name
    import_.open_reject_count -= 1
