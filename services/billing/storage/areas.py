"""Which customers are in an area, for staff who are limited to towns or commodities."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY, array

from chassis.actors import Area
from chassis.database import Database
from services.billing.storage.customers import Customer

# The same for plain SQL over `customers k`: `k.towns ?| :area_towns` is written with functions, `?` is psycopg's own.
WITHIN = (
    "(cardinality(CAST(:area_towns AS text[])) = 0 OR jsonb_exists_any(k.towns, CAST(:area_towns AS text[])))"
    " AND (cardinality(CAST(:area_commodities AS text[])) = 0"
    " OR jsonb_exists_any(k.commodities, CAST(:area_commodities AS text[])))"
)


def values_of(area: Area) -> dict[str, list[str]]:
    """The parameters of WITHIN."""
    return {"area_towns": sorted(area.towns), "area_commodities": sorted(area.commodities)}


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


def guard(database: Database) -> Callable[[Area, str], bool]:
    """Whether a customer is in an area: what the server asks for each call of limited staff that names one."""

    def is_inside(area: Area, customer_id: str) -> bool:
        try:
            wanted = UUID(customer_id)
        except ValueError:
            return False  # No customer has that id; what is wrong with it is nothing to tell here.
        with database.reading() as session:
            found = select(Customer.customer_id).where(Customer.customer_id == wanted, covered(area))
            return session.execute(found).first() is not None

    return is_inside
