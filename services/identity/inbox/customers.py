"""What billing says of customers."""

from datetime import datetime

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import areas, wire
from chassis.messaging.inbox import Handlers
from services.identity.domain import grants
from services.identity.outbox.grants import ContactChange
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


@handlers.on(events_pb2.ContactEmailChanged)
def on_contact_email_changed(
    session: Session, event: events_pb2.ContactEmailChanged, *, now: datetime
) -> None:
    """Say who is to hear of another address."""
    grants.pass_contact_change_on(
        session,
        ContactChange(
            change_id=wire.unpack_id(event.change_id, field="change_id"),
            customer_id=wire.unpack_id(event.customer_id, field="customer_id"),
            customer_name=event.customer_name,
            old_email=event.old_email,
            new_email=event.new_email,
            changed_at=wire.unpack_optional_instant(event.changed_at) or now,
        ),
        now=now,
    )
