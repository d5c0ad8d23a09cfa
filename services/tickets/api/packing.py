"""Rows of cases as protobuf."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ebok.tickets.v1 import desk_pb2, tickets_pb2

from chassis import wire
from services.tickets.domain import clocks, urgency
from services.tickets.domain.cases import first_name
from services.tickets.storage.attachments import Attachment
from services.tickets.storage.customers import Customer
from services.tickets.storage.kinds import Author, Channel, TicketKind, TicketStatus
from services.tickets.storage.threads import TicketMessage
from services.tickets.storage.tickets import Ticket
from services.tickets.storage.workflows import State

KINDS: dict[str, Any] = {kind: tickets_pb2.TicketKind.Value(f"TICKET_KIND_{kind}") for kind in TicketKind}
KINDS_BACK = {value: TicketKind(kind) for kind, value in KINDS.items()}
STATUSES: dict[str, Any] = {
    status: tickets_pb2.TicketStatus.Value(f"TICKET_STATUS_{status}") for status in TicketStatus
}
STATUSES_BACK = {value: TicketStatus(status) for status, value in STATUSES.items()}
CHANNELS: dict[str, Any] = {channel: tickets_pb2.Channel.Value(f"CHANNEL_{channel}") for channel in Channel}
CHANNELS_BACK = {value: Channel(channel) for channel, value in CHANNELS.items()}
AUTHORS: dict[str, Any] = {author: tickets_pb2.Author.Value(f"AUTHOR_{author}") for author in Author}


def pack_ticket(ticket: Any, *, staff: bool, now: datetime) -> tickets_pb2.Ticket:
    """A case as lists show it; `ticket` is a `Ticket` or a row of the queue. `staff`: who reads it."""
    return tickets_pb2.Ticket(
        ticket_id=wire.pack_id(ticket.ticket_id),
        number=ticket.number,
        customer_id=wire.pack_id(ticket.customer_id),
        kind=KINDS[ticket.kind],
        category_id=wire.pack_id(ticket.category_id),
        category_names=ticket.category_names,
        subject=ticket.subject,
        commodity=ticket.commodity,
        status=STATUSES[ticket.status],
        state=ticket.state,
        state_names=ticket.state_names,
        opened_at=wire.pack_instant(ticket.opened_at),
        channel=CHANNELS[ticket.channel],
        clock=_pack_clock(ticket, now=now) if ticket.due_at is not None else None,
        closed_at=wire.pack_optional_instant(ticket.closed_at),
        reopen_until=wire.pack_optional_instant(ticket.reopen_until),
        rating=ticket.rating,
        rating_comment=ticket.rating_comment,
        changed_at=wire.pack_instant(ticket.changed_at),
        unread_count=ticket.staff_unread if staff else ticket.customer_unread,
        follows_ticket_id=wire.pack_id(ticket.follows_ticket_id),
        follows_number=ticket.follows_number,
        assignee_name=first_name(ticket.assignee_name),
    )


def pack_whole(
    ticket: Ticket, stages: Sequence[tuple[State, datetime | None]], *, staff: bool, now: datetime
) -> tickets_pb2.Ticket:
    """A case with what was filled in and where it stands on its way."""
    packed = pack_ticket(ticket, staff=staff, now=now)
    packed.answers.extend(tickets_pb2.Answer(**answer) for answer in ticket.answers)
    packed.stages.extend(
        tickets_pb2.Stage(
            state=state.key,
            names=dict(state.names),
            reached_at=wire.pack_optional_instant(reached_at),
            is_present=state.key == ticket.state,
        )
        for state, reached_at in stages
    )
    return packed


def _pack_clock(ticket: Any, *, now: datetime) -> tickets_pb2.Clock:
    return tickets_pb2.Clock(
        due_at=wire.pack_instant(ticket.due_at),
        days_total=ticket.days,
        days_gone=clocks.days_gone(
            clocks.began_at(ticket),
            ticket.met_at or now,
            ticket.days,
            working_days=ticket.working_days,
            waited_days=ticket.waited_days,
            paused_at=ticket.paused_at,
        ),
        working_days=ticket.working_days,
        is_paused=ticket.paused_at is not None and ticket.met_at is None,
        is_late=urgency.is_late(ticket, now=now),
        is_met=ticket.met_at is not None,
        sentences=ticket.sentences,
    )


def pack_message(
    message: TicketMessage, files: Sequence[Attachment], ticket: Ticket
) -> tickets_pb2.TicketMessage:
    """An entry of a thread; names of staff by their first alone."""
    by_customer = message.author is Author.CUSTOMER
    seen = ticket.staff_seen if by_customer else ticket.customer_seen
    return tickets_pb2.TicketMessage(
        ticket_message_id=wire.pack_id(message.ticket_message_id),
        written_at=wire.pack_instant(message.written_at),
        author=AUTHORS[message.author],
        author_name=message.author_name if by_customer else first_name(message.author_name),
        body=message.body,
        attachments=[pack_attachment(file) for file in files],
        is_internal=message.is_internal,
        is_read=not message.is_internal and message.position <= seen,
        state_names=message.state_names or {},
        channel=CHANNELS[message.channel],
    )


def pack_messages(
    messages: Sequence[TicketMessage], files: Mapping[UUID, Sequence[Attachment]], ticket: Ticket
) -> list[tickets_pb2.TicketMessage]:
    """A thread."""
    return [pack_message(message, files.get(message.ticket_message_id, ()), ticket) for message in messages]


def pack_attachment(attachment: Attachment) -> tickets_pb2.Attachment:
    """What a file is."""
    return tickets_pb2.Attachment(
        attachment_id=wire.pack_id(attachment.attachment_id),
        file_name=attachment.file_name,
        media_type=attachment.media_type,
        size_bytes=attachment.size_bytes,
    )


def pack_queued(ticket: tickets_pb2.Ticket, row: Any, customer: Customer | None) -> desk_pb2.QueuedTicket:
    """A case with its customer; `row` is the `Ticket` that was packed."""
    return desk_pb2.QueuedTicket(
        ticket=ticket,
        customer_number=customer.number if customer is not None else "",
        customer_name=customer.name if customer is not None else "",
        assignee_id=wire.pack_id(row.assignee_id),
        customer_wrote_at=wire.pack_optional_instant(row.customer_wrote_at),
        customer_language=customer.language if customer is not None else "",
    )
