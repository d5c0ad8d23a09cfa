"""Premises: addresses that are served."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.billing.storage.base import Base
from services.billing.storage.folding import search_column, sort_column
from services.billing.storage.origins import OfOrigin, origin_check

_HOUSE = "building || CASE WHEN flat <> '' THEN '/' || flat ELSE '' END"


class Premises(Base, OfOrigin):
    """One address. In villages there may be no street."""

    __tablename__ = "premises"
    __table_args__ = (
        origin_check(),
        Index("premises_by_sort_key", "sort_key", "premises_id"),
        Index("premises_by_street", "town", "street"),
    )

    premises_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(unique=True)
    street: Mapped[str] = mapped_column(server_default="")
    building: Mapped[str] = mapped_column(server_default="")
    flat: Mapped[str] = mapped_column(server_default="")
    postcode: Mapped[str] = mapped_column(server_default="")
    town: Mapped[str] = mapped_column(server_default="")
    as_of: Mapped[datetime]
    search: Mapped[str] = search_column(f"street || ' ' || {_HOUSE} || ' ' || postcode || ' ' || town")
    sort_key: Mapped[str] = sort_column(f"town || ' ' || street || ' ' || {_HOUSE}")

    @property
    def address_line(self) -> str:
        """Street, house and flat: "ul. Lipowa 7/2"; without a street the town stands for it."""
        return address_line(street=self.street, building=self.building, flat=self.flat, town=self.town)

    @property
    def town_line(self) -> str:
        """Postcode and town."""
        return f"{self.postcode} {self.town}".strip()


def address_line(*, street: str, building: str, flat: str, town: str) -> str:
    """Street, house and flat on one line: "ul. Lipowa 7/2"; in a village without streets "Zdrój 12"."""
    house = f"{building}/{flat}" if flat else building
    return f"{street or town} {house}".strip()
