"""Numbers and links printed in messages: whoever holds one may ask about it; what lets something be done is signed."""

import base64
import hashlib
import hmac
import math
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import Invalid, RateLimited
from services.notify.domain import preferences
from services.notify.domain.messages import read_reference, reference, write_reference
from services.notify.domain.preferences import MARKETING_FACT
from services.notify.outbox import messages as announce
from services.notify.storage import messages as stored
from services.notify.storage import reference_checks
from services.notify.storage.messages import Channel, Message

CHECKS_MAX = 30  # From one place within an hour: enough for a whole office, little for who tries numbers.
CHECKS_WITHIN = timedelta(hours=1)
PURPOSE = b"ebok unsubscribe"
SIGNATURE_BYTES = 12
SHORT_LENGTH = 16  # Letters of a link in a text message: a reference, and as many letters of a signature.


class TooManyAttempts(RateLimited):
    """Too many numbers were asked about from one place; `retry_after_s` says when to come back."""

    reason = "TOO_MANY_ATTEMPTS"


class TokenInvalid(Invalid):
    """No message of ours carries this link."""

    reason = "TOKEN_INVALID"


def count_check(session: Session, source: str, *, now: datetime) -> None:
    """Count a question, in a transaction of its own, before it is answered. Refuses TOO_MANY_ATTEMPTS."""
    digest = hashlib.sha256(source.encode()).digest()
    begun_at, count = reference_checks.count(session, digest, now=now, within=CHECKS_WITHIN)
    if count > CHECKS_MAX:
        raise TooManyAttempts(
            retry_after_s=max(1, math.ceil((begun_at + CHECKS_WITHIN - now).total_seconds()))
        )


def find(session: Session, reference: str) -> Message | None:
    """The message of ours with this number; None when there is none, or when it cannot be one."""
    bits = read_reference(reference)
    return None if bits is None else stored.find_by_reference(session, bits)


def key_of(secret: bytes) -> bytes:
    """The key that links are signed with, made of a secret of ours that is not shown by it."""
    return hmac.new(secret, PURPOSE, hashlib.sha256).digest()


def token_of(message_id: UUID, key: bytes) -> str:
    """What stands in the link of a message: its id and a signature."""
    return base64.urlsafe_b64encode(message_id.bytes + _signature(message_id, key)).decode().rstrip("=")


def short_token_of(message_id: UUID, key: bytes) -> str:
    """The same for a text message, where each letter is paid for: its number and eight letters of a signature."""
    return reference(message_id).replace("-", "") + _short_signature(message_id, key)


def _short_signature(message_id: UUID, key: bytes) -> str:
    return write_reference(int.from_bytes(_signature(message_id, key)[:5])).replace("-", "")


def _signature(message_id: UUID, key: bytes) -> bytes:
    return hmac.new(key, message_id.bytes, hashlib.sha256).digest()[:SIGNATURE_BYTES]


def unsubscribe(session: Session, token: str, *, key: bytes, now: datetime) -> Channel:
    """End marketing for the customer and on the channel of a message, and let identity know. Again: nothing changes.

    Refuses TOKEN_INVALID.
    """
    message = _find_by_token(session, token, key)
    if message is None or message.customer_id is None or not message.facts.get(MARKETING_FACT):
        raise TokenInvalid
    if preferences.end_offers(session, message.customer_id, message.channel, now=now):
        announce.offers_refused(session, message, refused_at=now)
    return message.channel


def _find_by_token(session: Session, token: str, key: bytes) -> Message | None:
    if len(token) != SHORT_LENGTH:
        return stored.get_message(session, _read_token(token, key))
    message = find(session, token[: SHORT_LENGTH // 2])
    signed = token[SHORT_LENGTH // 2 :].upper()
    if message is None or not hmac.compare_digest(
        signed.encode(), _short_signature(message.message_id, key).encode()
    ):
        raise TokenInvalid
    return message


def _read_token(token: str, key: bytes) -> UUID:
    try:
        content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        message_id = UUID(bytes=content[:16])
    except ValueError:
        raise TokenInvalid from None
    if not hmac.compare_digest(content[16:], _signature(message_id, key)):
        raise TokenInvalid
    return message_id
