"""Permits for calls: a row for each caller, overwritten with each window. The table is not logged."""

from datetime import datetime

from sqlalchemy import Index, delete, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.database import Reader
from services.identity.storage.base import Base


class Permits(Base):
    """What a caller has taken of a window, and how much of it the last time."""

    __tablename__ = "permits"
    __table_args__ = (Index("permits_by_age", "window_begins_at"), {"prefixes": ["UNLOGGED"]})

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    window_begins_at: Mapped[datetime]
    taken: Mapped[int]
    granted: Mapped[int]


# One statement: of gateways that ask at once each waits for the row and sees what the others have taken.
_TAKE = """
    INSERT INTO permits AS p (kind, subject, window_begins_at, taken, granted)
    VALUES (%(kind)s, %(subject)s, %(begins_at)s, least(%(wanted)s::int, %(limit)s), least(%(wanted)s::int, %(limit)s))
        ON CONFLICT (kind, subject) DO UPDATE SET
           granted = CASE WHEN p.window_begins_at = excluded.window_begins_at
                          THEN greatest(0, least(%(wanted)s::int, %(limit)s - p.taken)) ELSE excluded.granted END,
           taken = CASE WHEN p.window_begins_at = excluded.window_begins_at
                        THEN greatest(p.taken, least(%(limit)s, p.taken + %(wanted)s::int)) ELSE excluded.taken END,
           window_begins_at = excluded.window_begins_at
    RETURNING granted, taken
"""


def take_permits(
    reader: Reader, kind: str, subject: str, *, wanted: int, limit: int, begins_at: datetime
) -> tuple[int, int]:
    """How many were granted of this window, and how many are taken now."""
    values = {"kind": kind, "subject": subject, "wanted": wanted, "limit": limit, "begins_at": begins_at}
    [row] = reader.rows(_TAKE, values)
    return row.granted, row.taken


def delete_old_permits(session: Session, *, before: datetime, limit: int) -> int:
    """Answers how many went."""
    key = (Permits.kind, Permits.subject)
    old = select(*key).where(Permits.window_begins_at < before).limit(limit).with_for_update(skip_locked=True)
    return len(session.scalars(delete(Permits).where(tuple_(*key).in_(old)).returning(Permits.kind)).all())
