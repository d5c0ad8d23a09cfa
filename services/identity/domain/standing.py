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

    person_id: str
    email: str
    name: str
    language: str
    look: Look
    registered_at: datetime | None = None
    roles: Sequence[str] = ()
    role_names: Mapping[str, str] = {}


class Standing(NamedTuple):
    """A live session: whose it is, the grants in force as rows with the customer's words, and the actor it makes."""

    person: Person
    held: Sequence[Any]
    actor: Actor


def find(
    reader: Reader, secret: str, *, realm: Realm, lifetimes: Lifetimes, now: datetime
) -> tuple[Any, ...]:
    """What the database tells of a live session, for `of_user` or `of_staff`. Refuses SESSION_ENDED."""
    rows = stored.find_live_session(reader, hash_secret(secret), realm=realm, now=now, idle=lifetimes.idle)
    if not rows:
        raise SessionEnded
    return tuple(rows)


def was_seen_long_ago(rows: Sequence[Any], *, now: datetime) -> bool:
    """Whether to note that the session is used."""
    long_ago: bool = now - rows[0].last_seen_at >= SEEN_EVERY
    return long_ago


def note_seen(session: Session, rows: Sequence[Any], *, now: datetime) -> None:
    """Keep when the session was last used, at most once a minute."""
    unless_after = now - SEEN_EVERY + timedelta(microseconds=1)
    stored.note_seen(session, UUID(rows[0].session_id), now=now, unless_after=unless_after)


def of_user(rows: Sequence[Any], address: str) -> Standing:
    """Who a session of the portal is and what it may do; follows from the rows alone."""
    row = rows[0]
    held = rows if row.grant_id is not None else ()
    chosen = _choose(held, row.selected_id)
    actor = Actor(
        ActorKind.CUSTOMER if chosen else ActorKind.USER,
        row.user_id,
        row.user_name,
        customer_id=UUID(chosen.customer_id) if chosen else None,
        permissions=permissions.of_user(Scope(chosen.scope), GivenBy(chosen.given_by))
        if chosen
        else permissions.EVERY_USER,
        session_id=row.session_id,
        address=address,
        stepped_up_at=row.stepped_up_at,
    )
    person = Person(
        row.user_id, row.email, row.user_name, row.language, Look(row.look), registered_at=row.registered_at
    )
    return Standing(person, held, actor)


def of_staff(rows: Sequence[Any], address: str) -> Standing:
    """Who a session of the console is and what it may do. Refuses SESSION_ENDED to whoever has no role any more."""
    [row] = rows
    if not row.roles:
        raise SessionEnded
    actor = Actor(
        ActorKind.STAFF,
        row.staff_id,
        row.name,
        permissions=permissions.of_staff(row.roles, row.role_sets or {}),
        session_id=row.session_id,
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
    return Standing(person, (), actor)


def _choose(held: Sequence[Any], selected: str | None) -> Any:
    """The selected customer while it is held, else the one held longest; None when none is."""
    return next((one for one in held if one.customer_id == selected), held[0] if held else None)
