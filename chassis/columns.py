"""Column types that keep rows honest, and the base that services declare their tables on."""

import importlib
import pkgutil
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import BigInteger, CheckConstraint, DateTime, Dialect, MetaData, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from chassis.money import Money

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
WordEnum = TypeVar("WordEnum", bound=StrEnum)


class MoneyType(TypeDecorator[Money]):
    """BIGINT of grosze ⇄ Money. Sums in SQL keep the type: `func.sum(column, type_=MoneyType)`."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Money in, an integer out; anything else is a bug."""
        if value is not None and not isinstance(value, Money):
            raise TypeError(f"a Money column takes Money, not {type(value).__name__}")
        return None if value is None else value.grosze

    def process_result_value(self, value: Any, dialect: Dialect) -> Money | None:  # noqa: ARG002
        """PostgreSQL answers a sum of BIGINT as NUMERIC, hence the int()."""
        return None if value is None else Money(int(value))


class Instant(TypeDecorator[datetime]):
    """timestamptz ⇄ aware datetime in UTC; a naive one is a bug."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse what has no zone."""
        if value is not None and value.tzinfo is None:
            raise TypeError("an Instant column takes an aware datetime")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The session's zone may be any; rows speak UTC."""
        return None if value is None else value.astimezone(UTC)


class Word(TypeDecorator[WordEnum]):
    """A StrEnum as text; what may stand there is a CHECK, made by `one_of`."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[WordEnum]) -> None:
        super().__init__()
        self.words = words
        self._members = {member.value: member for member in words}

    def process_bind_param(self, value: WordEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """A member in, its text out; a text that is no member is a bug."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> WordEnum | None:  # noqa: ARG002
        """The member of that text; one that there is none of is a bug."""
        return None if value is None else self._members[value]


def word(words: type[WordEnum], **options: Any) -> Any:
    """A mapped column that holds members of a StrEnum."""
    return mapped_column(Word(words), **options)


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """The CHECK of a `word` column, named after it."""
    members = ", ".join(f"'{member.value}'" for member in words)
    return CheckConstraint(f"{column} IN ({members})", name=column)


def id_array(ids: Iterable[UUID]) -> str:
    """Ids as PostgreSQL reads an array of them: `CAST(:ids AS uuid[])`. The driver takes five times as long for it."""
    return f"{{{','.join([one.hex for one in ids])}}}"


def new_base() -> Any:
    """The base of one service's tables, `Base: Any = new_base()`: names by rule, types for annotations."""

    class Base(DeclarativeBase):
        metadata = MetaData(naming_convention=NAMING)
        type_annotation_map = {Money: MoneyType, datetime: Instant, str: sa.Text, dict[str, Any]: JSONB}  # noqa: RUF012

    return Base


def load_models(base: Any, package: str) -> MetaData:
    """The whole metadata: every module of a storage package is imported, so that no noun is forgotten."""
    root = importlib.import_module(package)
    for module in pkgutil.iter_modules(root.__path__):
        if not module.ispkg:
            importlib.import_module(f"{package}.{module.name}")
    metadata: MetaData = base.metadata
    return metadata
