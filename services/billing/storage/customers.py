"""Customers: those who are billed. The provider's word and their own contact data stand side by side."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Row, Text, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.billing.storage.base import Base
from services.billing.storage.origins import OfOrigin, origin_check


class CustomerKind(StrEnum):
    """A person, or a company or institution."""

    PERSON = "PERSON"
    COMPANY = "COMPANY"


class Customer(Base, OfOrigin):
    """One customer.

    `source_*` is what the provider's system says, `own_*` what the customer entered here: the latter goes
    first; of e-invoices the customer's word is the consent that identity keeps, and `e_invoice` is what holds.
    `sort_name` orders names as Polish does when compared bytewise. `search_own` and `search_places`
    hold, folded, what the search looks into. `towns` and `commodities` are those of the served places, in order.
    `version` grows with each change that others are told of.
    """

    __tablename__ = "customers"
    __table_args__ = (
        one_of("kind", CustomerKind),
        origin_check(),
        CheckConstraint("version > 0", name="version"),
        Index("customers_by_name", "sort_name", "customer_id"),
        Index("customers_by_number", "number", "customer_id"),
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(unique=True)
    number: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    kind: Mapped[CustomerKind] = word(CustomerKind)
    name: Mapped[str]
    nip: Mapped[str] = mapped_column(server_default="")
    source_email: Mapped[str] = mapped_column(server_default="")
    source_phone: Mapped[str] = mapped_column(server_default="")
    own_email: Mapped[str] = mapped_column(server_default="")
    own_phone: Mapped[str] = mapped_column(server_default="")
    address_line: Mapped[str] = mapped_column(server_default="")
    postcode: Mapped[str] = mapped_column(server_default="")
    town: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="pl")
    e_invoice: Mapped[bool] = mapped_column(server_default=text("false"))
    source_e_invoice: Mapped[bool] = mapped_column(server_default=text("false"))
    own_e_invoice: Mapped[bool | None]
    consent_version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    account_number: Mapped[str] = mapped_column(server_default="")
    premises_label: Mapped[str] = mapped_column(server_default="")
    towns: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    commodities: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    sort_name: Mapped[str] = mapped_column(Text(collation="C"))
    search_own: Mapped[str] = mapped_column(server_default="")
    search_places: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default=text("1"))
    as_of: Mapped[datetime]
    changed_at: Mapped[datetime]

    @property
    def email(self) -> str:
        """Where mail goes: the customer's own word first."""
        return self.own_email or self.source_email

    @property
    def phone(self) -> str:
        """Telephone in E.164: the customer's own word first."""
        return self.own_phone or self.source_phone

    @property
    def town_line(self) -> str:
        """Postcode and town."""
        return f"{self.postcode} {self.town}".strip()


def touched_customers(
    session: Session,
    *,
    premises: Collection[UUID] = (),
    service_points: Collection[UUID] = (),
    contracts: Collection[UUID] = (),
) -> set[UUID]:
    """The customers whose contracts deliver to any of these."""
    if not (premises or service_points or contracts):
        return set()
    given = {"premises": [*premises], "points": [*service_points], "contracts": [*contracts]}
    rows = session.execute(_TOUCHED, given)
    return set(rows.scalars())


_TOUCHED = text("""
    SELECT customer_id FROM contracts WHERE contract_id = ANY(CAST(:contracts AS uuid[]))
    UNION
    SELECT c.customer_id
      FROM contracts c JOIN contract_service_points l USING (contract_id)
     WHERE l.service_point_id = ANY(CAST(:points AS uuid[]))
    UNION
    SELECT c.customer_id
      FROM contracts c
      JOIN contract_service_points l USING (contract_id)
      JOIN service_points s USING (service_point_id)
     WHERE s.premises_id = ANY(CAST(:premises AS uuid[]))
""")


def list_places(session: Session, customer_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """What the customers have where: a row for each contract, point and meter, the oldest contract first."""
    return session.execute(_PLACES, {"ids": [*customer_ids]}).all()


_PLACES = text("""
    SELECT k.customer_id, k.premises_label, k.search_places, k.towns, k.commodities,
           c.number AS contract_number, c.starts_on, c.ends_on,
           p.street, p.building, p.flat, p.postcode, p.town, s.code, s.commodity, m.serial_number
      FROM customers k
      LEFT JOIN contracts c USING (customer_id)
      LEFT JOIN contract_service_points l USING (contract_id)
      LEFT JOIN service_points s USING (service_point_id)
      LEFT JOIN premises p USING (premises_id)
      LEFT JOIN meters m USING (service_point_id)
     WHERE k.customer_id = ANY(CAST(:ids AS uuid[]))
     ORDER BY k.customer_id, c.starts_on, c.contract_id, s.external_id, m.installed_on, m.meter_id
""")


def set_places(session: Session, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> Sequence[Row[Any]]:
    """Write what is known of the customers' places, by `customer_id`; the version grows where more than the search
    changes.

    Answers those customers as they are now.
    """
    if not rows:
        return ()
    given = {"rows": json.dumps([dict(row) for row in rows], default=str), "now": now}
    changed = session.execute(_SET_PLACES.columns(*Customer.__table__.c), given).all()
    session.execute(_SET_SEARCH, given)
    return changed


_GIVEN = (
    "json_to_recordset(CAST(:rows AS json))"
    " AS g(customer_id uuid, premises_label text, towns jsonb, commodities jsonb, search_places text)"
)
_COLUMNS = ", ".join(f"k.{column.name}" for column in Customer.__table__.c)
_SET_PLACES = text(f"""
    UPDATE customers k SET premises_label = g.premises_label, towns = g.towns, commodities = g.commodities,
           search_places = g.search_places, version = k.version + 1, changed_at = :now
      FROM {_GIVEN}
     WHERE k.customer_id = g.customer_id
       AND (k.premises_label, k.towns, k.commodities) <> (g.premises_label, g.towns, g.commodities)
    RETURNING {_COLUMNS}
""")  # noqa: S608 - names of our own model, no input
_SET_SEARCH = text(f"""
    UPDATE customers k SET search_places = g.search_places FROM {_GIVEN}
     WHERE k.customer_id = g.customer_id AND k.search_places <> g.search_places
""")  # noqa: S608 - names of our own model, no input


def list_ids(session: Session, *, after: UUID | None, size: int) -> list[UUID]:
    """The next customers after one, by id upwards."""
    statement = select(Customer.customer_id).order_by(Customer.customer_id).limit(size)
    if after is not None:
        statement = statement.where(Customer.customer_id > after)
    return list(session.scalars(statement))


def renew_versions(session: Session, customer_ids: Collection[UUID], *, now: datetime) -> Sequence[Row[Any]]:
    """Let the others hear of these once more; answers them as they are now."""
    return session.execute(_RENEW.columns(*Customer.__table__.c), {"ids": [*customer_ids], "now": now}).all()


_RENEW = text(f"""
    UPDATE customers k SET version = k.version + 1, changed_at = :now
     WHERE k.customer_id = ANY(CAST(:ids AS uuid[]))
    RETURNING {_COLUMNS}
""")  # noqa: S608 - names of our own model, no input


def get_customer(session: Session, customer_id: UUID) -> Customer | None:
    """A customer by id."""
    return session.get(Customer, customer_id)


def lock_customer(session: Session, customer_id: UUID) -> Customer | None:
    """A customer that nobody else changes until the transaction ends."""
    return session.get(Customer, customer_id, with_for_update=True)


def find_customer_by_number(session: Session, number: str) -> Customer | None:
    """A customer by the number on invoices."""
    return session.scalar(select(Customer).where(Customer.number == number))
