"""Attempts: counters that make guessing slow. Whom or what they are about is kept as a hash only."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, delete, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.database import Transaction, asking_in
from services.identity.storage.base import Base


class Attempt(Base):
    """One counter. `kind` is the limit's name, `subject` a hash, `source` an address or empty."""

    __tablename__ = "attempts"
    __table_args__ = (Index("attempts_by_age", "last_at"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[bytes] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]


Key = tuple[str, bytes, str]


# The wait that runs is answered, one that is over is cleared. `known` is what was committed before: whoever comes in at
# this very moment is asked once more than they would have to be.
_COUNT = """
    WITH asked AS (
        SELECT kind, subject, source, value AS forget_before
          FROM json_to_recordset(%(asked)s::json) AS one (kind text, subject bytea, source text, value timestamptz)),
    known AS (
        SELECT FROM attempts JOIN asked USING (kind, subject, source) WHERE succeeded_at > %(known_after)s)
    INSERT INTO attempts AS a (kind, subject, source, count, last_at)
    SELECT kind, subject, source, 1, %(now)s FROM asked
     WHERE kind <> %(unasked)s OR NOT EXISTS (SELECT FROM known)
    ON CONFLICT (kind, subject, source) DO UPDATE
       SET count = 1 + CASE WHEN a.last_at > (SELECT max(forget_before) FROM asked WHERE asked.kind = a.kind)
                            THEN a.count ELSE 0 END,
           last_at = excluded.last_at,
           blocked_until = CASE WHEN a.blocked_until > excluded.last_at THEN a.blocked_until END
    RETURNING kind, subject, source, count, blocked_until
"""


def count_attempt(
    transaction: Transaction,
    forget_before: Mapping[Key, datetime],
    *,
    unasked_where_known: str,
    known_after: datetime,
    now: datetime,
) -> Sequence[Any]:
    """One attempt more for each, kept from others until the transaction ends; locked in one order. What was counted up
    to `forget_before` counts no more.

    Answers what they are at, with the wait that runs: whoever finds one undoes the transaction. Counters of the kind
    `unasked_where_known` are left out when another has seen a right attempt after `known_after`.
    """
    values = {
        "asked": _as_json({key: before.isoformat() for key, before in forget_before.items()}),
        "unasked": unasked_where_known,
        "known_after": known_after,
        "now": now,
    }
    return asking_in(transaction).rows(_COUNT, values)


_BLOCK = """
    UPDATE attempts a SET blocked_until = one.value
      FROM json_to_recordset(%(until)s::json) AS one (kind text, subject bytea, source text, value timestamptz)
     WHERE (a.kind, a.subject, a.source) = (one.kind, one.subject, one.source)
"""


def block_attempts(transaction: Transaction, until: Mapping[Key, datetime]) -> None:
    """Waits begin, for counters that this transaction has counted."""
    values = _as_json({key: end.isoformat() for key, end in until.items()})
    asking_in(transaction).run(_BLOCK, {"until": values})


_GIVE_BACK = """
    INSERT INTO attempts AS a (kind, subject, source, count, last_at, succeeded_at)
    SELECT kind, subject, source, 0, %(counted_at)s, CASE WHEN value THEN %(counted_at)s::timestamptz END
      FROM json_to_recordset(%(anew)s::json) AS one (kind text, subject bytea, source text, value boolean)
    ON CONFLICT (kind, subject, source) DO UPDATE
       SET count = CASE WHEN excluded.succeeded_at IS NULL THEN greatest(0, a.count - 1) ELSE 0 END,
           blocked_until = CASE WHEN excluded.succeeded_at IS NULL AND a.last_at <> excluded.last_at
                                THEN a.blocked_until END,
           succeeded_at = coalesce(excluded.succeeded_at, a.succeeded_at)
"""


def give_back_attempts(transaction: Transaction, anew: Mapping[Key, bool], *, counted_at: datetime) -> None:
    """One attempt less, or none where it succeeded and starts anew; else a wait that a later one began stays."""
    asking_in(transaction).run(_GIVE_BACK, {"anew": _as_json(anew), "counted_at": counted_at})


def _as_json(values: Mapping[Key, object]) -> str:
    """A value for each counter, in the order of locking. The driver takes three times as long to write arrays."""
    rows = [
        {
            "kind": kind,
            "subject": f"\\x{subject.hex()}",
            "source": source,
            "value": values[kind, subject, source],
        }
        for kind, subject, source in sorted(values)
    ]
    return json.dumps(rows)


def forget_attempts(session: Session, *, kinds: list[str], subject: bytes) -> None:
    """Start anew for a subject, whatever the source."""
    session.execute(delete(Attempt).where(Attempt.kind.in_(kinds), Attempt.subject == subject))


def delete_old_attempts(session: Session, *, before: datetime, limit: int) -> int:
    """Answers how many went."""
    key = (Attempt.kind, Attempt.subject, Attempt.source)
    old = select(*key).where(Attempt.last_at < before).limit(limit).with_for_update(skip_locked=True)
    gone = delete(Attempt).where(tuple_(*key).in_(old))
    return len(session.scalars(gone.returning(Attempt.kind)).all())
