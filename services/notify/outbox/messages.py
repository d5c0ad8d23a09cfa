"""What notify tells the others about messages."""

from collections.abc import Iterable
from datetime import datetime

from ebok.notify.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging import outbox
from services.notify.storage.base import OutboxRow
from services.notify.storage.messages import AnyMessage


def message_sent(session: Session, messages: Iterable[AnyMessage], *, sent_at: datetime) -> None:
    """The mail server took them: an event for each, all in one statement."""
    instant = wire.pack_instant(sent_at)
    events = [
        events_pb2.MessageSent(
            message_id=str(message.message_id),
            customer_id=wire.pack_id(message.customer_id),
            rule=message.rule.value,
            sent_at=instant,
        )
        for message in messages
    ]
    outbox.announce_many(session, [(event, event.message_id) for event in events])


def message_failed(session: Session, message: AnyMessage, *, reason: str) -> None:
    """It was given up."""
    event = events_pb2.MessageFailed(
        message_id=str(message.message_id),
        customer_id=wire.pack_id(message.customer_id),
        rule=message.rule.value,
        reason=reason,
    )
    outbox.announce(session, OutboxRow, event, key=event.message_id)


def offers_refused(session: Session, message: AnyMessage, *, refused_at: datetime) -> None:
    """Who holds the message wants no more offers on its channel."""
    event = events_pb2.OffersRefused(
        message_id=str(message.message_id),
        customer_id=wire.pack_id(message.customer_id),
        channel=message.channel.value,
        refused_at=wire.pack_instant(refused_at),
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id)
