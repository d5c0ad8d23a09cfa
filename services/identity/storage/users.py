"""Users: people who log in to the portal. A user is never a customer; between them stands a grant."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.identity.storage.base import Base
from services.identity.storage.tokens import Token


class Look(StrEnum):
    """How pages look: as the device is set, always light, always dark."""

    SYSTEM = "SYSTEM"
    LIGHT = "LIGHT"
    DARK = "DARK"


class User(Base):
    """One account. `email` is in lower case and unique; without `confirmed_at` nobody can log in, nor with an empty
    `password_hash`: the password was taken away, and a mailed link sets another.
    """

    __tablename__ = "users"
    __table_args__ = (
        Index("users_email", text("lower(email)"), unique=True),
        Index("users_unconfirmed", "registered_at", postgresql_where=text("confirmed_at IS NULL")),
        one_of("look", Look),
        CheckConstraint("email <> ''", name="email"),
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    language: Mapped[str]
    look: Mapped[Look] = word(Look, server_default=Look.SYSTEM.value)
    password_hash: Mapped[str]
    registered_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    password_changed_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]


def find_user_by_email(session: Session, email: str) -> User | None:
    """The account of an address in lower case, confirmed or not."""
    return session.scalar(
        select(User).where(func.lower(User.email) == email).execution_options(populate_existing=True)
    )


def lock_user(session: Session, user_id: UUID) -> User | None:
    """The account, kept from others until the transaction ends."""
    return session.scalar(
        select(User)
        .where(User.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def put_unconfirmed_user(session: Session, user: User) -> UUID | None:
    """A new account, or the address's unconfirmed one overwritten; None when it is confirmed."""
    row = insert(User).values(
        user_id=user.user_id,
        email=user.email,
        name=user.name,
        language=user.language,
        password_hash=user.password_hash,
        registered_at=user.registered_at,
        password_changed_at=user.password_changed_at,
    )
    changed = ("name", "language", "password_hash", "registered_at", "password_changed_at")
    statement = row.on_conflict_do_update(
        index_elements=[text("lower(email)")],
        set_={column: row.excluded[column] for column in changed},
        where=User.confirmed_at.is_(None),
    )
    return session.scalar(statement.returning(User.user_id))


def delete_user(session: Session, user: User) -> None:
    """A registration that nobody confirmed, with its links."""
    session.delete(user)
    session.flush()


def delete_unconfirmed_users(session: Session, *, before: datetime, limit: int) -> int:
    """Registrations nobody confirmed; answers how many went."""
    old = (
        select(User.user_id)
        .where(
            User.confirmed_at.is_(None),
            User.registered_at < before,
            ~exists().where(Token.user_id == User.user_id),
        )
        .order_by(User.registered_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    gone = session.scalars(delete(User).where(User.user_id.in_(old)).returning(User.user_id)).all()
    return len(gone)
