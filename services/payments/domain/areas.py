"""Staff who are limited to towns or commodities look after payments of customers there."""

from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import OutsideArea
from services.payments.storage import areas as stored


def require_payment(session: Session, payment_id: UUID, *, by: Actor) -> None:
    """Refuses OUTSIDE_AREA for a payment of a customer elsewhere, and for one that is not there."""
    if not by.area.is_whole and not stored.holds_payment(session, by.area, payment_id):
        raise OutsideArea
