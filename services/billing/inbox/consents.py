"""What identity says of consents: whether a customer wants invoices by e-mail."""

from datetime import datetime

from ebok.identity.v1 import consents_pb2, events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.billing.domain import customers

handlers = Handlers()


@handlers.on(events_pb2.ConsentChanged)
def on_consent_changed(session: Session, event: events_pb2.ConsentChanged, *, now: datetime) -> None:
    """Keep the newest word about e-invoices."""
    if event.kind == consents_pb2.CONSENT_KIND_E_INVOICE:
        customer_id = wire.unpack_id(event.customer_id, field="customer_id")
        customers.keep_consent(session, customer_id, is_given=event.is_given, version=event.version, now=now)
