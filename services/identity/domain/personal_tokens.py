"""Personal tokens: a user lets a program read use and invoices of one customer, until a day or a click.

A token hangs on one grant: it never allows more than the grant, and ends with it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor, ActorKind
from chassis.clock import warsaw_date
from chassis.database import Reader
from chassis.errors import Conflict, FailedPrecondition, NotFound, Unauthenticated, Violation, refuse_if
from chassis.sources import source_of
from services.identity.domain import access, attempts, scopes, step_up
from services.identity.domain.attempts import DAY, Limit
from services.identity.domain.links import hash_secret, new_secret
from services.identity.domain.sessions import CustomerNotGranted
from services.identity.storage import customers
from services.identity.storage import grants as stored_grants
from services.identity.storage import personal_tokens as stored
from services.identity.storage.customers import Customer
from services.identity.storage.grants import Grant, Scope
from services.identity.storage.personal_tokens import PersonalToken

TOKEN_BEGINS = "ebok_"  # noqa: S105 - how a token begins
PREFIX_LENGTH = 11
LIVE_MAX = 20
SHOWN_MAX = 100
LIFETIME_MAX = timedelta(days=365)
ENDED_SHOWN_FOR = timedelta(days=90)
USED_EVERY = timedelta(minutes=1)

PERSONAL_ADDRESS = Limit("personal_token_address", free=20, waits_s=(5, 15, 60, 300), forget_after=DAY)


class PersonalTokenNotFound(NotFound):
    """The user has no such token; the same words whether somebody else has."""

    reason = "PERSONAL_TOKEN_NOT_FOUND"


class PersonalTokenExists(Conflict):
    """The id is another token's."""

    reason = "PERSONAL_TOKEN_EXISTS"


class TooManyPersonalTokens(FailedPrecondition):
    """As many work as may be."""

    reason = "TOO_MANY_PERSONAL_TOKENS"


class PersonalTokenRefused(Unauthenticated):
    """The token is unknown, has ended, was revoked or hangs on a grant that has; which of these is not told."""

    reason = "PERSONAL_TOKEN_REFUSED"


@dataclass(frozen=True)
class Shown:
    """A token with the labels of its customer."""

    token: PersonalToken
    customer_id: UUID
    customer: Customer | None
    in_force: bool


@dataclass(frozen=True)
class Exchanged:
    """A token that holds: the actor it makes, and whether its use is worth writing down."""

    personal_token_id: UUID
    scopes: tuple[str, ...]
    actor: Actor
    use_is_old: bool


def list_own(session: Session, *, by: Actor, now: datetime) -> list[Shown]:
    """The caller's tokens, those that work first."""
    found = stored.list_tokens_of_user(
        session,
        UUID(by.actor_id),
        ended_since=now - ENDED_SHOWN_FOR,
        today=warsaw_date(now),
        limit=SHOWN_MAX,
    )
    return [_show(token, grant, customer, now=now) for token, grant, customer in found]


def make(
    session: Session,
    personal_token_id: UUID,
    *,
    customer_id: UUID,
    name: str,
    wanted: Collection[str],
    expires_on: date,
    by: Actor,
    now: datetime,
) -> tuple[Shown, str]:
    """A new token for a customer the caller holds; a repeat finds it and does not tell it again."""
    user_id, today = UUID(by.actor_id), warsaw_date(now)
    grant = stored_grants.lock_open_grant(session, user_id=user_id, customer_id=customer_id)
    if grant is None or not _holds(grant, now=now):
        raise CustomerNotGranted
    there = stored.lock_token(session, personal_token_id)
    if there is not None:
        if there.grant_id != grant.grant_id:
            raise PersonalTokenExists
        return _show(there, grant, customers.find_customer(session, customer_id), now=now), ""
    step_up.require(by, now=now)
    _refuse_faults(wanted, expires_on, today=today)
    if stored.count_live(session, user_id, today=today) >= LIVE_MAX:
        raise TooManyPersonalTokens(maximum=str(LIVE_MAX))
    secret = TOKEN_BEGINS + new_secret()
    token = PersonalToken(
        personal_token_id=personal_token_id,
        grant_id=grant.grant_id,
        user_id=user_id,
        token_hash=hash_secret(secret),
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        scopes=sorted(set(wanted)),
        made_at=now,
        expires_on=expires_on,
        last_used_address="",
    )
    session.add(token)
    session.flush()
    return _show(token, grant, customers.find_customer(session, customer_id), now=now), secret


def revoke(session: Session, personal_token_id: UUID, *, by: Actor, now: datetime) -> None:
    """End one of the caller's tokens."""
    token = stored.lock_token(session, personal_token_id)
    if token is None or str(token.user_id) != by.actor_id:
        raise PersonalTokenNotFound
    if token.revoked_at is None:
        token.revoked_at = now
        access.revoke(session, str(personal_token_id), now=now, for_good=True)


def exchange(reader: Reader, secret: str, *, address: str, now: datetime) -> Exchanged | None:
    """Whom a token lets act, in one statement; None when it does not hold."""
    row = stored.find_live_token(reader, hash_secret(secret), now=now, today=warsaw_date(now))
    if row is None:
        return None
    actor = Actor(
        ActorKind.CUSTOMER,
        str(row.user_id),
        row.user_name,
        customer_id=row.customer_id,
        permissions=scopes.of_personal_token(row.scopes, Scope(row.grant_scope)),
        session_id=str(row.personal_token_id),
        address=address,
    )
    is_old = row.last_used_at is None or now - row.last_used_at >= USED_EVERY
    return Exchanged(row.personal_token_id, tuple(row.scopes), actor, is_old)


def note_used(session: Session, token: Exchanged, *, now: datetime) -> None:
    """Keep when and from where the token was last used, at most once a minute."""
    stored.note_used(
        session,
        token.personal_token_id,
        address=token.actor.address,
        now=now,
        unless_after=now - USED_EVERY + timedelta(microseconds=1),
    )


def count_wrong(session: Session, *, address: str, now: datetime) -> None:
    """Somebody showed a token that does not hold. Refuses TOO_MANY_ATTEMPTS."""
    attempts.count(session, [attempts.counter(PERSONAL_ADDRESS, source=source_of(address))], now=now)


def _refuse_faults(wanted: Collection[str], expires_on: date, *, today: date) -> None:
    faults = []
    if unknown := sorted(set(wanted) - set(scopes.OF_PERSONAL_TOKENS)):
        faults.append(Violation("scopes", "UNKNOWN", ", ".join(unknown)))
    if expires_on < today:
        faults.append(Violation("expires_on", "IN_PAST"))
    elif expires_on > today + LIFETIME_MAX:
        faults.append(Violation("expires_on", "OUT_OF_RANGE"))
    refuse_if(faults)


def _holds(grant: Grant, *, now: datetime) -> bool:
    return (
        grant.ended_at is None
        and grant.valid_from <= now
        and (grant.valid_until is None or grant.valid_until > now)
    )


def _show(token: PersonalToken, grant: Grant, customer: Customer | None, *, now: datetime) -> Shown:
    holds = token.revoked_at is None and token.expires_on >= warsaw_date(now) and _holds(grant, now=now)
    return Shown(token, grant.customer_id, customer, holds)
