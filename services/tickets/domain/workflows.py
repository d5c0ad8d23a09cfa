"""Workflows: drafted, checked as a whole, published; from then on a version is never changed."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import Conflict, FailedPrecondition, NotFound, Violation, refuse_if
from chassis.texts import check_texts
from services.tickets.domain.keys import check_keys
from services.tickets.storage import workflows as stored
from services.tickets.storage.kinds import TicketStatus
from services.tickets.storage.workflows import Transition, Trigger, WorkflowRow, WorkflowVersion

WORKFLOWS_MAX = 100
PERMISSION = re.compile(r"tickets\.[a-z_]+\.[a-z_]+")


class WorkflowNotFound(NotFound):
    """There is no such workflow, or no such version of it."""

    reason = "WORKFLOW_NOT_FOUND"


class WorkflowChanged(Conflict):
    """Somebody else saved or threw away the draft meanwhile."""

    reason = "WORKFLOW_CHANGED"


class NoDraft(FailedPrecondition):
    """There is nothing to publish."""

    reason = "NO_DRAFT"


def save_draft(
    session: Session, wanted: WorkflowVersion, *, revision: int, is_new: bool, by: Actor, now: datetime
) -> WorkflowRow:
    """Keep the draft of the next version. Saying the same again changes nothing; a new workflow is made once."""
    refuse_if(check_draft(wanted))
    document = stored.write_document(wanted)
    made = is_new and _add(session, wanted.workflow_id, by=by, now=now)
    head = _lock(session, wanted.workflow_id)
    if head.draft == document:
        return head
    if is_new and not made:
        if head.draft is None and not head.current_version:
            raise WorkflowNotFound(workflow_id=str(wanted.workflow_id))  # It was made and thrown away.
        return head
    if not made and head.revision != revision:
        raise WorkflowChanged(workflow_id=str(wanted.workflow_id))
    head.draft = document
    head.revision += 1
    head.saved_at, head.saved_by = now, by.actor_id
    return head


def publish(session: Session, workflow_id: UUID, *, revision: int, by: Actor, now: datetime) -> WorkflowRow:
    """Let new cases go by the draft. It must be whole: `check_whole`."""
    head = _lock(session, workflow_id)
    if head.draft is None:
        last = stored.find_published(session, workflow_id, head.current_version)
        if last is not None and last.revision and last.revision == revision:
            return head  # A repeated call finds its work already done.
        raise NoDraft(workflow_id=str(workflow_id))
    if head.revision != revision:
        raise WorkflowChanged(workflow_id=str(workflow_id))
    version = stored.read_document(head.draft, workflow_id=workflow_id, version=head.current_version + 1)
    refuse_if(check_whole(version))
    stored.add_version(session, version, revision=revision, published_at=now, published_by=by.actor_id)
    head.current_version = version.version
    head.draft = None
    return head


def discard_draft(session: Session, workflow_id: UUID, *, by: Actor, now: datetime) -> None:
    """Throw the draft away; whoever still writes on it is told. Without a draft nothing happens."""
    head = _lock(session, workflow_id)
    if head.draft is None:
        return
    head.draft = None
    head.revision += 1
    head.saved_at, head.saved_by = now, by.actor_id


def check_draft(version: WorkflowVersion) -> list[Violation]:
    """What no draft may have: keys that are no keys or there twice, texts without Polish, days where none are said."""
    faults = check_texts(version.names, field="workflow.names")
    faults += check_keys([state.key for state in version.states], at="workflow.states")
    faults += check_keys([one.key for one in version.transitions], at="workflow.transitions")
    for place, state in enumerate(version.states):
        faults += check_texts(state.names, field=f"workflow.states[{place}].names")
    for place, transition in enumerate(version.transitions):
        faults += _check_transition(transition, at=f"workflow.transitions[{place}]")
    return faults


def _check_transition(transition: Transition, *, at: str) -> list[Violation]:
    faults = check_texts(transition.names, field=f"{at}.names")
    if transition.trigger is Trigger.AFTER_DAYS and not transition.after_days:
        faults.append(Violation(f"{at}.after_days", "REQUIRED"))
    if transition.permission and not PERMISSION.fullmatch(transition.permission):
        faults.append(Violation(f"{at}.permission", "MALFORMED"))
    return faults


def check_whole(version: WorkflowVersion) -> list[Violation]:
    """What would leave a case without a beginning, without an end, or in doubt where to go. Pure.

    Only REOPEN leads out of a closed state, and only it begins in one: whatever else stands there would never happen.
    """
    faults = list(_misled(version))
    if not version.states or version.states[0].status is not TicketStatus.NEW:
        faults.append(Violation("states[0].status", "NO_INITIAL_STATE"))
    closed = {state.key for state in version.states if state.status is TicketStatus.CLOSED}
    onward: dict[str, set[str]] = defaultdict(set)
    backward: dict[str, set[str]] = defaultdict(set)
    known = {state.key for state in version.states}
    for one in version.transitions:
        if {one.from_state, one.to_state} <= known:
            onward[one.from_state].add(one.to_state)
            backward[one.to_state].add(one.from_state)
    if not closed:
        faults.append(Violation("states", "NO_CLOSED_STATE"))
    found = _reached(onward, {state.key for state in version.states[:1]})
    ending = _reached(backward, closed) if closed else known
    for place, state in enumerate(version.states):
        if state.key not in found:
            faults.append(Violation(f"states[{place}].key", "UNREACHABLE"))
        elif state.key not in ending:
            faults.append(Violation(f"states[{place}].key", "DEAD_END"))
    return faults


def _misled(version: WorkflowVersion) -> Iterator[Violation]:
    """Transitions that lead from or to nowhere, would never happen, or compete with another."""
    status_of = {state.key: state.status for state in version.states}
    taken: set[tuple[str, Trigger]] = set()
    for place, one in enumerate(version.transitions):
        at = f"transitions[{place}]"
        unknown = [end for end in ("from_state", "to_state") if getattr(one, end) not in status_of]
        yield from (Violation(f"{at}.{end}", "UNKNOWN_STATE") for end in unknown)
        if unknown:
            continue
        begins_closed = status_of[one.from_state] is TicketStatus.CLOSED
        ends_closed = status_of[one.to_state] is TicketStatus.CLOSED
        if one.from_state == one.to_state:
            yield Violation(f"{at}.to_state", "MISPLACED")
        elif begins_closed != (one.trigger is Trigger.REOPEN) or (begins_closed and ends_closed):
            yield Violation(f"{at}.trigger", "MISPLACED")
        if one.trigger is not Trigger.CLERK:
            if (one.from_state, one.trigger) in taken:
                yield Violation(f"{at}.trigger", "AMBIGUOUS")
            taken.add((one.from_state, one.trigger))


def _reached(ways: Mapping[str, Iterable[str]], begin: Iterable[str]) -> set[str]:
    """All that can be reached, the beginnings too."""
    found, ahead = set(begin), list(begin)
    while ahead:
        new = set(ways.get(ahead.pop(), ())) - found
        found |= new
        ahead.extend(new)
    return found


def _add(session: Session, workflow_id: UUID, *, by: Actor, now: datetime) -> bool:
    if stored.find_workflow(session, workflow_id) is not None:
        return False
    if stored.count_workflows(session) >= WORKFLOWS_MAX:
        refuse_if([Violation("workflow", "TOO_MANY", f"at most {WORKFLOWS_MAX}")])
    return stored.add_workflow(session, workflow_id, saved_at=now, saved_by=by.actor_id)


def _lock(session: Session, workflow_id: UUID) -> WorkflowRow:
    head = stored.lock_workflow(session, workflow_id)
    if head is None:
        raise WorkflowNotFound(workflow_id=str(workflow_id))
    return head
