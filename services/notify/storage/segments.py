"""Segments under a name: filters that staff use again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.notify.storage.base import Base

SEGMENTS_LOCK = 0x736567  # "seg": the advisory lock under which they are counted and named.


class SavedSegment(Base):
    """Conditions under a name; `segment` is the filter's message as JSON. `version` grows with each change."""

    __tablename__ = "segments"

    segment_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    segment: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(BigInteger)
    written_by: Mapped[str]
    written_at: Mapped[datetime]


def list_segments(session: Session, *, limit: int) -> Sequence[SavedSegment]:
    """All of them, in no order that people know: names are put into order by their letters."""
    return session.scalars(select(SavedSegment).order_by(SavedSegment.name).limit(limit)).all()


def lock_segment(session: Session, segment_id: UUID) -> SavedSegment | None:
    """One of them; until the transaction ends nobody else changes any."""
    session.execute(select(func.pg_advisory_xact_lock(SEGMENTS_LOCK)))
    return session.get(SavedSegment, segment_id, with_for_update=True, populate_existing=True)


def find_by_name(session: Session, name: str) -> UUID | None:
    """The one of that name."""
    return session.scalar(select(SavedSegment.segment_id).where(SavedSegment.name == name))


def count_segments(session: Session) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(SavedSegment)) or 0
