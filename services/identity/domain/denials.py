"""“It was not me”: what somebody else did at an account is undone by the link of a mail, and a new password is next.

A link is of a log-in from a new device, or of another address to log in with, and was mailed to the address of then.
Whoever has that mailbox is the owner: of later changes of the address none stays, and none of their links.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.ids import new_id
from services.identity.domain import access, factors, grants, owners
from services.identity.domain.links import (
    DENIAL_LIFETIME,
    RESET_LIFETIME,
    LinkNotValid,
    hash_secret,
    new_secret,
)
from services.identity.domain.owners import Owner
from services.identity.outbox import users as announce
from services.identity.storage import challenges as stored_challenges
from services.identity.storage import devices as stored_devices
from services.identity.storage import email_changes, tokens
from services.identity.storage import personal_tokens as stored_personal_tokens
from services.identity.storage import sessions as stored
from services.identity.storage import users as stored_users
from services.identity.storage.sessions import Realm
from services.identity.storage.tokens import Purpose
from services.identity.storage.users import User


@dataclass(frozen=True)
class Denied:
    """Everybody is logged out. `reset_token` sets a new password, in the portal. `kept_email` is the address to log in
    with where the former one could not be set back, else empty.
    """

    realm: Realm
    reset_token: str
    kept_email: str
    actor: Actor


def deny_sign_in(session: Session, denial_hash: bytes, *, now: datetime) -> Denied:
    """A log-in was not the owner's: what was begun or changed since is undone. Refuses LINK_NOT_VALID."""
    found = stored.find_denied_session(session, denial_hash, opened_after=now - DENIAL_LIFETIME)
    owner = owners.lock(session, found.realm, found.owner_id) if found else None
    if found is None or owner is None or not stored.take_denial(session, denial_hash):
        raise LinkNotValid
    kept_email = ""
    if isinstance(owner, User):
        kept_email = _set_address_back(session, owner, since=found.opened_at, now=now)
    reset_token = _undo(session, owner, since=found.opened_at, now=now)
    return Denied(found.realm, reset_token, kept_email, owners.actor_of(owner))


def deny_email_change(session: Session, denial_hash: bytes, *, now: datetime) -> Denied:
    """Another address was not the owner's wish: the former one is back, and what was begun since the log-in that asked
    for it is undone. Refuses LINK_NOT_VALID.
    """
    changed_after = now - DENIAL_LIFETIME
    found = email_changes.find_change(session, denial_hash, changed_after=changed_after)
    user = stored_users.lock_user(session, found.user_id) if found else None
    # Once more: another link, or this one at the same moment, was quicker.
    found = email_changes.find_change(session, denial_hash, changed_after=changed_after)
    if found is None or user is None:
        raise LinkNotValid
    kept_email = _set_address_back(session, user, since=found.changed_at, now=now)
    reset_token = _undo(session, user, since=found.log_in_at, now=now)
    return Denied(Realm.PORTAL, reset_token, kept_email, owners.actor_of(user))


def _set_address_back(session: Session, user: User, *, since: datetime, now: datetime) -> str:
    """The address as it was then, unless another account has it by now: answers the one that is kept in that case.

    A registration with it that nobody confirmed gives way.
    """
    former, undone = email_changes.take_changes_since(session, user.user_id, since=since), user.email
    if former is None or former == undone:
        return ""
    holder = stored_users.find_user_by_email(session, former)
    if holder is not None and holder.confirmed_at is not None:
        return undone
    if holder is not None:
        stored_users.delete_user(session, holder)
    user.email = former
    announce.email_changed(session, user, old_email=undone, change_id=new_id(), changed_at=now)
    return ""


def _undo(session: Session, owner: Owner, *, since: datetime, now: datetime) -> str:
    """All sessions end, what was begun since ends too, browsers are new again; answers the token of a new password.

    A user's old one opens nothing any more: somebody else may know it. Staff, whom no mail gives another, keep theirs.
    """
    owner_id = owners.owner_id(owner)
    access.end_sessions(session, realm=owners.realm_of(owner), owner_id=owner_id, now=now)
    stored_challenges.delete_challenges_of(session, owner_id)
    stored_devices.delete_devices_of(session, owner_id)
    factors.undo_since(session, owner, since=since, now=now)
    if not isinstance(owner, User):
        return ""
    _end_begun(session, owner, since=since, now=now)
    owner.password_hash = ""
    reset_token = new_secret()
    tokens.put_token(
        session,
        user_id=owner.user_id,
        purpose=Purpose.RESET_PASSWORD,
        token_hash=hash_secret(reset_token),
        made_at=now,
        expires_at=now + RESET_LIFETIME,
    )
    return reset_token


def _end_begun(session: Session, user: User, *, since: datetime, now: datetime) -> None:
    """Whatever would let a stranger back in: another address, programs, delegates."""
    tokens.delete_token(session, user.user_id, Purpose.CHANGE_EMAIL)
    for made in stored_personal_tokens.revoke_tokens_made_since(session, user.user_id, since=since, now=now):
        access.revoke(session, str(made), now=now, for_good=True)
    grants.end_begun(session, user.user_id, since=since, now=now)
