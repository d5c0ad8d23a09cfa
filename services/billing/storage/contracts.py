"""Contracts: customer, service points, tariff."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, Select, delete, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.billing.storage.base import Base
from services.billing.storage.folding import search_column, sort_column
from services.billing.storage.origins import OfOrigin, origin_check
from services.billing.storage.tariffs import Tariff


class Contract(Base, OfOrigin):
    """One contract. It holds from `starts_on` to the end of `ends_on` (None: without end)."""

    __tablename__ = "contracts"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="days"),
        origin_check(),
        Index("contracts_by_sort_key", "sort_key", "contract_id"),
    )

    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(unique=True)
    number: Mapped[str] = mapped_column(unique=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.customer_id"), index=True)
    tariff_id: Mapped[UUID] = mapped_column(ForeignKey("tariffs.tariff_id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    signed_on: Mapped[date | None]
    as_of: Mapped[datetime]
    search: Mapped[str] = search_column("number")
    sort_key: Mapped[str] = sort_column("number")


class ContractServicePoint(Base):
    """A point that a contract delivers to."""

    __tablename__ = "contract_service_points"

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.contract_id"), primary_key=True)
    service_point_id: Mapped[UUID] = mapped_column(
        ForeignKey("service_points.service_point_id"), primary_key=True, index=True
    )


def find_points(session: Session, contract_ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """The service points of contracts; one without any is not there."""
    if not contract_ids:
        return {}
    link = ContractServicePoint
    statement = (
        select(link.contract_id, func.array_agg(link.service_point_id))
        .where(link.contract_id.in_(contract_ids))
        .group_by(link.contract_id)
    )
    return {contract_id: frozenset(points) for contract_id, points in session.execute(statement)}


def set_points(session: Session, points: Mapping[UUID, Collection[UUID]]) -> None:
    """Write the service points of contracts in place of those they had."""
    if not points:
        return
    link = ContractServicePoint
    session.execute(
        delete(link).where(link.contract_id.in_(points)).execution_options(synchronize_session=False)
    )
    rows = [
        {"contract_id": contract_id, "service_point_id": service_point_id}
        for contract_id, wanted in points.items()
        for service_point_id in wanted
    ]
    if rows:
        session.execute(insert(link), rows)


def list_contracts(session: Session, customer_id: UUID, *, limit: int) -> Sequence[Row[Any]]:
    """A customer's contracts with `tariff_code` and `tariff_name`, the newest first."""
    statement = _with_tariff().where(Contract.customer_id == customer_id)
    return session.execute(
        statement.order_by(Contract.starts_on.desc(), Contract.contract_id.desc()).limit(limit)
    ).all()


def get_contract(session: Session, contract_id: UUID, *, customer_id: UUID) -> Row[Any] | None:
    """One contract of this customer, as in `list_contracts`."""
    statement = _with_tariff().where(Contract.contract_id == contract_id, Contract.customer_id == customer_id)
    return session.execute(statement).first()


def _with_tariff() -> Select[Any, str, str]:
    columns = (Contract.__table__, Tariff.code.label("tariff_code"), Tariff.name.label("tariff_name"))
    return select(*columns).join(Tariff, Tariff.tariff_id == Contract.tariff_id)
