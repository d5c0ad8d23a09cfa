"""What identity tells of users. Whatever carries a sealed token is erased here once it is published."""

from datetime import datetime
from uuid import UUID

from ebok.identity.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.ids import new_id
from chassis.messaging import outbox
from services.identity.storage.base import OutboxRow
from services.identity.storage.staff import StaffMember
from services.identity.storage.users import User

LinkRequested = events_pb2.EmailConfirmationRequested | events_pb2.PasswordResetRequested


def email_confirmation_requested(
    session: Session, user: User, *, sealed_token: bytes, expires_at: datetime
) -> None:
    """The link has to be mailed, unless it is dead by then."""
    _link_requested(session, events_pb2.EmailConfirmationRequested, user, sealed_token, expires_at)


def password_reset_requested(
    session: Session, user: User, *, sealed_token: bytes, expires_at: datetime
) -> None:
    """The link has to be mailed, unless it is dead by then."""
    _link_requested(session, events_pb2.PasswordResetRequested, user, sealed_token, expires_at)


def registration_repeated(session: Session, user: User) -> None:
    """The owner of a known address has to be told."""
    event = events_pb2.RegistrationRepeated(
        user_id=str(user.user_id),
        email=user.email,
        name=user.name,
        language=user.language,
        request_id=str(new_id()),
    )
    outbox.announce(session, OutboxRow, event, key=event.user_id)


def user_registered(session: Session, user: User) -> None:
    """There is one more account."""
    event = events_pb2.UserRegistered(user_id=str(user.user_id), language=user.language)
    outbox.announce(session, OutboxRow, event, key=event.user_id)


def password_changed(session: Session, owner: User | StaffMember) -> None:
    """The owner has to be told."""
    event = events_pb2.PasswordChanged(
        user_id=str(owner.user_id if isinstance(owner, User) else owner.staff_id),
        email=owner.email,
        name=owner.name,
        language=owner.language,
        change_id=str(new_id()),
        changed_at=wire.pack_instant(owner.password_changed_at),
        is_staff=isinstance(owner, StaffMember),
    )
    outbox.announce(session, OutboxRow, event, key=event.user_id)


def email_change_requested(
    session: Session, user: User, *, new_email: str, sealed_token: bytes, expires_at: datetime
) -> None:
    """The new address gets the link, the old one a notice. Without a token the new address gets nothing."""
    event = events_pb2.EmailChangeRequested(
        user_id=str(user.user_id),
        email=user.email,
        name=user.name,
        language=user.language,
        sealed_token=sealed_token,
        request_id=str(new_id()),
        expires_at=wire.pack_instant(expires_at),
        new_email=new_email,
    )
    outbox.announce(session, OutboxRow, event, key=event.user_id, secret=True)


def email_changed(
    session: Session,
    user: User,
    *,
    old_email: str,
    change_id: UUID,
    changed_at: datetime,
    sealed_token: bytes = b"",
    expires_at: datetime | None = None,
) -> None:
    """One logs in with another address; the one until now gets the link that undoes it. Without a link, it was used."""
    event = events_pb2.EmailChanged(
        user_id=str(user.user_id),
        email=user.email,
        old_email=old_email,
        name=user.name,
        language=user.language,
        sealed_token=sealed_token,
        change_id=str(change_id),
        changed_at=wire.pack_instant(changed_at),
        expires_at=wire.pack_instant(expires_at) if expires_at else None,
        is_undone=not sealed_token,
    )
    outbox.announce(session, OutboxRow, event, key=event.user_id, secret=True)


def _link_requested(
    session: Session, event_class: type[LinkRequested], user: User, sealed_token: bytes, expires_at: datetime
) -> None:
    event = event_class(
        user_id=str(user.user_id),
        email=user.email,
        name=user.name,
        language=user.language,
        sealed_token=sealed_token,
        request_id=str(new_id()),
        expires_at=wire.pack_instant(expires_at),
    )
    outbox.announce(session, OutboxRow, event, key=event.user_id, secret=True)
