"""Links in mails: 256 random bits, told once and sealed for the part that writes the mail; kept as SHA-256."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from chassis.errors import FailedPrecondition

TOKEN_BYTES = 32
CONFIRMATION_LIFETIME = timedelta(hours=24)
RESET_LIFETIME = timedelta(minutes=30)
INVITATION_LIFETIME = timedelta(days=14)
DENIAL_LIFETIME = timedelta(days=7)

Seal = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Seals:
    """`mail` seals for the part that writes the mails, `own` for identity itself: what is kept and must not be read."""

    mail: Seal
    own: Seal


class LinkNotValid(FailedPrecondition):
    """The link is unknown, used, replaced by a newer one or too old; which of these is not told."""

    reason = "LINK_NOT_VALID"


@dataclass(frozen=True)
class Link:
    """A new link: what is kept of it, and what only the writer of the mail can open."""

    token_hash: bytes
    sealed_token: bytes


def new_secret() -> str:
    """256 random bits for a link or a cookie."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_secret(secret: str) -> bytes:
    """What is kept of a secret. A plain hash suffices: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def new_link(seal: Seal) -> Link:
    """Make a link. Costs the same whether it will be used or not, so it is made before anything is looked up."""
    secret = new_secret()
    return Link(token_hash=hash_secret(secret), sealed_token=seal(secret.encode()))
