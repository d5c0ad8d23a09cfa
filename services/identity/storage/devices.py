"""Devices: browsers that somebody has logged in with. Of the browser's cookie only the SHA-256 is here."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, delete, select, tuple_, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.database import Transaction, asking_in
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


_HAS = "SELECT EXISTS (SELECT FROM devices WHERE owner_id = %(owner_id)s) AS has_devices"


def has_devices(transaction: Transaction, owner_id: UUID) -> bool:
    """Whether any browser of the owner's is known."""
    [row] = asking_in(transaction).rows(_HAS, {"owner_id": owner_id})
    return bool(row.has_devices)


# What stood there before: a statement does not see its own changes.
_PUT = """
    INSERT INTO devices AS d (owner_id, token_hash, first_seen_at, last_seen_at, trusted_until)
    VALUES (%(owner_id)s, %(token_hash)s, %(now)s, %(now)s, %(trusted_until)s)
    ON CONFLICT (owner_id, token_hash) DO UPDATE
       SET last_seen_at = excluded.last_seen_at,
           trusted_until = coalesce(excluded.trusted_until, d.trusted_until)
    RETURNING EXISTS (SELECT FROM devices o WHERE o.owner_id = d.owner_id) AS had_devices,
              EXISTS (SELECT FROM devices o WHERE o.owner_id = d.owner_id AND o.token_hash = d.token_hash) AS known
"""


def put_device(
    transaction: Transaction,
    owner_id: UUID,
    token_hash: bytes,
    *,
    trusted_until: datetime | None,
    now: datetime,
) -> tuple[bool, bool]:
    """The browser was seen; trust that it had stays unless there is new one. Answers whether the owner had devices
    before, and whether this one was among them.
    """
    values = {"owner_id": owner_id, "token_hash": token_hash, "trusted_until": trusted_until, "now": now}
    [row] = asking_in(transaction).rows(_PUT, values)
    return row.had_devices, row.known


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
