"""Who may sign what. Each part has an Ed25519 key of its own; everybody knows everybody's public key.

`keys_dir/public/<part>.pem` are all public keys, `keys_dir/private/<part>.key` is the one secret of a part,
which only that part is given. A key is replaced without a gap by putting `<part>.next.pem` beside the old one
first. `keys_dir/public/sealing/<part>.pem` is what a secret for a part is sealed with (`chassis/sealing.py`).
"""

import hashlib
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

RELOAD_AFTER_S = 5.0
PARTS = ("gateway", "identity", "billing", "payments", "tickets", "notify", "connector", "demo")
SEALED_FOR = ("notify", "identity")


class KeyMissing(Exception):
    """A key that this part cannot work without is not where the configuration says."""


def key_id(part: str, key: Ed25519PublicKey) -> str:
    """Names a public key: the part and the beginning of the key's hash."""
    return f"{part}.{hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Signer:
    """A part and its private key."""

    part: str
    key: Ed25519PrivateKey

    @property
    def kid(self) -> str:
        """The id verifiers find the public half by."""
        return key_id(self.part, self.key.public_key())


def load_signer(part: str, path: Path) -> Signer:
    """A part's own key. Raises KeyMissing."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as fault:
        raise KeyMissing(f"{path}: {type(fault).__name__}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyMissing(f"{path} is not an Ed25519 key")
    return Signer(part, key)


class KeyRing:
    """All public keys; looked up again, at most every few seconds, when the directory changed."""

    def __init__(self, keys_dir: Path) -> None:
        self._directory = keys_dir / "public"
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[str, Ed25519PublicKey]] = {}
        self._read_at = float("-inf")
        self._state: tuple[tuple[str, int], ...] = ()
        self.generation = 0

    def find(self, kid: str) -> tuple[str, Ed25519PublicKey] | None:
        """The part and its key, or None for an unknown id."""
        self.refresh()
        return self._keys.get(kid)

    def refresh(self) -> int:
        """Read the directory if it is time and it changed; answers the generation, a count of changes."""
        if time.monotonic() - self._read_at < RELOAD_AFTER_S:
            return self.generation
        with self._lock:
            paths = sorted(self._directory.glob("*.pem"))
            state = tuple((path.name, path.stat().st_mtime_ns) for path in paths)
            if state != self._state:
                self._keys = dict(self._read(path) for path in paths)
                self._state = state
                self.generation += 1
            self._read_at = time.monotonic()
        return self.generation

    @staticmethod
    def _read(path: Path) -> tuple[str, tuple[str, Ed25519PublicKey]]:
        key = serialization.load_pem_public_key(path.read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise KeyMissing(f"{path} is not an Ed25519 public key")
        part = path.name.split(".")[0]
        return key_id(part, key), (part, key)


def generate(keys_dir: Path, parts: Iterable[str] = PARTS, sealed_for: Iterable[str] = SEALED_FOR) -> None:
    """Make the keys that are not there yet; what exists is never touched."""
    for part in parts:
        _make_pair(
            keys_dir / "private" / f"{part}.key", keys_dir / "public" / f"{part}.pem", Ed25519PrivateKey
        )
    for part in sealed_for:
        _make_pair(
            keys_dir / "private" / f"{part}.sealing.key",
            keys_dir / "public" / "sealing" / f"{part}.pem",
            X25519PrivateKey,
        )


def _make_pair(private: Path, public: Path, kind: type[Ed25519PrivateKey] | type[X25519PrivateKey]) -> None:
    private.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    public.parent.mkdir(parents=True, exist_ok=True)
    if not private.exists():
        secret = kind.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
        public.unlink(missing_ok=True)
    if not public.exists():
        key = serialization.load_pem_private_key(private.read_bytes(), password=None)
        public.write_bytes(
            key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
