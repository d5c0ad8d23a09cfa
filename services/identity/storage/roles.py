"""Roles as sets of permissions. The suite's own have a row only once they were changed."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Text, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.identity.storage.base import Base
from services.identity.storage.staff import StaffMember


class StaffRole(Base):
    """A role that was made or changed here."""

    __tablename__ = "roles"

    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    version: Mapped[int] = mapped_column(BigInteger)
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]


def list_roles(session: Session) -> Sequence[StaffRole]:
    """All that have a row, by key."""
    return session.scalars(select(StaffRole).order_by(StaffRole.key)).all()


def find_known(session: Session, keys: Collection[str]) -> set[str]:
    """Those of the keys that have a row."""
    return set(session.scalars(select(StaffRole.key).where(StaffRole.key.in_(keys))))


def lock_role(session: Session, key: str) -> StaffRole | None:
    """A role that nobody else changes until the transaction ends."""
    return session.get(StaffRole, key, with_for_update=True, populate_existing=True)


def count_staff(session: Session) -> dict[str, int]:
    """How many have each role."""
    key = func.unnest(StaffMember.roles).label("key")
    rows = session.execute(select(key, func.count()).group_by(key))
    return {row[0]: row[1] for row in rows}
