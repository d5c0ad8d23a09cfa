"""What customers want to be told, by which channel, and whether it may be sent.

A topic is what a customer thinks of ("invoices", "reminders"); each rule belongs to one. For every topic and channel
there is a default, and a word whether it can be switched: some things have to be said.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import Invalid, Violation
from services.notify.storage import preferences as stored
from services.notify.storage.messages import Channel, Rule
from services.notify.storage.preferences import Chosen

Choices = Mapping[tuple[str, Channel], Chosen]
NO_CHOICES: Choices = {}
MARKETING_FACT = "marketing"  # The fact of a message that says it is marketing.


class Topic(StrEnum):
    """What customers are written to about, in the order in which they see it."""

    INVOICES = "invoices"
    PAYMENTS = "payments"
    BEFORE_DUE = "before_due"
    OVERDUE = "overdue"
    READINGS = "readings"
    CASES = "cases"
    NEWS = "news"
    MARKETING = "marketing"


class Manner(StrEnum):
    """How a topic and a channel go together: ALWAYS cannot be switched off; BY_E_INVOICE follows another choice,
    BY_CONSENT what identity says of the customer's consent.
    """

    ON = "ON"
    OFF = "OFF"
    ALWAYS = "ALWAYS"
    BY_E_INVOICE = "BY_E_INVOICE"
    BY_CONSENT = "BY_CONSENT"


# Each topic: by e-mail, by text message.
MANNERS: dict[Topic, dict[Channel, Manner]] = {
    Topic.INVOICES: {Channel.EMAIL: Manner.BY_E_INVOICE, Channel.SMS: Manner.OFF},
    Topic.PAYMENTS: {Channel.EMAIL: Manner.ON, Channel.SMS: Manner.OFF},
    Topic.BEFORE_DUE: {Channel.EMAIL: Manner.ON, Channel.SMS: Manner.ON},
    Topic.OVERDUE: {Channel.EMAIL: Manner.ALWAYS, Channel.SMS: Manner.ON},
    Topic.READINGS: {Channel.EMAIL: Manner.ON, Channel.SMS: Manner.OFF},
    Topic.CASES: {Channel.EMAIL: Manner.ALWAYS, Channel.SMS: Manner.OFF},
    Topic.NEWS: {Channel.EMAIL: Manner.ON, Channel.SMS: Manner.ON},
    Topic.MARKETING: {Channel.EMAIL: Manner.BY_CONSENT, Channel.SMS: Manner.BY_CONSENT},
}
FIXED = frozenset({Manner.ALWAYS, Manner.BY_E_INVOICE, Manner.BY_CONSENT})
# By the first word of a rule; a rule that is not here is about the account itself and always sent.
TOPICS = {
    "invoice": Topic.INVOICES,
    "payment": Topic.PAYMENTS,
    "payment_due": Topic.BEFORE_DUE,
    "payment_overdue": Topic.OVERDUE,
    "reading": Topic.READINGS,
    "ticket": Topic.CASES,
    "announcement": Topic.NEWS,
    "campaign": Topic.NEWS,
}


@dataclass(frozen=True)
class Choice:
    """One cell of the table a customer sees. `changed_at` is absent while the default holds."""

    topic: Topic
    channel: Channel
    manner: Manner
    is_on: bool
    changed_at: datetime | None


@functools.cache
def topic_of(rule: Rule, *, marketing: bool = False) -> Topic | None:
    """The topic a rule belongs to: the longest name in TOPICS that it begins with; None: always sent."""
    if marketing:
        return Topic.MARKETING
    names = [name for name in TOPICS if rule.value.startswith(name)]
    return TOPICS[max(names, key=len)] if names else None


def may_send(rule: Rule, channel: Channel, choices: Choices, *, marketing: bool = False) -> bool:
    """Whether a message may go to a customer who chose this. Marketing: only where it was agreed to.

    An e-invoice has its own consent, in billing: who may have it is asked elsewhere.
    """
    topic = topic_of(rule, marketing=marketing)
    return topic is None or _is_on(topic, channel, choices)


def _is_on(topic: Topic, channel: Channel, choices: Choices) -> bool:
    manner = MANNERS[topic][channel]
    if manner in (Manner.ALWAYS, Manner.BY_E_INVOICE):
        return True
    chosen = choices.get((topic.value, channel))
    return manner is Manner.ON if chosen is None else chosen.is_on


def choices_of(session: Session, customer_id: UUID, *, e_invoice: bool) -> list[Choice]:
    """The whole table of a customer, topic by topic, e-mail before text message."""
    chosen = stored.find_choices(session, [customer_id]).get(customer_id, NO_CHOICES)
    return [
        Choice(
            topic,
            channel,
            manner,
            e_invoice if manner is Manner.BY_E_INVOICE else _is_on(topic, channel, chosen),
            chosen[topic.value, channel].changed_at if (topic.value, channel) in chosen else None,
        )
        for topic, manners in MANNERS.items()
        for channel, manner in manners.items()
    ]


def choose(
    session: Session,
    customer_id: UUID,
    wanted: Mapping[tuple[Topic, Channel], bool],
    *,
    now: datetime,
) -> None:
    """Keep what a customer chose. Refuses FIXED at `choices[topic.channel]` for what cannot be switched.

    The same again changes nothing. What the default says already is kept too: a later default is not the customer's
    word.
    """
    fixed = [
        Violation(f"choices[{topic}.{channel}]", "FIXED")
        for topic, channel in wanted
        if MANNERS[topic][channel] in FIXED
    ]
    if fixed:
        raise Invalid(violations=fixed)
    given = {(topic.value, channel): is_on for (topic, channel), is_on in wanted.items()}
    stored.keep_choices(session, customer_id, given, now=now)


def keep_consent(
    session: Session, customer_id: UUID, channel: Channel, *, is_given: bool, version: int, said_at: datetime
) -> None:
    """What identity says of the consent to marketing on a channel, unless a later word is known."""
    stored.keep_consent(
        session, customer_id, Topic.MARKETING.value, channel, is_on=is_given, version=version, said_at=said_at
    )


def end_offers(session: Session, customer_id: UUID, channel: Channel, *, now: datetime) -> bool:
    """No more marketing from this moment on; identity's word about it comes later. False when there was none to end."""
    return stored.switch_off(session, customer_id, Topic.MARKETING.value, channel, now=now)
