"""Second factors, of users and of staff: the secret of an authenticator app, sealed, and recovery codes, hashed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.identity.storage.base import Base


class TotpFactor(Base):
    """Somebody's app. `last_step` is the newest time step of which a code was used: none counts twice."""

    __tablename__ = "totp_factors"

    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed_secret: Mapped[bytes]
    enrolled_at: Mapped[datetime]
    last_step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """One of ten. All of a set are hashed with the same salt, so one hash finds the right one."""

    __tablename__ = "recovery_codes"

    owner_id: Mapped[UUID] = mapped_column(
        ForeignKey("totp_factors.owner_id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


def find_factor(session: Session, owner_id: UUID) -> TotpFactor | None:
    """Somebody's app."""
    return session.scalar(
        select(TotpFactor).where(TotpFactor.owner_id == owner_id).execution_options(populate_existing=True)
    )


def lock_factor(session: Session, owner_id: UUID) -> TotpFactor | None:
    """Somebody's app, kept from others until the transaction ends."""
    return session.scalar(
        select(TotpFactor)
        .where(TotpFactor.owner_id == owner_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def list_enrolled(session: Session, owner_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Since when codes are asked of whom."""
    rows = session.execute(
        select(TotpFactor.owner_id, TotpFactor.enrolled_at).where(TotpFactor.owner_id.in_(owner_ids))
    )
    return {owner_id: since for owner_id, since in rows}  # noqa: C416


def put_factor(
    session: Session,
    owner_id: UUID,
    *,
    sealed_secret: bytes,
    step: int,
    code_hashes: Sequence[str],
    now: datetime,
) -> None:
    """The owner's only app and recovery codes from now on."""
    delete_factor(session, owner_id)
    values = {"sealed_secret": sealed_secret, "enrolled_at": now, "last_step": step}
    session.execute(insert(TotpFactor).values(owner_id=owner_id, **values))
    put_recovery_codes(session, owner_id, code_hashes)


def put_recovery_codes(session: Session, owner_id: UUID, code_hashes: Sequence[str]) -> None:
    """The owner's only recovery codes from now on."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.owner_id == owner_id))
    rows = [{"owner_id": owner_id, "code_hash": one} for one in code_hashes]
    session.execute(insert(RecoveryCode).values(rows))


def delete_factor(session: Session, owner_id: UUID) -> bool:
    """Take app and codes away; answers whether there were any."""
    gone = delete(TotpFactor).where(TotpFactor.owner_id == owner_id)
    return session.scalar(gone.returning(TotpFactor.owner_id)) is not None


def delete_recovery_codes(session: Session, owner_id: UUID) -> bool:
    """Take the codes alone away; answers whether there were any."""
    gone = delete(RecoveryCode).where(RecoveryCode.owner_id == owner_id)
    return bool(session.scalars(gone.returning(RecoveryCode.code_hash)).all())


def list_recovery_codes(session: Session, owner_id: UUID) -> list[str]:
    """The hashes of those that were not used."""
    unused = select(RecoveryCode.code_hash).where(
        RecoveryCode.owner_id == owner_id, RecoveryCode.used_at.is_(None)
    )
    return list(session.scalars(unused))


def count_recovery_codes(session: Session, owner_id: UUID) -> int:
    """How many were not used."""
    unused = select(func.count()).where(RecoveryCode.owner_id == owner_id, RecoveryCode.used_at.is_(None))
    return session.scalar(unused) or 0


def use_recovery_code(session: Session, owner_id: UUID, code_hash: str, *, now: datetime) -> bool:
    """Use a code up; of two at once one does."""
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.owner_id == owner_id,
            RecoveryCode.code_hash == code_hash,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return session.scalar(used.returning(RecoveryCode.owner_id)) is not None
