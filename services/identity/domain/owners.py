"""Whom a session, a factor or a browser belongs to: a user in the portal, a staff member in the console."""

from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor, ActorKind
from services.identity.storage import staff as stored_staff
from services.identity.storage import users as stored_users
from services.identity.storage.sessions import Realm
from services.identity.storage.staff import StaffMember
from services.identity.storage.users import User

Owner = User | StaffMember


def lock(session: Session, realm: Realm, owner_id: UUID) -> Owner | None:
    """The account, kept from others until the transaction ends."""
    if realm is Realm.PORTAL:
        return stored_users.lock_user(session, owner_id)
    return stored_staff.lock_staff(session, owner_id)


def find(session: Session, realm: Realm, owner_id: UUID) -> Owner:
    """The account; accounts are never deleted while something hangs on them."""
    return (
        session.get_one(User, owner_id) if realm is Realm.PORTAL else session.get_one(StaffMember, owner_id)
    )


def owner_id(owner: Owner) -> UUID:
    """The user's id, or the staff member's."""
    return owner.user_id if isinstance(owner, User) else owner.staff_id


def realm_of(owner: Owner) -> Realm:
    """The door of the account."""
    return Realm.PORTAL if isinstance(owner, User) else Realm.CONSOLE


def actor_of(owner: Owner, *, session_id: UUID | None = None, address: str = "") -> Actor:
    """Who acts, for the audit log."""
    kind = ActorKind.USER if isinstance(owner, User) else ActorKind.STAFF
    session = str(session_id) if session_id else ""
    return Actor(kind, str(owner_id(owner)), owner.name, session_id=session, address=address)
