"""A secret that must travel in an event is sealed for its one reader (HPKE, RFC 9180: X25519, HKDF-SHA256,
AES-128-GCM).

Whoever sees the event on its way – the outbox, the broker, a dead-letter queue – sees nothing.
"""

from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from chassis.keys import KeyMissing

SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_128_GCM)
INFO = b"ebok sealed event"


class SealBroken(Exception):
    """Not sealed for this key, or changed on its way."""


def load_sealing_key(path: Path) -> X25519PrivateKey:
    """The reader's private key. Raises KeyMissing."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as fault:
        raise KeyMissing(f"{path}: {type(fault).__name__}") from None
    if not isinstance(key, X25519PrivateKey):
        raise KeyMissing(f"{path} is not an X25519 key")
    return key


def seal(public_pem: bytes, content: bytes) -> bytes:
    """Encrypt for the holder of the private key."""
    key = serialization.load_pem_public_key(public_pem)
    if not isinstance(key, X25519PublicKey):
        raise KeyMissing("the sealing key is not an X25519 public key")
    return SUITE.encrypt(content, key, INFO)


def unseal(private_key: X25519PrivateKey, sealed: bytes) -> bytes:
    """The content. Raises SealBroken."""
    try:
        return SUITE.decrypt(sealed, private_key, INFO)
    except (InvalidTag, ValueError):
        raise SealBroken from None
