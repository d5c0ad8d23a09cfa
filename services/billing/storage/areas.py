"""Which customers are in an area, for staff who are limited to towns or commodities."""

from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import Session

from chassis import areas
from chassis.actors import Area
from services.billing.storage.contracts import Contract
from services.billing.storage.customers import Customer
from services.billing.storage.meters import Meter
from services.billing.storage.premises import Premises
from services.billing.storage.readings import Reading
from services.billing.storage.service_points import ServicePoint


def covered(area: Area) -> ColumnElement[bool]:
    """The condition that a customer is in an area: one of its towns and one of its commodities are."""
    conditions = []
    if area.towns:
        conditions.append(_any(Customer.towns, area.towns))
    if area.commodities:
        conditions.append(_any(Customer.commodities, area.commodities))
    return and_(true(), *conditions)


def _any(column: object, values: frozenset[str]) -> ColumnElement[bool]:
    return func.jsonb_exists_any(column, cast(array(sorted(values)), ARRAY(Text)))


def places_covered(area: Area) -> ColumnElement[bool]:
    """The condition that a place is in an area, for a query over service points joined with their premises."""
    conditions = []
    if area.towns:
        conditions.append(Premises.__table__.c.town.in_(sorted(area.towns)))
    if area.commodities:
        names = sorted(one.upper() for one in area.commodities)
        conditions.append(cast(ServicePoint.__table__.c.commodity, Text).in_(names))
    return and_(true(), *conditions)


def holds_meter(session: Session, area: Area, meter_id: UUID) -> bool:
    """Whether a meter stands in an area."""
    found = (
        select(Meter.__table__.c.meter_id)
        .join(
            ServicePoint.__table__,
            ServicePoint.__table__.c.service_point_id == Meter.__table__.c.service_point_id,
        )
        .join(Premises.__table__, Premises.__table__.c.premises_id == ServicePoint.__table__.c.premises_id)
        .where(Meter.__table__.c.meter_id == meter_id, places_covered(area))
    )
    return session.execute(found).first() is not None


def holds_customer(session: Session, area: Area, customer_id: UUID) -> bool:
    """Whether a customer is in an area."""
    found = select(Customer.customer_id).where(Customer.customer_id == customer_id, covered(area))
    return session.execute(found).first() is not None


def holds_contract(session: Session, area: Area, contract_id: UUID) -> bool:
    """Whether a contract is with a customer in an area."""
    customer_id = session.scalar(select(Contract.customer_id).where(Contract.contract_id == contract_id))
    return customer_id is not None and holds_customer(session, area, customer_id)


def holds_service_point(session: Session, area: Area, service_point_id: UUID) -> bool:
    """Whether a service point is in an area."""
    return _holds_place(session, area, ServicePoint.__table__.c.service_point_id == service_point_id)


def holds_premises(session: Session, area: Area, premises_id: UUID) -> bool:
    """Whether something is delivered to premises in an area."""
    return _holds_place(session, area, Premises.__table__.c.premises_id == premises_id)


def _holds_place(session: Session, area: Area, condition: ColumnElement[bool]) -> bool:
    found = (
        select(ServicePoint.__table__.c.service_point_id)
        .join(Premises.__table__, Premises.__table__.c.premises_id == ServicePoint.__table__.c.premises_id)
        .where(condition, places_covered(area))
    )
    return session.execute(found.limit(1)).first() is not None


def holds_reading(session: Session, area: Area, reading_id: UUID) -> bool:
    """Whether a reading is of a meter in an area."""
    meter_id = session.scalar(select(Reading.meter_id).where(Reading.reading_id == reading_id))
    return meter_id is not None and holds_meter(session, area, meter_id)


guard = areas.guard(Customer, lambda _customer, area: covered(area))
