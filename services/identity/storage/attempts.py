"""Attempts: counters that make guessing slow. Whom or what they are about is kept as a hash only."""

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


def forget_attempts(session: Session, *, kinds: list[str], subject: bytes) -> None:
    """Start anew for a subject, whatever the source."""
    session.execute(delete(Attempt).where(Attempt.kind.in_(kinds), Attempt.subject == subject))


def delete_old_attempts(session: Session, *, before: datetime, limit: int) -> int:
    """Answers how many went."""
    key = (Attempt.kind, Attempt.subject, Attempt.source)
    old = select(*key).where(Attempt.last_at < before).limit(limit).with_for_update(skip_locked=True)
    gone = delete(Attempt).where(tuple_(*key).in_(old))
    return len(session.scalars(gone.returning(Attempt.kind)).all())
