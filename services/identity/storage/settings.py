"""The provider's own settings: one row."""

from sqlalchemy import BigInteger, CheckConstraint, SmallInteger, Text, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.database import Transaction, asking_in
from services.identity.storage.base import Base

THE_PROVIDER = 1


class Settings(Base):
    """The one row. `version` grows with each change and is what readers compare."""

    __tablename__ = "settings"
    __table_args__ = (
        CheckConstraint(f"provider = {THE_PROVIDER}", name="one_row"),
        CheckConstraint("version > 0", name="version"),
    )

    provider: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    provider_name: Mapped[str]
    provider_line: Mapped[str]
    nip: Mapped[str]
    address_line: Mapped[str]
    town_line: Mapped[str]
    account_number: Mapped[str]
    brand_colour: Mapped[str]
    phone: Mapped[str]
    phone_hours: Mapped[str]
    emergency_phone: Mapped[str]
    email: Mapped[str]
    portal_url: Mapped[str]
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text))
    provider_data_editable: Mapped[bool] = mapped_column(server_default=text("false"))


def find_settings(session: Session) -> Settings | None:
    """The settings; None before any were loaded."""
    return session.get(Settings, THE_PROVIDER, populate_existing=True)


_NAME = "SELECT provider_name FROM settings"


def find_provider_name(transaction: Transaction) -> str:
    """The name alone; empty before any settings were loaded."""
    return "".join(row.provider_name for row in asking_in(transaction).rows(_NAME, {}))


def lock_settings(session: Session) -> Settings | None:
    """The settings, kept from others until the transaction ends."""
    return session.scalar(select(Settings).with_for_update().execution_options(populate_existing=True))
