"""A key of a write stands for one request: the same again is a repeat, another is a mistake."""

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from chassis.errors import Invalid
from services.identity.storage import kept_requests as stored

KEPT_FOR = timedelta(days=30)
TIDIED_AT_ONCE = 10  # More than the one that each call adds.


class RequestDiffers(Invalid):
    """The key was used for another request."""

    reason = "REQUEST_DIFFERS"


def keep(session: Session, subject: str, key: str, *, fingerprint: bytes, now: datetime) -> None:
    """Remember what the key is used for. Refuses REQUEST_DIFFERS."""
    stored.delete_old_requests(session, before=now - KEPT_FOR, limit=TIDIED_AT_ONCE)
    key_hash = sha256(key.encode()).digest()
    if stored.put_request(session, subject, key_hash, fingerprint=fingerprint, now=now) != fingerprint:
        raise RequestDiffers
