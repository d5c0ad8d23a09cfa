"""Invitations of delegates: who holds a customer by proof lets somebody act for it, within a scope and until a day.

Whether the invited address has an account is not told. The mailed link works once, for an account with that address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor, ActorKind
from chassis.errors import Conflict, FailedPrecondition, Invalid, PermissionDenied, Violation
from chassis.ids import new_id
from services.identity.domain import attempts, grants
from services.identity.domain.grants import GRANTS_PER_USER_MAX, TooManyCustomers
from services.identity.domain.links import INVITATION_LIFETIME, Link, LinkNotValid
from services.identity.outbox import grants as announce
from services.identity.storage import customers
from services.identity.storage import grants as stored_grants
from services.identity.storage import invitations as stored
from services.identity.storage import users as stored_users
from services.identity.storage.grants import GivenBy, Grant, Scope
from services.identity.storage.invitations import Invitation
from services.identity.storage.users import User

DELEGATES_MAX = 20


class AlreadyHolds(FailedPrecondition):
    """The address, or the caller, has access to the customer already."""

    reason = "ALREADY_HOLDS"


class TooManyDelegates(FailedPrecondition):
    """The customer has as many delegates and open invitations as one can have."""

    reason = "TOO_MANY_DELEGATES"


class OtherAddress(PermissionDenied):
    """The invitation was sent to another address than that of the caller's account."""

    reason = "OTHER_ADDRESS"


class InvitationTaken(Conflict):
    """The id belongs to another invitation."""

    reason = "INVITATION_TAKEN"


@dataclass(frozen=True)
class Offer:
    """What somebody is invited to; the address in lower case."""

    invitation_id: UUID
    customer_id: UUID
    email: str
    scope: Scope
    ends_on: date


def invite(session: Session, offer: Offer, *, link: Link, by: Actor, now: datetime) -> Invitation:
    """Keep the offer and have its link mailed; an older one to the address dies. The same id again: nothing happens.

    Refuses NOT_THE_OWNER, STEP_UP_REQUIRED, ALREADY_HOLDS, TOO_MANY_DELEGATES, TOO_MANY_ATTEMPTS, OWN_ADDRESS at
    `email`, OUT_OF_RANGE at `ends_on`.
    """
    own = grants.lock_owner(session, offer.customer_id, by=by, now=now)
    known = stored.lock_invitation(session, offer.invitation_id)
    if known is not None:
        if (known.customer_id, known.email) != (offer.customer_id, offer.email):
            raise InvitationTaken
        return known
    valid_until = grants.read_end(offer.ends_on, now=now)
    inviter = session.get_one(User, own.user_id)
    if offer.email == inviter.email:
        raise Invalid(violations=[Violation("email", "OWN_ADDRESS")])
    invited = stored_users.find_user_by_email(session, offer.email)
    # Of an address without an account it is asked, too: the time it takes tells nobody whether there is one.
    user_id = invited.user_id if invited else new_id()
    if stored_grants.is_granted(session, user_id=user_id, customer_id=offer.customer_id, now=now):
        raise AlreadyHolds
    others = stored.count_waiting(session, offer.customer_id, now=now, but_for=offer.email)
    if others + stored_grants.count_delegates(session, offer.customer_id, now=now) >= DELEGATES_MAX:
        raise TooManyDelegates
    # What is refused sends no mail, so only what goes out is counted.
    attempts.count(session, [attempts.counter(attempts.INVITE_USER, by.actor_id)], now=now)
    stored.cancel_waiting(session, offer.customer_id, offer.email, now=now)
    invitation = Invitation(
        invitation_id=offer.invitation_id,
        customer_id=offer.customer_id,
        inviter_id=own.user_id,
        email=offer.email,
        scope=offer.scope,
        valid_until=valid_until,
        token_hash=link.token_hash,
        invited_at=now,
        expires_at=min(now + INVITATION_LIFETIME, valid_until),
    )
    session.add(invitation)
    session.flush()
    customer = customers.find_customer(session, offer.customer_id)
    announce.delegate_invited(session, invitation, inviter, customer, sealed_token=link.sealed_token)
    return invitation


def list_waiting(session: Session, customer_id: UUID, *, now: datetime) -> Sequence[Invitation]:
    """What waits to be accepted, the newest first."""
    return stored.list_waiting(session, customer_id, now=now)


def cancel(session: Session, invitation_id: UUID, *, customer_id: UUID, by: Actor, now: datetime) -> None:
    """Take an invitation back; what does not wait stays as it is. Refuses NOT_THE_OWNER."""
    if by.kind is not ActorKind.STAFF:
        grants.lock_owner(session, customer_id, by=by, now=now)
    invitation = stored.lock_invitation(session, invitation_id)
    if invitation is not None and invitation.customer_id == customer_id and invitation.waits(now=now):
        invitation.cancelled_at = now


def look(session: Session, token_hash: bytes, *, by: Actor, now: datetime) -> Invitation:
    """What a link offers to the caller. Refuses LINK_NOT_VALID, OTHER_ADDRESS."""
    invitation = stored.find_by_token(session, token_hash)
    if invitation is None or not invitation.waits(now=now):
        raise LinkNotValid
    _check_address(session, invitation, by)
    return invitation


def accept(session: Session, token_hash: bytes, *, by: Actor, now: datetime) -> Grant:
    """Give the grant that was offered, in the place of one the delegate has. Who accepted gets the same again.

    Refuses LINK_NOT_VALID, OTHER_ADDRESS, ALREADY_HOLDS, TOO_MANY_CUSTOMERS.
    """
    invitation = stored.lock_by_token(session, token_hash)
    if invitation is None:
        raise LinkNotValid
    holder = _check_address(session, invitation, by)
    if invitation.grant_id is not None:
        given = session.get_one(Grant, invitation.grant_id)
        if given.user_id == holder.user_id and given.ended_at is None:
            return given
    if not invitation.waits(now=now):
        raise LinkNotValid
    standing = stored_grants.lock_open_grant(
        session, user_id=holder.user_id, customer_id=invitation.customer_id
    )
    if standing is not None:
        if standing.given_by is GivenBy.PROOF:
            raise AlreadyHolds
        standing.ended_at = now  # The new one says how far and until when.
        session.flush()
    if stored_grants.count_open_grants(session, holder.user_id) >= GRANTS_PER_USER_MAX:
        raise TooManyCustomers
    grant = Grant(
        grant_id=new_id(),
        user_id=holder.user_id,
        customer_id=invitation.customer_id,
        scope=invitation.scope,
        given_by=GivenBy.INVITATION,
        valid_from=now,
        valid_until=invitation.valid_until,
    )
    if not stored_grants.add_grant(session, grant):
        raise AlreadyHolds  # By a proof that came at the same moment.
    invitation.accepted_at, invitation.grant_id = now, grant.grant_id
    session.flush()
    customer = customers.find_customer(session, grant.customer_id)
    inviter = session.get_one(User, invitation.inviter_id)
    announce.grant_given(session, grant, holder, customer, inviter=inviter)
    return grant


def _check_address(session: Session, invitation: Invitation, by: Actor) -> User:
    """The caller's account, when the invitation was sent to its address. Refuses OTHER_ADDRESS."""
    user = session.get_one(User, UUID(by.actor_id))
    if user.email != invitation.email:
        raise OtherAddress
    return user
