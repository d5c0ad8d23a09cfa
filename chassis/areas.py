"""Areas of staff over customers: the copy that a service keeps of where its customers are, and what it is asked.

`table(Base)` makes the table, `keep` writes what billing announced, `guard` is what the server asks for each call that
names a customer. Towns and commodities of a customer are those of all that is delivered; one of each that is limited
must be in the area. A customer who is not known yet is in no area but everywhere.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Text, and_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import copies
from chassis.actors import Area
from chassis.database import Database


def table(base: Any) -> Any:
    """The model of `customer_areas` on a service's metadata."""

    class CustomerArea(base):
        """Where a customer is served with what. `version` is billing's and only grows."""

        __tablename__ = "customer_areas"

        customer_id: Mapped[UUID] = mapped_column(primary_key=True)
        version: Mapped[int] = mapped_column(BigInteger)
        towns: Mapped[list[str]] = mapped_column(ARRAY(Text))
        commodities: Mapped[list[str]] = mapped_column(ARRAY(Text))

    return CustomerArea


class Placed(Protocol):
    """What says where a customer is: billing's announcement of the customer."""

    @property
    def version(self) -> int: ...

    @property
    def towns(self) -> Sequence[str]: ...

    @property
    def commodities(self) -> Sequence[str]: ...


def keep(session: Session, model: Any, customer_id: UUID, said: Placed) -> None:
    """Write where a customer is unless a later version is known."""
    values = {"version": said.version, "towns": list(said.towns), "commodities": list(said.commodities)}
    copies.keep_newest(session, model, {"customer_id": customer_id, **values})


def covered(model: Any, area: Area) -> ColumnElement[bool]:
    """The condition that a row's customer is in an area, for a model with ARRAY columns `towns` and `commodities`."""
    conditions = []
    if area.towns:
        conditions.append(model.towns.overlap(sorted(area.towns)))
    if area.commodities:
        conditions.append(model.commodities.overlap(sorted(area.commodities)))
    return and_(true(), *conditions)


def guard(
    model: Any, inside: Callable[[Any, Area], ColumnElement[bool]] = covered
) -> Callable[[Database], Callable[[Area, str], bool]]:
    """What `Part(areas=…)` wants: whether a customer is in an area, by the model's rows and the condition on them."""

    def of(database: Database) -> Callable[[Area, str], bool]:
        def is_inside(area: Area, customer_id: str) -> bool:
            try:
                wanted = UUID(customer_id)
            except ValueError:
                return False  # No customer has that id; what is wrong with it is nothing to tell here.
            with database.reading() as session:
                found = select(model.customer_id).where(model.customer_id == wanted, inside(model, area))
                return session.execute(found).first() is not None

        return is_inside

    return of
