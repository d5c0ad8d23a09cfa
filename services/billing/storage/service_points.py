"""Service points: where a commodity is delivered."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Row, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.billing.storage.base import Base
from services.billing.storage.folding import search_column
from services.billing.storage.origins import OfOrigin, origin_check


class Commodity(StrEnum):
    """What is delivered."""

    WATER = "WATER"
    SEWAGE = "SEWAGE"
    HEAT = "HEAT"
    HOT_WATER = "HOT_WATER"
    ELECTRICITY = "ELECTRICITY"
    GAS = "GAS"


class ServicePoint(Base, OfOrigin):
    """One point at an address. `code` is the provider's (PPE …) and may be empty."""

    __tablename__ = "service_points"
    __table_args__ = (one_of("commodity", Commodity), origin_check())

    service_point_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(unique=True)
    premises_id: Mapped[UUID] = mapped_column(ForeignKey("premises.premises_id"), index=True)
    commodity: Mapped[Commodity] = word(Commodity)
    code: Mapped[str] = mapped_column(server_default="")
    as_of: Mapped[datetime]
    search: Mapped[str] = search_column("code")


# For `WITH`: the points of a customer's contracts, each with the days of one, that what is told of them looks at.
OWN = """
    own AS MATERIALIZED (
        SELECT c.starts_on, c.ends_on, s.service_point_id, s.external_id, s.premises_id, s.commodity, s.code
          FROM contracts c
          JOIN contract_service_points l USING (contract_id)
          JOIN service_points s USING (service_point_id)
         WHERE c.customer_id = %(customer_id)s)
"""


def list_points_of_customer(session: Session, customer_id: UUID, *, limit: int) -> Sequence[Row[Any]]:
    """The points of all contracts of a customer with their premises, by address and code; each point once."""
    return session.execute(_OF_CUSTOMER, {"customer_id": customer_id, "limit": limit}).all()


_OF_CUSTOMER = text("""
    SELECT s.service_point_id, s.code, s.commodity, p.premises_id, p.street, p.building, p.flat, p.postcode, p.town
      FROM service_points s
      JOIN premises p USING (premises_id)
     WHERE s.service_point_id IN (
           SELECT l.service_point_id
             FROM contracts c JOIN contract_service_points l USING (contract_id)
            WHERE c.customer_id = :customer_id)
     ORDER BY p.town, p.street, p.building, p.flat, p.premises_id, s.external_id
     LIMIT :limit
""")


def list_points_of_contracts(session: Session, contract_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """The points of contracts with their premises and `contract_id`."""
    return session.execute(_OF_CONTRACTS, {"ids": [*contract_ids]}).all()


_OF_CONTRACTS = text("""
    SELECT l.contract_id, s.service_point_id, s.code, s.commodity,
           p.premises_id, p.street, p.building, p.flat, p.postcode, p.town
      FROM contract_service_points l
      JOIN service_points s USING (service_point_id)
      JOIN premises p USING (premises_id)
     WHERE l.contract_id = ANY(CAST(:ids AS uuid[]))
     ORDER BY l.contract_id, p.town, p.street, p.building, p.flat, p.premises_id, s.external_id
""")
