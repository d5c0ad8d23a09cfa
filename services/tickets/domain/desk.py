"""What staff do with a case: answer, ask, note, take and give, and press the buttons of its workflow."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import FailedPrecondition, NotFound
from services.tickets.domain import cases, steps, threads
from services.tickets.domain.cases import TicketChanged, TicketClosed
from services.tickets.domain.threads import Writing
from services.tickets.outbox import tickets as announce
from services.tickets.storage import canned_answers, staff
from services.tickets.storage import threads as stored_threads
from services.tickets.storage.kinds import TicketStatus
from services.tickets.storage.threads import TicketMessage
from services.tickets.storage.tickets import Ticket
from services.tickets.storage.workflows import Transition, Trigger, WorkflowVersion


class TransitionNotAllowed(FailedPrecondition):
    """The workflow has no such way from here, or not for this person."""

    reason = "TRANSITION_NOT_ALLOWED"


class StaffNotFound(NotFound):
    """Nobody of that id has worked here."""

    reason = "STAFF_NOT_FOUND"


class Mode(StrEnum):
    """How an entry of staff is meant."""

    ANSWER = "ANSWER"
    ASK = "ASK"
    ANSWER_AND_CLOSE = "ANSWER_AND_CLOSE"
    NOTE = "NOTE"


@dataclass(frozen=True)
class Choices:
    """What one person may do with a case now."""

    buttons: list[Transition]
    can_ask: bool
    can_close: bool


def choices(workflow: WorkflowVersion, ticket: Ticket, *, by: Actor) -> Choices:
    """The buttons, and whether an answer may ask or close."""
    is_open = ticket.status is not TicketStatus.CLOSED
    return Choices(
        buttons=steps.ways_of_clerk(workflow, ticket.state, by=by),
        can_ask=is_open and bool(_ways(workflow, ticket, Mode.ASK, by=by)),
        can_close=is_open and bool(_ways(workflow, ticket, Mode.ANSWER_AND_CLOSE, by=by)),
    )


def answer(
    session: Session,
    ticket_id: UUID,
    writing: Writing,
    mode: Mode,
    *,
    by: Actor,
    now: datetime,
    canned_answer_id: UUID | None = None,
) -> tuple[Ticket, TicketMessage]:
    """Answer, ask or note. An answer to a case that nobody has takes it; the canned one it began with is counted.

    Refuses TICKET_NOT_FOUND, TICKET_CLOSED, TRANSITION_NOT_ALLOWED, TOO_MANY_MESSAGES, TOO_MANY_ATTACHMENTS,
    ATTACHMENT_NOT_FOUND.
    """
    ticket = cases.hold_at_desk(session, ticket_id, by=by)
    written = threads.find_written(session, ticket, writing.request_id)
    if written is not None:
        return ticket, written  # A repeated call finds its work already done.
    if mode is not Mode.NOTE and ticket.status is TicketStatus.CLOSED:
        raise TicketClosed
    workflow = cases.workflow_of(session, ticket)
    ways = _ways(workflow, ticket, mode, by=by)
    if mode in (Mode.ASK, Mode.ANSWER_AND_CLOSE) and not ways:
        raise TransitionNotAllowed

    staff_id = cases.note_staff(session, by, now=now)
    message = threads.write(session, ticket, writing, by=by, now=now)
    cases.settle(ticket)
    if mode is not Mode.NOTE and ticket.assignee_id is None and staff_id is not None:
        _give(ticket, staff_id, by.name)
    closed_by = message.ticket_message_id if mode is Mode.ANSWER_AND_CLOSE else None
    for way in ways:
        steps.take(session, ticket, workflow, way, by=by, now=now, closed_by=closed_by)
    if mode is not Mode.NOTE:
        announce.ticket_answered(
            session,
            ticket,
            ticket_message_id=message.ticket_message_id,
            asks=mode is Mode.ASK,
            closes=closed_by is not None,
        )
    if canned_answer_id is not None:
        canned_answers.count_use(session, canned_answer_id)
    return ticket, message


def assign(
    session: Session, ticket_id: UUID, assignee_id: UUID | None, *, version: int, by: Actor, now: datetime
) -> Ticket:
    """Give a case to somebody, oneself or nobody. Refuses TICKET_NOT_FOUND, STAFF_NOT_FOUND, TICKET_CHANGED."""
    ticket = cases.hold_at_desk(session, ticket_id, by=by)
    cases.note_staff(session, by, now=now)
    member = staff.get_member(session, assignee_id) if assignee_id is not None else None
    if assignee_id is not None and member is None:
        raise StaffNotFound
    if ticket.assignee_id == assignee_id:
        return ticket  # A repeated call finds its work already done.
    if not ticket.assignee_version <= version <= ticket.version:
        raise TicketChanged

    cases.settle(ticket)
    _give(ticket, assignee_id, member.name if member is not None else "")
    if assignee_id is not None:
        workflow = cases.workflow_of(session, ticket)
        taken = steps.way_from(workflow, ticket.state, Trigger.TAKEN)
        if taken is not None:
            steps.take(session, ticket, workflow, taken, by=by, now=now)
    return ticket


def advance(
    session: Session, ticket_id: UUID, transition: str, *, version: int, by: Actor, now: datetime
) -> Ticket:
    """Press a button of the workflow. Refuses TICKET_NOT_FOUND, TRANSITION_NOT_ALLOWED, TICKET_CHANGED."""
    ticket = cases.hold_at_desk(session, ticket_id, by=by)
    if stored_threads.find_step(session, ticket_id, transition=transition, from_version=version) is not None:
        return ticket  # A repeated call finds its work already done.
    if not ticket.state_version <= version <= ticket.version:
        raise TicketChanged
    workflow = cases.workflow_of(session, ticket)
    buttons = {one.key: one for one in steps.ways_of_clerk(workflow, ticket.state, by=by)}
    if transition not in buttons:
        raise TransitionNotAllowed

    cases.note_staff(session, by, now=now)
    # The step remembers the version that was looked at: that is what a repeat names.
    steps.take(session, ticket, workflow, buttons[transition], by=by, now=now, from_version=version)
    return ticket


def _give(ticket: Ticket, staff_id: UUID | None, name: str) -> None:
    ticket.assignee_id, ticket.assignee_name = staff_id, name
    ticket.assignee_version = ticket.version


def _ways(workflow: WorkflowVersion, ticket: Ticket, mode: Mode, *, by: Actor) -> list[Transition]:
    """The transitions that an entry makes happen, one after the other; empty: it moves nothing, or there is no way.

    A case that nobody has is taken first, where its workflow speaks of that.
    """
    taken = steps.way_from(workflow, ticket.state, Trigger.TAKEN) if ticket.assignee_id is None else None
    if mode is Mode.NOTE:
        return []
    for begun in ([taken], []) if taken is not None else ([],):
        state = begun[0].to_state if begun else ticket.state
        ways = _ways_on(workflow, state, mode, by=by)
        if ways:
            return [*begun, *ways]
    return [taken] if taken is not None and mode is Mode.ANSWER else []


def _ways_on(workflow: WorkflowVersion, state: str, mode: Mode, *, by: Actor) -> list[Transition]:
    if mode is Mode.ASK:
        return steps.ways_from(workflow, state, Trigger.ASK)[:1]
    answered = steps.ways_from(workflow, state, Trigger.ANSWER)[:1]
    if mode is Mode.ANSWER:
        return answered
    direct = _closing(workflow, state, by=by)
    if direct or not answered:
        return direct
    if steps.closes(workflow, answered[0]):
        return answered
    further = _closing(workflow, answered[0].to_state, by=by)
    return [*answered, *further] if further else []


def _closing(workflow: WorkflowVersion, state: str, *, by: Actor) -> list[Transition]:
    ways = steps.ways_of_clerk(workflow, state, by=by)
    return [one for one in ways if steps.closes(workflow, one)][:1]
