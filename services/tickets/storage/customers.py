"""Small copies of customers as billing announces them: for the queue, the search, a clerk's area and answers."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Text, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import copies
from services.tickets.storage.base import Base


class Customer(Base):
    """A customer in few words; `towns` and `commodities` are of all that is delivered, `language` is of letters."""

    __tablename__ = "customers"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[str]
    name: Mapped[str]
    towns: Mapped[list[str]] = mapped_column(ARRAY(Text))
    commodities: Mapped[list[str]] = mapped_column(ARRAY(Text))
    language: Mapped[str] = mapped_column(server_default="")


def get_customer(session: Session, customer_id: UUID) -> Customer | None:
    """What is known of a customer; None before billing has announced them."""
    return session.get(Customer, customer_id)


def find_customers(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, Customer]:
    """What is known of customers, by id."""
    found = session.scalars(select(Customer).where(Customer.customer_id.in_(customer_ids)))
    return {customer.customer_id: customer for customer in found}


def keep_newest(session: Session, values: dict[str, Any]) -> bool:
    """Write a customer unless a later version is known; true when it was written."""
    return copies.keep_newest(session, Customer, values)
