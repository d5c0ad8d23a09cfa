"""Tokens for API clients: client credentials. Wrong ones are counted and slowed, like log-ins.

Where a client has been let in from before, a stranger's guesses elsewhere do not keep it out.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor, ActorKind
from chassis.clock import warsaw_date
from chassis.errors import Invalid, Unauthenticated
from chassis.sources import source_of
from services.identity.domain import attempts, scopes
from services.identity.domain.attempts import DAY, Limit
from services.identity.domain.links import hash_secret
from services.identity.storage import api_clients as stored

CLIENT = Limit("client", free=10, waits_s=(15, 60, 300, 900), forget_after=DAY, starts_anew=True)
CLIENT_ACCOUNT = Limit("client_account", free=50, waits_s=(2, 5, 10, 20, 30), forget_after=DAY)
CLIENT_ADDRESS = Limit("client_address", free=50, waits_s=(5, 15, 60, 300), forget_after=DAY)


class ClientRefused(Unauthenticated):
    """Id and secret do not let a client in here; why is not told."""

    reason = "CLIENT_REFUSED"


class ScopeNotGranted(Invalid):
    """The client has not all of the scopes it asks for."""

    reason = "SCOPE_NOT_GRANTED"


@dataclass(frozen=True)
class Knock:
    """A counted attempt; `secret_id` is None when nobody could."""

    counters: Sequence[attempts.Counter]
    counted_at: datetime
    client_id: UUID | None
    secret_id: UUID | None


@dataclass(frozen=True)
class LetIn:
    """Whom to make a token for, and for what."""

    actor: Actor
    scopes: Sequence[str]


def knock(session: Session, client: str, secret: str, *, address: str, now: datetime) -> Knock:
    """Count an attempt and look whether it is right. Refuses TOO_MANY_ATTEMPTS."""
    source = source_of(address)
    counters = [
        attempts.counter(CLIENT, client, source=source),
        attempts.counter(CLIENT_ACCOUNT, client),
        attempts.counter(CLIENT_ADDRESS, source=source),
    ]
    counted = attempts.count(session, counters, now=now, unasked_where_known=CLIENT_ACCOUNT)
    client_id = _read_id(client)
    if client_id is None:
        return Knock(counted, now, None, None)
    given = hash_secret(secret)
    live = stored.list_live_secrets(session, [client_id]).get(client_id, [])
    secret_id = next((one.secret_id for one in live if hmac.compare_digest(one.secret_hash, given)), None)
    return Knock(counted, now, client_id, secret_id)


def let_in(session: Session, attempt: Knock, wanted: Sequence[str], *, address: str, now: datetime) -> LetIn:
    """Whom the right secret lets in. Refuses CLIENT_REFUSED, SCOPE_NOT_GRANTED."""
    if attempt.client_id is None or attempt.secret_id is None:
        raise ClientRefused
    client = stored.lock_client(session, attempt.client_id)
    secret = stored.get_secret(session, attempt.client_id, attempt.secret_id)
    if client is None or secret is None or secret.revoked_at is not None or client.revoked_at is not None:
        raise ClientRefused
    if client.expires_on is not None and client.expires_on < warsaw_date(now):
        raise ClientRefused
    attempts.take_back(session, attempt.counters, counted_at=attempt.counted_at, right=True)
    if not set(wanted) <= set(client.scopes):
        raise ScopeNotGranted(scope=" ".join(sorted(set(wanted) - set(client.scopes))))
    names = sorted(set(wanted) or set(client.scopes))
    client.last_used_at = secret.last_used_at = now
    actor = Actor(
        ActorKind.CLIENT,
        str(client.client_id),
        client.name,
        permissions=scopes.of_client(names),
        session_id=str(secret.secret_id),
        address=address,
    )
    return LetIn(actor, names)


def _read_id(client: str) -> UUID | None:
    try:
        return UUID(client)
    except ValueError:
        return None
