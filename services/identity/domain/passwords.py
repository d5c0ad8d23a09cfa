"""Passwords: what is accepted, and how it is kept (argon2id).

Length is the rule, 10 to 128 characters of any kind; refused is only what is guessed first: one's own name and
address, the provider's name, the well-known ones with whatever digits behind them, one pattern over and over, what
zxcvbn guesses within 10^8 attempts when it is told Polish words, and what stands in the lists of leaked passwords.
"""

import base64
import hmac
import os
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret
from zxcvbn import zxcvbn

from chassis.errors import Invalid, Unavailable, Violation

Result = TypeVar("Result")

LENGTH_MIN = 10
LENGTH_MAX = 128
PATTERN_LENGTH_MAX = 4
WAIT_S = 10.0
SCORE_MIN = 3  # Of zxcvbn: 10^8 guesses or more.
GUESSED_LENGTH_MAX = 64  # It looks at no more than 72, and longer ones cost time; such a beginning decides.
COMMON_FILE = Path(__file__).with_name("common_passwords.txt")
_SEQUENCES = (
    "0123456789" * 3,
    "9876543210" * 3,
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
)


class PasswordTooWeak(Invalid):
    """The password is among those that are guessed first; the violation says why."""

    reason = "PASSWORD_TOO_WEAK"


class HashingBusy(Unavailable):
    """More people log in at this moment than passwords can be checked."""

    reason = "HASHING_BUSY"


class LeakedPasswords(Protocol):
    """The lists of passwords that leaked somewhere."""

    def contains(self, password: str) -> bool:
        """Whether it stands there; no when they cannot be asked: the list at hand has been looked at before."""
        ...


def check_strength(
    password: str,
    *,
    field: str,
    email: str,
    name: str,
    provider: str,
    leaked: LeakedPasswords | None = None,
) -> None:
    """Refuse PASSWORD_TOO_WEAK, with a violation at the field: TOO_SHORT, TOO_LONG, OWN_DATA, COMMON, PATTERN, DATE,
    GUESSABLE or LEAKED. Not inside a transaction: the lists may be elsewhere.
    """
    reason = _weakness(password, email=email, name=name, provider=provider)
    if not reason and leaked is not None and leaked.contains(password):
        reason = "LEAKED"
    if reason:
        raise PasswordTooWeak(violations=[Violation(field, reason)])


def _weakness(password: str, *, email: str, name: str, provider: str) -> str:
    if len(password) < LENGTH_MIN:
        return "TOO_SHORT"
    if len(password) > LENGTH_MAX:
        return "TOO_LONG"
    folded = _fold(password)
    core = folded.strip("0123456789") or folded
    texts = (email, email.partition("@")[0], name, provider, *name.split(), *provider.split())
    own = {word for text in texts if (word := _fold(text))}
    if {folded, core} & own:
        return "OWN_DATA"
    if {folded, core} & _common():
        return "COMMON"
    return "PATTERN" if _is_pattern(password, folded) else _guess(password, own)


def _guess(password: str, own: set[str]) -> str:
    """Why it is guessed quickly; empty when it is not. zxcvbn knows English; Polish words are told to it."""
    plain = "".join(
        sign
        for sign in unicodedata.normalize("NFKD", password.replace("ł", "l").replace("Ł", "L"))
        if not unicodedata.combining(sign)
    )
    words = [*own, *_common()]
    found = zxcvbn(plain[:GUESSED_LENGTH_MAX], user_inputs=words, max_length=GUESSED_LENGTH_MAX)
    if found["score"] >= SCORE_MIN:
        return ""
    longest = max(found["sequence"], key=lambda match: len(match["token"]))
    pattern = str(longest["pattern"])
    if pattern == "dictionary":
        return "OWN_DATA" if longest["matched_word"] in own else "COMMON"
    return {"spatial": "PATTERN", "repeat": "PATTERN", "sequence": "PATTERN", "date": "DATE"}.get(
        pattern, "GUESSABLE"
    )


def _is_pattern(password: str, folded: str) -> bool:
    repeated = any(
        password == (password[:length] * len(password))[: len(password)]
        for length in range(1, PATTERN_LENGTH_MAX + 1)
    )
    return repeated or any(folded in sequence for sequence in _SEQUENCES if folded)


def _fold(text: str) -> str:
    """Letters and digits alone, in lower case, without accents: what two spellings of a word share."""
    plain = text.casefold().replace("ł", "l")
    return "".join(sign for sign in unicodedata.normalize("NFKD", plain) if sign.isalnum())


@cache
def _common() -> frozenset[str]:
    lines = COMMON_FILE.read_text(encoding="utf-8").splitlines()
    words = (_fold(line) for line in lines if line and not line.startswith("#"))
    return frozenset(word for word in words if word)


@dataclass(frozen=True)
class Checked:
    """Whether the password was right, and its hash made anew when today's parameters differ from the kept one's."""

    right: bool
    renewed_hash: str = ""


class Passwords:
    """Makes and checks hashes, a bounded number at once: each takes a core and `memory_kib` for a while. They are made
    in threads of their own, as a thread keeps that memory and those of requests are many more.

    A door takes a `place` before it counts or looks up anything. Who would wait behind more than `waiting_max` others
    is refused at once, so that a flood of log-ins does not hold the threads that everybody else's requests need.
    `note` is told what was done: "made", "checked", "busy".
    """

    def __init__(
        self,
        *,
        time_cost: int,
        memory_kib: int,
        parallelism: int,
        at_once: int,
        waiting_max: int,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._hasher = argon2.PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism, type=argon2.Type.ID
        )
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="hashing")
        self._places = threading.BoundedSemaphore(at_once + waiting_max)
        self._note = note
        # Stands in for the hash of an account that does not exist: the same work, never the right password.
        self._nobodys = self._hasher.hash("\0nobody's password\0")

    def make(self, password: str) -> str:
        """The hash to keep. Refuses HASHING_BUSY."""
        return self._apart("made", lambda: self._hasher.hash(_normal(password)))

    def check(self, kept: str | None, password: str) -> Checked:
        """Compare; for None, an unknown account, and for "", one whose password was taken away, the same work is done
        and the answer is no. Refuses HASHING_BUSY.
        """
        return self._apart("checked", lambda: self._check(kept, password))

    def _check(self, kept: str | None, password: str) -> Checked:
        right = self._verify(kept or self._nobodys, password) and bool(kept)
        if right and kept and self._hasher.check_needs_rehash(kept):
            return Checked(True, self._hasher.hash(_normal(password)))
        return Checked(right)

    def make_set(self, words: Sequence[str]) -> list[str]:
        """Hashes of random words, all with one salt, so that one hash finds a word among them. Refuses HASHING_BUSY."""
        salt = os.urandom(16)
        return self._apart("made", lambda: [self._hasher.hash(word, salt=salt) for word in words])

    def find_in_set(self, kept: Sequence[str], word: str) -> str | None:
        """The hash of the word among those of a set, None when it is not there. Refuses HASHING_BUSY."""
        if not kept:
            return None
        made = self._apart("checked", lambda: _hash_as(kept[0], word))
        return next((one for one in kept if hmac.compare_digest(one, made)), None)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among those who hash or wait to. Refuses HASHING_BUSY when there is none."""
        if not self._places.acquire(blocking=False):
            self._note("busy")
            raise HashingBusy
        try:
            yield
        finally:
            self._places.release()

    def _apart(self, outcome: str, work: Callable[[], Result]) -> Result:
        waiting = self._threads.submit(work)
        try:
            done = waiting.result(WAIT_S)
        except TimeoutError:
            if waiting.cancel():
                self._note("busy")
                raise HashingBusy from None
            done = waiting.result()
        self._note(outcome)
        return done


def _hash_as(kept: str, word: str) -> str:
    """The hash of a word with the salt and the parameters of another."""
    parameters = argon2.extract_parameters(kept)
    salt = kept.split("$")[4]
    return hash_secret(
        word.encode(),
        base64.b64decode(salt + "=" * (-len(salt) % 4)),
        time_cost=parameters.time_cost,
        memory_cost=parameters.memory_cost,
        parallelism=parameters.parallelism,
        hash_len=parameters.hash_len,
        type=parameters.type,
        version=parameters.version,
    ).decode()


def _normal(password: str) -> str:
    """However a keyboard composes ą, it is the same password."""
    return unicodedata.normalize("NFKC", password)
