"""Sessions: logging in, which customer one acts for, leaving. Who a session is: `domain/standing.py`.

An unknown address, a wrong password and an unconfirmed address are one refusal, after the same work. After the right
password of an account with a second factor a challenge is set (`domain/challenges.py`); of staff always.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.database import Reader, Transaction
from chassis.errors import PermissionDenied, Unauthenticated
from chassis.ids import new_id
from chassis.sources import source_of
from services.identity.domain import access, attempts, challenges, owners
from services.identity.domain.challenges import Challenged
from services.identity.domain.devices import TRUST_LASTS, Browser
from services.identity.domain.links import (
    DENIAL_LIFETIME,
    Link,
    Seals,
    hash_secret,
    new_link,
    new_secret,
)
from services.identity.domain.owners import Account
from services.identity.domain.passwords import Checked
from services.identity.domain.standing import Lifetimes, SessionEnded
from services.identity.outbox import factors as announce
from services.identity.storage import grants as stored_grants
from services.identity.storage import owners as stored_owners
from services.identity.storage import sessions as stored
from services.identity.storage.sessions import LoginSession, NewSession, Realm

SESSIONS_PER_OWNER_MAX = 20
USER_AGENT_LENGTH_MAX = 500


class LoginRefused(Unauthenticated):
    """Address and password do not open an account here; why is not told."""

    reason = "LOGIN_REFUSED"


class CustomerNotGranted(PermissionDenied):
    """The user holds no such customer; the same words whether there is one."""

    reason = "CUSTOMER_NOT_GRANTED"


@dataclass(frozen=True)
class Knock:
    """A counted attempt to log in. `account` and `password_hash` are None when there is nobody who could."""

    realm: Realm
    counters: Sequence[attempts.Counter]
    counted_at: datetime
    account: Account | None
    password_hash: str | None
    version: str | None

    @property
    def taking_back(self) -> dict[str, object]:
        """The attempt was right."""
        return attempts.taking_back(self.counters, counted_at=self.counted_at, right=True)


@dataclass(frozen=True)
class Opened:
    """A new session; the secret is told once and kept nowhere."""

    secret: str
    expires_at: datetime
    actor: Actor


def knock(transaction: Transaction, email: str, *, realm: Realm, address: str, now: datetime) -> Knock:
    """Count an attempt to log in and find what to check it against. Refuses TOO_MANY_ATTEMPTS."""
    source = source_of(address)
    counters = [
        attempts.counter(attempts.LOGIN, realm.value, email, source=source),
        attempts.counter(attempts.LOGIN_ACCOUNT, realm.value, email),
        attempts.counter(attempts.LOGIN_ADDRESS, source=source),
    ]
    counting = attempts.counting(counters, now=now, unasked_where_known=attempts.LOGIN_ACCOUNT)
    found = stored_owners.count_attempt(transaction, realm, email, counting)
    counted = attempts.read_count(found, counters, now=now)
    account = found.owner_id and Account(realm, found.owner_id, found.email, found.name, found.language)
    return Knock(realm, counted, now, account, found.password_hash, found.version)


def let_in_plainly(
    reader: Reader,
    attempt: Knock,
    browser: Browser,
    *,
    lifetimes: Lifetimes,
    announcing: Callable[[Actor], Mapping[str, object]],
    now: datetime,
) -> Opened | None:
    """What most log-ins of the portal are, after the right password: no code is asked for, nobody is told of the
    browser. None, and nothing changed, of the others. `announcing`: the act of whoever logged in, as it is written.
    """
    if attempt.realm is not Realm.PORTAL or attempt.account is None or attempt.version is None:
        return None
    secret, new = _new_session(
        attempt.account, browser, stepped_up_at=now, link=None, lifetimes=lifetimes, now=now
    )
    opened = _opened(attempt.account, secret, new)
    is_open = stored.open_plainly(
        reader,
        new,
        version=attempt.version,
        giving_back=attempt.taking_back,
        announcing=announcing(opened.actor),
        keep=SESSIONS_PER_OWNER_MAX,
    )
    return opened if is_open else None


def let_in(
    transaction: Transaction,
    attempt: Knock,
    checked: Checked,
    browser: Browser,
    *,
    lifetimes: Lifetimes,
    seals: Seals,
    now: datetime,
) -> Opened | Challenged:
    """Open a session when the password was right, or ask for a code. Refuses LOGIN_REFUSED, also when the password was
    changed meanwhile.
    """
    if not checked.right or attempt.account is None or attempt.password_hash is None:
        raise LoginRefused
    owner_id = attempt.account.owner_id
    owner = stored_owners.lock_proven(
        transaction, attempt.realm, owner_id, attempt.password_hash, attempt.taking_back
    )
    if owner is None:
        raise LoginRefused
    account = Account(attempt.realm, owner.owner_id, owner.email, owner.name, owner.language)
    if checked.renewed_hash:
        stored_owners.keep_password(transaction, attempt.realm, owner_id, checked.renewed_hash)
    in_portal = attempt.realm is Realm.PORTAL
    proofs = find_proofs(transaction, account, browser, now=now)
    if proofs.has_factor and not (proofs.is_trusted and in_portal):
        return challenges.ask_code(transaction, account, now=now)
    if not (proofs.has_factor or in_portal):
        return challenges.ask_to_enrol(transaction, account, seal=seals.own, now=now)
    # A browser that is trusted was asked for no code: what needs a proof of today asks for one.
    stepped_up_at = None if proofs.has_factor else now
    return open_session(
        transaction,
        account,
        browser,
        proofs,
        stepped_up_at=stepped_up_at,
        lifetimes=lifetimes,
        seals=seals,
        now=now,
    )


def find_proofs(transaction: Transaction, account: Account, browser: Browser, *, now: datetime) -> Any:
    """Of an owner who is locked, and of a browser: `has_factor`, `has_browsers`, `is_known`, `is_trusted`."""
    device_hash = hash_secret(browser.device_token)
    return stored_owners.find_proofs(transaction, account.owner_id, device_hash=device_hash, now=now)


def open_session(
    transaction: Transaction,
    account: Account,
    browser: Browser,
    proofs: Any,
    *,
    stepped_up_at: datetime | None,
    lifetimes: Lifetimes,
    seals: Seals,
    now: datetime,
) -> Opened:
    """A new session of an owner who is locked and has proven everything.

    The owner is told of a browser that is new, unless it is the very first. The console trusts no browser.
    """
    link = new_link(seals.mail) if proofs.has_browsers and not proofs.is_known else None
    secret, new = _new_session(
        account, browser, stepped_up_at=stepped_up_at, link=link, lifetimes=lifetimes, now=now
    )
    ended = stored.open_session(transaction, new, keep=SESSIONS_PER_OWNER_MAX)
    if link is not None:
        announce.new_device_signed_in(
            transaction,
            new,
            email=account.email,
            name=account.name,
            language=account.language,
            sealed_token=link.sealed_token,
            expires_at=now + DENIAL_LIFETIME,
        )
    for session_id in ended:  # They get no token any more.
        access.revoke(transaction, str(session_id), now=now, for_good=True)
    return _opened(account, secret, new)


def _new_session(
    account: Account,
    browser: Browser,
    *,
    stepped_up_at: datetime | None,
    link: Link | None,
    lifetimes: Lifetimes,
    now: datetime,
) -> tuple[str, NewSession]:
    """The secret and what is kept."""
    secret = new_secret()
    trusts = browser.is_trusted and account.realm is Realm.PORTAL
    return secret, NewSession(
        session_id=new_id(),
        token_hash=hash_secret(secret),
        realm=account.realm,
        owner_id=account.owner_id,
        opened_at=now,
        expires_at=now + lifetimes.absolute,
        stepped_up_at=stepped_up_at,
        address=browser.address,
        user_agent=browser.user_agent[:USER_AGENT_LENGTH_MAX],
        denial_hash=link.token_hash if link else None,
        device_hash=hash_secret(browser.device_token) if browser.device_token else None,
        device_trusted_until=now + TRUST_LASTS if trusts else None,
    )


def _opened(account: Account, secret: str, new: NewSession) -> Opened:
    actor = owners.actor_of(account, session_id=new.session_id, address=new.address)
    return Opened(secret, new.expires_at, actor)


def find_live(
    session: Session, secret: str, *, realm: Realm, lifetimes: Lifetimes, now: datetime
) -> LoginSession:
    """A live session. Refuses SESSION_ENDED. It is not locked: where its owner is, the owner goes first."""
    found = stored.find_session(session, hash_secret(secret))
    if found is None or found.realm is not realm or not _is_live(found, lifetimes=lifetimes, now=now):
        raise SessionEnded
    return found


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
    access.revoke(session, str(found.session_id), now=now, for_good=True)
    owner = owners.find(session, found.realm, found.owner_id)
    return owners.actor_of(owner, session_id=found.session_id, address=found.address)


def end_others(session: Session, asking: LoginSession, session_id: UUID | None, *, now: datetime) -> Actor:
    """End one of the owner's sessions, or all but the one that asks; somebody else's is none of the owner's."""
    access.end_sessions(
        session,
        realm=asking.realm,
        owner_id=asking.owner_id,
        but=None if session_id else asking.session_id,
        only=session_id,
        now=now,
    )
    owner = owners.find(session, asking.realm, asking.owner_id)
    return owners.actor_of(owner, session_id=asking.session_id, address=asking.address)


def _is_live(found: LoginSession, *, lifetimes: Lifetimes, now: datetime) -> bool:
    return found.ended_at is None and found.expires_at > now and found.last_seen_at > now - lifetimes.idle
