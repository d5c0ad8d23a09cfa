"""What identity says of consents: offers go only to whom identity says has agreed to them."""

from datetime import datetime

from ebok.identity.v1 import consents_pb2, events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.notify.domain import preferences
from services.notify.storage.messages import Channel

CHANNELS = {
    consents_pb2.CONSENT_KIND_MARKETING_EMAIL: Channel.EMAIL,
    consents_pb2.CONSENT_KIND_MARKETING_SMS: Channel.SMS,
}

handlers = Handlers()


@handlers.on(events_pb2.ConsentChanged)
def on_consent_changed(session: Session, event: events_pb2.ConsentChanged, *, now: datetime) -> None:
    """Keep the newest word of the kinds that messages are sent by."""
    channel = CHANNELS.get(event.kind)
    if channel is not None:
        preferences.keep_consent(
            session,
            wire.unpack_id(event.customer_id, field="customer_id"),
            channel,
            is_given=event.is_given,
            version=event.version,
            said_at=wire.unpack_instant(event.said_at, field="said_at"),
        )
