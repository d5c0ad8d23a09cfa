"""Devices: browsers that somebody has logged in with. Of the browser's cookie only the SHA-256 is here."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, delete, select, tuple_, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.identity.storage.base import Base


class Device(Base):
    """A browser of somebody's. Until `trusted_until` it is asked for no code."""

    __tablename__ = "devices"
    __table_args__ = (Index("devices_by_age", "last_seen_at"),)

    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    trusted_until: Mapped[datetime | None]


def distrust_devices(session: Session, owner_id: UUID) -> None:
    """Each browser is asked for a code again."""
    session.execute(update(Device).where(Device.owner_id == owner_id).values(trusted_until=None))


def delete_devices_of(session: Session, owner_id: UUID) -> None:
    """Each browser is a new one from now on."""
    session.execute(delete(Device).where(Device.owner_id == owner_id))


def delete_old_devices(session: Session, *, before: datetime, limit: int) -> int:
    """Browsers that were not seen for long; answers how many went."""
    key = (Device.owner_id, Device.token_hash)
    old = select(*key).where(Device.last_seen_at < before).limit(limit).with_for_update(skip_locked=True)
    gone = delete(Device).where(tuple_(*key).in_(old)).returning(Device.owner_id)
    return len(session.scalars(gone).all())
