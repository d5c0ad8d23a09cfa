"""Guessing is made slow: counters with growing waits, kept in the database, so that no restart forgets them.

An attempt is counted before the question is asked, in a transaction of its own: whoever is cut off in the middle has
used it up. An attempt that turns out to be right is taken back. While a wait runs, attempts are refused and not
counted, so the wait does not grow by asking.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chassis.database import Transaction
from chassis.errors import RateLimited
from services.identity.storage import attempts as stored

KEPT_FOR = timedelta(
    days=90
)  # Longest life of a counter; also how long an address counts as the owner's own.


class TooManyAttempts(RateLimited):
    """A wait runs; `retry_after_s` says how long."""

    reason = "TOO_MANY_ATTEMPTS"


@dataclass(frozen=True)
class Limit:
    """`free` attempts cost nothing; from then on each is followed by the next of the waits, at last by the last one.

    `starts_anew` sets the counter back to zero after a right attempt; otherwise only that attempt is taken back,
    where somebody could use their own right answers to guess another's.
    """

    kind: str
    free: int
    waits_s: tuple[int, ...]
    forget_after: timedelta
    starts_anew: bool = False

    @property
    def terms(self) -> stored.Terms:
        """As they are handed to the database."""
        forget_s = int(self.forget_after.total_seconds())
        return {"free": self.free, "waits_s": self.waits_s, "forget_s": forget_s}


DAY = timedelta(days=1)

# One account from one address: a stranger elsewhere does not touch it.
LOGIN = Limit("login", free=5, waits_s=(15, 60, 300, 900), forget_after=DAY, starts_anew=True)
# One account from everywhere: slow enough against many addresses, short enough that nobody is locked out; and where the
# owner has been before it is not asked at all.
LOGIN_ACCOUNT = Limit("login_account", free=20, waits_s=(2, 5, 10, 20, 30), forget_after=DAY)
# One address, whatever the accounts.
LOGIN_ADDRESS = Limit("login_address", free=50, waits_s=(5, 15, 60, 300), forget_after=DAY)

# Codes of the second factor, which only whoever has the password gets to: of a million three are right at a time.
CODE = Limit("code", free=5, waits_s=(15, 60, 300, 900), forget_after=DAY, starts_anew=True)
CODE_ACCOUNT = Limit("code_account", free=10, waits_s=(15, 60, 300, 900), forget_after=DAY)
CODE_ADDRESS = Limit("code_address", free=30, waits_s=(15, 60, 300, 900), forget_after=DAY)
# The password that is asked of somebody who is logged in.
PASSWORD = Limit("password", free=5, waits_s=(15, 60, 300, 900), forget_after=DAY, starts_anew=True)

# Each is looked up in lists, here and elsewhere; who has to choose twice or three times is not slowed down.
JUDGED_ADDRESS = Limit("judged_address", free=60, waits_s=(15, 60, 300, 900), forget_after=DAY)

# Each of these sends a mail, so all are counted, right or wrong.
REGISTER_ADDRESS = Limit("register_address", free=20, waits_s=(60, 300, 900, 3600), forget_after=DAY)
REGISTER_EMAIL = Limit("register_email", free=3, waits_s=(60, 300, 900, 3600), forget_after=DAY)
RESET_ADDRESS = Limit("reset_address", free=20, waits_s=(60, 300, 900, 3600), forget_after=DAY)
INVITE_USER = Limit("invite_user", free=40, waits_s=(60, 300, 900, 3600), forget_after=DAY)
RESET_EMAIL = Limit("reset_email", free=3, waits_s=(60, 300, 900), forget_after=DAY)

CHANGE_EMAIL = Limit("change_email", free=3, waits_s=(60, 300, 900, 3600), forget_after=DAY)

# What a proof consists of can be guessed, so three wrong ones are followed by a minute, five, thirty and a day.
CLAIM_USER = Limit("claim_user", free=3, waits_s=(60, 300, 1800, 86400), forget_after=3 * DAY)
CLAIM_CUSTOMER = Limit("claim_customer", free=3, waits_s=(60, 300, 1800, 86400), forget_after=3 * DAY)


@dataclass(frozen=True)
class Counter:
    """One limit for one subject from one source. The subject is kept as a hash: nobody's address is gathered here."""

    limit: Limit
    subject: bytes
    source: str = ""

    @property
    def key(self) -> stored.Key:
        """Where it is stored."""
        return self.limit.kind, self.subject, self.source


def counter(limit: Limit, *subject: str, source: str = "") -> Counter:
    """A counter; the parts of the subject are hashed together."""
    return Counter(limit, hash_subject(*subject), source)


def hash_subject(*parts: str) -> bytes:
    """SHA-256 of the parts, which cannot be confused with one another."""
    return hashlib.sha256("\0".join(parts).encode()).digest()


def count(
    transaction: Transaction,
    counters: Sequence[Counter],
    *,
    now: datetime,
    unasked_where_known: Limit | None = None,
) -> Sequence[Counter]:
    """Count an attempt, in a transaction that commits before the question is asked; answers what was counted.

    Refuses TOO_MANY_ATTEMPTS with the longest wait, and counts nothing, unless the wait begins at this very moment:
    then the other counters may have counted. The limit `unasked_where_known` is neither asked nor counted when another
    of the counters has seen a right attempt: that is where the owner has been before.
    """
    values = counting(counters, now=now, unasked_where_known=unasked_where_known)
    return read_count(stored.count_attempt(transaction, values), counters, now=now)


def counting(
    counters: Sequence[Counter], *, now: datetime, unasked_where_known: Limit | None = None
) -> dict[str, object]:
    """What `count` hands to the database."""
    return stored.counting(
        {one.key: one.limit.terms for one in counters},
        unasked_where_known=unasked_where_known.kind if unasked_where_known else "",
        known_after=now - KEPT_FOR,
        now=now,
    )


def read_count(outcome: Any, counters: Sequence[Counter], *, now: datetime) -> Sequence[Counter]:
    """What was counted. Refuses TOO_MANY_ATTEMPTS."""
    if outcome.until is not None:
        raise TooManyAttempts(retry_after_s=max(1, math.ceil((outcome.until - now).total_seconds())))
    if outcome.counted < len(outcome.kinds):
        raise TooManyAttempts(retry_after_s=min(one.limit.waits_s[0] for one in counters))
    return [one for one in counters if one.limit.kind in outcome.kinds]


def take_back(
    transaction: Transaction, counters: Sequence[Counter], *, counted_at: datetime, right: bool
) -> None:
    """The attempt counted at that instant was right, or the question could not be asked."""
    stored.give_back_attempts(transaction, taking_back(counters, counted_at=counted_at, right=right))


def taking_back(counters: Sequence[Counter], *, counted_at: datetime, right: bool) -> dict[str, object]:
    """What `take_back` hands to the database."""
    anew = {one.key: right and one.limit.starts_anew for one in counters}
    return stored.giving_back(anew, counted_at=counted_at)
