"""The door for cases as staff work on them."""

from typing import Any
from uuid import UUID

from ebok.tickets.v1 import desk_pb2 as pb
from ebok.tickets.v1 import desk_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts, wire
from chassis.actors import ActorKind
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.tickets.api.packing import (
    CHANNELS_BACK,
    KINDS_BACK,
    STATUSES_BACK,
    pack_message,
    pack_messages,
    pack_queued,
    pack_ticket,
    pack_whole,
)
from services.tickets.api.tickets import unpack_wish, unpack_writing
from services.tickets.domain import cases, desk, opening, steps, threads
from services.tickets.domain.areas import area_of
from services.tickets.domain.desk import Mode
from services.tickets.domain.words import asked
from services.tickets.storage import attachments, customers, queue, staff
from services.tickets.storage import threads as stored_threads
from services.tickets.storage import tickets as stored
from services.tickets.storage.kinds import Channel
from services.tickets.storage.queue import Search, View
from services.tickets.storage.tickets import Ticket
from services.tickets.storage.workflows import Transition, WorkflowVersion

QUEUE = "queue"
SHOWN_MAX = 600  # 200 messages, the notes among them, and the steps between.
OTHERS_MAX = 5
ASSIGNEES_MAX = 200
VIEWS: dict[Any, View] = {
    pb.QUEUE_VIEW_UNSPECIFIED: View.OPEN,
    pb.QUEUE_VIEW_MINE: View.MINE,
    pb.QUEUE_VIEW_FREE: View.FREE,
    pb.QUEUE_VIEW_LATE: View.LATE,
    pb.QUEUE_VIEW_ALL: View.ALL,
}
MODES: dict[Any, Mode] = {pb.AnswerMode.Value(f"ANSWER_MODE_{mode}"): mode for mode in Mode}


class TicketDeskService(rpc.TicketDeskServiceServicer):
    """Front door for staff: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListQueue(self, request: pb.ListQueueRequest, context: Context) -> pb.ListQueueResponse:
        window = unpack_window(request.page, of=QUEUE, kinds=queue.QUEUE_KEY)
        now = self._clock.now()
        search = Search(
            view=VIEWS[request.view],
            staff_id=UUID(context.actor.actor_id),
            now=now,
            words=asked(request.query),
            category_id=wire.unpack_optional_id(request.category_id, field="category_id"),
            kind=KINDS_BACK.get(request.kind),
            status=STATUSES_BACK.get(request.status),
            commodity=request.commodity,
            area=area_of(context.actor),
        )
        with self._database.asking() as reader:
            page = queue.list_queue(reader, search, window=window)
            counts = queue.count_queue(reader, search)
        return pb.ListQueueResponse(
            tickets=[
                pb.QueuedTicket(
                    ticket=pack_ticket(row, staff=True, now=now),
                    customer_number=row.customer_number or "",
                    customer_name=row.customer_name or "",
                    assignee_id=wire.pack_id(row.assignee_id),
                    customer_wrote_at=wire.pack_optional_instant(row.customer_wrote_at),
                )
                for row in page.rows
            ],
            page=pack_page(page, of=QUEUE, key_of=lambda row: (row.urgency, row.ticket_id)),
            counts=pb.QueueCounts(
                mine=counts[View.MINE],
                free=counts[View.FREE],
                late=counts[View.LATE],
                open=counts[View.OPEN],
            ),
        )

    def GetCase(self, request: pb.GetCaseRequest, context: Context) -> pb.GetCaseResponse:
        ticket_id = wire.unpack_id(request.ticket_id, field="ticket_id")
        now = self._clock.now()
        with self._database.transaction() as session:
            ticket = cases.hold_at_desk(session, ticket_id, by=context.actor)
            workflow = cases.workflow_of(session, ticket)
            choices = desk.choices(workflow, ticket, by=context.actor)
            messages = stored_threads.list_messages(session, ticket_id, internal_too=True, limit=SHOWN_MAX)
            files = attachments.find_of_messages(session, [one.ticket_message_id for one in messages])
            others = stored.list_others(session, ticket, limit=OTHERS_MAX)
            # Packed first: what was unread until this look is told apart by it.
            thread = pack_messages(messages, files, ticket)
            if context.actor.kind is ActorKind.STAFF:
                threads.see_as_staff(ticket)
            return pb.GetCaseResponse(
                case=self._pack(session, ticket),
                messages=thread,
                next_steps=[_pack_next(workflow, button) for button in choices.buttons],
                can_ask=choices.can_ask,
                can_close=choices.can_close,
                version=ticket.version,
                others=[pack_ticket(other, staff=True, now=now) for other in others],
            )

    def OpenCase(self, request: pb.OpenCaseRequest, context: Context) -> pb.OpenCaseResponse:
        wish = unpack_wish(request, channel=CHANNELS_BACK.get(request.channel, Channel.DESK))
        with self._database.transaction() as session:
            now = self._clock.now()
            cases.check_customer(session, wish.customer_id, by=context.actor)
            ticket = opening.open_ticket(session, wish, by=context.actor, now=now)
            cases.note_staff(session, context.actor, now=now)
            acts.name_subject(wire.pack_id(ticket.ticket_id), customer_id=wire.pack_id(ticket.customer_id))
            return pb.OpenCaseResponse(case=self._pack(session, ticket))

    def AnswerCase(self, request: pb.AnswerCaseRequest, context: Context) -> pb.AnswerCaseResponse:
        mode = MODES[request.mode]
        writing = unpack_writing(request, is_internal=mode is Mode.NOTE, channel=Channel.PORTAL)
        with self._database.transaction() as session:
            ticket, message = desk.answer(
                session,
                wire.unpack_id(request.ticket_id, field="ticket_id"),
                writing,
                mode,
                canned_answer_id=wire.unpack_optional_id(request.canned_answer_id, field="canned_answer_id"),
                by=context.actor,
                now=self._clock.now(),
            )
            files = attachments.find_of_messages(session, [message.ticket_message_id])
            return pb.AnswerCaseResponse(
                case=self._pack(session, ticket),
                message=pack_message(message, files.get(message.ticket_message_id, ()), ticket),
            )

    def AssignCase(self, request: pb.AssignCaseRequest, context: Context) -> pb.AssignCaseResponse:
        with self._database.transaction() as session:
            ticket = desk.assign(
                session,
                wire.unpack_id(request.ticket_id, field="ticket_id"),
                wire.unpack_optional_id(request.assignee_id, field="assignee_id"),
                version=request.version,
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.AssignCaseResponse(case=self._pack(session, ticket))

    def AdvanceCase(self, request: pb.AdvanceCaseRequest, context: Context) -> pb.AdvanceCaseResponse:
        with self._database.transaction() as session:
            ticket = desk.advance(
                session,
                wire.unpack_id(request.ticket_id, field="ticket_id"),
                request.transition,
                version=request.version,
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.AdvanceCaseResponse(case=self._pack(session, ticket))

    def ListAssignees(self, request: pb.ListAssigneesRequest, context: Context) -> pb.ListAssigneesResponse:
        with self._database.reading() as session:
            members = staff.list_members(session, limit=ASSIGNEES_MAX)
            counts = stored.count_open_by_assignee(session, [one.staff_id for one in members])
        return pb.ListAssigneesResponse(
            assignees=[
                pb.Assignee(
                    staff_id=wire.pack_id(one.staff_id),
                    name=one.name,
                    open_count=counts.get(one.staff_id, 0),
                )
                for one in members
            ]
        )

    def _pack(self, session: Session, ticket: Ticket) -> pb.QueuedTicket:
        acts.name_subject(wire.pack_id(ticket.ticket_id), customer_id=wire.pack_id(ticket.customer_id))
        workflow = cases.workflow_of(session, ticket)
        stages = steps.stages(workflow, ticket, stored_threads.list_states(session, ticket.ticket_id))
        packed = pack_whole(ticket, stages, staff=True, now=self._clock.now())
        return pack_queued(packed, ticket, customers.get_customer(session, ticket.customer_id))


def _pack_next(workflow: WorkflowVersion, button: Transition) -> pb.NextStep:
    return pb.NextStep(
        transition=button.key,
        names=dict(button.names),
        state_names=dict(steps.state_of(workflow, button.to_state).names),
        tells_customer=button.tells_customer,
        closes=steps.closes(workflow, button),
    )
