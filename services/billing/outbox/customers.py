"""What billing tells others of customers."""

from typing import Any

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis.messaging import outbox
from services.billing.storage.base import OutboxRow


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
