"""What identity tells of grants and invitations. What carries a sealed token is erased here once it is published."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ebok.identity.v1 import events_pb2, grants_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging import outbox
from services.identity.storage.base import OutboxRow
from services.identity.storage.customers import Customer
from services.identity.storage.grants import Grant, Scope
from services.identity.storage.invitations import Invitation
from services.identity.storage.users import User

_SCOPES: dict[Scope, grants_pb2.Scope] = {
    Scope.VIEW: grants_pb2.SCOPE_VIEW,
    Scope.PAY: grants_pb2.SCOPE_PAY,
    Scope.MANAGE: grants_pb2.SCOPE_MANAGE,
}


def delegate_invited(
    session: Session, invitation: Invitation, inviter: User, customer: Customer | None, *, sealed_token: bytes
) -> None:
    """The link has to be mailed, unless it is dead by then."""
    event = events_pb2.DelegateInvited(
        invitation_id=str(invitation.invitation_id),
        customer_id=str(invitation.customer_id),
        email=invitation.email,
        language=inviter.language,
        inviter_name=inviter.name,
        customer_name=customer.name if customer else "",
        scope=_SCOPES[invitation.scope],
        ends_on=wire.pack_date(invitation.ends_on),
        sealed_token=sealed_token,
        expires_at=wire.pack_instant(invitation.expires_at),
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id, secret=True)


def grant_given(
    session: Session,
    grant: Grant,
    holder: User,
    customer: Customer | None,
    *,
    inviter: User | None = None,
    others: Iterable[User] = (),
) -> None:
    """A user may act for a customer; who invited is told, or, of a proof, who may act already."""
    event = events_pb2.GrantGiven(
        grant_id=str(grant.grant_id),
        user_id=str(grant.user_id),
        customer_id=str(grant.customer_id),
        scope=_SCOPES[grant.scope],
        user_name=holder.name,
        user_email=holder.email,
        customer_name=customer.name if customer else "",
        ends_on=wire.pack_optional_date(grant.ends_on),
        inviter=_addressee(inviter) if inviter else None,
        other_holders=[_addressee(one) for one in others],
        given_at=wire.pack_instant(grant.valid_from),
    )
    outbox.announce(session, OutboxRow, event, key=event.user_id)


def grant_revoked(
    session: Session, grant: Grant, holder: User, customer: Customer | None, *, ended_by: str
) -> None:
    """A user may not any more; the user is told. `ended_by`: "owner", "holder" or "staff"."""
    event = events_pb2.GrantRevoked(
        grant_id=str(grant.grant_id),
        customer_id=str(grant.customer_id),
        holder=_addressee(holder),
        customer_name=customer.name if customer else "",
        ended_by=ended_by,
        ended_at=wire.pack_optional_instant(grant.ended_at),
    )
    outbox.announce(session, OutboxRow, event, key=event.holder.user_id)


@dataclass(frozen=True)
class ContactChange:
    """Where mail for a customer goes, as billing told it; either address may be empty."""

    change_id: UUID
    customer_id: UUID
    customer_name: str
    old_email: str
    new_email: str
    changed_at: datetime


def contact_change_passed_on(session: Session, change: ContactChange, *, holders: Iterable[User]) -> None:
    """The address until now is told, and who may manage."""
    event = events_pb2.ContactChangePassedOn(
        change_id=str(change.change_id),
        customer_id=str(change.customer_id),
        customer_name=change.customer_name,
        old_email=change.old_email,
        new_email=change.new_email,
        changed_at=wire.pack_instant(change.changed_at),
        holders=[_addressee(one) for one in holders],
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id)


def _addressee(user: User) -> grants_pb2.Addressee:
    return grants_pb2.Addressee(
        user_id=str(user.user_id), email=user.email, name=user.name, language=user.language
    )
