"""The provider's settings as identity announced them: what documents print of the seller."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, SmallInteger, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import copies
from services.billing.storage.base import Base

THE_PROVIDER = 1


class ProviderSettings(Base):
    """The one row. `version` is identity's and only grows."""

    __tablename__ = "provider_settings"
    __table_args__ = (CheckConstraint(f"provider = {THE_PROVIDER}", name="one_row"),)

    provider: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    line: Mapped[str]
    nip: Mapped[str]
    address_line: Mapped[str]
    town_line: Mapped[str]
    account_number: Mapped[str]
    phone: Mapped[str]
    phone_hours: Mapped[str]
    emergency_phone: Mapped[str]
    email: Mapped[str]
    portal_url: Mapped[str]
    provider_data_editable: Mapped[bool] = mapped_column(server_default=text("false"))


def get_settings(session: Session) -> ProviderSettings | None:
    """The provider's settings; None before identity announced any."""
    return session.get(ProviderSettings, THE_PROVIDER)


def keep_newest(session: Session, values: dict[str, Any]) -> None:
    """Write the settings unless a later version is known. `values` names every column but the key."""
    copies.keep_newest(session, ProviderSettings, {"provider": THE_PROVIDER, **values})
