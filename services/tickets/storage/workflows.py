"""Workflows: one draft at most, and versions that are written once and never changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.tickets.storage.base import Base
from services.tickets.storage.kinds import TicketStatus
from services.tickets.storage.tickets import Ticket


class Trigger(StrEnum):
    """What makes a transition happen."""

    CLERK = "CLERK"
    ANSWER = "ANSWER"
    ASK = "ASK"
    CUSTOMER_WRITES = "CUSTOMER_WRITES"
    AFTER_DAYS = "AFTER_DAYS"
    REOPEN = "REOPEN"
    TAKEN = "TAKEN"


@dataclass(frozen=True, slots=True)
class State:
    """A place on the way of a case; names by language, as the customer reads them."""

    key: str
    names: Mapping[str, str]
    status: TicketStatus


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from one state to another. `permission` is a clerk's, `after_days` is AFTER_DAYS' alone."""

    key: str
    names: Mapping[str, str]
    from_state: str
    to_state: str
    trigger: Trigger
    permission: str = ""
    tells_customer: bool = False
    after_days: int = 0


@dataclass(frozen=True, slots=True)
class WorkflowVersion:
    """A workflow as it is, or was, or will be; cases begin in the first state."""

    workflow_id: UUID
    version: int
    names: Mapping[str, str]
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]


class WorkflowRow(Base):
    """A workflow and the draft of its next version; locked before anything of it changes.

    `current_version` is 0 until one is published. `revision` grows with each save and each draft thrown away.
    """

    __tablename__ = "workflows"
    __table_args__ = (CheckConstraint("current_version >= 0", name="current_version"),)

    workflow_id: Mapped[UUID] = mapped_column(primary_key=True)
    current_version: Mapped[int] = mapped_column(server_default="0")
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(server_default="")


class WorkflowVersionRow(Base):
    """A published version: the database refuses to change or to delete it. `revision` is that of the draft it was."""

    __tablename__ = "workflow_versions"
    __table_args__ = (CheckConstraint("version > 0", name="version"),)

    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflows.workflow_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    published_at: Mapped[datetime]
    published_by: Mapped[str] = mapped_column(server_default="")


def get_version(session: Session, workflow_id: UUID, version: int) -> WorkflowVersion:
    """A published version that is known to be there: a case goes by it."""
    row = session.get_one(WorkflowVersionRow, (workflow_id, version))
    return read_document(row.document, workflow_id=workflow_id, version=version)


def current_version(session: Session, workflow_id: UUID) -> WorkflowVersion:
    """The version new cases go by, of a workflow that a category names: one is published."""
    head = session.get_one(WorkflowRow, workflow_id)
    return get_version(session, workflow_id, head.current_version)


def find_versions(
    session: Session, keys: Collection[tuple[UUID, int]]
) -> dict[tuple[UUID, int], WorkflowVersion]:
    """Published versions by workflow and number, in one question."""
    table = WorkflowVersionRow
    wanted = tuple_(table.workflow_id, table.version).in_(keys)
    rows = session.execute(select(table.workflow_id, table.version, table.document).where(wanted))
    return {
        (row.workflow_id, row.version): read_document(
            row.document, workflow_id=row.workflow_id, version=row.version
        )
        for row in rows
    }


def find_published(session: Session, workflow_id: UUID, version: int) -> WorkflowVersionRow | None:
    """A published version with when and by whom."""
    return session.get(WorkflowVersionRow, (workflow_id, version))


def find_workflow(session: Session, workflow_id: UUID) -> WorkflowRow | None:
    """A workflow with its draft."""
    return session.get(WorkflowRow, workflow_id)


def lock_workflow(session: Session, workflow_id: UUID) -> WorkflowRow | None:
    """A workflow that nobody else changes until the transaction ends."""
    return session.get(WorkflowRow, workflow_id, with_for_update=True, populate_existing=True)


def share_workflow(session: Session, workflow_id: UUID) -> WorkflowRow | None:
    """A workflow that stays as it is until the transaction ends; many may look at once."""
    statement = select(WorkflowRow).where(WorkflowRow.workflow_id == workflow_id)
    return session.scalar(statement.with_for_update(read=True))


def add_workflow(session: Session, workflow_id: UUID, *, saved_at: datetime, saved_by: str) -> bool:
    """A workflow with nothing in it yet; False when it is there already."""
    statement = insert(WorkflowRow).values(workflow_id=workflow_id, saved_at=saved_at, saved_by=saved_by)
    made = session.execute(statement.on_conflict_do_nothing().returning(WorkflowRow.workflow_id))
    return made.first() is not None


def count_workflows(session: Session) -> int:
    """How many there are, those without any version or draft among them."""
    return session.scalar(select(func.count()).select_from(WorkflowRow)) or 0


def list_workflows(
    session: Session, *, limit: int
) -> Sequence[tuple[WorkflowRow, WorkflowVersionRow | None]]:
    """Each with the version in force, the oldest first; those that have neither version nor draft are left out."""
    statement = (
        select(WorkflowRow, WorkflowVersionRow)
        .outerjoin(
            WorkflowVersionRow,
            (WorkflowVersionRow.workflow_id == WorkflowRow.workflow_id)
            & (WorkflowVersionRow.version == WorkflowRow.current_version),
        )
        .where(or_(WorkflowRow.current_version > 0, WorkflowRow.draft.is_not(None)))
        .order_by(WorkflowRow.workflow_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def count_open_cases(session: Session, workflow_id: UUID | None = None) -> dict[tuple[UUID, int], int]:
    """How many cases that are not closed go by each version, of one workflow or of all."""
    table = Ticket
    statement = select(table.workflow_id, table.workflow_version, func.count())
    if workflow_id is not None:
        statement = statement.where(table.workflow_id == workflow_id)
    grouped = statement.where(table.status != TicketStatus.CLOSED).group_by(
        table.workflow_id, table.workflow_version
    )
    return {(own, version): count for own, version, count in session.execute(grouped)}


def add_version(
    session: Session, version: WorkflowVersion, *, revision: int, published_at: datetime, published_by: str
) -> None:
    """Write a version for good."""
    session.add(
        WorkflowVersionRow(
            workflow_id=version.workflow_id,
            version=version.version,
            document=write_document(version),
            revision=revision,
            published_at=published_at,
            published_by=published_by,
        )
    )
    session.flush()


def write_document(version: WorkflowVersion) -> dict[str, Any]:
    """A version as it is kept."""
    return {
        "names": dict(version.names),
        "states": [asdict(state) for state in version.states],
        "transitions": [asdict(transition) for transition in version.transitions],
    }


def read_document(document: Mapping[str, Any], *, workflow_id: UUID, version: int) -> WorkflowVersion:
    """A version as it was kept."""
    return WorkflowVersion(
        workflow_id=workflow_id,
        version=version,
        names=document["names"],
        states=tuple(State(**{**one, "status": TicketStatus(one["status"])}) for one in document["states"]),
        transitions=tuple(
            Transition(**{**one, "trigger": Trigger(one["trigger"])}) for one in document["transitions"]
        ),
    )
