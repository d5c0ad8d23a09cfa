"""How to reach customers: our own copy of what billing announces, the newest version of each."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import copies
from chassis.columns import id_array
from chassis.database import asking_in
from services.notify.storage.base import Base


class Contact(NamedTuple):
    """A customer and how to reach it; `email`, `phone` (E.164) may be empty."""

    customer_id: UUID
    number: str
    name: str
    email: str
    phone: str
    language: str
    e_invoice: bool
    premises_label: str


class ContactRow(Base):
    """A contact as it is stored. `version` is billing's and only grows."""

    __tablename__ = "contacts"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    e_invoice: Mapped[bool]
    premises_label: Mapped[str]
    phone: Mapped[str] = mapped_column(server_default="")


def find_contacts(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, Contact]:
    """Those of the customers who are known."""
    found = asking_in(session).rows(_FIND, {"ids": id_array(customer_ids)})
    return {row.customer_id: Contact._make(row) for row in found}


_FIND = f"SELECT {', '.join(Contact._fields)} FROM contacts WHERE customer_id = ANY(CAST(%(ids)s AS uuid[]))"  # noqa: S608


def keep_newest(session: Session, values: dict[str, Any]) -> bool:
    """Write a contact unless a later version is known; true when it was written. `values` names every column."""
    return copies.keep_newest(session, ContactRow, values)
