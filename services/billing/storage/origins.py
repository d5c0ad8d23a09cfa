"""Where master data come from, and what staff changed of the provider's: columns of five tables."""

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import one_of, word


class RecordOrigin(StrEnum):
    """The provider's own system, or the office here."""

    PROVIDER = "PROVIDER"
    OFFICE = "OFFICE"


class OfOrigin:
    """The columns of a record.

    `office_fields`: by the name of an import's field, what the provider's system said when staff changed it. A record
    made here has none: nobody else says anything of it.
    """

    origin: Mapped[RecordOrigin] = word(RecordOrigin, server_default=RecordOrigin.PROVIDER)
    office_fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


def origin_check() -> CheckConstraint:
    """What may stand in `origin`."""
    return one_of("origin", RecordOrigin)
