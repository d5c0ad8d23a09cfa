"""How often numbers of messages were asked about, from where: as a hash only, and for an hour."""

from datetime import datetime, timedelta

from sqlalchemy import Integer, LargeBinary, case, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.notify.storage.base import Base


class ReferenceCheck(Base):
    """A row for each source; its count begins anew when its time is over."""

    __tablename__ = "reference_checks"

    source: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    begun_at: Mapped[datetime]
    checks: Mapped[int] = mapped_column(Integer)


def count(session: Session, source: bytes, *, now: datetime, within: timedelta) -> tuple[datetime, int]:
    """Count one more; answers since when, and how many they are by now."""
    statement = insert(ReferenceCheck).values(source=source, begun_at=now, checks=1)
    over = ReferenceCheck.begun_at <= now - within
    row = session.execute(
        statement.on_conflict_do_update(
            index_elements=["source"],
            set_={
                "begun_at": case((over, now), else_=ReferenceCheck.begun_at),
                "checks": case((over, 1), else_=ReferenceCheck.checks + 1),
            },
        ).returning(ReferenceCheck.begun_at, ReferenceCheck.checks)
    ).one()
    return row.begun_at, row.checks


def forget(session: Session, *, before: datetime) -> None:
    """Delete what began before this."""
    session.execute(delete(ReferenceCheck).where(ReferenceCheck.begun_at < before))
