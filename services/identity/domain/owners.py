"""Whom a session, a factor or a browser belongs to: a user in the portal, a staff member in the console."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor, ActorKind
from services.identity.storage import staff as stored_staff
from services.identity.storage import users as stored_users
from services.identity.storage.sessions import Realm
from services.identity.storage.staff import StaffMember
from services.identity.storage.users import User

Owner = User | StaffMember


@dataclass(frozen=True)
class Account:
    """An owner as logging in knows them: what mails and acts call them by."""

    realm: Realm
    owner_id: UUID
    email: str
    name: str
    language: str


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


def account_of(owner: Owner) -> Account:
    """The owner, as logging in knows them."""
    return Account(realm_of(owner), owner_id(owner), owner.email, owner.name, owner.language)


def actor_of(owner: Owner | Account, *, session_id: UUID | None = None, address: str = "") -> Actor:
    """Who acts, for the audit log."""
    account = owner if isinstance(owner, Account) else account_of(owner)
    kind = ActorKind.USER if account.realm is Realm.PORTAL else ActorKind.STAFF
    session = str(session_id) if session_id else ""
    return Actor(kind, str(account.owner_id), account.name, session_id=session, address=address)
