"""Invitations of delegates. Of the link's secret only the SHA-256 is here."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, delete, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.identity.storage.base import Base
from services.identity.storage.grants import Grant, Scope, last_day

_WAITING = "cancelled_at IS NULL AND accepted_at IS NULL"


class Invitation(Base):
    """An offer to act for a customer until before `valid_until`; its link works until `expires_at`."""

    __tablename__ = "invitations"
    __table_args__ = (
        one_of("scope", Scope),
        CheckConstraint("email = lower(email) AND email <> ''", name="email"),
        CheckConstraint("(accepted_at IS NULL) = (grant_id IS NULL)", name="accepted"),
        Index("invitations_waiting", "customer_id", "email", unique=True, postgresql_where=text(_WAITING)),
        Index("invitations_by_end", "expires_at", postgresql_where=text("accepted_at IS NULL")),
        Index("invitations_by_grant", "grant_id"),
    )

    invitation_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    inviter_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    email: Mapped[str]
    scope: Mapped[Scope] = word(Scope)
    valid_until: Mapped[datetime]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    grant_id: Mapped[UUID | None] = mapped_column(ForeignKey("grants.grant_id"))

    @property
    def ends_on(self) -> date:
        """The last day on which the grant will hold."""
        return last_day(self.valid_until)

    def waits(self, *, now: datetime) -> bool:
        """Whether its link works."""
        return self.cancelled_at is None and self.accepted_at is None and self.expires_at > now


def lock_invitation(session: Session, invitation_id: UUID) -> Invitation | None:
    """An invitation that nobody else changes until the transaction ends."""
    return session.get(Invitation, invitation_id, with_for_update=True, populate_existing=True)


def lock_by_token(session: Session, token_hash: bytes) -> Invitation | None:
    """The invitation whose link it is, whatever became of it."""
    return session.scalar(
        select(Invitation)
        .where(Invitation.token_hash == token_hash)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find_by_token(session: Session, token_hash: bytes) -> Invitation | None:
    """The invitation whose link it is, to look at."""
    return session.scalar(select(Invitation).where(Invitation.token_hash == token_hash))


def list_waiting(session: Session, customer_id: UUID, *, now: datetime) -> Sequence[Invitation]:
    """Those whose link still works, the newest first."""
    return session.scalars(
        select(Invitation)
        .where(Invitation.customer_id == customer_id, text(_WAITING), Invitation.expires_at > now)
        .order_by(Invitation.invited_at.desc(), Invitation.invitation_id.desc())
    ).all()


def count_waiting(session: Session, customer_id: UUID, *, now: datetime, but_for: str) -> int:
    """How many wait, but for the one of an address."""
    waiting = select(func.count()).where(
        Invitation.customer_id == customer_id,
        text(_WAITING),
        Invitation.expires_at > now,
        Invitation.email != but_for,
    )
    return session.scalars(waiting).one()


def cancel_waiting(session: Session, customer_id: UUID, email: str, *, now: datetime) -> None:
    """A newer one takes its place."""
    session.execute(
        update(Invitation)
        .where(Invitation.customer_id == customer_id, Invitation.email == email, text(_WAITING))
        .values(cancelled_at=now)
    )


def cancel_of_inviter(session: Session, customer_id: UUID, inviter_id: UUID, *, now: datetime) -> None:
    """Who does not hold the customer any more invites nobody to it."""
    session.execute(
        update(Invitation)
        .where(Invitation.customer_id == customer_id, Invitation.inviter_id == inviter_id, text(_WAITING))
        .values(cancelled_at=now)
    )


def lock_grants_of_inviter(session: Session, customer_id: UUID, inviter_id: UUID) -> Sequence[Grant]:
    """Grants that are not ended, of those who took an invitation of this user."""
    return session.scalars(
        select(Grant)
        .join(Invitation, Invitation.grant_id == Grant.grant_id)
        .where(
            Invitation.customer_id == customer_id,
            Invitation.inviter_id == inviter_id,
            Grant.ended_at.is_(None),
        )
        .order_by(Grant.grant_id)
        .with_for_update(of=Grant)
        .execution_options(populate_existing=True)
    ).all()


def cancel_made_since(session: Session, inviter_id: UUID, *, since: datetime, now: datetime) -> None:
    """What a user offered at an instant or later, and nobody took, is no offer any more."""
    session.execute(
        update(Invitation)
        .where(Invitation.inviter_id == inviter_id, Invitation.invited_at >= since, text(_WAITING))
        .values(cancelled_at=now)
    )


def lock_grants_made_since(session: Session, inviter_id: UUID, *, since: datetime) -> Sequence[Grant]:
    """Grants that are not ended, of those who took what a user offered at an instant or later."""
    return session.scalars(
        select(Grant)
        .join(Invitation, Invitation.grant_id == Grant.grant_id)
        .where(Invitation.inviter_id == inviter_id, Invitation.invited_at >= since, Grant.ended_at.is_(None))
        .order_by(Grant.grant_id)
        .with_for_update(of=Grant)
        .execution_options(populate_existing=True)
    ).all()


def delete_dead(session: Session, *, before: datetime, limit: int) -> int:
    """Invitations that nobody took and whose link died before an instant; answers how many went."""
    old = (
        select(Invitation.invitation_id)
        .where(Invitation.accepted_at.is_(None), Invitation.expires_at < before)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    gone = delete(Invitation).where(Invitation.invitation_id.in_(old))
    return len(session.scalars(gone.returning(Invitation.invitation_id)).all())
