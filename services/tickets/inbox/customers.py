"""What billing says of customers: names for the queue, where they are for a clerk's area, the language of answers."""

from datetime import datetime

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.tickets.domain.words import words_of
from services.tickets.storage import customers, searches

handlers = Handlers()


@handlers.on(events_pb2.CustomerChanged)
def on_customer_changed(session: Session, event: events_pb2.CustomerChanged, *, now: datetime) -> None:
    """Keep the newest, in whatever order they arrive. Their cases are found by the new name too."""
    customer_id = wire.unpack_id(event.customer_id, field="customer_id")
    known = customers.get_customer(session, customer_id)
    called = None if known is None else (known.number, known.name)
    kept = customers.keep_newest(
        session,
        {
            "customer_id": customer_id,
            "version": event.version,
            "number": event.number,
            "name": event.name,
            "towns": list(event.towns),
            "commodities": list(event.commodities),
            "language": event.language,
        },
    )
    if kept and called != (event.number, event.name):
        searches.add_words_of_customer(session, customer_id, words_of(event.number, event.name))
