"""Messages: planned once, sent as soon as they can be, and never silently forgotten.

planned ─► sending ─► sent ─► delivered, or failed   (of text messages, as the provider reports)
   ▲          ├─► planned again, later   (the server said: not now)
   │          ├─► failed                 (the server said: never; or too many attempts)
   │          └─► suppressed             (no address, not wanted, no consent, its time has passed)
   └──────────┘ a worker that died: the lease ends, the next one takes the message with the same Message-ID

A text message of which we do not know whether it was taken is handed over once more under the same id: the provider
knows the ids of a day and refuses to take one twice, which is our answer. After that day it is given up, not repeated.
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
from services.notify.domain import preferences
from services.notify.domain.preferences import MARKETING_FACT, NO_CHOICES, Choices
from services.notify.outbox import messages as announce
from services.notify.storage import contacts, in_hand
from services.notify.storage import messages as stored
from services.notify.storage import preferences as stored_preferences
from services.notify.storage.campaigns import CampaignStatus, find_halted
from services.notify.storage.in_hand import InHand
from services.notify.storage.messages import Channel, MessageStatus, Rule

# How long a message is worth sending, unless its event says when it ends.
LIFE = {
    Rule.EMAIL_CONFIRMATION: timedelta(hours=24),
    Rule.REGISTRATION_REPEATED: timedelta(hours=24),
    Rule.PASSWORD_RESET: timedelta(minutes=30),
    Rule.PASSWORD_CHANGED: timedelta(days=7),
    Rule.NEW_DEVICE: timedelta(days=7),
    Rule.FACTOR_CHANGED: timedelta(days=7),
    Rule.EMAIL_CHANGE_LINK: timedelta(hours=24),
    Rule.EMAIL_CHANGE_NOTICE: timedelta(days=7),
    Rule.EMAIL_CHANGED: timedelta(days=7),
    Rule.EMAIL_SET_BACK: timedelta(days=7),
    Rule.DELEGATE_INVITED: timedelta(days=14),
    Rule.GRANT_GIVEN: timedelta(days=7),
    Rule.GRANT_REVOKED: timedelta(days=7),
    Rule.CUSTOMER_CLAIMED: timedelta(days=7),
    Rule.CONTACT_CHANGED: timedelta(days=7),
    Rule.INVOICE_ISSUED: timedelta(days=7),
    Rule.PAYMENT_RECEIVED: timedelta(days=7),
    Rule.PAYMENT_FAILED: timedelta(days=7),
    Rule.PAYMENT_REFUNDED: timedelta(days=7),
    Rule.READING_WINDOW_OPENED: timedelta(days=7),
    Rule.READING_MISSING: timedelta(days=7),
    Rule.READING_REJECTED: timedelta(days=7),
    Rule.TICKET_OPENED: timedelta(days=7),
    Rule.TICKET_ANSWERED: timedelta(days=7),
    Rule.TICKET_ADVANCED: timedelta(days=7),
    Rule.TICKET_CLOSED: timedelta(days=7),
    Rule.PAYMENT_DUE: timedelta(days=7),
    Rule.PAYMENT_OVERDUE_1: timedelta(days=7),
    Rule.PAYMENT_OVERDUE_2: timedelta(days=7),
    Rule.PAYMENT_OVERDUE_3: timedelta(days=7),
}
BY_CONSENT = frozenset({Rule.INVOICE_ISSUED})
LOOK_AGAIN = timedelta(seconds=30)
REFERENCE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_BITS = 40
LETTERS_READ_ALIKE = str.maketrans("ILOU", "110V")  # Letters a reference does not have, as they are misread.
ID_REMEMBERED = timedelta(hours=23)  # The provider of text messages refuses an id twice within a day.

NO_ADDRESS = "NO_ADDRESS"
NO_PHONE = "NO_PHONE"
NO_CONSENT = "NO_CONSENT"
NOT_WANTED = "NOT_WANTED"
CHANNEL_OFF = "CHANNEL_OFF"
PAID_MEANWHILE = "PAID_MEANWHILE"
EXPIRED = "EXPIRED"
SEAL_BROKEN = "SEAL_BROKEN"
ADDRESS_MALFORMED = "ADDRESS_MALFORMED"
REFUSED_BY_SERVER = "REFUSED_BY_SERVER"
SERVER_BUSY = "SERVER_BUSY"
SENDER_REFUSED = "SENDER_REFUSED"
IN_DOUBT = "IN_DOUBT"
NOT_WRITTEN = "NOT_WRITTEN"
OVERTAKEN = "OVERTAKEN"
NUMBER_REFUSED = "NUMBER_REFUSED"
NO_FUNDS = "NO_FUNDS"
NOT_DELIVERED = "NOT_DELIVERED"
NEVER_REACHED = "NEVER_REACHED"
CANCELLED = "CANCELLED"
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
    return write_reference(message_id.int % 2**REFERENCE_BITS)


def write_reference(bits: int) -> str:
    """40 bits in letters that are not misread."""
    letters = [REFERENCE_LETTERS[bits >> shift & 31] for shift in range(REFERENCE_BITS - 5, -1, -5)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def read_reference(text: str) -> int | None:
    """The 40 bits of a reference as somebody typed it: any case, with or without hyphen; None when it cannot be one."""
    plain = "".join(text.split()).replace("-", "").upper().translate(LETTERS_READ_ALIKE)
    if len(plain) != REFERENCE_BITS // 5 or set(plain) - set(REFERENCE_LETTERS):
        return None
    bits = 0
    for letter in plain:
        bits = bits << 5 | REFERENCE_LETTERS.index(letter)
    return bits


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
    channels: Sequence[Channel] | None = None,
) -> None:
    """A message to a customer, on each of the channels. The same again: nothing happens.

    Without channels: by e-mail, and by text message too if the customer wants that of this topic. It goes to the
    address among its facts under PAYER_EMAIL; else where the customer wants it at the moment of sending.
    """
    if channels is None:
        choices = stored_preferences.find_choices(session, [customer_id]).get(customer_id, NO_CHOICES)
        channels = [Channel.EMAIL]
        if preferences.topic_of(rule) and preferences.may_send(rule, Channel.SMS, choices):
            channels.append(Channel.SMS)
    for channel in channels:
        stored.add_message(
            session,
            {
                **_beginning(rule, subject_id, now=now, expires_at=expires_at),
                "channel": channel,
                "recipient": f"customer:{customer_id}",
                "customer_id": customer_id,
                "address": facts.get(PAYER_EMAIL, "") if channel is Channel.EMAIL else "",
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
    session: Session,
    lease_id: UUID,
    channel: Channel,
    *,
    lease: timedelta,
    count_max: int,
    patience: Patience,
    quiet_until: datetime | None,
    now: datetime,
) -> tuple[int, list[InHand]]:
    """Take due messages into one worker's hands and settle those that are not to be sent.

    Answers how many were taken, and those of them that are to be sent now. `quiet_until`: when the quiet hours that it
    is in end.
    """
    taken = in_hand.lease_due(session, lease_id, channel, now=now, lease=lease, count_max=count_max)
    customer_ids = {message.customer_id for message in taken if message.customer_id is not None}
    known = contacts.find_contacts(session, customer_ids) if customer_ids else {}
    chosen = stored_preferences.find_choices(session, customer_ids)
    failed = {message.subject_id for message in taken if message.rule is Rule.PAYMENT_FAILED}
    settled = stored.find_subjects(session, Rule.PAYMENT_RECEIVED, failed)
    halted = find_halted(session, {one.subject_id for one in taken if one.rule is Rule.CAMPAIGN})
    ready: list[InHand] = []
    moved: list[InHand] = []
    for message in taken:
        if message.doubtful_since is not None and now - message.doubtful_since > ID_REMEMBERED:
            give_up(session, message, reason=IN_DOUBT)
        elif message.rule is Rule.CAMPAIGN and message.subject_id in halted:
            _halt(session, message, halted[message.subject_id], now=now)
        elif message.expires_at <= now:
            _expire(session, message)
        elif quiet_until is not None and _heeds_quiet(message):
            _put_back(session, message, next_attempt_at=quiet_until)
        elif message.rule is Rule.PAYMENT_FAILED and message.subject_id in settled:
            _suppress(
                session, message, OVERTAKEN
            )  # It was paid after all: "nothing was taken" would be wrong.
        elif message.customer_id is None or (
            _addressed(session, message, known.get(message.customer_id), moved, patience=patience, now=now)
            and _wanted(session, message, chosen.get(message.customer_id, NO_CHOICES))
        ):
            ready.append(message)
    in_hand.write_addresses(session, moved)
    if channel is Channel.SMS and ready:
        in_hand.mark_doubtful(session, [message.message_id for message in ready], now=now)
    return len(taken), ready


def _halt(session: Session, message: InHand, by: CampaignStatus, *, now: datetime) -> None:
    """Its campaign waits, or is over."""
    if by is CampaignStatus.CANCELLED:
        _suppress(session, message, CANCELLED)
    else:
        _put_back(session, message, next_attempt_at=now + LOOK_AGAIN)


def _heeds_quiet(message: InHand) -> bool:
    """A telephone does not ring in quiet hours, and no marketing comes."""
    return message.channel is Channel.SMS or bool(message.facts.get(MARKETING_FACT))


def _addressed(
    session: Session,
    message: InHand,
    contact: contacts.Contact | None,
    moved: list[InHand],
    *,
    patience: Patience,
    now: datetime,
) -> bool:
    """Put the customer's address of this moment on the message; false when it is not to be sent now.

    One that is not as it was planned is `moved`, to be written.
    """
    by_mail = message.channel is Channel.EMAIL
    payer = message.facts.get(PAYER_EMAIL, "") if by_mail else ""
    nowhere = NO_ADDRESS if by_mail else NO_PHONE
    if contact is None:
        # The invoice's event may overtake the customer's. Its arrival wakes the message, unless it arrives in this
        # very moment: hence the second look.
        until = message.planned_at + patience.contact_wait
        if now < until:
            _put_back(session, message, next_attempt_at=min(until, now + LOOK_AGAIN))
        elif not payer:
            _suppress(session, message, nowhere)
        return now >= until and bool(payer)
    address = (payer or contact.email) if by_mail else contact.phone
    if not address:
        _suppress(session, message, nowhere)
        return False
    if by_mail and message.rule in BY_CONSENT and not contact.e_invoice:
        _suppress(session, message, NO_CONSENT)
        return False
    # Somebody else may have paid.
    name = contact.name if address in (contact.email, contact.phone) else ""
    facts = {
        **message.facts,
        "customer_number": contact.number,
        "premises_label": contact.premises_label,
    }
    known = (address, name, contact.language, facts)
    if known != (message.address, message.name, message.language, message.facts):
        message.address, message.name, message.language, message.facts = known
        moved.append(message)
    return True


def _wanted(session: Session, message: InHand, choices: Choices) -> bool:
    """Whether the customer wants it; who paid gets the word of it at the address given for that, whatever is wanted."""
    marketing = bool(message.facts.get(MARKETING_FACT))
    if message.facts.get(PAYER_EMAIL) and message.channel is Channel.EMAIL:
        return True
    if preferences.may_send(message.rule, message.channel, choices, marketing=marketing):
        return True
    _suppress(session, message, NO_CONSENT if marketing else NOT_WANTED)
    return False


def mark_sent(
    session: Session,
    message: InHand,
    *,
    subject: str,
    now: datetime,
    provider_id: str = "",
    ask_at: datetime | None = None,
) -> bool:
    """The server took it. False when the lease was lost: then another worker says what became of it.

    `ask_at`: when its provider is asked what became of it.
    """
    kept = in_hand.close_lease(
        session,
        message.message_id,
        message.lease_id,
        {
            "status": MessageStatus.SENT,
            "sent_at": now,
            "subject": subject,
            "reason": "",
            "sealed_token": None,
            "attempts": message.attempts + 1,
            "doubtful_since": None,
            "provider_id": provider_id,
            "ask_at": ask_at,
        },
    )
    if kept:
        announce.message_sent(session, [message], sent_at=now)
    return kept


def give_up(session: Session, message: InHand, *, reason: str) -> None:
    """It will never arrive: refused for good, or tried too often."""
    kept = in_hand.close_lease(
        session,
        message.message_id,
        message.lease_id,
        {
            "status": MessageStatus.FAILED,
            "reason": reason,
            "sealed_token": None,
            "attempts": message.attempts + 1,
            "doubtful_since": None,
        },
    )
    if kept:
        announce.message_failed(session, message, reason=reason)


def try_later(session: Session, message: InHand, *, reason: str, patience: Patience, now: datetime) -> None:
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
        doubtful_since=_doubtful_since(message, reason, now=now),
    )


def _doubtful_since(message: InHand, reason: str, *, now: datetime) -> datetime | None:
    """A mail that comes twice is recognised by its Message-ID; of a text message it has to be known."""
    if message.channel is Channel.SMS and reason == IN_DOUBT:
        return message.doubtful_since or now
    return message.doubtful_since


def wait(session: Session, message: InHand, *, until: datetime) -> None:
    """Somebody has to be asked before it can be sent, and is not there now."""
    _put_back(session, message, next_attempt_at=until)


def hold_back(session: Session, message: InHand, *, reason: str) -> None:
    """It is in our hands and not to be sent at all."""
    _suppress(session, message, reason)


def put_back(session: Session, messages: Sequence[InHand]) -> None:
    """Nothing was tried: out of our hands, due as before."""
    for message in messages:
        _put_back(session, message)


def _put_back(session: Session, message: InHand, **values: Any) -> None:
    # As it was taken: what was not tried is no more doubtful than before.
    changed = {"status": MessageStatus.PLANNED, "doubtful_since": message.doubtful_since, **values}
    in_hand.close_lease(session, message.message_id, message.lease_id, changed)


def _expire(session: Session, message: InHand) -> None:
    """Its time has passed: failed when it had been tried, else held back."""
    if message.attempts:
        give_up(session, message, reason=message.reason or EXPIRED)
    else:
        _suppress(session, message, EXPIRED)


def _suppress(session: Session, message: InHand, reason: str) -> None:
    values = {"status": MessageStatus.SUPPRESSED, "reason": reason, "sealed_token": None}
    in_hand.close_lease(session, message.message_id, message.lease_id, values)
