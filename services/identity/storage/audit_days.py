"""The chain of sealed days of the audit log, and what looks at it found. Append-only, as the log itself."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.identity.storage.base import Base


class AuditDay(Base):
    """A day that takes no more acts: how many it has, the hash over them and over the hash of the day before."""

    __tablename__ = "audit_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    entries: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]
    previous_hash: Mapped[bytes]
    sealed_at: Mapped[datetime]


class AuditCheck(Base):
    """One look at every sealed day."""

    __tablename__ = "audit_checks"

    check_id: Mapped[UUID] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]
    days: Mapped[int]
    broken_days: Mapped[list[date]] = mapped_column(ARRAY(Date))


def find_last_day(session: Session) -> AuditDay | None:
    """The newest seal."""
    return session.scalar(select(AuditDay).order_by(AuditDay.day.desc()).limit(1))


def list_days(session: Session) -> Sequence[AuditDay]:
    """Every seal, the oldest first."""
    return session.scalars(select(AuditDay).order_by(AuditDay.day)).all()


def count_days(session: Session) -> int:
    """How many days are sealed."""
    return session.scalars(select(func.count()).select_from(AuditDay)).one()


def add_day(session: Session, day: AuditDay) -> bool:
    """False when it was sealed already."""
    values = {
        "day": day.day,
        "entries": day.entries,
        "hash": day.hash,
        "previous_hash": day.previous_hash,
        "sealed_at": day.sealed_at,
    }
    statement = insert(AuditDay).values(**values).on_conflict_do_nothing()
    return session.scalar(statement.returning(AuditDay.day)) is not None


def find_last_check(session: Session) -> AuditCheck | None:
    """The newest look."""
    return session.scalar(
        select(AuditCheck).order_by(AuditCheck.checked_at.desc(), AuditCheck.check_id.desc()).limit(1)
    )
