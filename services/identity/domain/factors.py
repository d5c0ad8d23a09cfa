"""The second factor: codes of an authenticator app (TOTP, RFC 6238: 6 digits, 30 seconds) and ten recovery codes.

A code counts in its own time step and the ones beside it, and once: the newest step of which one was used is kept.
Steps far behind that one are let in, as only the clock of a demonstration goes back. A recovery code has 50 bits and is
kept as passwords are.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy.orm import Session

from chassis.errors import FailedPrecondition, Invalid, Violation
from services.identity.domain import access, owners, step_up
from services.identity.domain.owners import Owner
from services.identity.outbox import factors as announce
from services.identity.outbox.factors import Change
from services.identity.storage import challenges as stored_challenges
from services.identity.storage import devices as stored_devices
from services.identity.storage import factors as stored
from services.identity.storage.sessions import LoginSession, Realm

STEP_S = 30
STEPS_BESIDE = 1
TOTP_DIGITS = 6
RECOVERY_CODES = 10
RECOVERY_LENGTH = 10
RECOVERY_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # Without those that are read as others.


class CodeRefused(Invalid):
    """The code is wrong, too old or was used; which of these is not told."""

    reason = "CODE_REFUSED"

    def __init__(self) -> None:
        super().__init__(violations=[Violation("code", self.reason)])


class FactorRequired(FailedPrecondition):
    """Staff always have a second factor; it can be replaced, not taken away."""

    reason = "FACTOR_REQUIRED"


class NoFactor(FailedPrecondition):
    """Recovery codes go with an app, and there is none."""

    reason = "NO_FACTOR"


@dataclass(frozen=True)
class Kept:
    """What a code is checked against, outside of transactions: a sealed secret, and hashes of recovery codes."""

    sealed_secret: bytes
    code_hashes: Sequence[str] = ()


@dataclass(frozen=True)
class Answer:
    """What a code turned out to be: of a time step, one of the recovery codes, or neither."""

    step: int | None = None
    code_hash: str | None = None

    @property
    def is_right(self) -> bool:
        """Whether it was right when it was looked at; used codes are found when it is accepted."""
        return self.step is not None or self.code_hash is not None


@dataclass(frozen=True)
class RecoveryCodes:
    """Ten new ones: as they are told once, and as they are kept."""

    told: Sequence[str]
    hashes: Sequence[str]


def new_totp_secret() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32()


def totp_uri(secret: str, *, email: str, provider: str) -> str:
    """What the app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=provider or "eBOK")


def plain_code(code: str) -> str:
    """A code without what people write between its signs."""
    return "".join(sign for sign in code.upper() if sign.isalnum())


def is_recovery_code(code: str) -> bool:
    """Whether a plain code has the form of a recovery code."""
    return len(code) == RECOVERY_LENGTH and set(code) <= set(RECOVERY_SIGNS)


def matching_step(secret: str, code: str, *, now: datetime) -> int | None:
    """The time step that a plain code is of, among the present one and those beside it."""
    present, totp = int(now.timestamp()) // STEP_S, pyotp.TOTP(secret)
    if len(code) != TOTP_DIGITS or not code.isascii():
        return None
    steps = range(present - STEPS_BESIDE, present + STEPS_BESIDE + 1)
    right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)]
    return right[-1] if right else None


def new_recovery_codes() -> list[str]:
    """Ten, as they are told: `K7QM2-XRP4H`."""
    codes = (
        "".join(secrets.choice(RECOVERY_SIGNS) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def find_kept(session: Session, owner_id: UUID) -> Kept | None:
    """What the owner's codes are checked against; None without a factor."""
    factor = stored.find_factor(session, owner_id)
    if factor is None:
        return None
    return Kept(factor.sealed_secret, stored.list_recovery_codes(session, owner_id))


def use(session: Session, owner: Owner, answer: Answer, *, now: datetime) -> None:
    """Use a code up. Refuses CODE_REFUSED when it was wrong, or used before: of two at once one is let in."""
    owner_id = owners.owner_id(owner)
    factor = stored.lock_factor(session, owner_id)
    if factor is None:
        raise CodeRefused
    if answer.step is not None and not _was_used(factor.last_step, answer.step):
        factor.last_step = answer.step
    elif answer.code_hash and stored.use_recovery_code(session, owner_id, answer.code_hash, now=now):
        left = stored.count_recovery_codes(session, owner_id)
        announce.factor_changed(session, owner, Change.RECOVERY_CODE_USED, left=left, now=now)
    else:
        raise CodeRefused


def enrol(
    session: Session,
    owner: Owner,
    *,
    sealed_secret: bytes,
    answer: Answer,
    codes: RecoveryCodes,
    now: datetime,
) -> None:
    """The owner's app from now on, in place of any other. Refuses CODE_REFUSED."""
    if answer.step is None:
        raise CodeRefused
    owner_id = owners.owner_id(owner)
    stored.put_factor(
        session, owner_id, sealed_secret=sealed_secret, step=answer.step, code_hashes=codes.hashes, now=now
    )
    stored_devices.distrust_devices(session, owner_id)
    announce.factor_changed(session, owner, Change.TOTP_ENROLLED, left=len(codes.told), now=now)


def remove(session: Session, asking: LoginSession, *, now: datetime) -> Owner | None:
    """Take app and recovery codes away; None when there were none. Refuses STEP_UP_REQUIRED, FACTOR_REQUIRED."""
    step_up.require_since(asking.stepped_up_at, now=now)
    if asking.realm is Realm.CONSOLE:
        raise FactorRequired
    owner = _lock_owner(session, asking)
    if not stored.delete_factor(session, asking.owner_id):
        return None
    announce.factor_changed(session, owner, Change.TOTP_REMOVED, left=0, now=now)
    return owner


def renew(session: Session, asking: LoginSession, hashes: Sequence[str], *, now: datetime) -> Owner:
    """Other recovery codes. Refuses STEP_UP_REQUIRED, NO_FACTOR."""
    step_up.require_since(asking.stepped_up_at, now=now)
    owner = _lock_owner(session, asking)
    if stored.lock_factor(session, asking.owner_id) is None:
        raise NoFactor
    stored.put_recovery_codes(session, asking.owner_id, hashes)
    announce.factor_changed(session, owner, Change.RECOVERY_CODES_RENEWED, left=len(hashes), now=now)
    return owner


def reset(session: Session, owner: Owner, *, now: datetime) -> bool:
    """Somebody lost app and codes; staff set an app up at the next log-in. Answers whether there were any."""
    owner_id = owners.owner_id(owner)
    if not stored.delete_factor(session, owner_id):
        return False
    stored_challenges.delete_challenges_of(session, owner_id)
    access.end_sessions(session, realm=owners.realm_of(owner), owner_id=owner_id, now=now)
    announce.factor_changed(session, owner, Change.RESET, left=0, now=now)
    return True


def undo_since(session: Session, owner: Owner, *, since: datetime, now: datetime) -> None:
    """Somebody else was at the account since then: an app set up since goes, with its recovery codes.

    Of an older one the codes alone: who made or saw them is not known.
    """
    owner_id = owners.owner_id(owner)
    factor = stored.lock_factor(session, owner_id)
    if factor is not None and factor.enrolled_at >= since:
        stored.delete_factor(session, owner_id)
        announce.factor_changed(session, owner, Change.UNDONE, left=0, now=now)
    elif stored.delete_recovery_codes(session, owner_id):
        announce.factor_changed(session, owner, Change.RECOVERY_CODES_VOIDED, left=0, now=now)


def _lock_owner(session: Session, asking: LoginSession) -> Owner:
    owner = owners.lock(session, asking.realm, asking.owner_id)
    if owner is None:
        raise LookupError("a session is of nobody")
    return owner


def _was_used(last: int, step: int) -> bool:
    """Whether a code of the step, or of a later one, was used. Far behind the last one, the clock has gone back."""
    return last - 2 * STEPS_BESIDE <= step <= last
