"""Checking codes outside of transactions: opening a seal, a time-based code, one hash for a recovery code."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path

from chassis.sealing import load_sealing_key, unseal
from services.identity.api.sealed import sealer_for
from services.identity.domain import factors
from services.identity.domain.factors import Answer, Kept, RecoveryCodes
from services.identity.domain.links import Seals
from services.identity.domain.passwords import Passwords


class Proofs:
    """What the doors of sessions and factors share. Identity's own seal keeps the secrets of apps unread in backups."""

    def __init__(self, keys_dir: Path, *, hasher: Passwords) -> None:
        self._key = load_sealing_key(keys_dir / "private" / "identity.sealing.key")
        self._hasher = hasher
        self.seals = Seals(mail=sealer_for("notify", keys_dir), own=sealer_for("identity", keys_dir))

    def unseal(self, sealed: bytes | None) -> str:
        """The secret of an app; empty for none."""
        return unseal(self._key, sealed).decode() if sealed else ""

    @contextmanager
    def place_for(self, code: str) -> Iterator[None]:
        """A place to check a code in, taken before its attempt is counted. Refuses HASHING_BUSY."""
        with self._hasher.place() if factors.is_recovery_code(factors.plain_code(code)) else nullcontext():
            yield

    def check(self, kept: Kept, code: str, *, now: datetime) -> Answer:
        """What a code is, in its place. Refuses HASHING_BUSY."""
        plain = factors.plain_code(code)
        if factors.is_recovery_code(plain):
            return Answer(code_hash=self._hasher.find_in_set(kept.code_hashes, plain))
        return Answer(step=factors.matching_step(self.unseal(kept.sealed_secret), plain, now=now))

    def new_recovery_codes(self) -> RecoveryCodes:
        """Ten, told once and kept as hashes. Refuses HASHING_BUSY."""
        told = factors.new_recovery_codes()
        with self._hasher.place():
            return RecoveryCodes(told, self._hasher.make_set([factors.plain_code(one) for one in told]))
