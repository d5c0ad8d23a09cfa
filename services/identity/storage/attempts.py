"""Attempts: counters that make guessing slow. Whom or what they are about is kept as a hash only."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

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


class Terms(TypedDict):
    """From the `free`-th attempt on, the second at the earliest, each begins the next of `waits_s`, at last the last.
    What was counted `forget_s` ago counts no more.
    """

    free: int
    waits_s: Sequence[int]
    forget_s: int


# A wait that began after `seen` was looked at keeps its counter as it is. Subscripts below the first are NULL: no wait.
# `OFFSET 0`: each counter is looked up, however few there are.
COUNTING = """
    WITH asked AS (
        SELECT * FROM json_to_recordset(%(asked)s::json)
            AS one (kind text, subject bytea, source text, free int, waits_s int[], forget_s int)
          LEFT JOIN LATERAL (
            SELECT blocked_until, succeeded_at FROM attempts
             WHERE (kind, subject, source) = (one.kind, one.subject, one.source) OFFSET 0) seen ON true),
    wanted AS (
        SELECT * FROM asked
         WHERE kind <> %(unasked)s OR NOT EXISTS (SELECT FROM asked WHERE succeeded_at > %(known_after)s)),
    running AS (
        SELECT max(blocked_until) AS until FROM wanted WHERE blocked_until > %(now)s),
    counted AS (
        INSERT INTO attempts AS a (kind, subject, source, count, last_at)
        SELECT kind, subject, source, 1, %(now)s FROM wanted, running WHERE until IS NULL
        ON CONFLICT (kind, subject, source) DO UPDATE
           SET (count, last_at, blocked_until) = (
               SELECT n, %(now)s, %(now)s + waits_s[least(n - free + 1, cardinality(waits_s))] * interval '1 second'
                 FROM wanted, LATERAL (
                     SELECT 1 + CASE WHEN a.last_at > %(now)s - forget_s * interval '1 second'
                                     THEN a.count ELSE 0 END AS n) one
                WHERE wanted.kind = a.kind LIMIT 1)
         WHERE (a.blocked_until > %(now)s) IS NOT TRUE
        RETURNING 1),
    outcome AS (
        SELECT until, ARRAY (SELECT kind FROM wanted) AS kinds, (SELECT count(*) FROM counted) AS counted
          FROM running)
"""  # What else is asked in the same statement follows.
_COUNT = f"{COUNTING} SELECT * FROM outcome"  # noqa: S608 - constants


def counting(
    asked: Mapping[Key, Terms], *, unasked_where_known: str, known_after: datetime, now: datetime
) -> dict[str, object]:
    """The values of `COUNTING`."""
    return {
        "asked": _as_json(asked),
        "unasked": unasked_where_known,
        "known_after": known_after,
        "now": now,
    }


def count_attempt(transaction: Transaction, values: Mapping[str, object]) -> Any:
    """One attempt more for each, locked in one order; none where a wait runs: `until` is when it ends.

    `kinds` are those to be counted, `counted` is how many were: fewer where a wait began at this very moment. Counters
    of the kind `unasked_where_known` are left out when another has seen a right attempt after `known_after`.
    """
    return asking_in(transaction).rows(_COUNT, values)[0]


GIVE_BACK = """
    INSERT INTO attempts AS a (kind, subject, source, count, last_at, succeeded_at)
    SELECT kind, subject, source, 0, %(counted_at)s, CASE WHEN anew THEN %(counted_at)s::timestamptz END
      FROM json_to_recordset(%(counted)s::json) AS one (kind text, subject bytea, source text, anew boolean)
     WHERE {condition}
    ON CONFLICT (kind, subject, source) DO UPDATE
       SET count = CASE WHEN excluded.succeeded_at IS NULL THEN greatest(0, a.count - 1) ELSE 0 END,
           blocked_until = CASE WHEN excluded.succeeded_at IS NULL AND a.last_at <> excluded.last_at
                                THEN a.blocked_until END,
           succeeded_at = coalesce(excluded.succeeded_at, a.succeeded_at)
"""
_GIVE_BACK = GIVE_BACK.format(condition="true")


def giving_back(anew: Mapping[Key, bool], *, counted_at: datetime) -> dict[str, object]:
    """The values of `GIVE_BACK`."""
    return {
        "counted": _as_json({key: {"anew": one} for key, one in anew.items()}),
        "counted_at": counted_at,
    }


def give_back_attempts(transaction: Transaction, values: Mapping[str, object]) -> None:
    """One attempt less, or none where it succeeded and starts anew; else a wait that a later one began stays."""
    asking_in(transaction).run(_GIVE_BACK, values)


def _as_json(values: Mapping[Key, Mapping[str, object]]) -> str:
    """Values for each counter, in the order of locking. The driver takes three times as long to write arrays."""
    rows = [
        {"kind": kind, "subject": f"\\x{subject.hex()}", "source": source, **values[kind, subject, source]}
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
