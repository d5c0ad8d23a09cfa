"""The audit log. Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE, whoever asks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, desc, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.keyset import Page, Window, fetch_page
from services.identity.storage.base import Base


class AuditEntry(Base):
    """One act, as the service that it happened in announced it."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("audit_by_time", desc("happened_at"), desc("act_id")),
        Index("audit_by_customer", "customer_id", desc("happened_at"), desc("act_id")),
        Index("audit_by_actor", "actor_id", desc("happened_at"), desc("act_id")),
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


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted; all conditions hold together, None and empty are none."""

    customer_id: str = ""
    actor_id: str = ""
    text: str = ""
    since: datetime | None = None
    before: datetime | None = None
    changes_only: bool = False


def add_entry(session: Session, entry: AuditEntry) -> None:
    """Once, however often the act arrives."""
    columns = (column.key for column in AuditEntry.__mapper__.column_attrs)
    values = {name: getattr(entry, name) for name in columns}
    session.execute(insert(AuditEntry).values(**values).on_conflict_do_nothing())


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
