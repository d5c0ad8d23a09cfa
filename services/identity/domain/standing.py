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
    """A live session: whose it is, the grants in force as rows with the customer's words, and the actor it makes."""

    session_id: UUID
    person: Person
    held: Sequence[Any]
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
    held = rows if row.grant_id is not None else ()
    chosen = _choose(held, row.selected_id)
    actor = Actor(
        ActorKind.CUSTOMER if chosen else ActorKind.USER,
        str(row.user_id),
        row.user_name,
        customer_id=chosen.customer_id if chosen else None,
        permissions=permissions.of_user(Scope(chosen.scope), GivenBy(chosen.given_by))
        if chosen
        else permissions.EVERY_USER,
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


def _choose(held: Sequence[Any], selected: UUID | None) -> Any:
    """The selected customer while it is held, else the one held longest; None when none is."""
    return next((one for one in held if one.customer_id == selected), held[0] if held else None)
