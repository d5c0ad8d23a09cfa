"""What billing says about customers: how to reach them."""

from datetime import datetime

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import areas, wire
from chassis.messaging.inbox import Handlers
from services.notify.domain import contacts
from services.notify.storage.areas import CustomerArea

handlers = Handlers()


@handlers.on(events_pb2.CustomerChanged)
def on_customer_changed(session: Session, event: events_pb2.CustomerChanged, *, now: datetime) -> None:
    """Keep the newest, in whatever order they arrive, and where the customer is."""
    customer_id = wire.unpack_id(event.customer_id, field="customer_id")
    contacts.keep(
        session,
        customer_id,
        version=event.version,
        facts={
            "number": event.number,
            "name": event.name,
            "email": event.email,
            "language": event.language,
            "e_invoice": event.e_invoice,
            "premises_label": event.premises_label,
            "phone": event.phone,
        },
        now=now,
    )
    areas.keep(session, CustomerArea, customer_id, event)
