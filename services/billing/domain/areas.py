"""Staff who are limited to towns or commodities decide only on meters there; what there is elsewhere is not told."""

from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import OutsideArea
from services.billing.domain.rows import RowKind
from services.billing.storage import areas as stored

HOLDERS = {
    RowKind.CUSTOMER: stored.holds_customer,
    RowKind.PREMISES: stored.holds_premises,
    RowKind.SERVICE_POINT: stored.holds_service_point,
    RowKind.METER: stored.holds_meter,
    RowKind.CONTRACT: stored.holds_contract,
}


def require_reading(session: Session, reading_id: UUID, *, by: Actor) -> None:
    """Refuses OUTSIDE_AREA for a reading of a meter elsewhere, and for one that is not there."""
    if not by.area.is_whole and not stored.holds_reading(session, by.area, reading_id):
        raise OutsideArea


def require_meter(session: Session, meter_id: UUID, *, by: Actor) -> None:
    """Refuses OUTSIDE_AREA for a meter elsewhere, and for one that is not there."""
    if not by.area.is_whole and not stored.holds_meter(session, by.area, meter_id):
        raise OutsideArea


def require_record(session: Session, kind: RowKind, record_id: UUID, *, by: Actor) -> None:
    """Refuses OUTSIDE_AREA for a record elsewhere, and for one that is not there."""
    if not by.area.is_whole and not HOLDERS[kind](session, by.area, record_id):
        raise OutsideArea


def require_change(session: Session, kind: RowKind, record_id: UUID, *, by: Actor) -> None:
    """Refuses OUTSIDE_AREA as `require_record`, and for contracts: a point more of theirs would move a customer in."""
    if not by.area.is_whole and kind is RowKind.CONTRACT:
        raise OutsideArea
    require_record(session, kind, record_id, by=by)
