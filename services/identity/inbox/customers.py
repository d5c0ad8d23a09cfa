"""What billing says of customers."""

from datetime import datetime

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import areas, wire
from chassis.messaging.inbox import Handlers
from services.identity.domain import grants
from services.identity.storage.areas import CustomerArea

handlers = Handlers()


@handlers.on(events_pb2.CustomerChanged)
def on_customer_changed(session: Session, event: events_pb2.CustomerChanged, *, now: datetime) -> None:
    """Keep the labels of the switcher, and where the customer is."""
    customer_id = wire.unpack_id(event.customer_id, field="customer_id")
    grants.keep_labels(
        session,
        customer_id,
        version=event.version,
        number=event.number,
        name=event.name,
        premises_label=event.premises_label,
    )
    areas.keep(session, CustomerArea, customer_id, event)
