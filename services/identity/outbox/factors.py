"""What identity tells of factors and of log-ins. Staff are told as users are."""

from datetime import datetime
from enum import StrEnum

from ebok.identity.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.database import Transaction, asking_in
from chassis.ids import new_id
from chassis.messaging import outbox
from services.identity.storage.base import OutboxRow
from services.identity.storage.sessions import NewSession, Realm
from services.identity.storage.staff import StaffMember
from services.identity.storage.users import User


class Change(StrEnum):
    """What happened to a factor; the names are the event's."""

    TOTP_ENROLLED = "TOTP_ENROLLED"
    TOTP_REMOVED = "TOTP_REMOVED"
    RECOVERY_CODES_RENEWED = "RECOVERY_CODES_RENEWED"
    RECOVERY_CODE_USED = "RECOVERY_CODE_USED"
    RESET = "RESET"
    UNDONE = "UNDONE"
    RECOVERY_CODES_VOIDED = "RECOVERY_CODES_VOIDED"


def factor_changed(
    session: Session, owner: User | StaffMember, change: Change, *, left: int, now: datetime
) -> None:
    """The owner has to be told."""
    event = events_pb2.FactorChanged(
        user_id=str(_id_of(owner)),
        email=owner.email,
        name=owner.name,
        language=owner.language,
        change_id=str(new_id()),
        changed_at=wire.pack_instant(now),
        change=f"FACTOR_CHANGE_{change.value}",
        is_staff=isinstance(owner, StaffMember),
        recovery_codes_left=left,
    )
    outbox.announce(session, OutboxRow, event, key=event.user_id)


def new_device_signed_in(
    transaction: Transaction,
    opened: NewSession,
    *,
    email: str,
    name: str,
    language: str,
    sealed_token: bytes,
    expires_at: datetime,
) -> None:
    """The owner has to be told, and can say that it was somebody else."""
    event = events_pb2.NewDeviceSignedIn(
        user_id=str(opened.owner_id),
        email=email,
        name=name,
        language=language,
        sealed_token=sealed_token,
        session_id=str(opened.session_id),
        expires_at=wire.pack_instant(expires_at),
        signed_in_at=wire.pack_instant(opened.opened_at),
        address=opened.address,
        user_agent=opened.user_agent,
        is_staff=opened.realm is Realm.CONSOLE,
    )
    outbox.announce_plainly(asking_in(transaction).run, event, key=event.user_id, secret=True)


def _id_of(owner: User | StaffMember) -> object:
    return owner.user_id if isinstance(owner, User) else owner.staff_id
