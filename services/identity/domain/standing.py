"""Who a session is and what it may do at this moment; each page asks it, so it is one statement for each door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor, ActorKind, Area
from chassis.database import Reader
from chassis.errors import Unauthenticated
from services.identity.domain import permissions
from services.identity.domain.links import hash_secret
from services.identity.storage import sessions as stored
from services.identity.storage.grants import GivenBy, Scope
from services.identity.storage.sessions import Realm
from services.identity.storage.users import Look

SEEN_EVERY = timedelta(minutes=1)


class SessionEnded(Unauthenticated):
    """The session is unknown, was ended, ran out, or belongs to the other door."""

    reason = "SESSION_ENDED"


@dataclass(frozen=True)
class Lifetimes:
    """How long a session of a realm lasts at most, and how long without a request."""

    absolute: timedelta
    idle: timedelta


class HeldCustomer(NamedTuple):
    """A grant in force, as the switcher shows it."""

    grant_id: UUID
    customer_id: UUID
    customer_number: str
    customer_name: str
    premises_label: str
    scope: Scope
    given_by: GivenBy
    valid_from: datetime
    valid_until: datetime | None


class Person(NamedTuple):
    """Who a session belongs to: a user, who has `registered_at`, or a staff member, who has roles."""

    person_id: UUID
    email: str
    name: str
    language: str
    look: Look
    registered_at: datetime | None = None
    roles: Sequence[str] = ()
    role_names: Mapping[str, str] = {}


class Standing(NamedTuple):
    """A live session: whose it is, what is held, and the actor it makes."""

    session_id: UUID
    person: Person
    held: Sequence[HeldCustomer]
    actor: Actor
    seen_is_old: bool


def check(
    reader: Reader, secret: str, *, realm: Realm, lifetimes: Lifetimes, address: str, now: datetime
) -> Standing:
    """Who the session is and what it may do. Refuses SESSION_ENDED."""
    rows = stored.find_live_session(reader, hash_secret(secret), realm=realm, now=now, idle=lifetimes.idle)
    if not rows:
        raise SessionEnded
    make = _of_staff if realm is Realm.CONSOLE else _of_user
    return make(rows, address, now)


def note_seen(session: Session, session_id: UUID, *, now: datetime) -> None:
    """Keep when the session was last used, at most once a minute."""
    stored.note_seen(session, session_id, now=now, unless_after=now - SEEN_EVERY + timedelta(microseconds=1))


def _of_user(rows: Sequence[Any], address: str, now: datetime) -> Standing:
    row = rows[0]
    held = [_held(one) for one in rows if one.grant_id is not None]
    chosen = _choose(held, row.selected_id)
    actor = Actor(
        ActorKind.CUSTOMER if chosen else ActorKind.USER,
        str(row.user_id),
        row.user_name,
        customer_id=chosen.customer_id if chosen else None,
        permissions=permissions.of_user(chosen.scope, chosen.given_by) if chosen else permissions.EVERY_USER,
        session_id=str(row.session_id),
        address=address,
        stepped_up_at=row.stepped_up_at,
    )
    person = Person(
        row.user_id, row.email, row.user_name, row.language, Look(row.look), registered_at=row.registered_at
    )
    return Standing(row.session_id, person, held, actor, now - row.last_seen_at >= SEEN_EVERY)


def _of_staff(rows: Sequence[Any], address: str, now: datetime) -> Standing:
    [row] = rows
    if not row.roles:
        raise SessionEnded
    actor = Actor(
        ActorKind.STAFF,
        str(row.staff_id),
        row.name,
        permissions=permissions.of_staff(row.roles, row.role_sets or {}),
        session_id=str(row.session_id),
        address=address,
        area=Area(frozenset(row.towns or ()), frozenset(row.commodities or ())),
        stepped_up_at=row.stepped_up_at,
    )
    person = Person(
        row.staff_id,
        row.email,
        row.name,
        row.language,
        Look(row.look),
        roles=row.roles,
        role_names=row.role_names or {},
    )
    return Standing(row.session_id, person, (), actor, now - row.last_seen_at >= SEEN_EVERY)


def _choose(held: Sequence[HeldCustomer], selected: UUID | None) -> HeldCustomer | None:
    """The selected customer while it is held, else the one held longest."""
    return next((one for one in held if one.customer_id == selected), held[0] if held else None)


def _held(row: Any) -> HeldCustomer:
    """A customer that is not known yet – the event is on its way – has no words."""
    return HeldCustomer(
        row.grant_id,
        row.customer_id,
        row.number or "",
        row.customer_name or "",
        row.premises_label or "",
        Scope(row.scope),
        GivenBy(row.given_by),
        row.valid_from,
        row.valid_until,
    )
