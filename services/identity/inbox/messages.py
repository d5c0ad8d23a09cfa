"""What notify says of messages: who holds one with an offer may want no more of them."""

from datetime import datetime

from ebok.notify.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.identity.domain import consents
from services.identity.storage.consents import ConsentKind

KINDS = {"email": ConsentKind.MARKETING_EMAIL, "sms": ConsentKind.MARKETING_SMS}

handlers = Handlers()


@handlers.on(events_pb2.OffersRefused)
def on_offers_refused(session: Session, event: events_pb2.OffersRefused, *, now: datetime) -> None:
    """The consent ends, and the history says by which message."""
    consents.refuse_offers(
        session,
        wire.unpack_id(event.customer_id, field="customer_id"),
        KINDS[event.channel],
        message_id=event.message_id,
        refused_at=wire.unpack_instant(event.refused_at, field="refused_at"),
        now=now,
    )
