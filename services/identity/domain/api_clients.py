"""API clients: made, changed, given a second secret and revoked by administrators.

The name stands in the audit log, so no two in force share one. Secrets are 256 random bits, told once.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.clock import warsaw_date
from chassis.errors import Conflict, FailedPrecondition, NotFound, Violation, refuse_if
from chassis.ids import new_id
from services.identity.domain import access, scopes, step_up
from services.identity.domain.links import hash_secret, new_secret
from services.identity.storage import api_clients as stored
from services.identity.storage.api_clients import ApiClient, ClientSecret

CLIENTS_MAX = 100
SHOWN_MAX = 200
SECRETS_MAX = 2
SECRET_BEGINS = "ebs_"  # noqa: S105 - how a secret begins
PREFIX_LENGTH = 10


class ApiClientNotFound(NotFound):
    """No API client has this id."""

    reason = "API_CLIENT_NOT_FOUND"


class ApiClientRevoked(FailedPrecondition):
    """It has ended for good."""

    reason = "API_CLIENT_REVOKED"


class ApiClientExists(Conflict):
    """The id is another client's, or that of a secret of another one."""

    reason = "API_CLIENT_EXISTS"


class ApiClientChanged(Conflict):
    """Somebody else changed it meanwhile."""

    reason = "API_CLIENT_CHANGED"


class NameTaken(Conflict):
    """Another client in force has this name."""

    reason = "NAME_TAKEN"


class TooManyApiClients(FailedPrecondition):
    """As many are in force as may be."""

    reason = "TOO_MANY_API_CLIENTS"


class TwoSecretsLive(FailedPrecondition):
    """One of the two has to end first."""

    reason = "TWO_SECRETS_LIVE"


class SecretNotFound(NotFound):
    """The client has no such secret."""

    reason = "SECRET_NOT_FOUND"


@dataclass(frozen=True)
class Shown:
    """A client with its live secrets, the oldest first."""

    client: ApiClient
    secrets: Sequence[ClientSecret]


def list_all(session: Session) -> list[Shown]:
    """Those in force first."""
    found = stored.list_clients(session, limit=SHOWN_MAX)
    secrets = stored.list_live_secrets(session, [one.client_id for one in found])
    return [Shown(one, secrets.get(one.client_id, [])) for one in found]


def create(
    session: Session,
    client_id: UUID,
    *,
    name: str,
    wanted: Collection[str],
    expires_on: date | None,
    by: Actor,
    now: datetime,
) -> tuple[Shown, str]:
    """A new client and its first secret; a repeat finds the client and tells no secret."""
    stored.lock_clients(session)
    there = stored.lock_client(session, client_id)
    if there is not None:
        if there.name != name:
            raise ApiClientExists
        return _show(session, there), ""
    step_up.require(by, now=now)
    _refuse_faults(wanted, expires_on, now=now)
    if stored.is_taken(session, name, but=client_id):
        raise NameTaken
    if stored.count_in_force(session) >= CLIENTS_MAX:
        raise TooManyApiClients(maximum=str(CLIENTS_MAX))
    client = ApiClient(
        client_id=client_id,
        name=name,
        scopes=sorted(set(wanted)),
        expires_on=expires_on,
        made_by=by.name,
        made_at=now,
        version=1,
    )
    session.add(client)
    session.flush()
    secret = _add_secret(session, client, new_id(), by=by, now=now)
    return _show(session, client), secret


def change(
    session: Session,
    client_id: UUID,
    *,
    name: str,
    wanted: Collection[str],
    expires_on: date | None,
    version: int,
    by: Actor,
    now: datetime,
) -> Shown:
    """Another name, other scopes, another end. Saying the same again changes nothing."""
    stored.lock_clients(session)
    client = _lock_in_force(session, client_id)
    names = sorted(set(wanted))
    if (client.name, client.scopes, client.expires_on) == (name, names, expires_on):
        return _show(session, client)
    if client.version != version:
        raise ApiClientChanged
    step_up.require(by, now=now)
    _refuse_faults(wanted, expires_on, now=now)
    if stored.is_taken(session, name, but=client_id):
        raise NameTaken
    if not set(client.scopes) <= set(names):
        access.revoke(session, str(client_id), now=now)
    client.name, client.scopes, client.expires_on = name, names, expires_on
    client.version += 1
    session.flush()
    return _show(session, client)


def rotate(
    session: Session, client_id: UUID, secret_id: UUID, *, by: Actor, now: datetime
) -> tuple[Shown, str]:
    """A second secret; a repeat finds it there and does not tell it again."""
    client = _lock_in_force(session, client_id)
    there = stored.find_secret(session, secret_id)
    if there is not None:
        if there.client_id != client_id:
            raise ApiClientExists
        return _show(session, client), ""
    live = stored.list_live_secrets(session, [client_id]).get(client_id, [])
    if len(live) >= SECRETS_MAX:
        raise TwoSecretsLive
    step_up.require(by, now=now)
    secret = _add_secret(session, client, secret_id, by=by, now=now)
    client.version += 1
    return _show(session, client), secret


def revoke_secret(session: Session, client_id: UUID, secret_id: UUID, *, now: datetime) -> Shown:
    """End a secret and the tokens got with it."""
    client = stored.lock_client(session, client_id)
    if client is None:
        raise ApiClientNotFound
    secret = stored.get_secret(session, client_id, secret_id)
    if secret is None:
        raise SecretNotFound
    if secret.revoked_at is None:
        secret.revoked_at = now
        client.version += 1
        access.revoke(session, str(secret_id), now=now, for_good=True)
        session.flush()
    return _show(session, client)


def revoke(session: Session, client_id: UUID, *, now: datetime) -> Shown:
    """End a client for good."""
    client = stored.lock_client(session, client_id)
    if client is None:
        raise ApiClientNotFound
    if client.revoked_at is None:
        client.revoked_at = now
        client.version += 1
        for secret in stored.list_live_secrets(session, [client_id]).get(client_id, []):
            secret.revoked_at = now
        access.revoke(session, str(client_id), now=now, for_good=True)
        session.flush()
    return _show(session, client)


def _lock_in_force(session: Session, client_id: UUID) -> ApiClient:
    client = stored.lock_client(session, client_id)
    if client is None:
        raise ApiClientNotFound
    if client.revoked_at is not None:
        raise ApiClientRevoked
    return client


def _add_secret(session: Session, client: ApiClient, secret_id: UUID, *, by: Actor, now: datetime) -> str:
    secret = SECRET_BEGINS + new_secret()
    session.add(
        ClientSecret(
            secret_id=secret_id,
            client_id=client.client_id,
            secret_hash=hash_secret(secret),
            prefix=secret[:PREFIX_LENGTH],
            made_by=by.name,
            made_at=now,
        )
    )
    session.flush()
    return secret


def _refuse_faults(wanted: Collection[str], expires_on: date | None, *, now: datetime) -> None:
    faults = []
    if unknown := sorted(set(wanted) - set(scopes.OF_CLIENTS)):
        faults.append(Violation("scopes", "UNKNOWN", ", ".join(unknown)))
    if expires_on is not None and expires_on < warsaw_date(now):
        faults.append(Violation("expires_on", "IN_PAST"))
    refuse_if(faults)


def _show(session: Session, client: ApiClient) -> Shown:
    return Shown(client, stored.list_live_secrets(session, [client.client_id]).get(client.client_id, []))
