"""Tokens of links in mails. Only the hash is kept; one for each user and purpose, so that older links die."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.identity.storage.base import Base


class Purpose(StrEnum):
    """What the link is for."""

    CONFIRM_EMAIL = "CONFIRM_EMAIL"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105 - the name of a purpose
    CHANGE_EMAIL = "CHANGE_EMAIL"


class Token(Base):
    """A link that has not been used. `token_hash` is of 256 random bits; `new_email` is there for CHANGE_EMAIL,
    and `log_in_at`: when the log-in was that asked for it.

    One of CHANGE_EMAIL stays when it was used: its new address is the owner's then.
    """

    __tablename__ = "tokens"
    __table_args__ = (one_of("purpose", Purpose), Index("tokens_by_end", "expires_at"))

    # Deferred: the same statements run for an unknown address, and are taken back before the commit.
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"),
        primary_key=True,
    )
    purpose: Mapped[Purpose] = word(Purpose, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    new_email: Mapped[str | None]
    log_in_at: Mapped[datetime | None]


def put_token(
    session: Session,
    *,
    user_id: UUID,
    purpose: Purpose,
    token_hash: bytes,
    made_at: datetime,
    expires_at: datetime,
    new_email: str | None = None,
    log_in_at: datetime | None = None,
) -> None:
    """The user's only token of the purpose from now on."""
    row = insert(Token).values(
        user_id=user_id,
        purpose=purpose,
        token_hash=token_hash,
        made_at=made_at,
        expires_at=expires_at,
        new_email=new_email,
        log_in_at=log_in_at,
    )
    changed = ("token_hash", "made_at", "expires_at", "new_email", "log_in_at")
    session.execute(
        row.on_conflict_do_update(
            index_elements=[Token.user_id, Token.purpose],
            set_={name: row.excluded[name] for name in changed},
        )
    )


def find_owner(session: Session, token_hash: bytes, *, purpose: Purpose, now: datetime) -> UUID | None:
    """Whose live token it is."""
    return session.scalar(
        select(Token.user_id).where(
            Token.token_hash == token_hash, Token.purpose == purpose, Token.expires_at > now
        )
    )


def find_change(session: Session, token_hash: bytes) -> tuple[str, datetime] | None:
    """The address a link of CHANGE_EMAIL was mailed to, and when the log-in was that asked for it."""
    began_at = func.coalesce(Token.log_in_at, Token.made_at)
    found = session.execute(select(Token.new_email, began_at).where(Token.token_hash == token_hash)).first()
    return (found[0], found[1]) if found is not None and found[0] else None


def take_token(session: Session, token_hash: bytes, *, purpose: Purpose, now: datetime) -> bool:
    """Use the token up; false when somebody else did, or it has ended."""
    used = delete(Token).where(
        Token.token_hash == token_hash, Token.purpose == purpose, Token.expires_at > now
    )
    return session.scalar(used.returning(Token.user_id)) is not None


def delete_token(session: Session, user_id: UUID, purpose: Purpose) -> None:
    """The user's link of the purpose dies, if there is one."""
    session.execute(delete(Token).where(Token.user_id == user_id, Token.purpose == purpose))


def delete_expired_tokens(session: Session, *, now: datetime) -> int:
    """Answers how many went."""
    gone = session.scalars(delete(Token).where(Token.expires_at <= now).returning(Token.user_id)).all()
    return len(gone)
