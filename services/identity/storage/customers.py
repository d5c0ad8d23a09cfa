"""The own small copy of billing's customers: what the switcher prints of them."""

from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.identity.storage.base import Base


class Customer(Base):
    """Labels of a customer. `version` is billing's; 0 came with a proof, before any event."""

    __tablename__ = "customers"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[str]
    name: Mapped[str]
    premises_label: Mapped[str]


def find_customer(session: Session, customer_id: UUID) -> Customer | None:
    """The labels, if any are known."""
    return session.get(Customer, customer_id, populate_existing=True)


def keep_newest_labels(
    session: Session, customer_id: UUID, *, version: int, number: str, name: str, premises_label: str
) -> None:
    """Write the labels unless a later version is known."""
    row = insert(Customer).values(
        customer_id=customer_id, version=version, number=number, name=name, premises_label=premises_label
    )
    changed = ("version", "number", "name", "premises_label")
    session.execute(
        row.on_conflict_do_update(
            index_elements=[Customer.customer_id],
            set_={column: row.excluded[column] for column in changed},
            where=(Customer.version < row.excluded.version) | (Customer.version == 0),
        )
    )
