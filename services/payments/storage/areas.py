"""Where customers are served with what: staff limited to an area see no others."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import areas
from chassis.actors import Area
from services.payments.storage.base import Base
from services.payments.storage.payments import Payment

CustomerArea: Any = areas.table(Base)


def holds_payment(session: Session, area: Area, payment_id: UUID) -> bool:
    """Whether a payment is of a customer in an area."""
    found = (
        select(Payment.payment_id)
        .join(CustomerArea, CustomerArea.customer_id == Payment.customer_id)
        .where(Payment.payment_id == payment_id, areas.covered(CustomerArea, area))
    )
    return session.execute(found).first() is not None
