"""Dry runs: each batch is taken back, yet a later one may refer to its rows.

So the rows that were found good are kept until the run ends, and those that a batch refers to, directly or not, are
taken again before it, unseen. Readings, intervals and payments are not: nothing refers to them, and a dry run counts
one that comes in two batches as new twice.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from services.billing.domain.rows import Batch, RowKind, SourceRow
from services.billing.storage import imports as stored

KEPT = (
    RowKind.CUSTOMER,
    RowKind.PREMISES,
    RowKind.SERVICE_POINT,
    RowKind.METER,
    RowKind.CONTRACT,
)
# The field of a row that names another, from those that are referred to last to those that are referred to first.
REFERENCES: tuple[tuple[RowKind, str, RowKind], ...] = (
    (RowKind.PAYMENT, "customer_external_id", RowKind.CUSTOMER),
    (RowKind.READING, "meter_external_id", RowKind.METER),
    (RowKind.INTERVAL, "meter_external_id", RowKind.METER),
    (RowKind.CONTRACT, "customer_external_id", RowKind.CUSTOMER),
    (RowKind.METER, "service_point_external_id", RowKind.SERVICE_POINT),
    (RowKind.SERVICE_POINT, "premises_external_id", RowKind.PREMISES),
)
NUMBERED = (RowKind.CUSTOMER, RowKind.CONTRACT)


def replay(
    session: Session,
    import_id: UUID,
    rows: Sequence[SourceRow],
    batch: Batch,
    *,
    take: Callable[[Session, Sequence[SourceRow], Batch], None],
) -> None:
    """Take again what the rows of a batch refer to and what they may change or collide with."""
    found: dict[tuple[RowKind, str], SourceRow] = {}
    for kind in reversed(KEPT):
        wanted = _wanted(kind, [*rows, *found.values()])
        numbers = {
            row.fields.get("number", "").strip() for row in rows if row.kind is kind and kind in NUMBERED
        }
        trials = stored.find_trials(
            session, import_id, kind.value, external_ids=_storable(wanted), numbers=_storable(numbers)
        )
        for row in map(_unpack, trials):
            found[row.kind, row.external_id] = row
    if found:
        unseen = Batch(now=batch.now, today=batch.today, as_of=batch.as_of)
        take(session, list(found.values()), unseen)


def keep(session: Session, import_id: UUID, batch: Batch) -> None:
    """Keep the good rows of a batch, of each id the last."""
    rows = {(row.kind, row.external_id): row for row in batch.good if row.kind in KEPT}
    stored.add_trials(
        session,
        [
            {
                "import_id": import_id,
                "kind": row.kind.value,
                "external_id": row.external_id,
                "number": row.fields.get("number", "").strip() if row.kind in NUMBERED else "",
                "row": _pack(row),
            }
            for row in rows.values()
        ],
    )


def _wanted(kind: RowKind, rows: Iterable[SourceRow]) -> set[str]:
    wanted = set()
    for row in rows:
        if row.kind is kind:
            wanted.add(row.external_id)
        if kind is RowKind.SERVICE_POINT:
            wanted.update(point.strip() for point in row.points)
        for referring, name, referred in REFERENCES:
            if referred is kind and row.kind is referring:
                wanted.add(row.fields.get(name, "").strip())
    return wanted


def _storable(texts: set[str]) -> set[str]:
    return {text for text in texts if text and "\x00" not in text}


def _pack(row: SourceRow) -> bytes:
    return json.dumps([row.kind.value, dict(row.fields), row.points]).encode()


def _unpack(packed: bytes) -> SourceRow:
    kind, fields, points = json.loads(packed)
    return SourceRow(0, RowKind(kind), fields, tuple(points))
