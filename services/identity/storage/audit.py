"""The audit log. Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE, whoever asks.

`kept_on` is the day on which an act arrived, which its seal belongs to: acts may come late, and a day that is sealed
takes no more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Index, and_, desc, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.keyset import Page, Window, fetch_page
from services.identity.storage.audit_days import AuditDay
from services.identity.storage.base import Base

PROVIDERS = ("staff", "client")  # The kinds of actors who are the provider's people and systems.


class AuditEntry(Base):
    """One act, as the service that it happened in announced it."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("audit_by_time", desc("happened_at"), desc("act_id")),
        Index("audit_by_customer", "customer_id", desc("happened_at"), desc("act_id")),
        Index("audit_by_actor", "actor_id", desc("happened_at"), desc("act_id")),
        Index("audit_by_day", "kept_on", "act_id"),
    )

    act_id: Mapped[UUID] = mapped_column(primary_key=True)
    happened_at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    address: Mapped[str]
    act: Mapped[str]
    customer_id: Mapped[str]
    subject_id: Mapped[str]
    changed: Mapped[bool]
    trace_id: Mapped[str]
    kept_on: Mapped[date] = mapped_column(server_default=text("((now() AT TIME ZONE 'Europe/Warsaw')::date)"))


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted; all conditions hold together, None and empty are none."""

    customer_id: str = ""
    actor_id: str = ""
    text: str = ""
    since: datetime | None = None
    before: datetime | None = None
    changes_only: bool = False


def add_entry(session: Session, entry: AuditEntry, *, today: date) -> None:
    """Once, however often the act arrives; today, or on the first day that is not sealed."""
    columns = (column.key for column in AuditEntry.__mapper__.column_attrs)
    values: dict[str, Any] = {name: getattr(entry, name) for name in columns}
    open_from = select(func.max(AuditDay.day) + 1).scalar_subquery()
    values["kept_on"] = func.greatest(literal(today, Date), open_from)
    session.execute(insert(AuditEntry).values(**values).on_conflict_do_nothing())


def first_day(session: Session) -> date | None:
    """The first day on which an act was kept."""
    return session.scalar(select(func.min(AuditEntry.kept_on)))


def entries_of_day(session: Session, day: date, *, at_once: int) -> Iterator[AuditEntry]:
    """All that was kept on a day, in the order of its seal."""
    after: UUID | None = None
    while True:
        statement = select(AuditEntry).where(AuditEntry.kept_on == day).order_by(AuditEntry.act_id)
        if after is not None:
            statement = statement.where(AuditEntry.act_id > after)
        found = session.scalars(statement.limit(at_once)).all()
        yield from found
        if len(found) < at_once:
            return
        after = found[-1].act_id
        session.expunge_all()


def list_entries(session: Session, wanted: Filter, *, window: Window) -> Page:
    """The newest first."""
    statement = select(AuditEntry)
    if wanted.customer_id:
        statement = statement.where(AuditEntry.customer_id == wanted.customer_id)
    if wanted.actor_id:
        statement = statement.where(AuditEntry.actor_id == wanted.actor_id)
    if wanted.text:
        statement = statement.where(
            or_(
                AuditEntry.act.icontains(wanted.text, autoescape=True),
                AuditEntry.actor_name.icontains(wanted.text, autoescape=True),
            )
        )
    if wanted.since is not None:
        statement = statement.where(AuditEntry.happened_at >= wanted.since)
    if wanted.before is not None:
        statement = statement.where(AuditEntry.happened_at < wanted.before)
    if wanted.changes_only:
        statement = statement.where(AuditEntry.changed)
    keys = [AuditEntry.happened_at, AuditEntry.act_id]
    return fetch_page(session, statement, keys=keys, window=window, descending=True, scalars=True)


@dataclass(frozen=True)
class OnAccount:
    """What concerns a customer, and what the user did with the own log-in; `own_only`: no acts of other users."""

    customer_id: str
    user_id: str
    own_only: bool
    changes_only: bool


def list_on_account(session: Session, wanted: OnAccount, *, window: Window) -> Page:
    """The newest first; what the suite did by itself is left out."""
    of_user = AuditEntry.actor_id == wanted.user_id
    of_customer: ColumnElement[bool] = AuditEntry.customer_id == wanted.customer_id
    if wanted.own_only:
        of_customer = and_(of_customer, or_(of_user, AuditEntry.actor_kind.in_(PROVIDERS)))
    statement = select(AuditEntry).where(
        or_(of_customer, and_(of_user, AuditEntry.customer_id == "")), AuditEntry.actor_kind != "system"
    )
    if wanted.changes_only:
        statement = statement.where(AuditEntry.changed)
    keys = [AuditEntry.happened_at, AuditEntry.act_id]
    return fetch_page(session, statement, keys=keys, window=window, descending=True, scalars=True)
