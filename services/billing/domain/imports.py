"""Imports: the provider's own data come in, batch after batch, each row judged by itself.

A batch is one transaction. Its rows are taken in the order in which one kind refers to another, whatever their order
in the batch; a row that is refused leaves the others alone. Rows are known by the provider's own ids, so that taking
the same batch twice changes nothing. A dry run does all of it and takes it back.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from chassis.errors import Conflict, FailedPrecondition, NotFound
from chassis.ids import new_id
from services.billing.domain import (
    contracts,
    customers,
    feeds,
    intervals,
    meters,
    payments,
    premises,
    reading_rows,
    service_points,
    trials,
)
from services.billing.domain.rows import (
    Batch,
    Outcome,
    RefusedRow,
    RowFault,
    RowKind,
    SourceRow,
    rounds,
    shown,
)
from services.billing.outbox import imports as announce
from services.billing.storage import imports as stored
from services.billing.storage.imports import Import, ImportStatus

ROW_SHOWN_LENGTH_MAX = 500  # of a field of a refused row
STILL_COMING = timedelta(seconds=10)  # after its last batch began
SPARED_MAX = timedelta(minutes=15)

Taker = Callable[[Session, Sequence[SourceRow], Batch], None]
# In this order: a row may refer to one of a kind above, also when that came in the same batch.
MASTERS: tuple[tuple[RowKind, Taker], ...] = (
    (RowKind.CUSTOMER, customers.take),
    (RowKind.PREMISES, premises.take),
    (RowKind.SERVICE_POINT, service_points.take),
    (RowKind.METER, meters.take),
    (RowKind.CONTRACT, contracts.take),
)


class ImportNotFound(NotFound):
    """There is no such import."""

    reason = "IMPORT_NOT_FOUND"


class ImportFinished(FailedPrecondition):
    """The import is closed: by the connector, or by somebody at the console."""

    reason = "IMPORT_FINISHED"


class ImportCancelled(FailedPrecondition):
    """Somebody at the console stopped the import."""

    reason = "IMPORT_CANCELLED"


class ImportDiffers(Conflict):
    """The id is that of another import."""

    reason = "IMPORT_DIFFERS"


class BatchOutOfOrder(FailedPrecondition):
    """A batch before this one has not come."""

    reason = "BATCH_OUT_OF_ORDER"


def start(
    session: Session,
    import_id: UUID,
    *,
    source: str,
    dry_run: bool,
    row_count: int,
    as_of: datetime | None,
    since: datetime | None,
    feed: str,
    every: timedelta | None,
    now: datetime,
) -> Import:
    """Open an import, or find it again to go on with it. A watched source was looked at thereby."""
    given = Import(
        import_id=import_id,
        source=source,
        dry_run=dry_run,
        status=ImportStatus.RUNNING,
        row_count=row_count,
        as_of=as_of or now,
        started_at=now,
        moved_at=now,
        since=since,
        feed=feed,
    )
    stored.add_import(session, given)
    import_ = _lock(session, import_id)
    if (import_.source, import_.dry_run) != (source, dry_run):
        raise ImportDiffers(import_id=str(import_id))
    if import_.status is not ImportStatus.RUNNING:
        raise ImportFinished(import_id=str(import_id))
    if row_count:
        import_.row_count = row_count
    if feed:
        feeds.touch(session, feed, every=every, now=now)
    return import_


def take_batch(
    session: Session, import_id: UUID, *, batch_number: int, rows: Sequence[SourceRow], now: datetime
) -> Import:
    """Take one batch; one that was taken before is passed over."""
    stored.lock_batches(session)
    import_ = _lock(session, import_id)
    if import_.status is ImportStatus.CANCELLED:
        raise ImportCancelled(import_id=str(import_id))
    if import_.status is ImportStatus.FINISHED:
        raise ImportFinished(import_id=str(import_id))
    if batch_number <= import_.batch_count:
        return import_
    if batch_number != import_.batch_count + 1:
        raise BatchOutOfOrder(expected=str(import_.batch_count + 1))

    batch = Batch(now=now, today=warsaw_date(now), as_of=import_.as_of)
    if import_.dry_run:
        tried = session.begin_nested()
        trials.replay(session, import_id, rows, batch, take=take_rows)
        take_rows(session, rows, batch)
        tried.rollback()
        import_ = _lock(session, import_id)
        trials.keep(session, import_id, batch)
    else:
        take_rows(session, rows, batch)
    _count(import_, batch, batch_number=batch_number, now=now)
    stored.add_rejects(session, [_reject(import_id, refused) for refused in batch.refused])
    return import_


def finish(session: Session, import_id: UUID, *, now: datetime) -> Import:
    """Close an import; one that is closed or was stopped stays as it is."""
    import_ = _lock(session, import_id)
    if import_.status is ImportStatus.RUNNING:
        _close(session, import_, ImportStatus.FINISHED, now=now)
    return import_


def cancel(session: Session, import_id: UUID, *, now: datetime) -> Import:
    """Stop an import. The batch under way ends first; what came in stays."""
    import_ = _lock(session, import_id)
    if import_.status is ImportStatus.FINISHED:
        raise ImportFinished(import_id=str(import_id))
    if import_.status is ImportStatus.RUNNING:
        _close(session, import_, ImportStatus.CANCELLED, now=now)
    return import_


def get(session: Session, import_id: UUID) -> Import:
    """An import as it is now."""
    import_ = stored.get_import(session, import_id)
    if import_ is None:
        raise ImportNotFound(import_id=str(import_id))
    return import_


def is_coming(session: Session, *, now: datetime) -> bool:
    """Whether an import is bringing rows at this moment. One that takes long has to share the machine."""
    return stored.is_coming(session, moved_since=now - STILL_COMING, started_since=now - SPARED_MAX)


def _close(session: Session, import_: Import, status: ImportStatus, *, now: datetime) -> None:
    import_.status = status
    import_.finished_at = now
    stored.delete_trials(session, import_.import_id)
    announce.import_finished(session, import_)


def _lock(session: Session, import_id: UUID) -> Import:
    import_ = stored.lock_import(session, import_id)
    if import_ is None:
        raise ImportNotFound(import_id=str(import_id))
    return import_


def take_rows(session: Session, rows: Sequence[SourceRow], batch: Batch) -> None:
    """Take rows in the order of reference; `batch` hears of each what it did or why it is refused."""
    by_kind: dict[RowKind, list[SourceRow]] = {}
    for row in rows:
        if row.defect:
            batch.refuse(row, [RowFault("", row.defect)])
        else:
            by_kind.setdefault(row.kind, []).append(row)
    for row in by_kind.get(RowKind.UNKNOWN, ()):
        batch.refuse(row, [RowFault("", "UNKNOWN_KIND")])
    for kind, take in MASTERS:
        for turn in rounds(by_kind.get(kind, ())):
            take(session, turn, batch)
    customers.refresh_places(session, batch)
    if RowKind.READING in by_kind:
        reading_rows.take(session, by_kind[RowKind.READING], batch)
    if RowKind.INTERVAL in by_kind:
        intervals.take(session, by_kind[RowKind.INTERVAL], batch)
    if RowKind.PAYMENT in by_kind:
        payments.take(session, by_kind[RowKind.PAYMENT], batch)


def _count(import_: Import, batch: Batch, *, batch_number: int, now: datetime) -> None:
    import_.batch_count = batch_number
    import_.moved_at = now
    import_.done_count += sum(batch.kinds.values())
    import_.created_count += batch.outcomes[Outcome.CREATED]
    import_.changed_count += batch.outcomes[Outcome.CHANGED]
    import_.unchanged_count += batch.outcomes[Outcome.UNCHANGED]
    import_.rejected_count += len(batch.refused)
    if not import_.dry_run:
        import_.open_reject_count += len(batch.refused)
    kinds = dict(import_.rows_by_kind)
    for kind, rows in batch.kinds.items():
        kinds[kind.value] = kinds.get(kind.value, 0) + rows
    import_.rows_by_kind = kinds


def _reject(import_id: UUID, refused: RefusedRow) -> dict[str, Any]:
    row = refused.row
    fields = {name: shown(value, ROW_SHOWN_LENGTH_MAX) for name, value in row.fields.items() if value}
    if row.points:
        fields[contracts.POINTS_FIELD] = shown(", ".join(row.points), ROW_SHOWN_LENGTH_MAX)
    return {
        "reject_id": new_id(),
        "import_id": import_id,
        "row_number": row.row_number,
        "kind": row.kind.value,
        "external_id": shown(row.external_id),
        "reasons": [fault._asdict() for fault in refused.faults],
        "row": fields,
    }
