"""What cases can be about: the categories with their fields and their clocks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Integer, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.tickets.storage.base import Base
from services.tickets.storage.kinds import TicketKind, TicketStatus
from services.tickets.storage.tickets import Ticket


class FieldType(StrEnum):
    """What a field takes."""

    TEXT = "TEXT"
    LONG_TEXT = "LONG_TEXT"
    NUMBER = "NUMBER"
    DATE = "DATE"
    CHOICE = "CHOICE"
    YES_NO = "YES_NO"
    INVOICE = "INVOICE"
    METER = "METER"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the choices of a CHOICE field."""

    key: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """A thing that is asked for; `choices` are CHOICE's alone, `unit` is NUMBER's."""

    key: str
    type: FieldType
    labels: Mapping[str, str]
    hints: Mapping[str, str]
    is_required: bool = False
    choices: tuple[Choice, ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """What a case can be about. `days` is 0 where there is no clock; names, hints, sentences are by language."""

    category_id: UUID
    key: str
    kind: TicketKind
    names: Mapping[str, str]
    hints: Mapping[str, str]
    commodities: tuple[str, ...]
    fields: tuple[Field, ...]
    workflow_id: UUID
    days: int
    working_days: bool
    sentences: Mapping[str, str]
    reopen_days: int
    for_customers: bool
    is_active: bool
    position: int
    version: int

    def saying(self) -> dict[str, Any]:
        """All of it but who it is and how often it was changed: two that say the same are the same."""
        return {key: value for key, value in asdict(self).items() if key not in ("category_id", "version")}


class CategoryRow(Base):
    """A category as it is now; open cases keep the fields and the clock they were opened with."""

    __tablename__ = "categories"
    __table_args__ = (
        one_of("kind", TicketKind),
        CheckConstraint("days BETWEEN 0 AND 365", name="days"),
        CheckConstraint("reopen_days BETWEEN 0 AND 365", name="reopen_days"),
    )

    category_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[TicketKind] = word(TicketKind)
    names: Mapped[dict[str, Any]]
    hints: Mapped[dict[str, Any]]
    commodities: Mapped[list[str]] = mapped_column(JSONB)
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflows.workflow_id"))
    days: Mapped[int] = mapped_column(Integer)
    working_days: Mapped[bool] = mapped_column(Boolean)
    sentences: Mapped[dict[str, Any]]
    reopen_days: Mapped[int] = mapped_column(Integer)
    for_customers: Mapped[bool] = mapped_column(Boolean)
    is_active: Mapped[bool] = mapped_column(Boolean)
    position: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(BigInteger)


def get_category(session: Session, category_id: UUID) -> Category | None:
    """A category, whether it can still be chosen or not."""
    row = session.get(CategoryRow, category_id, populate_existing=True)
    return None if row is None else _read(row)


def lock_category(session: Session, category_id: UUID) -> Category | None:
    """A category that nobody else changes until the transaction ends."""
    row = session.get(CategoryRow, category_id, with_for_update=True, populate_existing=True)
    return None if row is None else _read(row)


def lock_by_key(session: Session, key: str) -> Category | None:
    """The category of that key; nobody else changes it until the transaction ends, nor makes one of that key."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"categories.{key}"))))
    row = session.scalar(select(CategoryRow).where(CategoryRow.key == key).with_for_update())
    return None if row is None else _read(row)


def list_categories(session: Session, *, everything: bool, for_customers: bool, limit: int) -> list[Category]:
    """In the order of their position: those that can be chosen now, or everything."""
    statement = select(CategoryRow)
    if not everything:
        statement = statement.where(CategoryRow.is_active)
    if for_customers:
        statement = statement.where(CategoryRow.for_customers)
    ordered = statement.order_by(CategoryRow.position, CategoryRow.key).limit(limit)
    return [_read(row) for row in session.scalars(ordered)]


def count_categories(session: Session) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(CategoryRow)) or 0


def find_categories(session: Session, category_ids: Collection[UUID | None]) -> list[Category]:
    """Those of the ids that are categories, in no order."""
    rows = session.scalars(select(CategoryRow).where(CategoryRow.category_id.in_(category_ids)))
    return [_read(row) for row in rows]


def count_open_cases(session: Session) -> dict[UUID, int]:
    """How many cases that are not closed there are of each category."""
    statement = select(Ticket.category_id, func.count()).where(Ticket.status != TicketStatus.CLOSED)
    rows = session.execute(statement.group_by(Ticket.category_id))
    return {row.category_id: row[1] for row in rows}


def find_missing(session: Session, category_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that are no category's."""
    known = session.scalars(select(CategoryRow.category_id).where(CategoryRow.category_id.in_(category_ids)))
    return set(category_ids) - set(known)


def put_category(session: Session, category: Category, *, version: int) -> Category:
    """Write a category whole: a new one, or in place of what it was."""
    written = replace(category, version=version)
    statement = insert(CategoryRow).values(asdict(written))
    others = {key: statement.excluded[key] for key in asdict(written) if key != "category_id"}
    session.execute(statement.on_conflict_do_update(index_elements=[CategoryRow.category_id], set_=others))
    return written


def _read(row: CategoryRow) -> Category:
    values = {column.key: getattr(row, column.key) for column in CategoryRow.__table__.columns}
    return Category(
        **{
            **values,
            "commodities": tuple(row.commodities),
            "fields": tuple(read_field(one) for one in row.fields),
        }
    )


def read_field(document: Mapping[str, Any]) -> Field:
    """A field as it was kept."""
    choices = tuple(Choice(**choice) for choice in document["choices"])
    return Field(**{**document, "type": FieldType(document["type"]), "choices": choices})
