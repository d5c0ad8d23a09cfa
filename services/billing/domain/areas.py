"""Staff who are limited to towns or commodities decide only on meters there; what there is elsewhere is not told."""

from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import OutsideArea
from services.billing.storage import areas as stored


def require_reading(session: Session, reading_id: UUID, *, by: Actor) -> None:
    """Refuses OUTSIDE_AREA for a reading of a meter elsewhere, and for one that is not there."""
    if not by.area.is_whole and not stored.holds_reading(session, by.area, reading_id):
        raise OutsideArea


def require_meter(session: Session, meter_id: UUID, *, by: Actor) -> None:
    """Refuses OUTSIDE_AREA for a meter elsewhere, and for one that is not there."""
    if not by.area.is_whole and not stored.holds_meter(session, by.area, meter_id):
        raise OutsideArea
