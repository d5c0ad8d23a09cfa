"""Messages and what became of them. A message is a row before it is anything else."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    Text,
    UniqueConstraint,
    and_,
    cast,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.keyset import Page, Window, fetch_page
from services.notify.storage.base import Base


class Rule(StrEnum):
    """Why a message is sent."""

    EMAIL_CONFIRMATION = "email_confirmation"
    REGISTRATION_REPEATED = "registration_repeated"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a rule
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a rule
    NEW_DEVICE = "new_device"
    FACTOR_CHANGED = "factor_changed"
    EMAIL_CHANGE_LINK = "email_change_link"
    EMAIL_CHANGE_NOTICE = "email_change_notice"
    EMAIL_CHANGED = "email_changed"
    EMAIL_SET_BACK = "email_set_back"
    DELEGATE_INVITED = "delegate_invited"
    GRANT_GIVEN = "grant_given"
    GRANT_REVOKED = "grant_revoked"
    CUSTOMER_CLAIMED = "customer_claimed"
    CONTACT_CHANGED = "contact_changed"
    INVOICE_ISSUED = "invoice_issued"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_REFUNDED = "payment_refunded"
    READING_WINDOW_OPENED = "reading_window_opened"
    READING_MISSING = "reading_missing"
    READING_REJECTED = "reading_rejected"
    TICKET_OPENED = "ticket_opened"
    TICKET_ANSWERED = "ticket_answered"
    TICKET_ADVANCED = "ticket_advanced"
    TICKET_CLOSED = "ticket_closed"
    PAYMENT_DUE = "payment_due"
    PAYMENT_OVERDUE_1 = "payment_overdue_1"
    PAYMENT_OVERDUE_2 = "payment_overdue_2"
    PAYMENT_OVERDUE_3 = "payment_overdue_3"
    CAMPAIGN = "campaign"
    CAMPAIGN_TEST = "campaign_test"


class Channel(StrEnum):
    """How it travels."""

    EMAIL = "email"
    SMS = "sms"


class MessageStatus(StrEnum):
    """SENDING is a message in the hands of a worker: until `leased_until` nobody else touches it."""

    PLANNED = "PLANNED"
    SENDING = "SENDING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    SUPPRESSED = "SUPPRESSED"


OPEN = (MessageStatus.PLANNED, MessageStatus.SENDING)
_OPEN_SQL = "status IN ('PLANNED', 'SENDING')"
_REFERENCE_SQL = "substr(message_id::text, 27)"  # The 40 bits that a reference is made of.


class Message(Base):
    """One message to one recipient.

    `recipient` is the party, `user:<id>` or `customer:<id>`; the address is that of the last attempt. `facts` is what
    the text is made of. `sealed_token` is there only until the message is done. Of text messages alone:
    `provider_id` is the provider's name for it; `doubtful_since` since when it may have been taken without our knowing;
    `ask_at` when we ask what became of it. One that failed has `sent_at` when it had left before.
    """

    __tablename__ = "messages"
    __table_args__ = (
        # Rules come with every release; which there are is said by the enumeration.
        CheckConstraint("rule ~ '^[a-z0-9_]{1,40}$'", name="rule"),
        one_of("channel", Channel),
        one_of("status", MessageStatus),
        CheckConstraint(f"sealed_token IS NULL OR {_OPEN_SQL}", name="token_erased"),
        CheckConstraint("(status = 'SENDING') = (leased_until IS NOT NULL)", name="sending_is_leased"),
        CheckConstraint(
            "status = 'FAILED' OR (status IN ('SENT', 'DELIVERED')) = (sent_at IS NOT NULL)", name="sent_at"
        ),
        UniqueConstraint("rule", "subject_id", "recipient", "channel"),
        Index("messages_due", "channel", "next_attempt_at", "message_id", postgresql_where=text(_OPEN_SQL)),
        Index("messages_to_ask", "ask_at", postgresql_where=text("ask_at IS NOT NULL")),
        Index("messages_by_provider_id", "provider_id", postgresql_where=text("provider_id <> ''")),
        Index(
            "messages_sent_by_reference",
            text(_REFERENCE_SQL),
            postgresql_where=text("sent_at IS NOT NULL"),
        ),
        Index("messages_by_customer", "customer_id", "message_id"),
    )

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    rule: Mapped[Rule] = word(Rule)
    channel: Mapped[Channel] = word(Channel)
    subject_id: Mapped[str]
    recipient: Mapped[str]
    customer_id: Mapped[UUID | None]
    address: Mapped[str]
    name: Mapped[str]
    language: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed_token: Mapped[bytes | None]
    status: Mapped[MessageStatus] = word(MessageStatus)
    reason: Mapped[str]
    subject: Mapped[str]
    planned_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    attempts: Mapped[int]
    lease_id: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    traceparent: Mapped[str]
    provider_id: Mapped[str] = mapped_column(server_default="")
    doubtful_since: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]


class AnyMessage(Protocol):
    """A message as texts see it: a row, one in a worker's hands, or one that is kept nowhere."""

    message_id: UUID
    rule: Rule
    channel: Channel
    subject_id: str
    customer_id: UUID | None
    address: str
    name: str
    language: str
    facts: dict[str, Any]
    expires_at: datetime


def add_message(session: Session, values: dict[str, Any]) -> UUID | None:
    """Store a message; None when the same was stored before."""
    defaults = {
        "status": MessageStatus.PLANNED,
        "reason": "",
        "subject": "",
        "attempts": 0,
    }
    statement = insert(Message).values(**defaults, **values).on_conflict_do_nothing()
    return session.execute(statement.returning(Message.message_id)).scalar()


def find_subjects(session: Session, rule: Rule, subject_ids: Collection[str]) -> set[str]:
    """Those of the subjects about which there is a message of the rule, whatever became of it."""
    if not subject_ids:
        return set()
    statement = select(Message.subject_id).where(Message.rule == rule, Message.subject_id.in_(subject_ids))
    return set(session.scalars(statement))


def wake_waiting(session: Session, customer_id: UUID, *, now: datetime) -> None:
    """What waits for this customer's contact is due now."""
    session.execute(
        update(Message)
        .where(
            Message.customer_id == customer_id,
            Message.status == MessageStatus.PLANNED,
            Message.next_attempt_at > now,
            Message.attempts == 0,
        )
        .values(next_attempt_at=now)
    )


def get_message(session: Session, message_id: UUID) -> Message | None:
    """A message by id."""
    return session.get(Message, message_id)


def lock_reported(session: Session, *, message_id: UUID | None, provider_id: str) -> Message | None:
    """The text message that a report speaks of: by our own id, else by the provider's."""
    named = Message.message_id == message_id if message_id else Message.provider_id == provider_id
    statement = select(Message).where(named, Message.channel == Channel.SMS).limit(1)
    return session.scalar(statement.with_for_update()) if message_id or provider_id else None


def list_to_ask(session: Session, *, now: datetime, count_max: int) -> Sequence[Message]:
    """Text messages that left and of which nothing more was heard, the longest waiting first."""
    statement = select(Message).where(Message.ask_at <= now).order_by(Message.ask_at).limit(count_max)
    return session.scalars(statement).all()


def find_by_reference(session: Session, bits: int) -> Message | None:
    """The newest message that left and ends in these 40 bits; None when there is none."""
    tail = func.substr(cast(Message.message_id, Text), 27)
    statement = select(Message).where(tail == f"{bits:010x}", Message.sent_at.is_not(None))
    return session.scalar(statement.order_by(Message.sent_at.desc()).limit(1))


def list_messages(session: Session, customer_id: UUID, *, window: Window) -> Page:
    """A customer's messages, the newest first: their ids grow with time."""
    statement = select(Message).where(Message.customer_id == customer_id)
    return fetch_page(
        session, statement, keys=[Message.message_id], window=window, descending=True, scalars=True
    )


def erase_done(
    session: Session, *, of_users_before: datetime, of_customers_before: datetime, count_max: int
) -> int:
    """Delete messages that were done with long ago, at most so many; answers how many."""
    old = (
        select(Message.message_id)
        .where(
            Message.status.not_in(OPEN),
            or_(
                and_(Message.customer_id.is_(None), Message.planned_at < of_users_before),
                Message.planned_at < of_customers_before,
            ),
        )
        .limit(count_max)
    )
    gone = session.scalars(delete(Message).where(Message.message_id.in_(old)).returning(Message.message_id))
    return len(gone.all())
