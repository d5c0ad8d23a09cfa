"""What billing says of customers: where they are, for staff limited to an area."""

from datetime import datetime

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import areas, wire
from chassis.messaging.inbox import Handlers
from services.payments.storage.areas import CustomerArea

handlers = Handlers()


@handlers.on(events_pb2.CustomerChanged)
def on_customer_changed(session: Session, event: events_pb2.CustomerChanged, *, now: datetime) -> None:
    """Keep the newest, in whatever order they arrive."""
    customer_id = wire.unpack_id(event.customer_id, field="customer_id")
    areas.keep(session, CustomerArea, customer_id, event)
