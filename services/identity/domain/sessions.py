"""Sessions: logging in, who a session is, which customer it acts for, leaving.

An unknown address, a wrong password and an unconfirmed address are one refusal, after the same work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor, ActorKind, Area
from chassis.database import Reader
from chassis.errors import PermissionDenied, Unauthenticated
from chassis.ids import new_id
from chassis.sources import source_of
from services.identity.domain import attempts, permissions
from services.identity.domain.links import hash_secret, new_secret
from services.identity.domain.passwords import Checked
from services.identity.storage import grants as stored_grants
from services.identity.storage import sessions as stored
from services.identity.storage import staff as stored_staff
from services.identity.storage import users as stored_users
from services.identity.storage.grants import Scope
from services.identity.storage.sessions import LoginSession, Realm
from services.identity.storage.staff import StaffMember
from services.identity.storage.users import Look, User

SEEN_EVERY = timedelta(minutes=1)
SESSIONS_PER_OWNER_MAX = 20
USER_AGENT_LENGTH_MAX = 500


class LoginRefused(Unauthenticated):
    """Address and password do not open an account here; why is not told."""

    reason = "LOGIN_REFUSED"


class SessionEnded(Unauthenticated):
    """The session is unknown, was ended, ran out, or belongs to the other door."""

    reason = "SESSION_ENDED"


class CustomerNotGranted(PermissionDenied):
    """The user holds no such customer; the same words whether there is one."""

    reason = "CUSTOMER_NOT_GRANTED"


@dataclass(frozen=True)
class Lifetimes:
    """How long a session of a realm lasts at most, and how long without a request."""

    absolute: timedelta
    idle: timedelta


@dataclass(frozen=True)
class Knock:
    """A counted attempt to log in. `password_hash` is None when there is nobody who could."""

    email: str
    realm: Realm
    counters: Sequence[attempts.Counter]
    counted_at: datetime
    owner_id: UUID | None
    password_hash: str | None


@dataclass(frozen=True)
class Opened:
    """A new session; the secret is told once and kept nowhere."""

    secret: str
    expires_at: datetime
    actor: Actor


@dataclass(frozen=True)
class HeldCustomer:
    """A grant in force, as the switcher shows it."""

    grant_id: UUID
    user_id: UUID
    customer_id: UUID
    customer_number: str
    customer_name: str
    premises_label: str
    scope: Scope
    valid_from: datetime
    valid_until: datetime | None


@dataclass(frozen=True)
class Person:
    """Who a session belongs to: a user, who has `registered_at`, or a staff member, who has roles."""

    person_id: UUID
    email: str
    name: str
    language: str
    look: Look
    registered_at: datetime | None
    roles: tuple[str, ...]
    role_names: Mapping[str, str]


@dataclass(frozen=True)
class Standing:
    """A live session: whose it is, what is held, and the actor it makes."""

    session_id: UUID
    person: Person
    held: tuple[HeldCustomer, ...]
    actor: Actor
    seen_is_old: bool


def knock(session: Session, email: str, *, realm: Realm, address: str, now: datetime) -> Knock:
    """Count an attempt to log in and find what to check it against. Refuses TOO_MANY_ATTEMPTS."""
    source = source_of(address)
    counters = [
        attempts.counter(attempts.LOGIN, realm.value, email, source=source),
        attempts.counter(attempts.LOGIN_ACCOUNT, realm.value, email),
        attempts.counter(attempts.LOGIN_ADDRESS, source=source),
    ]
    counted = attempts.count(session, counters, now=now, unasked_where_known=attempts.LOGIN_ACCOUNT)
    owner_id: UUID | None = None
    password_hash: str | None = None
    if realm is Realm.PORTAL:
        user = stored_users.find_user_by_email(session, email)
        if user is not None and user.confirmed_at is not None:
            owner_id, password_hash = user.user_id, user.password_hash
    else:
        member = stored_staff.find_staff_by_email(session, email)
        if member is not None and member.roles:
            owner_id, password_hash = member.staff_id, member.password_hash
    return Knock(email, realm, counted, now, owner_id, password_hash)


def open_session(
    session: Session,
    attempt: Knock,
    checked: Checked,
    *,
    lifetimes: Lifetimes,
    address: str,
    user_agent: str,
    now: datetime,
) -> Opened:
    """Open a session when the password was right. Refuses LOGIN_REFUSED, also when it was changed meanwhile."""
    if not checked.right or attempt.owner_id is None:
        raise LoginRefused
    owner: User | StaffMember | None
    if attempt.realm is Realm.PORTAL:
        owner = stored_users.lock_user(session, attempt.owner_id)
    else:
        owner = stored_staff.lock_staff(session, attempt.owner_id)
    if owner is None or owner.password_hash != attempt.password_hash:
        raise LoginRefused
    if checked.renewed_hash:
        owner.password_hash = checked.renewed_hash
    owner.last_login_at = now
    attempts.take_back(session, attempt.counters, counted_at=attempt.counted_at, right=True)
    in_portal = attempt.realm is Realm.PORTAL
    secret = new_secret()
    opened = LoginSession(
        session_id=new_id(),
        token_hash=hash_secret(secret),
        realm=attempt.realm,
        user_id=attempt.owner_id if in_portal else None,
        staff_id=None if in_portal else attempt.owner_id,
        opened_at=now,
        expires_at=now + lifetimes.absolute,
        last_seen_at=now,
        address=address,
        user_agent=user_agent[:USER_AGENT_LENGTH_MAX],
    )
    session.add(opened)
    session.flush()
    stored.end_oldest_sessions(
        session, user_id=opened.user_id, staff_id=opened.staff_id, keep=SESSIONS_PER_OWNER_MAX, now=now
    )
    actor = Actor(
        ActorKind.USER if in_portal else ActorKind.STAFF,
        str(attempt.owner_id),
        owner.name,
        session_id=str(opened.session_id),
        address=address,
    )
    return Opened(secret, opened.expires_at, actor)


def check(
    reader: Reader, secret: str, *, realm: Realm, lifetimes: Lifetimes, address: str, now: datetime
) -> Standing:
    """Who the session is and what it may do at this moment; one statement. Refuses SESSION_ENDED."""
    row = stored.find_live_session(reader, hash_secret(secret), realm=realm, now=now, idle=lifetimes.idle)
    if row is None:
        raise SessionEnded
    person = Person(
        person_id=row.user_id or row.staff_id,
        email=row.email,
        name=row.name,
        language=row.language,
        look=Look(row.look),
        registered_at=row.registered_at,
        roles=tuple(row.roles or ()),
        role_names=row.role_names or {},
    )
    held = tuple(_held(row.user_id, one) for one in row.grants)
    if realm is Realm.CONSOLE:
        if not person.roles:
            raise SessionEnded
        kind, chosen = ActorKind.STAFF, None
        allowed = permissions.of_staff(person.roles, row.role_sets or {})
    else:
        chosen = _choose(held, row.customer_id)
        kind = ActorKind.CUSTOMER if chosen else ActorKind.USER
        allowed = permissions.of_user(chosen.scope if chosen else None)
    actor = Actor(
        kind,
        str(person.person_id),
        person.name,
        customer_id=chosen.customer_id if chosen else None,
        permissions=allowed,
        session_id=str(row.session_id),
        address=address,
        area=Area(frozenset(row.towns or ()), frozenset(row.commodities or ())),
    )
    return Standing(row.session_id, person, held, actor, now - row.last_seen_at >= SEEN_EVERY)


def note_seen(session: Session, session_id: UUID, *, now: datetime) -> None:
    """Keep when the session was last used, at most once a minute."""
    stored.note_seen(session, session_id, now=now, unless_after=now - SEEN_EVERY + timedelta(microseconds=1))


def select_customer(
    session: Session, secret: str, customer_id: UUID, *, lifetimes: Lifetimes, now: datetime
) -> None:
    """Act for this customer from now on. Refuses SESSION_ENDED, CUSTOMER_NOT_GRANTED."""
    found = stored.lock_session(session, hash_secret(secret))
    if found is None or not _is_live(found, lifetimes=lifetimes, now=now) or found.user_id is None:
        raise SessionEnded
    if not stored_grants.is_granted(session, user_id=found.user_id, customer_id=customer_id, now=now):
        raise CustomerNotGranted
    found.customer_id = customer_id


def end(session: Session, secret: str, *, now: datetime) -> Actor | None:
    """End a session; answers who left, None when it had ended or never was."""
    found = stored.lock_session(session, hash_secret(secret))
    if found is None or found.ended_at is not None:
        return None
    found.ended_at = now
    owner: User | StaffMember | None
    if found.realm is Realm.PORTAL:
        owner = session.get(User, found.user_id)
    else:
        owner = session.get(StaffMember, found.staff_id)
    kind = ActorKind.USER if found.realm is Realm.PORTAL else ActorKind.STAFF
    owner_id = found.user_id or found.staff_id
    name = owner.name if owner else ""
    return Actor(kind, str(owner_id), name, session_id=str(found.session_id), address=found.address)


def _is_live(found: LoginSession, *, lifetimes: Lifetimes, now: datetime) -> bool:
    return found.ended_at is None and found.expires_at > now and found.last_seen_at > now - lifetimes.idle


def _choose(held: tuple[HeldCustomer, ...], selected: UUID | None) -> HeldCustomer | None:
    """The selected customer while it is held, else the one held longest."""
    return next((one for one in held if one.customer_id == selected), held[0] if held else None)


def _held(user_id: UUID, grant: dict[str, str | None]) -> HeldCustomer:
    return HeldCustomer(
        grant_id=UUID(grant["grant_id"]),
        user_id=user_id,
        customer_id=UUID(grant["customer_id"]),
        customer_number=grant["customer_number"] or "",
        customer_name=grant["customer_name"] or "",
        premises_label=grant["premises_label"] or "",
        scope=Scope(grant["scope"] or ""),
        valid_from=datetime.fromisoformat(grant["valid_from"] or ""),
        valid_until=datetime.fromisoformat(grant["valid_until"]) if grant["valid_until"] else None,
    )
