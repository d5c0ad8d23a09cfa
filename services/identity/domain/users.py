"""Users: registration, confirmation, forgotten and changed passwords, other addresses, profile.

Nothing here tells whether an address is known: the answers are the same, and so are the statements that run. What
belongs to nobody is written and taken back within its own savepoint.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import FailedPrecondition, Invalid, NotFound, Violation
from chassis.ids import new_id
from chassis.sources import source_of
from services.identity.domain import access, attempts, factors, owners, step_up
from services.identity.domain.links import (
    CONFIRMATION_LIFETIME,
    DENIAL_LIFETIME,
    RESET_LIFETIME,
    Link,
    LinkNotValid,
)
from services.identity.domain.owners import Owner
from services.identity.domain.passwords import Checked
from services.identity.outbox import users as announce
from services.identity.storage import attempts as stored_attempts
from services.identity.storage import challenges as stored_challenges
from services.identity.storage import devices as stored_devices
from services.identity.storage import tokens
from services.identity.storage import users as stored
from services.identity.storage.email_changes import EmailChange
from services.identity.storage.sessions import LoginSession
from services.identity.storage.tokens import Purpose
from services.identity.storage.users import Look, User


class UserNotFound(NotFound):
    """The account of the caller's token is gone."""

    reason = "USER_NOT_FOUND"


class EmailInForce(FailedPrecondition):
    """The link was used: one logs in with the new address already."""

    reason = "EMAIL_IN_FORCE"


class PasswordWrong(Invalid):
    """Not the password of who is logged in."""

    reason = "PASSWORD_WRONG"

    def __init__(self, field: str) -> None:
        super().__init__(violations=[Violation(field, self.reason)])


@dataclass(frozen=True)
class Registration:
    """What somebody who registers says of themselves; the address in lower case."""

    email: str
    name: str
    language: str


def normal_email(email: str) -> str:
    """An address as it is kept and compared."""
    return email.strip().lower()


def check_name(name: str) -> str:
    """The name without blanks around it. Refuses REQUIRED at `name`."""
    stripped = " ".join(name.split())
    if not stripped:
        raise Invalid(violations=[Violation("name", "REQUIRED")])
    return stripped


def count_judging(session: Session, *, address: str, now: datetime) -> None:
    """A password that nobody logged in proposes takes work, so each is counted first. Refuses TOO_MANY_ATTEMPTS."""
    attempts.count(session, [attempts.counter(attempts.JUDGED_ADDRESS, source=source_of(address))], now=now)


def count_registration(session: Session, email: str, *, address: str, now: datetime) -> None:
    """Each registration may send a mail, so each is counted. Refuses TOO_MANY_ATTEMPTS."""
    counters = [
        attempts.counter(attempts.REGISTER_EMAIL, email),
        attempts.counter(attempts.REGISTER_ADDRESS, source=source_of(address)),
    ]
    attempts.count(session, counters, now=now)


def register(
    session: Session, registration: Registration, *, password_hash: str, link: Link, now: datetime
) -> UUID:
    """Make an account that waits for its address to be confirmed; answers whose account it is now.

    A registration that nobody confirmed is replaced: the last one counts, and its link. A known address is told by
    mail that somebody tried.
    """
    known = stored.find_user_by_email(session, registration.email)
    candidate = User(
        user_id=new_id(),
        email=registration.email,
        name=registration.name,
        language=registration.language,
        password_hash=password_hash,
        registered_at=now,
        password_changed_at=now,
    )
    user_id = stored.put_unconfirmed_user(session, candidate)
    expires_at = now + CONFIRMATION_LIFETIME
    with _kept_if(session, user_id is not None):
        tokens.put_token(
            session,
            user_id=user_id or candidate.user_id,
            purpose=Purpose.CONFIRM_EMAIL,
            token_hash=link.token_hash,
            made_at=now,
            expires_at=expires_at,
        )
    if user_id is not None:
        candidate.user_id = user_id
        announce.email_confirmation_requested(
            session, candidate, sealed_token=link.sealed_token, expires_at=expires_at
        )
        return user_id
    # Confirmed between the two statements by its owner: looked up again, as it was not there the first time.
    owner = known or stored.find_user_by_email(session, registration.email)
    if owner is None:
        raise LookupError("an address is taken by nobody")
    announce.registration_repeated(session, owner)
    return owner.user_id


def confirm_email(session: Session, token_hash: bytes, *, now: datetime) -> User:
    """Use the link of the confirmation up; from here on its owner can log in. Refuses LINK_NOT_VALID."""
    user = _lock_owner(session, token_hash, purpose=Purpose.CONFIRM_EMAIL, now=now)
    if user.confirmed_at is None:
        user.confirmed_at = now
        announce.user_registered(session, user)
    return user


def count_reset_request(session: Session, email: str, *, address: str, now: datetime) -> None:
    """Each request may send a mail, so each is counted. Refuses TOO_MANY_ATTEMPTS."""
    counters = [
        attempts.counter(attempts.RESET_EMAIL, email),
        attempts.counter(attempts.RESET_ADDRESS, source=source_of(address)),
    ]
    attempts.count(session, counters, now=now)


def request_password_reset(session: Session, email: str, *, link: Link, now: datetime) -> UUID | None:
    """Send a link to the owner of a confirmed address; answers whose it is. For any other nothing remains."""
    user = stored.find_user_by_email(session, email)
    owner = user if user is not None and user.confirmed_at is not None else None
    addressee = owner or User(user_id=new_id(), email=email, name="-", language="pl")
    expires_at = now + RESET_LIFETIME
    with _kept_if(session, owner is not None):
        tokens.put_token(
            session,
            user_id=addressee.user_id,
            purpose=Purpose.RESET_PASSWORD,
            token_hash=link.token_hash,
            made_at=now,
            expires_at=expires_at,
        )
        announce.password_reset_requested(
            session, addressee, sealed_token=link.sealed_token, expires_at=expires_at
        )
    return owner.user_id if owner else None


def find_reset(session: Session, token_hash: bytes, *, now: datetime) -> User:
    """Whose new password it will be; the link is not used up yet. Refuses LINK_NOT_VALID."""
    user_id = tokens.find_owner(session, token_hash, purpose=Purpose.RESET_PASSWORD, now=now)
    user = session.get(User, user_id) if user_id else None
    if user is None:
        raise LinkNotValid
    return user


def reset_password(session: Session, token_hash: bytes, *, password_hash: str, now: datetime) -> User:
    """Use the link up, set the password, end every session, forget the waits. Refuses LINK_NOT_VALID."""
    user = _lock_owner(session, token_hash, purpose=Purpose.RESET_PASSWORD, now=now)
    user.password_hash = password_hash
    user.password_changed_at = now
    end_everything(session, user, now=now)
    # Whoever opens the mail is the owner: the waits that others, or a forgotten password, began are over.
    stored_attempts.forget_attempts(
        session,
        kinds=[attempts.LOGIN.kind, attempts.LOGIN_ACCOUNT.kind],
        subject=attempts.hash_subject("PORTAL", user.email),
    )
    announce.password_changed(session, user)
    return user


def end_everything(session: Session, owner: Owner, *, now: datetime, but: UUID | None = None) -> None:
    """After a new password: sessions (but one), challenges, a waiting change of the address, and the trust in browsers
    end.
    """
    owner_id = owners.owner_id(owner)
    access.end_sessions(session, realm=owners.realm_of(owner), owner_id=owner_id, but=but, now=now)
    stored_challenges.delete_challenges_of(session, owner_id)
    stored_devices.distrust_devices(session, owner_id)
    if isinstance(owner, User):
        tokens.delete_token(session, owner_id, Purpose.CHANGE_EMAIL)


def count_password(
    session: Session, asking: LoginSession, *, address: str, now: datetime
) -> tuple[Owner, Sequence[attempts.Counter]]:
    """Count a password that is given within a session; answers whose it has to be. Refuses TOO_MANY_ATTEMPTS."""
    subject = (asking.realm.value, str(asking.owner_id))
    counters = [
        attempts.counter(attempts.PASSWORD, *subject, source=source_of(address)),
        # Whoever has taken a session over guesses from as many addresses as they like.
        attempts.counter(attempts.PASSWORD, "session", str(asking.session_id)),
    ]
    counted = attempts.count(session, counters, now=now)
    return owners.find(session, asking.realm, asking.owner_id), counted


def prove(
    session: Session,
    asking: LoginSession,
    checked: Checked,
    counted: Sequence[attempts.Counter],
    *,
    old_hash: str,
    now: datetime,
) -> None:
    """Who knows the password is the owner, unless there is an app to show. Refuses PASSWORD_WRONG, CODE_REFUSED."""
    if factors.find_kept(session, asking.owner_id) is not None:
        raise factors.CodeRefused
    owner = owners.lock(session, asking.realm, asking.owner_id)
    if owner is None or not checked.right or owner.password_hash != old_hash:
        raise PasswordWrong("password")
    attempts.take_back(session, counted, counted_at=now, right=True)


def change_password(
    session: Session,
    asking: LoginSession,
    checked: Checked,
    counted: Sequence[attempts.Counter],
    *,
    old_hash: str,
    new_hash: str,
    now: datetime,
) -> Owner:
    """Another password; all other sessions end. Refuses PASSWORD_WRONG, also when it was changed meanwhile."""
    owner = owners.lock(session, asking.realm, asking.owner_id)
    if owner is None or not checked.right or owner.password_hash != old_hash:
        raise PasswordWrong("current_password")
    owner.password_hash = new_hash
    owner.password_changed_at = now
    end_everything(session, owner, but=asking.session_id, now=now)
    attempts.take_back(session, counted, counted_at=now, right=True)
    announce.password_changed(session, owner)
    return owner


def count_email_change(
    session: Session, asking: LoginSession, new_email: str, *, address: str, now: datetime
) -> None:
    """Each request sends mails, so each is counted. Refuses STEP_UP_REQUIRED, TOO_MANY_ATTEMPTS."""
    step_up.require_since(asking.stepped_up_at, now=now)
    counters = [
        attempts.counter(attempts.CHANGE_EMAIL, str(asking.owner_id)),
        attempts.counter(attempts.CHANGE_EMAIL, new_email),
        attempts.counter(attempts.RESET_ADDRESS, source=source_of(address)),
    ]
    attempts.count(session, counters, now=now)


def request_email_change(
    session: Session, asking: LoginSession, new_email: str, *, link: Link, now: datetime
) -> User:
    """Mail a link to the new address and a notice to the old one. Refuses `new_email` SAME_EMAIL."""
    user = stored.lock_user(session, asking.owner_id)
    if user is None:
        raise UserNotFound
    if user.email == new_email:
        raise Invalid(violations=[Violation("new_email", "SAME_EMAIL")])
    expires_at = now + CONFIRMATION_LIFETIME
    holder = stored.find_user_by_email(session, new_email)
    is_free = holder is None or holder.confirmed_at is None
    tokens.put_token(
        session,
        user_id=user.user_id,
        purpose=Purpose.CHANGE_EMAIL,
        token_hash=link.token_hash,
        made_at=now,
        expires_at=expires_at,
        new_email=new_email,
        log_in_at=asking.opened_at,
    )
    announce.email_change_requested(
        session,
        user,
        new_email=new_email,
        sealed_token=link.sealed_token if is_free else b"",
        expires_at=expires_at,
    )
    return user


def confirm_email_change(session: Session, token_hash: bytes, *, denial: Link, now: datetime) -> User:
    """Log in with the new address from now on; the former one gets a link, `denial`, that undoes it
    (`domain/denials.py`). Refuses LINK_NOT_VALID, EMAIL_IN_FORCE.

    The link stays until it is replaced or too old, to tell whoever opens it again that it was used.
    """
    user_id = tokens.find_owner(session, token_hash, purpose=Purpose.CHANGE_EMAIL, now=now)
    user = stored.lock_user(session, user_id) if user_id else None
    asked = tokens.find_change(session, token_hash)  # None where another request was quicker.
    if user is None or asked is None:
        raise LinkNotValid
    new_email, log_in_at = asked
    if user.email == new_email:
        raise EmailInForce
    holder = stored.find_user_by_email(session, new_email)
    if holder is not None and holder.confirmed_at is not None:
        raise LinkNotValid
    if holder is not None:
        # Whoever registered with the address and never opened its mailbox gives way to who did.
        stored.delete_user(session, holder)
    change = EmailChange(
        change_id=new_id(),
        user_id=user.user_id,
        old_email=user.email,
        denial_hash=denial.token_hash,
        log_in_at=log_in_at,
        changed_at=now,
    )
    session.add(change)
    user.email = new_email
    # The mailbox that counts no more may hold a link.
    tokens.delete_token(session, user.user_id, Purpose.RESET_PASSWORD)
    announce.email_changed(
        session,
        user,
        old_email=change.old_email,
        change_id=change.change_id,
        changed_at=now,
        sealed_token=denial.sealed_token,
        expires_at=now + DENIAL_LIFETIME,
    )
    return user


def change_profile(session: Session, user_id: UUID, *, name: str, language: str, look: Look) -> User:
    """Change one's own name, language and look."""
    user = stored.lock_user(session, user_id)
    if user is None:
        raise UserNotFound
    user.name = check_name(name)
    user.language = language
    user.look = look
    return user


def _lock_owner(session: Session, token_hash: bytes, *, purpose: Purpose, now: datetime) -> User:
    """The user, locked, after the token was used up: of two at once, one. Always the user first, then the token."""
    user_id = tokens.find_owner(session, token_hash, purpose=purpose, now=now)
    user = stored.lock_user(session, user_id) if user_id else None
    if user is None or not tokens.take_token(session, token_hash, purpose=purpose, now=now):
        raise LinkNotValid
    return user


@contextmanager
def _kept_if(session: Session, kept: bool) -> Iterator[None]:
    """Run the same statements either way; keep what they wrote, or take it back."""
    with session.begin_nested() as savepoint:
        yield
        session.flush()
        if not kept:
            savepoint.rollback()
