"""Personal tokens of users. Of a token only the SHA-256 is here, and how it begins; its use is one indexed query."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.database import Reader
from services.identity.storage.base import Base
from services.identity.storage.customers import Customer
from services.identity.storage.grants import Grant


class PersonalToken(Base):
    """A token for one grant: it ends with the grant at the latest."""

    __tablename__ = "personal_tokens"
    __table_args__ = (Index("personal_tokens_of_user", "user_id", "made_at"),)

    personal_token_id: Mapped[UUID] = mapped_column(primary_key=True)
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("grants.grant_id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    name: Mapped[str]
    prefix: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    made_at: Mapped[datetime]
    expires_on: Mapped[date]
    last_used_at: Mapped[datetime | None]
    last_used_address: Mapped[str]
    revoked_at: Mapped[datetime | None]


_FIND = """
    SELECT t.personal_token_id, t.user_id, t.scopes, t.last_used_at, u.name AS user_name,
           g.customer_id, g.scope AS grant_scope
      FROM personal_tokens t
      JOIN users u ON u.user_id = t.user_id
      JOIN grants g ON g.grant_id = t.grant_id
     WHERE t.token_hash = %(token_hash)s AND t.revoked_at IS NULL AND t.expires_on >= %(today)s
           AND g.ended_at IS NULL AND g.valid_from <= %(now)s AND (g.valid_until IS NULL OR g.valid_until > %(now)s)
"""


def find_live_token(reader: Reader, token_hash: bytes, *, now: datetime, today: date) -> Any:
    """The token with its owner and grant, while all of them hold; every call of a program asks it."""
    values = {"token_hash": token_hash, "now": now, "today": today}
    return next(iter(reader.rows(_FIND, values)), None)


def note_used(
    session: Session, personal_token_id: UUID, *, address: str, now: datetime, unless_after: datetime
) -> None:
    """Move the last use on; of two calls at once one writes."""
    session.execute(
        update(PersonalToken)
        .where(
            PersonalToken.personal_token_id == personal_token_id,
            or_(PersonalToken.last_used_at.is_(None), PersonalToken.last_used_at < unless_after),
        )
        .values(last_used_at=now, last_used_address=address)
    )


def list_tokens_of_user(
    session: Session, user_id: UUID, *, ended_since: datetime, today: date, limit: int
) -> list[tuple[PersonalToken, Grant, Customer | None]]:
    """The user's tokens with grants and the customers' labels, the newest first; those long ended are left out."""
    wanted = (
        select(PersonalToken, Grant, Customer)
        .join(Grant, Grant.grant_id == PersonalToken.grant_id)
        .outerjoin(Customer, Customer.customer_id == Grant.customer_id)
        .where(
            PersonalToken.user_id == user_id,
            or_(PersonalToken.revoked_at.is_(None), PersonalToken.revoked_at > ended_since),
            PersonalToken.expires_on > ended_since.date(),
        )
        .order_by(PersonalToken.revoked_at.is_not(None), PersonalToken.expires_on < today)
        .order_by(PersonalToken.made_at.desc(), PersonalToken.personal_token_id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(wanted)]


def count_live(session: Session, user_id: UUID, *, today: date) -> int:
    """How many of the user's tokens have neither ended nor been revoked."""
    wanted = select(func.count()).where(
        PersonalToken.user_id == user_id,
        PersonalToken.revoked_at.is_(None),
        PersonalToken.expires_on >= today,
    )
    return session.scalars(wanted).one()


def revoke_tokens_made_since(
    session: Session, user_id: UUID, *, since: datetime, now: datetime
) -> Sequence[UUID]:
    """End those of a user that were made at an instant or later; answers which."""
    revoked = (
        update(PersonalToken)
        .where(
            PersonalToken.user_id == user_id,
            PersonalToken.made_at >= since,
            PersonalToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return session.scalars(revoked.returning(PersonalToken.personal_token_id)).all()


def lock_token(session: Session, personal_token_id: UUID) -> PersonalToken | None:
    """A token, kept from others until the transaction ends."""
    return session.get(PersonalToken, personal_token_id, with_for_update=True, populate_existing=True)
