"""Attempts: counters that make guessing slow. Whom or what they are about is kept as a hash only."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Index, delete, select, text, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

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


# Plain SQL: SQLAlchemy builds an insert of several rows anew each time, which costs more than to run it.
_LOCK = select(Attempt).from_statement(
    text("""
    INSERT INTO attempts (kind, subject, source, count, last_at)
    SELECT kind, subject, source, 0, :now
      FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS bytea[]), CAST(:sources AS text[]))
           AS wanted (kind, subject, source)
    ON CONFLICT (kind, subject, source) DO UPDATE SET kind = excluded.kind
    RETURNING kind, subject, source, count, last_at, blocked_until, succeeded_at
    """)
)


def lock_attempts(session: Session, keys: list[Key], *, now: datetime) -> dict[Key, Attempt]:
    """The counters, made when missing, kept from others until the transaction ends. Locked in one order."""
    kinds, subjects, sources = (list(part) for part in zip(*sorted(keys), strict=True))
    values = {"kinds": kinds, "subjects": subjects, "sources": sources, "now": now}
    found = session.scalars(_LOCK, values, execution_options={"populate_existing": True})
    return {(one.kind, one.subject, one.source): one for one in found}


_GIVE_BACK = text("""
    INSERT INTO attempts AS a (kind, subject, source, count, last_at, succeeded_at)
    SELECT kind, subject, source, 0, :counted_at, CASE WHEN anew THEN CAST(:counted_at AS timestamptz) END
      FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS bytea[]), CAST(:sources AS text[]),
                  CAST(:anew AS boolean[])) AS wanted (kind, subject, source, anew)
    ON CONFLICT (kind, subject, source) DO UPDATE
       SET count = CASE WHEN excluded.succeeded_at IS NULL THEN greatest(0, a.count - 1) ELSE 0 END,
           blocked_until = CASE WHEN excluded.succeeded_at IS NULL AND a.last_at <> excluded.last_at
                                THEN a.blocked_until END,
           succeeded_at = coalesce(excluded.succeeded_at, a.succeeded_at)
""")


def give_back_attempts(session: Session, anew: Mapping[Key, bool], *, counted_at: datetime) -> None:
    """One attempt less, or none where it succeeded and starts anew; else a wait that a later one began stays."""
    keys = sorted(anew)
    kinds, subjects, sources = (list(part) for part in zip(*keys, strict=True))
    values = {"kinds": kinds, "subjects": subjects, "sources": sources, "anew": [anew[one] for one in keys]}
    session.execute(_GIVE_BACK, values | {"counted_at": counted_at})


def forget_attempts(session: Session, *, kinds: list[str], subject: bytes) -> None:
    """Start anew for a subject, whatever the source."""
    session.execute(delete(Attempt).where(Attempt.kind.in_(kinds), Attempt.subject == subject))


def delete_old_attempts(session: Session, *, before: datetime, limit: int) -> int:
    """Answers how many went."""
    key = (Attempt.kind, Attempt.subject, Attempt.source)
    old = select(*key).where(Attempt.last_at < before).limit(limit).with_for_update(skip_locked=True)
    gone = delete(Attempt).where(tuple_(*key).in_(old))
    return len(session.scalars(gone.returning(Attempt.kind)).all())
