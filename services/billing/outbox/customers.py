"""What billing tells others of customers."""

from datetime import datetime
from typing import Any

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.ids import new_id
from chassis.messaging import outbox
from services.billing.storage.base import OutboxRow
from services.billing.storage.customers import Customer


def customer_changed(session: Session, customer: Any) -> None:
    """A customer is new or changed; `customer` is a `Customer` or a row of its table."""
    event = events_pb2.CustomerChanged(
        customer_id=str(customer.customer_id),
        number=customer.number,
        name=customer.name,
        email=customer.own_email or customer.source_email,
        language=customer.language,
        e_invoice=customer.e_invoice,
        premises_label=customer.premises_label,
        towns=customer.towns,
        commodities=customer.commodities,
        phone=customer.own_phone or customer.source_phone,
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id, subject_version=customer.version)


def contact_email_changed(session: Session, customer: Customer, *, old_email: str, now: datetime) -> None:
    """Who is concerned has to be told, at the address until now, too."""
    event = events_pb2.ContactEmailChanged(
        change_id=str(new_id()),
        customer_id=str(customer.customer_id),
        customer_name=customer.name,
        old_email=old_email,
        new_email=customer.email,
        changed_at=wire.pack_instant(now),
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id)
