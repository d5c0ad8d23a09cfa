"""What a customer does with a case of theirs: writes, opens it again, says how it went."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from services.tickets.domain import cases, opening, steps, threads
from services.tickets.domain.cases import TicketClosed, TicketOpen
from services.tickets.domain.threads import Writing
from services.tickets.storage import tickets as stored
from services.tickets.storage.kinds import TicketStatus
from services.tickets.storage.threads import TicketMessage
from services.tickets.storage.tickets import Ticket
from services.tickets.storage.workflows import Trigger


def write(
    session: Session, ticket_id: UUID, writing: Writing, *, customer_id: UUID, by: Actor, now: datetime
) -> tuple[Ticket, TicketMessage]:
    """Write into an open case; that may move it on.

    Refuses TICKET_NOT_FOUND, TICKET_CLOSED, TOO_MANY_MESSAGES, TOO_MANY_ATTACHMENTS, ATTACHMENT_NOT_FOUND.
    """
    ticket = cases.hold(session, ticket_id, customer_id=customer_id)
    written = threads.find_written(session, ticket, writing.request_id)
    if written is not None:
        return ticket, written  # A repeated call finds its work already done.
    if ticket.status is TicketStatus.CLOSED:
        raise TicketClosed

    message = threads.write(session, ticket, writing, by=by, now=now)
    workflow = cases.workflow_of(session, ticket)
    way = steps.way_from(workflow, ticket.state, Trigger.CUSTOMER_WRITES)
    if way is None:
        cases.settle(ticket)
    else:
        steps.take(session, ticket, workflow, way, by=by, now=now)
    return ticket, message


def reopen(
    session: Session,
    ticket_id: UUID,
    *,
    customer_id: UUID,
    request_id: UUID,
    body: str,
    by: Actor,
    now: datetime,
) -> Ticket:
    """Open a closed case again; after its days, or where its workflow knows no way back, one that goes on from it.

    Refuses TICKET_NOT_FOUND, TICKET_OPEN, TOO_MANY_MESSAGES, TOO_MANY_TICKETS.
    """
    ticket = cases.hold(session, ticket_id, customer_id=customer_id)
    if threads.find_written(session, ticket, request_id) is not None:
        return ticket
    successor = stored.find_by_request(session, customer_id, request_id)
    if successor is not None:
        return successor
    if ticket.status is not TicketStatus.CLOSED:
        raise TicketOpen

    workflow = cases.workflow_of(session, ticket)
    way = steps.way_from(workflow, ticket.state, Trigger.REOPEN)
    if way is None or ticket.reopen_until is None or ticket.reopen_until < now:
        return opening.open_successor(session, ticket, request_id=request_id, body=body, by=by, now=now)
    threads.write(session, ticket, Writing(request_id, body), by=by, now=now)
    steps.take(session, ticket, workflow, way, by=by, now=now)
    return ticket


def rate(session: Session, ticket_id: UUID, *, customer_id: UUID, rating: int, comment: str) -> Ticket:
    """Say how a closed case went; the last word counts. Refuses TICKET_NOT_FOUND, TICKET_OPEN."""
    ticket = cases.hold(session, ticket_id, customer_id=customer_id)
    if ticket.status is not TicketStatus.CLOSED:
        raise TicketOpen
    ticket.rating, ticket.rating_comment = rating, comment
    return ticket


def see(session: Session, ticket_id: UUID, ticket_message_id: UUID, *, customer_id: UUID) -> None:
    """The customer has seen the thread up to an entry. Refuses TICKET_NOT_FOUND."""
    ticket = cases.hold(session, ticket_id, customer_id=customer_id)
    threads.see_as_customer(session, ticket, ticket_message_id)
