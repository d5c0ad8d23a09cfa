"""Steps of a workflow: what leads on from where a case stands, and what taking it does to its clock."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from services.tickets.domain import cases, clocks, threads
from services.tickets.outbox import tickets as announce
from services.tickets.storage.kinds import MET, TicketStatus
from services.tickets.storage.tickets import Ticket
from services.tickets.storage.workflows import State, Transition, Trigger, WorkflowVersion

SAID_OTHERWISE = frozenset({Trigger.ANSWER, Trigger.ASK})  # The mail about the answer says it already.


def ways_from(workflow: WorkflowVersion, state: str, trigger: Trigger) -> list[Transition]:
    """The transitions of one kind that lead on from a state, in the order of the workflow."""
    return [one for one in workflow.transitions if one.from_state == state and one.trigger is trigger]


def way_from(workflow: WorkflowVersion, state: str, trigger: Trigger) -> Transition | None:
    """The first of them."""
    return next(iter(ways_from(workflow, state, trigger)), None)


def ways_of_clerk(workflow: WorkflowVersion, state: str, *, by: Actor) -> list[Transition]:
    """The buttons that this person has in a state."""
    return [
        one
        for one in ways_from(workflow, state, Trigger.CLERK)
        if not one.permission or by.may(one.permission)
    ]


def state_of(workflow: WorkflowVersion, key: str) -> State:
    """A state by its key."""
    return next(state for state in workflow.states if state.key == key)


def closes(workflow: WorkflowVersion, transition: Transition) -> bool:
    """Whether a transition ends the case."""
    return TicketStatus(state_of(workflow, transition.to_state).status) is TicketStatus.CLOSED


def take(
    session: Session,
    ticket: Ticket,
    workflow: WorkflowVersion,
    transition: Transition,
    *,
    by: Actor | None,
    now: datetime,
    from_version: int | None = None,
    closed_by: UUID | None = None,
) -> None:
    """Take a transition on a case that is held; nobody's, when it was time that took it. The step is told.

    `from_version` is the one that whoever took it looked at; without it, the present one. `closed_by` is the answer on
    whose way to the end it lies: the mail about that tells of all.
    """
    state = state_of(workflow, transition.to_state)
    tells = transition.tells_customer and transition.trigger not in SAID_OTHERWISE
    from_version = ticket.version if from_version is None else from_version
    _enter(ticket, state, now=now)
    ticket.advance_at = advance_at(workflow, state.key, since=now)
    step = threads.add_step(
        session, ticket, transition, state, by=by, tells_customer=tells, from_version=from_version, now=now
    )
    ticket.changed_at = now
    cases.settle(ticket)
    ticket.state_version = ticket.version
    closed = ticket.status is TicketStatus.CLOSED
    announce.ticket_advanced(
        session,
        ticket,
        step_id=step.ticket_message_id,
        tells_customer=tells and not closed and closed_by is None,
    )
    if closed:
        announce.ticket_closed(session, ticket, step_id=step.ticket_message_id, closed_by=closed_by)


def begin(ticket: Ticket, workflow: WorkflowVersion, *, now: datetime) -> None:
    """Put a new case into the first state of its workflow."""
    state = workflow.states[0]
    _enter(ticket, state, now=now)
    ticket.advance_at = advance_at(workflow, state.key, since=now)


def advance_at(workflow: WorkflowVersion, state: str, *, since: datetime) -> datetime | None:
    """When time leads on from a state that was entered then; None when it does not."""
    days = [one.after_days for one in ways_from(workflow, state, Trigger.AFTER_DAYS)]
    return since + timedelta(days=min(days)) if days else None


def first_after_days(workflow: WorkflowVersion, state: str) -> Transition | None:
    """The transition that time takes from a state: the soonest."""
    ways = ways_from(workflow, state, Trigger.AFTER_DAYS)
    return min(ways, key=lambda one: one.after_days, default=None)


def stages(
    workflow: WorkflowVersion, ticket: Ticket, reached: dict[str, datetime]
) -> list[tuple[State, datetime | None]]:
    """The states for the line "where it stands", in the order of the workflow: those it was in, the one it is in, those
    ahead. Of those ahead, the ways around are left out: waiting for the customer, and all ends but the first.
    """
    known = {workflow.states[0].key: ticket.opened_at} | reached
    furthest = max(
        index
        for index, state in enumerate(workflow.states)
        if state.key == ticket.state or (state.key in known and state.status is not TicketStatus.WAITING)
    )
    shown: list[tuple[State, datetime | None]] = []
    met = {TicketStatus(ticket.status)} & MET
    for index, state in enumerate(workflow.states):
        status = TicketStatus(state.status)
        if state.key in known or state.key == ticket.state:
            shown.append((state, known.get(state.key, ticket.state_since)))
        elif index > furthest and _lies_ahead(ticket, status, met):
            shown.append((state, None))
            met |= {status} & MET
    return shown


def _lies_ahead(ticket: Ticket, status: TicketStatus, met: Iterable[TicketStatus]) -> bool:
    return (
        ticket.status is not TicketStatus.CLOSED and status is not TicketStatus.WAITING and status not in met
    )


def _enter(ticket: Ticket, state: State, *, now: datetime) -> None:
    """The case stands there now; the clock goes on, stands still or has stopped."""
    status = TicketStatus(state.status)
    if ticket.closed_at is not None and status is not TicketStatus.CLOSED:
        _begin_anew(ticket, now=now)
    if ticket.due_at is not None and ticket.met_at is None:
        if ticket.paused_at is not None and status is not TicketStatus.WAITING:
            _resume(ticket, now=now)
        if status is TicketStatus.WAITING and ticket.paused_at is None:
            ticket.paused_at = now
        if status in MET:
            ticket.met_at = now
    if status is TicketStatus.CLOSED:
        ticket.closed_at = now
        ticket.reopen_until = now + timedelta(days=ticket.reopen_days)
    else:
        ticket.closed_at = ticket.reopen_until = None
    ticket.status = status
    ticket.state = state.key
    ticket.state_names = dict(state.names)
    ticket.state_since = now


def _begin_anew(ticket: Ticket, *, now: datetime) -> None:
    """A case that was over is open again: an answer is owed again, in as many days as the first one was."""
    if ticket.due_at is None:
        return
    ticket.clock_since = now
    ticket.due_at = clocks.due_at(now, ticket.days, working_days=ticket.working_days)
    ticket.met_at = ticket.paused_at = None
    ticket.waited_days = ticket.warned = 0


def _resume(ticket: Ticket, *, now: datetime) -> None:
    """What was waited is given to the clock."""
    if ticket.paused_at is None:
        return
    ticket.waited_days, ticket.due_at = clocks.resumed(
        clocks.began_at(ticket),
        ticket.days,
        working_days=ticket.working_days,
        waited_days=ticket.waited_days,
        paused_at=ticket.paused_at,
        resumed_at=now,
    )
    ticket.paused_at = None
