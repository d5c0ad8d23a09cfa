"""What was written in a case: messages, notes and the steps of its workflow, in the order of their position."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.tickets.storage.base import Base
from services.tickets.storage.kinds import Author, Channel
from services.tickets.storage.tickets import Ticket


class TicketMessage(Base):
    """One entry of a thread; rows are only added.

    A step has the key of its transition, the state it led to, and the version of the case that it was taken from.
    `tells_customer`: the customer is to read it; for the others it is true of all that is not internal.
    """

    __tablename__ = "ticket_messages"
    __table_args__ = (
        one_of("author", Author),
        one_of("channel", Channel),
        CheckConstraint("(state_names IS NULL) = (transition = '')", name="step"),
        Index("ticket_messages_in_order", "ticket_id", "position", unique=True),
        Index(
            "ticket_messages_by_request",
            "ticket_id",
            "request_id",
            unique=True,
            postgresql_where=text("request_id IS NOT NULL"),
        ),
    )

    ticket_message_id: Mapped[UUID] = mapped_column(primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("tickets.ticket_id"))
    position: Mapped[int]
    request_id: Mapped[UUID | None]
    written_at: Mapped[datetime]
    author: Mapped[Author] = word(Author)
    author_id: Mapped[str]
    author_name: Mapped[str]
    body: Mapped[str]
    is_internal: Mapped[bool]
    tells_customer: Mapped[bool]
    channel: Mapped[Channel] = word(Channel)
    transition: Mapped[str]
    state: Mapped[str]
    state_names: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    from_version: Mapped[int] = mapped_column(BigInteger)


def find_by_request(session: Session, ticket_id: UUID, request_id: UUID) -> TicketMessage | None:
    """The entry that a request wrote."""
    return session.scalar(
        select(TicketMessage).where(
            TicketMessage.ticket_id == ticket_id, TicketMessage.request_id == request_id
        )
    )


def find_step(
    session: Session, ticket_id: UUID, *, transition: str, from_version: int
) -> TicketMessage | None:
    """The step that was taken from a version of the case."""
    return session.scalar(
        select(TicketMessage).where(
            TicketMessage.ticket_id == ticket_id,
            TicketMessage.transition == transition,
            TicketMessage.from_version == from_version,
        )
    )


def get_message(session: Session, ticket_id: UUID, ticket_message_id: UUID) -> TicketMessage | None:
    """An entry of this case."""
    message = session.get(TicketMessage, ticket_message_id)
    return message if message is not None and message.ticket_id == ticket_id else None


def list_messages(
    session: Session, ticket_id: UUID, *, internal_too: bool, limit: int
) -> Sequence[TicketMessage]:
    """The thread, the oldest first; when it is longer than the limit, its newest part."""
    statement = select(TicketMessage).where(TicketMessage.ticket_id == ticket_id)
    if not internal_too:
        statement = statement.where(TicketMessage.is_internal.is_(False))
    newest = session.scalars(statement.order_by(TicketMessage.position.desc()).limit(limit)).all()
    return newest[::-1]


def list_states(session: Session, ticket_id: UUID) -> dict[str, datetime]:
    """When a case last came into each state it has been in by a step."""
    statement = (
        select(TicketMessage.state, func.max(TicketMessage.written_at).label("reached_at"))
        .where(TicketMessage.ticket_id == ticket_id, TicketMessage.transition != "")
        .group_by(TicketMessage.state)
    )
    return {row.state: row.reached_at for row in session.execute(statement)}


def count_written(session: Session, ticket_id: UUID) -> int:
    """How many entries somebody has written; steps are not counted."""
    statement = select(func.count()).where(
        TicketMessage.ticket_id == ticket_id, TicketMessage.transition == ""
    )
    return session.scalar(statement) or 0


def count_unseen_by_customer(session: Session, ticket: Ticket) -> int:
    """What is new for the customer behind the place up to which the thread was seen."""
    statement = select(func.count()).where(
        TicketMessage.ticket_id == ticket.ticket_id,
        TicketMessage.position > ticket.customer_seen,
        TicketMessage.author != Author.CUSTOMER,
        TicketMessage.tells_customer,
    )
    return session.scalar(statement) or 0
