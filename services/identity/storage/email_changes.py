"""Changes of the address to log in with, for as long as they can be undone from the former mailbox."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.identity.storage.base import Base


class EmailChange(Base):
    """A change that was confirmed and not undone. `denial_hash` is of the link that the former address got;
    `log_in_at` is when the log-in was that asked for the change.
    """

    __tablename__ = "email_changes"
    __table_args__ = (
        Index("email_changes_of_user", "user_id", "changed_at"),
        Index("email_changes_by_age", "changed_at"),
    )

    change_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"))
    old_email: Mapped[str]
    denial_hash: Mapped[bytes] = mapped_column(unique=True)
    log_in_at: Mapped[datetime]
    changed_at: Mapped[datetime]


def find_change(session: Session, denial_hash: bytes, *, changed_after: datetime) -> EmailChange | None:
    """The change that a link undoes; None once it was undone, or is too old."""
    return session.scalar(
        select(EmailChange)
        .where(EmailChange.denial_hash == denial_hash, EmailChange.changed_at > changed_after)
        .execution_options(populate_existing=True)
    )


def take_changes_since(session: Session, user_id: UUID, *, since: datetime) -> str | None:
    """Forget a user's changes since then, and with them their links; answers the address before the first of them."""
    gone = delete(EmailChange).where(EmailChange.user_id == user_id, EmailChange.changed_at >= since)
    rows = session.execute(
        gone.returning(EmailChange.changed_at, EmailChange.change_id, EmailChange.old_email)
    )
    first = min(rows, default=None)
    return first.old_email if first else None


def delete_old_changes(session: Session, *, before: datetime) -> int:
    """Answers how many went."""
    gone = delete(EmailChange).where(EmailChange.changed_at <= before).returning(EmailChange.change_id)
    return len(session.scalars(gone).all())
