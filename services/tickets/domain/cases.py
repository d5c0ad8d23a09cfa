"""What every act on a case begins and ends with: it is found and held, and its place in the queue is told anew."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor, ActorKind
from chassis.errors import Conflict, FailedPrecondition, NotFound
from services.tickets.domain import urgency
from services.tickets.domain.areas import area_of
from services.tickets.storage import areas, staff
from services.tickets.storage import tickets as stored
from services.tickets.storage import workflows as stored_workflows
from services.tickets.storage.tickets import Ticket
from services.tickets.storage.workflows import WorkflowVersion


class TicketNotFound(NotFound):
    """There is no such case, or it is somebody else's."""

    reason = "TICKET_NOT_FOUND"


class TicketClosed(FailedPrecondition):
    """The case is over."""

    reason = "TICKET_CLOSED"


class TicketOpen(FailedPrecondition):
    """The case is not over."""

    reason = "TICKET_OPEN"


class CustomerNotFound(NotFound):
    """No such customer has been announced, or they are outside the area of who asks."""

    reason = "CUSTOMER_NOT_FOUND"


class TicketChanged(Conflict):
    """Somebody else was quicker: what was looked at is not so any more."""

    reason = "TICKET_CHANGED"


def get(session: Session, ticket_id: UUID, *, customer_id: UUID | None = None) -> Ticket:
    """A case; the customer's own when one is named. Refuses TICKET_NOT_FOUND, also for somebody else's."""
    return _owned(stored.get_ticket(session, ticket_id), customer_id)


def hold(session: Session, ticket_id: UUID, *, customer_id: UUID | None = None) -> Ticket:
    """As `get`; nobody else changes it until the transaction ends."""
    return _owned(stored.lock_ticket(session, ticket_id), customer_id)


def get_at_desk(session: Session, ticket_id: UUID, *, by: Actor) -> Ticket:
    """A case for somebody of staff. Refuses TICKET_NOT_FOUND, also outside their area."""
    return _within(session, get(session, ticket_id), by)


def hold_at_desk(session: Session, ticket_id: UUID, *, by: Actor) -> Ticket:
    """As `get_at_desk`; nobody else changes it until the transaction ends."""
    return _within(session, hold(session, ticket_id), by)


def check_customer(session: Session, customer_id: UUID, *, by: Actor) -> None:
    """Refuses CUSTOMER_NOT_FOUND for a customer outside the area of somebody of staff."""
    if not areas.holds(session, area_of(by), customer_id):
        raise CustomerNotFound


def workflow_of(session: Session, ticket: Ticket) -> WorkflowVersion:
    """The version of the workflow that the case was opened with."""
    return stored_workflows.get_version(session, ticket.workflow_id, ticket.workflow_version)


def settle(ticket: Ticket) -> None:
    """After each change: the case's place in the queue, and when its clock is spoken of next."""
    ticket.version += 1
    ticket.urgency = urgency.place_of(ticket)
    ticket.warn_at = urgency.next_warning(ticket)


def note_staff(session: Session, by: Actor, *, now: datetime) -> UUID | None:
    """Whoever of staff works here can be given cases; answers their id. Nobody's for others."""
    if by.kind is not ActorKind.STAFF:
        return None
    staff_id = UUID(by.actor_id)
    staff.keep(session, staff_id, name=by.name, now=now)
    return staff_id


def first_name(name: str) -> str:
    """What a customer reads of a clerk's name."""
    return name.split(maxsplit=1)[0] if name.split() else ""


def _within(session: Session, ticket: Ticket, by: Actor) -> Ticket:
    if not areas.holds(session, area_of(by), ticket.customer_id):
        raise TicketNotFound
    return ticket


def _owned(ticket: Ticket | None, customer_id: UUID | None) -> Ticket:
    if ticket is None or customer_id not in (None, ticket.customer_id):
        raise TicketNotFound
    return ticket
