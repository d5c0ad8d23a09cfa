"""Cases: what each is about, where it stands, how long we have; and the series of their numbers."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.tickets.storage.base import Base
from services.tickets.storage.kinds import Channel, TicketKind, TicketStatus

CUSTOMER_LOCK = (
    0x746B74  # "tkt": the first key of the advisory lock under which a customer's cases are opened.
)
COUNTED_MAX = 1000


class NumberSeries(Base):
    """The last number given in a year; taken and used in one transaction, hence without gaps."""

    __tablename__ = "number_series"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int] = mapped_column(BigInteger)


class Ticket(Base):
    """One case of one customer.

    What it was opened with is frozen: category's names, answers with their labels, version of the workflow, days of the
    clock. `clock_since` is when its clock began anew, none while it counts from the opening. `urgency` is its place in
    the queue (`domain/urgency.py`). `last_position` counts the thread; what each side has seen is a position in it.
    `version` grows with each change; `state_version` and `assignee_version` are the ones that brought the present state
    and assignee.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        one_of("kind", TicketKind),
        one_of("status", TicketStatus),
        one_of("channel", Channel),
        CheckConstraint("(status = 'CLOSED') = (closed_at IS NOT NULL)", name="closed_at"),
        CheckConstraint("(days > 0) = (due_at IS NOT NULL)", name="due_at"),
        CheckConstraint("rating BETWEEN 0 AND 5", name="rating"),
        ForeignKeyConstraint(
            ["workflow_id", "workflow_version"],
            ["workflow_versions.workflow_id", "workflow_versions.version"],
        ),
        Index("tickets_by_number", "number", unique=True),
        Index("tickets_by_request", "customer_id", "request_id", unique=True),
        Index("tickets_of_customer", "customer_id", "opened_at", "ticket_id"),
        Index("tickets_queue", "urgency", "ticket_id"),
        Index("tickets_queue_of", "assignee_id", "urgency", "ticket_id"),
        Index("tickets_queue_by_category", "category_id", "urgency", "ticket_id"),
        Index("tickets_to_advance", "advance_at", postgresql_where=text("advance_at IS NOT NULL")),
        Index("tickets_to_warn", "warn_at", postgresql_where=text("warn_at IS NOT NULL")),
    )

    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    customer_id: Mapped[UUID]
    request_id: Mapped[UUID]
    kind: Mapped[TicketKind] = word(TicketKind)
    category_id: Mapped[UUID] = mapped_column(ForeignKey("categories.category_id"))
    category_names: Mapped[dict[str, Any]]
    workflow_id: Mapped[UUID]
    workflow_version: Mapped[int]
    subject: Mapped[str]
    commodity: Mapped[str]
    answers: Mapped[list[Any]] = mapped_column(JSONB)
    channel: Mapped[Channel] = word(Channel)
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    follows_ticket_id: Mapped[UUID | None]
    follows_number: Mapped[str]

    status: Mapped[TicketStatus] = word(TicketStatus)
    state: Mapped[str]
    state_names: Mapped[dict[str, Any]]
    state_since: Mapped[datetime]
    advance_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    reopen_days: Mapped[int]
    reopen_until: Mapped[datetime | None]
    rating: Mapped[int] = mapped_column(SmallInteger)
    rating_comment: Mapped[str]

    days: Mapped[int]
    working_days: Mapped[bool]
    sentences: Mapped[dict[str, Any]]
    due_at: Mapped[datetime | None]
    clock_since: Mapped[datetime | None]
    waited_days: Mapped[int]
    paused_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]
    warned: Mapped[int] = mapped_column(SmallInteger)
    warn_at: Mapped[datetime | None]
    urgency: Mapped[int] = mapped_column(BigInteger)

    assignee_id: Mapped[UUID | None]
    assignee_name: Mapped[str]
    last_position: Mapped[int]
    file_count: Mapped[int]
    customer_seen: Mapped[int]
    customer_unread: Mapped[int]
    staff_seen: Mapped[int]
    staff_unread: Mapped[int]
    customer_wrote_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(BigInteger)
    state_version: Mapped[int] = mapped_column(BigInteger)
    assignee_version: Mapped[int] = mapped_column(BigInteger)


# opening


def lock_customer(session: Session, customer_id: UUID) -> None:
    """One opening at a time for each customer, so that their cases can be counted; until the transaction ends."""
    key = int.from_bytes(customer_id.bytes[-4:], signed=True)
    session.execute(select(func.pg_advisory_xact_lock(CUSTOMER_LOCK, key)))


def find_by_request(session: Session, customer_id: UUID, request_id: UUID) -> Ticket | None:
    """The case that a request opened."""
    return session.scalar(
        select(Ticket).where(Ticket.customer_id == customer_id, Ticket.request_id == request_id)
    )


def count_opened(session: Session, customer_id: UUID, *, since: datetime, by: str) -> int:
    """How many cases somebody has opened for a customer since an instant."""
    statement = select(func.count()).where(
        Ticket.customer_id == customer_id, Ticket.opened_at > since, Ticket.opened_by == by
    )
    return session.scalar(statement) or 0


def next_number(session: Session, *, year: int) -> int:
    """The next number of a year. Given back if the transaction does not commit: no gaps."""
    statement = insert(NumberSeries).values(year=year, last_number=1)
    return int(
        session.scalars(
            statement.on_conflict_do_update(
                index_elements=[NumberSeries.year], set_={"last_number": NumberSeries.last_number + 1}
            ).returning(NumberSeries.last_number)
        ).one()
    )


# reading


def get_ticket(session: Session, ticket_id: UUID) -> Ticket | None:
    """A case by its id."""
    return session.get(Ticket, ticket_id)


def lock_ticket(session: Session, ticket_id: UUID) -> Ticket | None:
    """A case, held until the transaction ends, as it is now."""
    return session.scalar(
        select(Ticket)
        .where(Ticket.ticket_id == ticket_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find_successor(session: Session, ticket_id: UUID) -> Ticket | None:
    """The newest case that goes on from this one."""
    follower = session.scalar(select(Ticket.customer_id).where(Ticket.ticket_id == ticket_id))
    if follower is None:
        return None
    statement = select(Ticket).where(Ticket.customer_id == follower, Ticket.follows_ticket_id == ticket_id)
    return session.scalar(statement.order_by(Ticket.opened_at.desc(), Ticket.ticket_id.desc()).limit(1))


def list_others(session: Session, ticket: Ticket, *, limit: int) -> Sequence[Ticket]:
    """Other open cases of the same customer, the newest first."""
    statement = select(Ticket).where(
        Ticket.customer_id == ticket.customer_id,
        Ticket.ticket_id != ticket.ticket_id,
        Ticket.status != TicketStatus.CLOSED,
    )
    return session.scalars(statement.order_by(Ticket.opened_at.desc()).limit(limit)).all()


def count_open_by_assignee(session: Session, staff_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many open cases each of the staff has."""
    statement = (
        select(Ticket.assignee_id, func.count(type_=Integer))
        .where(Ticket.assignee_id.in_(staff_ids), Ticket.status != TicketStatus.CLOSED)
        .group_by(Ticket.assignee_id)
    )
    return {staff_id: count for staff_id, count in session.execute(statement) if staff_id is not None}


# by the clock


def lock_due(session: Session, column: Any, *, now: datetime, limit: int) -> Sequence[Ticket]:
    """Some of the cases whose `advance_at` or `warn_at` has come, held; those in other hands come next time."""
    statement = select(Ticket).where(column <= now).order_by(column).limit(limit)
    return session.scalars(statement.with_for_update(skip_locked=True)).all()
