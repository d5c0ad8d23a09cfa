"""The door for a customer's own cases."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from ebok.tickets.v1 import tickets_pb2 as pb
from ebok.tickets.v1 import tickets_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.tickets.api.packing import pack_message, pack_messages, pack_ticket, pack_whole
from services.tickets.domain import cases, opening, steps, talking
from services.tickets.domain.opening import Wish
from services.tickets.domain.threads import Writing
from services.tickets.storage import attachments, own_cases, threads
from services.tickets.storage.kinds import Channel
from services.tickets.storage.tickets import Ticket

OWN = "tickets"
SHOWN_MAX = 300


class TicketService(rpc.TicketServiceServicer):
    """Front door for a customer's own cases: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def OpenTicket(self, request: pb.OpenTicketRequest, context: Context) -> pb.OpenTicketResponse:
        wish = unpack_wish(request, channel=Channel.PORTAL)
        with self._database.transaction() as session:
            ticket = opening.open_ticket(session, wish, by=context.actor, now=self._clock.now())
            acts.name_subject(wire.pack_id(ticket.ticket_id))
            return pb.OpenTicketResponse(ticket=self._pack(session, ticket))

    def ListTickets(self, request: pb.ListTicketsRequest, context: Context) -> pb.ListTicketsResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        window = unpack_window(request.page, of=OWN, kinds=own_cases.OWN_KEY)
        staff, now = context.actor.is_of_provider, self._clock.now()
        if staff:
            with self._database.reading() as session:
                cases.check_customer(session, customer_id, by=context.actor)
        with self._database.asking() as reader:
            page, open_count, unread_count = own_cases.list_of_customer(
                reader, customer_id, open_only=request.open_only, window=window
            )
        return pb.ListTicketsResponse(
            tickets=[pack_ticket(row, staff=staff, now=now) for row in page.rows],
            page=pack_page(page, of=OWN, key_of=_key_of),
            open_count=open_count,
            unread_count=unread_count,
        )

    def GetTicket(self, request: pb.GetTicketRequest, context: Context) -> pb.GetTicketResponse:
        ticket_id, customer_id = _unpack_own(request)
        with self._database.reading() as session:
            ticket = cases.get(session, ticket_id, customer_id=customer_id)
            messages = threads.list_messages(session, ticket_id, internal_too=False, limit=SHOWN_MAX)
            files = attachments.find_of_messages(session, [one.ticket_message_id for one in messages])
            return pb.GetTicketResponse(
                ticket=self._pack(session, ticket), messages=pack_messages(messages, files, ticket)
            )

    def MarkTicketRead(
        self, request: pb.MarkTicketReadRequest, context: Context
    ) -> pb.MarkTicketReadResponse:
        ticket_id, customer_id = _unpack_own(request)
        seen = wire.unpack_id(request.ticket_message_id, field="ticket_message_id")
        with self._database.transaction() as session:
            talking.see(session, ticket_id, seen, customer_id=customer_id)
        return pb.MarkTicketReadResponse()

    def WriteMessage(self, request: pb.WriteMessageRequest, context: Context) -> pb.WriteMessageResponse:
        ticket_id, customer_id = _unpack_own(request)
        writing = unpack_writing(request)
        with self._database.transaction() as session:
            ticket, message = talking.write(
                session,
                ticket_id,
                writing,
                customer_id=customer_id,
                by=context.actor,
                now=self._clock.now(),
            )
            files = attachments.find_of_messages(session, [message.ticket_message_id])
            return pb.WriteMessageResponse(
                ticket=self._pack(session, ticket),
                message=pack_message(message, files.get(message.ticket_message_id, ()), ticket),
            )

    def ReopenTicket(self, request: pb.ReopenTicketRequest, context: Context) -> pb.ReopenTicketResponse:
        ticket_id, customer_id = _unpack_own(request)
        with self._database.transaction() as session:
            ticket = talking.reopen(
                session,
                ticket_id,
                customer_id=customer_id,
                request_id=wire.unpack_id(request.request_id, field="request_id"),
                body=request.body,
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.ReopenTicketResponse(ticket=self._pack(session, ticket))

    def RateTicket(self, request: pb.RateTicketRequest, context: Context) -> pb.RateTicketResponse:
        ticket_id, customer_id = _unpack_own(request)
        with self._database.transaction() as session:
            ticket = talking.rate(
                session,
                ticket_id,
                customer_id=customer_id,
                rating=request.rating,
                comment=request.comment,
            )
            return pb.RateTicketResponse(ticket=self._pack(session, ticket))

    def _pack(self, session: Session, ticket: Ticket) -> pb.Ticket:
        workflow = cases.workflow_of(session, ticket)
        stages = steps.stages(workflow, ticket, threads.list_states(session, ticket.ticket_id))
        return pack_whole(ticket, stages, staff=False, now=self._clock.now())


def unpack_wish(request: Any, *, channel: Channel) -> Wish:
    """A case as a customer or a clerk asks for it."""
    return Wish(
        customer_id=wire.unpack_id(request.customer_id, field="customer_id"),
        request_id=wire.unpack_id(request.request_id, field="request_id"),
        category_id=wire.unpack_id(request.category_id, field="category_id"),
        subject=request.subject,
        body=request.body,
        commodity=request.commodity,
        answers=[(answer.key, answer.value) for answer in request.answers],
        attachment_ids=unpack_ids(request.attachment_ids),
        channel=channel,
    )


def unpack_writing(request: Any, **more: Any) -> Writing:
    """What somebody writes into a case."""
    return Writing(
        request_id=wire.unpack_id(request.request_id, field="request_id"),
        body=request.body,
        attachment_ids=unpack_ids(request.attachment_ids),
        **more,
    )


def unpack_ids(attachment_ids: Sequence[str]) -> list[UUID]:
    """Ids of files."""
    return [wire.unpack_id(one, field=f"attachment_ids[{index}]") for index, one in enumerate(attachment_ids)]


def _unpack_own(request: Any) -> tuple[UUID, UUID]:
    """The case and whose it is."""
    return (
        wire.unpack_id(request.ticket_id, field="ticket_id"),
        wire.unpack_id(request.customer_id, field="customer_id"),
    )


def _key_of(row: Any) -> tuple[Any, ...]:
    return row.has_news, row.opened_at, row.ticket_id
