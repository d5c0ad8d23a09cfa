"""What the others hear of cases."""

from datetime import datetime
from uuid import UUID

from ebok.tickets.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging import outbox
from services.tickets.storage.base import OutboxRow
from services.tickets.storage.tickets import Ticket


def ticket_opened(session: Session, ticket: Ticket) -> None:
    """A case is there."""
    event = events_pb2.TicketOpened(
        ticket_id=wire.pack_id(ticket.ticket_id),
        customer_id=wire.pack_id(ticket.customer_id),
        number=ticket.number,
        kind=f"TICKET_KIND_{ticket.kind.value}",
        subject=ticket.subject,
        due_at=wire.pack_optional_instant(ticket.due_at),
    )
    outbox.announce(session, OutboxRow, event, key=event.ticket_id)


def ticket_answered(
    session: Session, ticket: Ticket, *, ticket_message_id: UUID, asks: bool, closes: bool
) -> None:
    """Staff said something to the customer, and perhaps closed the case with it."""
    event = events_pb2.TicketAnswered(
        ticket_id=wire.pack_id(ticket.ticket_id),
        customer_id=wire.pack_id(ticket.customer_id),
        number=ticket.number,
        subject=ticket.subject,
        ticket_message_id=wire.pack_id(ticket_message_id),
        asks=asks,
        reopen_until=wire.pack_optional_instant(ticket.reopen_until) if closes else None,
    )
    outbox.announce(session, OutboxRow, event, key=event.ticket_id)


def ticket_advanced(session: Session, ticket: Ticket, *, step_id: UUID, tells_customer: bool) -> None:
    """A case stands somewhere else."""
    event = events_pb2.TicketAdvanced(
        ticket_id=wire.pack_id(ticket.ticket_id),
        customer_id=wire.pack_id(ticket.customer_id),
        number=ticket.number,
        subject=ticket.subject,
        step_id=wire.pack_id(step_id),
        state_names=ticket.state_names,
        tells_customer=tells_customer,
    )
    outbox.announce(session, OutboxRow, event, key=event.ticket_id)


def ticket_closed(session: Session, ticket: Ticket, *, step_id: UUID, closed_by: UUID | None) -> None:
    """A case is over; `closed_by` is the answer that ended it."""
    event = events_pb2.TicketClosed(
        ticket_id=wire.pack_id(ticket.ticket_id),
        customer_id=wire.pack_id(ticket.customer_id),
        number=ticket.number,
        subject=ticket.subject,
        step_id=wire.pack_id(step_id),
        reopen_until=wire.pack_optional_instant(ticket.reopen_until),
        ticket_message_id=wire.pack_id(closed_by),
    )
    outbox.announce(session, OutboxRow, event, key=event.ticket_id)


def deadline_near(session: Session, ticket: Ticket, *, due_at: datetime, is_late: bool) -> None:
    """The answer to a case is due soon, or is late."""
    event = events_pb2.DeadlineNear(
        ticket_id=wire.pack_id(ticket.ticket_id),
        customer_id=wire.pack_id(ticket.customer_id),
        number=ticket.number,
        due_at=wire.pack_instant(due_at),
        assignee_id=wire.pack_id(ticket.assignee_id),
        is_late=is_late,
    )
    outbox.announce(session, OutboxRow, event, key=event.ticket_id)
