"""What happens to a case because nothing happened to it."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.tickets.domain import cases, steps, urgency
from services.tickets.domain.urgency import LATE
from services.tickets.outbox import tickets as announce
from services.tickets.storage.tickets import Ticket


def advance(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """The days of its state are over: the case, which is held, goes on."""
    workflow = cases.workflow_of(session, ticket)
    way = steps.first_after_days(workflow, ticket.state)
    if way is None:
        ticket.advance_at = None
        return
    steps.take(session, ticket, workflow, way, by=None, now=now)


def warn(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Its clock is spoken of; the case is held."""
    said = urgency.warning_due(ticket, now=now)
    if said > ticket.warned and ticket.due_at is not None and urgency.runs(ticket):
        announce.deadline_near(session, ticket, due_at=ticket.due_at, is_late=said == LATE)
        ticket.warned = said
    ticket.warn_at = urgency.next_warning(ticket)
