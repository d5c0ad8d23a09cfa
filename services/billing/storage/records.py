"""Master data one by one, as staff look them up: with the ids they refer to and what people call them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Row, Select, func, or_, select, text
from sqlalchemy.orm import Session

from chassis.keyset import Page, Window, fetch_page
from services.billing.storage.contracts import Contract, ContractServicePoint
from services.billing.storage.customers import Customer
from services.billing.storage.folding import SORT_LENGTH_MAX
from services.billing.storage.meters import Meter
from services.billing.storage.premises import Premises
from services.billing.storage.service_points import ServicePoint
from services.billing.storage.tariffs import Tariff

SEARCH_KEY = (str, UUID)

_PLACE = (
    Premises.street,
    Premises.building,
    Premises.flat,
    Premises.postcode,
    Premises.town,
)
# By the model: the statement with the columns of the table and what its references and people call it.
_STATEMENTS: Mapping[Any, Select[*tuple[Any, ...]]] = {
    Customer: select(Customer.__table__),
    Premises: select(Premises.__table__),
    ServicePoint: select(
        ServicePoint.__table__, Premises.external_id.label("premises_external_id"), *_PLACE
    ).join(Premises, Premises.premises_id == ServicePoint.premises_id),
    Meter: select(
        Meter.__table__,
        ServicePoint.external_id.label("service_point_external_id"),
        ServicePoint.code,
        ServicePoint.premises_id,
        *_PLACE,
    )
    .join(ServicePoint, ServicePoint.service_point_id == Meter.service_point_id)
    .join(Premises, Premises.premises_id == ServicePoint.premises_id),
    Contract: select(
        Contract.__table__,
        Customer.external_id.label("customer_external_id"),
        Customer.name.label("customer_name"),
        Customer.number.label("customer_number"),
        Tariff.code.label("tariff_code"),
    )
    .join(Customer, Customer.customer_id == Contract.customer_id)
    .join(Tariff, Tariff.tariff_id == Contract.tariff_id),
}


# By the model: where its words are. A word has no spaces, so it stands in one of them or in none.
_WORDS: Mapping[Any, Sequence[Any]] = {
    Customer: (Customer.search_own, Customer.search_places),
    Premises: (Premises.search,),
    ServicePoint: (ServicePoint.search, Premises.search),
    Meter: (Meter.search, ServicePoint.search, Premises.search),
    Contract: (Contract.search, Customer.search_own),
}
_ORDER: Mapping[Any, Any] = {
    Customer: func.left(Customer.sort_name, SORT_LENGTH_MAX, type_=sa.Text()).collate("C"),
    Premises: Premises.sort_key,
    ServicePoint: Premises.sort_key,
    Meter: Meter.sort_key,
    Contract: Contract.sort_key,
}


def identity(model: Any) -> Any:
    """The column of a model's id."""
    [column] = model.__table__.primary_key
    return column


def get_record(session: Session, model: Any, record_id: UUID) -> Row[Any] | None:
    """One record with what it refers to."""
    return session.execute(_STATEMENTS[model].where(identity(model) == record_id)).first()


def search_records(
    session: Session, model: Any, *, words: Sequence[str], customer_id: UUID | None, window: Window
) -> Page:
    """Records in whose words every one is found, by what people call them; `sort_key` beside their columns."""
    key = _ORDER[model]
    statement = _STATEMENTS[model]
    if "sort_key" not in statement.selected_columns:
        statement = statement.add_columns(key.label("sort_key"))
    for word in words:
        statement = statement.where(or_(*(place.contains(word, autoescape=True) for place in _WORDS[model])))
    if customer_id is not None:
        statement = statement.where(_of_customer(model, customer_id))
    return fetch_page(session, statement, keys=(key, identity(model)), window=window)


def _of_customer(model: Any, customer_id: UUID) -> ColumnElement[bool]:
    if model is Customer:
        return Customer.customer_id == customer_id
    if model is Contract:
        return Contract.customer_id == customer_id
    points = (
        select(ContractServicePoint.service_point_id)
        .join(Contract, Contract.contract_id == ContractServicePoint.contract_id)
        .where(Contract.customer_id == customer_id)
    )
    if model is Premises:
        at = select(ServicePoint.premises_id).where(ServicePoint.service_point_id.in_(points))
        return Premises.premises_id.in_(at)
    return model.service_point_id.in_(points)


def find_points(session: Session, contract_ids: Collection[UUID]) -> dict[UUID, list[Row[Any]]]:
    """The points of contracts with their addresses, by external id; one without any is not there."""
    link = ContractServicePoint
    statement = (
        select(
            link.contract_id,
            ServicePoint.service_point_id,
            ServicePoint.external_id,
            ServicePoint.code,
            *_PLACE,
        )
        .join(ServicePoint, ServicePoint.service_point_id == link.service_point_id)
        .join(Premises, Premises.premises_id == ServicePoint.premises_id)
        .where(link.contract_id.in_(contract_ids))
        .order_by(link.contract_id, ServicePoint.external_id)
    )
    rows: Sequence[Any] = session.execute(statement).all() if contract_ids else ()
    found: dict[UUID, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.contract_id, []).append(row)
    return found


def find_only_customers(session: Session, model: Any, record_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Whose premises, points or meters these are, where all contracts for them are of one customer."""
    if not record_ids:
        return {}
    statement = (
        select(identity(model), func.min(sa.cast(Contract.customer_id, sa.Text)))
        .select_from(ContractServicePoint)
        .join(Contract, Contract.contract_id == ContractServicePoint.contract_id)
        .join(ServicePoint, ServicePoint.service_point_id == ContractServicePoint.service_point_id)
        .where(identity(model).in_(record_ids))
        .group_by(identity(model))
        .having(func.count(sa.distinct(Contract.customer_id)) == 1)
    )
    if model is Premises:
        statement = statement.join(Premises, Premises.premises_id == ServicePoint.premises_id)
    elif model is Meter:
        statement = statement.join(Meter, Meter.service_point_id == ServicePoint.service_point_id)
    return {record_id: UUID(customer_id) for record_id, customer_id in session.execute(statement)}


def set_as_of(session: Session, model: Any, record_id: UUID, *, as_of: datetime) -> None:
    """When a record that was made here was changed last."""
    session.execute(sa.update(model.__table__).where(identity(model) == record_id).values(as_of=as_of))


# What a change may not contradict.


def find_billed_days(session: Session, contract_id: UUID) -> tuple[date | None, date | None]:
    """The first and the last day of a contract that issued invoices bill; None before the first invoice."""
    row = session.execute(_BILLED_DAYS, {"contract_id": contract_id}).one()
    return row.first_day, row.last_day


_BILLED_DAYS = text("""
    SELECT min(from_day) AS first_day, max(until_day) AS last_day
      FROM invoice_spans WHERE contract_id = :contract_id
""")


def has_dropped_billed_point(session: Session, contract_id: UUID) -> bool:
    """Whether issued invoices of a contract bill a point that it does not deliver to."""
    return bool(session.scalar(_DROPPED, {"contract_id": contract_id}))


_DROPPED = text("""
    SELECT EXISTS (SELECT 1 FROM invoice_spans s
                    WHERE s.contract_id = :contract_id
                      AND NOT EXISTS (SELECT 1 FROM contract_service_points l
                                       WHERE l.contract_id = s.contract_id
                                         AND l.service_point_id = s.service_point_id))
""")


def find_accepted_life(session: Session, meter_id: UUID) -> Row[Any]:
    """The first and the last day of a meter's accepted readings and the greatest value: `first_on` … ; None without."""
    return session.execute(_LIFE, {"meter_id": meter_id}).one()


_LIFE = text("""
    SELECT min(read_on) AS first_on, max(read_on) AS last_on, max(value) AS greatest
      FROM readings WHERE meter_id = :meter_id AND status = 'ACCEPTED'
""")


def is_used(session: Session, service_point_id: UUID) -> bool:
    """Whether a point has meters or contracts."""
    return bool(session.scalar(_USED, {"service_point_id": service_point_id}))


_USED = text("""
    SELECT EXISTS (SELECT 1 FROM meters WHERE service_point_id = :service_point_id)
        OR EXISTS (SELECT 1 FROM contract_service_points WHERE service_point_id = :service_point_id)
""")
