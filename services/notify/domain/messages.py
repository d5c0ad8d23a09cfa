"""Messages: planned once, sent as soon as they can be, and never silently forgotten.

planned ─► sending ─► sent
   ▲          ├─► planned again, later   (the server said: not now)
   │          ├─► failed                 (the server said: never; or too many attempts)
   │          └─► suppressed             (no address, no consent, its time has passed)
   └──────────┘ a worker that died: the lease ends, the next one takes the message with the same Message-ID
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis import tracing
from chassis.ids import new_id
from services.notify.outbox import messages as announce
from services.notify.storage import contacts
from services.notify.storage import messages as stored
from services.notify.storage.messages import Channel, Message, MessageStatus, Rule

# How long a message is worth sending, unless its event says when it ends.
LIFE = {
    Rule.EMAIL_CONFIRMATION: timedelta(hours=24),
    Rule.REGISTRATION_REPEATED: timedelta(hours=24),
    Rule.PASSWORD_RESET: timedelta(minutes=30),
    Rule.PASSWORD_CHANGED: timedelta(days=7),
    Rule.INVOICE_ISSUED: timedelta(days=7),
    Rule.PAYMENT_RECEIVED: timedelta(days=7),
    Rule.PAYMENT_FAILED: timedelta(days=7),
    Rule.PAYMENT_REFUNDED: timedelta(days=7),
    Rule.READING_WINDOW_OPENED: timedelta(days=7),
    Rule.READING_MISSING: timedelta(days=7),
    Rule.READING_REJECTED: timedelta(days=7),
}
BY_CONSENT = frozenset({Rule.INVOICE_ISSUED})
LOOK_AGAIN = timedelta(seconds=30)
REFERENCE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_BITS = 40

NO_ADDRESS = "NO_ADDRESS"
NO_CONSENT = "NO_CONSENT"
EXPIRED = "EXPIRED"
SEAL_BROKEN = "SEAL_BROKEN"
ADDRESS_MALFORMED = "ADDRESS_MALFORMED"
REFUSED_BY_SERVER = "REFUSED_BY_SERVER"
SERVER_BUSY = "SERVER_BUSY"
SENDER_REFUSED = "SENDER_REFUSED"
IN_DOUBT = "IN_DOUBT"
NOT_WRITTEN = "NOT_WRITTEN"
OVERTAKEN = "OVERTAKEN"
PAYER_EMAIL = "payer_email"  # The fact that says where a message goes instead of the customer's own address.


@dataclass(frozen=True)
class Patience:
    """How long we wait for what, and how often we try."""

    contact_wait: timedelta
    attempts_max: int
    retry_first: timedelta
    retry_longest: timedelta

    def wait_after(self, attempts: int) -> timedelta:
        """Twice as long after each attempt, up to a bound; spread, so that many do not come back at once."""
        wait = min(self.retry_first * 2 ** min(attempts - 1, 20), self.retry_longest)
        return wait * random.uniform(0.8, 1.0)  # noqa: S311 - no secret


def reference(message_id: UUID) -> str:
    """The number printed in a message, for whoever asks whether it was ours: `K7QM-2XRP`."""
    rest = message_id.int % 2**REFERENCE_BITS
    letters = [REFERENCE_LETTERS[rest >> shift & 31] for shift in range(REFERENCE_BITS - 5, -1, -5)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


# planning


def plan_for_user(
    session: Session,
    rule: Rule,
    *,
    user_id: str,
    address: str,
    language: str,
    subject_id: str,
    now: datetime,
    facts: dict[str, Any] | None = None,
    sealed_token: bytes | None = None,
    expires_at: datetime | None = None,
) -> None:
    """A message to an address that the event names. The same rule and subject again: nothing happens."""
    stored.add_message(
        session,
        {
            **_beginning(rule, subject_id, now=now, expires_at=expires_at),
            "recipient": f"user:{user_id}",
            "customer_id": None,
            "address": address,
            "language": language,
            "facts": facts or {},
            "sealed_token": sealed_token,
        },
    )


def plan_for_customer(
    session: Session,
    rule: Rule,
    *,
    customer_id: UUID,
    subject_id: str,
    facts: dict[str, Any],
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    """A message to a customer. The same again: nothing happens.

    It goes to the address among its facts under PAYER_EMAIL; else where the customer wants mail at the moment of
    sending.
    """
    stored.add_message(
        session,
        {
            **_beginning(rule, subject_id, now=now, expires_at=expires_at),
            "recipient": f"customer:{customer_id}",
            "customer_id": customer_id,
            "address": facts.get(PAYER_EMAIL, ""),
            "language": "",
            "facts": facts,
            "sealed_token": None,
        },
    )


def _beginning(rule: Rule, subject_id: str, *, now: datetime, expires_at: datetime | None) -> dict[str, Any]:
    return {
        "message_id": new_id(),
        "rule": rule,
        "channel": Channel.EMAIL,
        "subject_id": subject_id,
        "name": "",
        "planned_at": now,
        "next_attempt_at": now,
        "expires_at": expires_at or now + LIFE[rule],
        "traceparent": tracing.current_traceparent(),
    }


# sending


def take_due(
    session: Session, lease_id: UUID, *, lease: timedelta, count_max: int, patience: Patience, now: datetime
) -> tuple[int, list[Message]]:
    """Take due messages into one worker's hands and settle those that are not to be sent.

    Answers how many were taken, and those of them that are to be sent now.
    """
    taken = stored.lease_due(session, lease_id, now=now, lease=lease, count_max=count_max)
    customer_ids = {message.customer_id for message in taken if message.customer_id is not None}
    known = contacts.find_contacts(session, customer_ids) if customer_ids else {}
    failed = {message.subject_id for message in taken if message.rule is Rule.PAYMENT_FAILED}
    settled = stored.find_subjects(session, Rule.PAYMENT_RECEIVED, failed)
    ready = []
    for message in taken:
        if message.expires_at <= now:
            _expire(session, message)
        elif message.rule is Rule.PAYMENT_FAILED and message.subject_id in settled:
            _suppress(
                session, message, OVERTAKEN
            )  # It was paid after all: "nothing was taken" would be wrong.
        elif message.customer_id is None or _addressed(
            session, message, known.get(message.customer_id), patience=patience, now=now
        ):
            ready.append(message)
    return len(taken), ready


def _addressed(
    session: Session,
    message: Message,
    contact: contacts.Contact | None,
    *,
    patience: Patience,
    now: datetime,
) -> bool:
    """Put the customer's address of this moment on the message; false when it is not to be sent now."""
    payer = message.facts.get(PAYER_EMAIL, "")
    if contact is None:
        # The invoice's event may overtake the customer's. Its arrival wakes the message, unless it arrives in this
        # very moment: hence the second look.
        until = message.planned_at + patience.contact_wait
        if now < until:
            _put_back(session, message, next_attempt_at=min(until, now + LOOK_AGAIN))
        elif not payer:
            _suppress(session, message, NO_ADDRESS)
        return now >= until and bool(payer)
    address = payer or contact.email
    if not address:
        _suppress(session, message, NO_ADDRESS)
        return False
    if message.rule in BY_CONSENT and not contact.e_invoice:
        _suppress(session, message, NO_CONSENT)
        return False
    message.address = address
    message.language = contact.language
    message.name = contact.name if address == contact.email else ""  # Somebody else may have paid.
    message.facts = {
        **message.facts,
        "customer_number": contact.number,
        "premises_label": contact.premises_label,
    }
    return True


def mark_sent(session: Session, message: Message, *, subject: str, now: datetime) -> bool:
    """The server took it. False when the lease was lost: then another worker says what became of it."""
    kept = stored.close_lease(
        session,
        message.message_id,
        _lease_of(message),
        {
            "status": MessageStatus.SENT,
            "sent_at": now,
            "subject": subject,
            "reason": "",
            "sealed_token": None,
            "attempts": message.attempts + 1,
        },
    )
    if kept:
        announce.message_sent(session, message, sent_at=now)
    return kept


def give_up(session: Session, message: Message, *, reason: str) -> None:
    """It will never arrive: refused for good, or tried too often."""
    kept = stored.close_lease(
        session,
        message.message_id,
        _lease_of(message),
        {
            "status": MessageStatus.FAILED,
            "reason": reason,
            "sealed_token": None,
            "attempts": message.attempts + 1,
        },
    )
    if kept:
        announce.message_failed(session, message, reason=reason)


def try_later(session: Session, message: Message, *, reason: str, patience: Patience, now: datetime) -> None:
    """The server said: not now. Waits grow; after the last attempt the message is given up."""
    attempts = message.attempts + 1
    if attempts >= patience.attempts_max:
        give_up(session, message, reason=reason)
        return
    _put_back(
        session,
        message,
        attempts=attempts,
        reason=reason,
        next_attempt_at=now + patience.wait_after(attempts),
    )


def put_back(session: Session, messages: Sequence[Message]) -> None:
    """Nothing was tried: out of our hands, due as before."""
    for message in messages:
        _put_back(session, message)


def _put_back(session: Session, message: Message, **values: Any) -> None:
    changed = {"status": MessageStatus.PLANNED, **values}
    stored.close_lease(session, message.message_id, _lease_of(message), changed)


def _expire(session: Session, message: Message) -> None:
    """Its time has passed: failed when it had been tried, else held back."""
    if message.attempts:
        give_up(session, message, reason=message.reason or EXPIRED)
    else:
        _suppress(session, message, EXPIRED)


def _suppress(session: Session, message: Message, reason: str) -> None:
    values = {"status": MessageStatus.SUPPRESSED, "reason": reason, "sealed_token": None}
    stored.close_lease(session, message.message_id, _lease_of(message), values)


def _lease_of(message: Message) -> UUID:
    if message.lease_id is None:
        raise ValueError(f"message {message.message_id} is in nobody's hands")
    return message.lease_id
