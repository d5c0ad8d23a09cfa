"""Challenges: what is asked after the password, or before an app is set up. Of the secret only the SHA-256 is here."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.database import Transaction, asking_in
from services.identity.storage.base import Base
from services.identity.storage.sessions import Realm


class ChallengeKind(StrEnum):
    """A code of the app there is, or that one is set up."""

    CODE = "CODE"
    ENROL = "ENROL"


class Challenge(Base):
    """One question to one person. `session_id` is there when it was begun in a session, not at a log-in."""

    __tablename__ = "challenges"
    __table_args__ = (
        one_of("kind", ChallengeKind),
        one_of("realm", Realm),
        CheckConstraint("(kind = 'ENROL') = (sealed_secret IS NOT NULL)", name="enrol_has_secret"),
        Index("challenges_of_owner", "owner_id"),
        Index("challenges_by_end", "expires_at"),
    )

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[ChallengeKind] = word(ChallengeKind)
    realm: Mapped[Realm] = word(Realm)
    owner_id: Mapped[UUID]
    session_id: Mapped[UUID | None]
    sealed_secret: Mapped[bytes | None]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


def find_challenge(session: Session, token_hash: bytes, *, realm: Realm, now: datetime) -> Challenge | None:
    """A challenge that can still be answered."""
    return session.scalar(
        select(Challenge).where(
            Challenge.token_hash == token_hash, Challenge.realm == realm, Challenge.expires_at > now
        )
    )


_PUT = """
    INSERT INTO challenges (token_hash, kind, realm, owner_id, session_id, sealed_secret, made_at, expires_at)
    VALUES (%(token_hash)s, %(kind)s, %(realm)s, %(owner_id)s, %(session_id)s, %(sealed_secret)s, %(made_at)s,
            %(expires_at)s)
"""


def put_challenge(
    transaction: Transaction,
    token_hash: bytes,
    *,
    kind: ChallengeKind,
    realm: Realm,
    owner_id: UUID,
    session_id: UUID | None,
    sealed_secret: bytes | None,
    made_at: datetime,
    expires_at: datetime,
) -> None:
    """A question that is asked from here on."""
    values = {
        "token_hash": token_hash,
        "kind": kind.value,
        "realm": realm.value,
        "owner_id": owner_id,
        "session_id": session_id,
        "sealed_secret": sealed_secret,
        "made_at": made_at,
        "expires_at": expires_at,
    }
    asking_in(transaction).run(_PUT, values)


def take_challenge(session: Session, token_hash: bytes) -> bool:
    """Use it up; false when somebody else did."""
    used = delete(Challenge).where(Challenge.token_hash == token_hash).returning(Challenge.owner_id)
    return session.scalar(used) is not None


def delete_challenges_of(session: Session, owner_id: UUID) -> None:
    """Nobody answers for this owner any more: the password is another one."""
    session.execute(delete(Challenge).where(Challenge.owner_id == owner_id))


def delete_expired_challenges(session: Session, *, now: datetime) -> int:
    """Answers how many went."""
    gone = delete(Challenge).where(Challenge.expires_at <= now).returning(Challenge.owner_id)
    return len(session.scalars(gone).all())
