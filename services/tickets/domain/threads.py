"""Entries of a thread: written once for each request, in order, with their files; and what each side has seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import FailedPrecondition, NotFound
from chassis.ids import new_id
from services.tickets.domain.words import words_of
from services.tickets.storage import attachments, searches
from services.tickets.storage import threads as stored
from services.tickets.storage.kinds import Author, Channel
from services.tickets.storage.threads import TicketMessage
from services.tickets.storage.tickets import Ticket
from services.tickets.storage.workflows import State, Transition

MESSAGES_MAX = 200
FILES_MAX = 100


class AttachmentNotFound(NotFound):
    """There is no such file, it is somebody else's, or it came with something else already."""

    reason = "ATTACHMENT_NOT_FOUND"


class TooManyAttachments(FailedPrecondition):
    """As many files are there as may be."""

    reason = "TOO_MANY_ATTACHMENTS"


class TooManyMessages(FailedPrecondition):
    """As much was written in this case as may be."""

    reason = "TOO_MANY_MESSAGES"


@dataclass(frozen=True)
class Writing:
    """What somebody writes. `attachment_ids` were handed in before."""

    request_id: UUID
    body: str
    attachment_ids: Sequence[UUID] = ()
    is_internal: bool = False
    channel: Channel = Channel.PORTAL


def find_written(session: Session, ticket: Ticket, request_id: UUID) -> TicketMessage | None:
    """What the same request wrote before."""
    return stored.find_by_request(session, ticket.ticket_id, request_id)


def write(session: Session, ticket: Ticket, writing: Writing, *, by: Actor, now: datetime) -> TicketMessage:
    """Add an entry to a case that is held.

    Refuses TOO_MANY_MESSAGES, TOO_MANY_ATTACHMENTS, ATTACHMENT_NOT_FOUND.
    """
    if stored.count_written(session, ticket.ticket_id) >= MESSAGES_MAX:
        raise TooManyMessages(maximum=str(MESSAGES_MAX))
    files = list(dict.fromkeys(writing.attachment_ids))
    if ticket.file_count + len(files) > FILES_MAX:
        raise TooManyAttachments(maximum=str(FILES_MAX))

    by_staff = by.is_of_provider
    message = _add(
        session,
        ticket,
        request_id=writing.request_id,
        written_at=now,
        author=Author.STAFF if by_staff else Author.CUSTOMER,
        author_id=by.actor_id,
        author_name=by.name,
        body=writing.body,
        is_internal=writing.is_internal,
        tells_customer=not writing.is_internal,
        channel=writing.channel,
        transition="",
        state="",
        state_names=None,
        from_version=ticket.version,
    )
    session.flush()
    attached = attachments.attach(
        session,
        files,
        customer_id=ticket.customer_id,
        by_staff=by_staff,
        ticket_message_id=message.ticket_message_id,
    )
    if attached != len(files):
        raise AttachmentNotFound
    ticket.file_count += len(files)
    searches.add_words(session, ticket.ticket_id, words_of(writing.body))
    _count(ticket, message, now=now)
    return message


def add_step(
    session: Session,
    ticket: Ticket,
    transition: Transition,
    state: State,
    *,
    by: Actor | None,
    tells_customer: bool,
    from_version: int,
    now: datetime,
) -> TicketMessage:
    """The line of the thread that says where the case stands now."""
    staff = by is not None and by.is_of_provider
    step = _add(
        session,
        ticket,
        request_id=None,
        written_at=now,
        author=Author.SYSTEM if by is None else Author.STAFF if staff else Author.CUSTOMER,
        author_id="" if by is None else by.actor_id,
        author_name="" if by is None else by.name,
        body="",
        is_internal=False,
        tells_customer=tells_customer,
        channel=Channel.PORTAL,
        transition=transition.key,
        state=state.key,
        state_names=dict(state.names),
        from_version=from_version,
    )
    if tells_customer and step.author is not Author.CUSTOMER:
        ticket.customer_unread += 1
    return step


def see_as_customer(session: Session, ticket: Ticket, ticket_message_id: UUID) -> None:
    """The customer has seen a case that is held up to an entry. One that is not the customer's to see says nothing."""
    message = stored.get_message(session, ticket.ticket_id, ticket_message_id)
    if message is None or message.is_internal or message.position <= ticket.customer_seen:
        return
    ticket.customer_seen = message.position
    session.flush()
    ticket.customer_unread = stored.count_unseen_by_customer(session, ticket)


def see_as_staff(ticket: Ticket) -> None:
    """Somebody of staff has the whole thread of a case that is held before them."""
    ticket.staff_seen = ticket.last_position
    ticket.staff_unread = 0


def _add(session: Session, ticket: Ticket, **values: Any) -> TicketMessage:
    ticket.last_position += 1
    message = TicketMessage(
        ticket_message_id=new_id(), ticket_id=ticket.ticket_id, position=ticket.last_position, **values
    )
    session.add(message)
    return message


def _count(ticket: Ticket, message: TicketMessage, *, now: datetime) -> None:
    """Who has something new now. Whoever writes has seen what is above."""
    if message.author is Author.CUSTOMER:
        ticket.staff_unread += 1
        ticket.customer_wrote_at = now
        ticket.customer_seen, ticket.customer_unread = message.position, 0
    else:
        see_as_staff(ticket)
        ticket.customer_unread += not message.is_internal
    if not message.is_internal:
        ticket.changed_at = now
