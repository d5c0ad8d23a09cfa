"""Challenges: what is asked after the right password, or before an app is set up in a session.

Answers are counted before they are looked at, by account and by address, whichever challenge they belong to: a new
challenge gives no new attempts. A stranger without the password never gets this far, and so makes nobody wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.database import Transaction
from chassis.errors import FailedPrecondition
from chassis.sources import source_of
from services.identity.domain import attempts, factors, owners, settings, step_up
from services.identity.domain.factors import Answer, Kept, RecoveryCodes
from services.identity.domain.links import Seal, hash_secret, new_secret
from services.identity.domain.owners import Account, Owner
from services.identity.storage import challenges as stored
from services.identity.storage.challenges import Challenge, ChallengeKind
from services.identity.storage.sessions import LoginSession, Realm

CHALLENGE_LASTS = timedelta(minutes=10)


class ChallengeEnded(FailedPrecondition):
    """Unknown, answered, too old, or the password was changed since; which of these is not told."""

    reason = "CHALLENGE_ENDED"


@dataclass(frozen=True)
class Challenged:
    """A question as its asker gets it. `secret` and `uri` are what an app is told, of ENROL."""

    token: str
    kind: ChallengeKind
    expires_at: datetime
    secret: str = ""
    uri: str = ""


@dataclass(frozen=True)
class Attempt:
    """A counted answer, and what to check it against outside of the transaction."""

    token_hash: bytes
    kind: ChallengeKind
    realm: Realm
    owner_id: UUID
    session_id: UUID | None
    kept: Kept
    counters: Sequence[attempts.Counter]
    counted_at: datetime


def ask_code(transaction: Transaction, account: Account, *, now: datetime) -> Challenged:
    """A code of the owner's app, or a recovery code."""
    return _ask(transaction, account, ChallengeKind.CODE, now=now)


def ask_to_enrol(
    transaction: Transaction, account: Account, *, seal: Seal, now: datetime, session_id: UUID | None = None
) -> Challenged:
    """That an app is set up. The secret belongs to this challenge alone: who has another one learns nothing of it."""
    secret = factors.new_totp_secret()
    sealed = seal(secret.encode())
    asked = _ask(transaction, account, ChallengeKind.ENROL, sealed=sealed, session_id=session_id, now=now)
    return _with_secret(transaction, asked, account.email, secret)


def begin(session: Session, asking: LoginSession, *, seal: Seal, now: datetime) -> Challenged:
    """Set an app up in a session. Refuses STEP_UP_REQUIRED."""
    step_up.require_since(asking.stepped_up_at, now=now)
    owner = owners.find(session, asking.realm, asking.owner_id)
    account = owners.account_of(owner)
    return ask_to_enrol(session, account, seal=seal, session_id=asking.session_id, now=now)


def find(session: Session, token_hash: bytes, *, realm: Realm, now: datetime) -> Challenge:
    """A challenge that can still be answered. Refuses CHALLENGE_ENDED."""
    found = stored.find_challenge(session, token_hash, realm=realm, now=now)
    if found is None:
        raise ChallengeEnded
    return found


def show(session: Session, challenge: Challenge, secret: str) -> Challenged:
    """What a challenge asks, for a page that is opened again."""
    asked = Challenged("", challenge.kind, challenge.expires_at)
    owner = owners.find(session, challenge.realm, challenge.owner_id)
    return _with_secret(session, asked, owner.email, secret) if secret else asked


def knock(
    session: Session,
    token_hash: bytes,
    *,
    realm: Realm,
    address: str,
    now: datetime,
    asking: LoginSession | None = None,
) -> Attempt:
    """Count an answer. Refuses CHALLENGE_ENDED, TOO_MANY_ATTEMPTS.

    `asking` is the session that the challenge has to belong to; one of a log-in belongs to none.
    """
    found = find(session, token_hash, realm=realm, now=now)
    if found.session_id != (asking.session_id if asking else None):
        raise ChallengeEnded
    counters = code_counters(realm, found.owner_id, address=address)
    counted = attempts.count(session, counters, now=now, unasked_where_known=attempts.CODE_ACCOUNT)
    if found.kind is ChallengeKind.ENROL and found.sealed_secret:
        kept: Kept | None = Kept(found.sealed_secret)
    else:
        kept = factors.find_kept(session, found.owner_id)
    if kept is None:
        raise ChallengeEnded
    return Attempt(token_hash, found.kind, realm, found.owner_id, found.session_id, kept, counted, now)


def knock_with_code(session: Session, asking: LoginSession, *, address: str, now: datetime) -> Attempt:
    """Count a code that is given within a session. Refuses TOO_MANY_ATTEMPTS, CODE_REFUSED without a factor."""
    counters = code_counters(asking.realm, asking.owner_id, address=address)
    counted = attempts.count(session, counters, now=now, unasked_where_known=attempts.CODE_ACCOUNT)
    kept = factors.find_kept(session, asking.owner_id)
    if kept is None:
        raise factors.CodeRefused
    return Attempt(
        b"", ChallengeKind.CODE, asking.realm, asking.owner_id, asking.session_id, kept, counted, now
    )


def code_counters(realm: Realm, owner_id: UUID, *, address: str) -> list[attempts.Counter]:
    """What codes are counted by."""
    source, subject = source_of(address), (realm.value, str(owner_id))
    return [
        attempts.counter(attempts.CODE, *subject, source=source),
        attempts.counter(attempts.CODE_ACCOUNT, *subject),
        attempts.counter(attempts.CODE_ADDRESS, source=source),
    ]


def answer(
    session: Session, attempt: Attempt, given: Answer, *, codes: RecoveryCodes | None, now: datetime
) -> Owner:
    """Use challenge and code up; whose they were. With `codes`, an app is set up.

    Refuses CODE_REFUSED, CHALLENGE_ENDED.
    """
    if not given.is_right:
        raise factors.CodeRefused
    owner = owners.lock(session, attempt.realm, attempt.owner_id)
    if owner is None or (attempt.token_hash and not stored.take_challenge(session, attempt.token_hash)):
        raise ChallengeEnded
    if attempt.kind is ChallengeKind.CODE:
        factors.use(session, owner, given, now=now)
    elif codes is not None:
        _refuse_second(session, owner, attempt)
        sealed = attempt.kept.sealed_secret
        factors.enrol(session, owner, sealed_secret=sealed, answer=given, codes=codes, now=now)
    attempts.take_back(session, attempt.counters, counted_at=attempt.counted_at, right=True)
    return owner


def _refuse_second(session: Session, owner: Owner, attempt: Attempt) -> None:
    """Of two log-ins that were both asked to set an app up, the first decides: the other has to give a code of it."""
    if attempt.session_id is None and factors.find_kept(session, owners.owner_id(owner)) is not None:
        raise ChallengeEnded


def proven_in(session: Session, asking: LoginSession, *, address: str, now: datetime) -> Actor:
    """The person behind a session has proven who they are."""
    asking.stepped_up_at = now
    owner = owners.find(session, asking.realm, asking.owner_id)
    return owners.actor_of(owner, session_id=asking.session_id, address=address)


def _ask(
    transaction: Transaction,
    account: Account,
    kind: ChallengeKind,
    *,
    now: datetime,
    sealed: bytes | None = None,
    session_id: UUID | None = None,
) -> Challenged:
    token = new_secret()
    expires_at = now + CHALLENGE_LASTS
    stored.put_challenge(
        transaction,
        hash_secret(token),
        kind=kind,
        realm=account.realm,
        owner_id=account.owner_id,
        session_id=session_id,
        sealed_secret=sealed,
        made_at=now,
        expires_at=expires_at,
    )
    return Challenged(token, kind, expires_at)


def _with_secret(transaction: Transaction, asked: Challenged, email: str, secret: str) -> Challenged:
    uri = factors.totp_uri(secret, email=email, provider=settings.find_name(transaction))
    return Challenged(asked.token, asked.kind, asked.expires_at, secret, uri)
