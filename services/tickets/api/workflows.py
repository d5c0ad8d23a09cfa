"""The door for how cases go."""

from typing import Any
from uuid import UUID

from ebok.tickets.v1 import workflows_pb2 as pb
from ebok.tickets.v1 import workflows_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from chassis.texts import kept_texts
from services.tickets.api.packing import STATUSES, STATUSES_BACK
from services.tickets.domain import workflows
from services.tickets.domain.workflows import WORKFLOWS_MAX, WorkflowNotFound
from services.tickets.storage import workflows as stored
from services.tickets.storage.workflows import (
    State,
    Transition,
    Trigger,
    WorkflowRow,
    WorkflowVersion,
    WorkflowVersionRow,
)

VERSIONS_SHOWN_MAX = 1000
TRIGGERS: dict[Trigger, Any] = {
    trigger: pb.TransitionTrigger.Value(f"TRANSITION_TRIGGER_{trigger}") for trigger in Trigger
}
TRIGGER_OF = {number: trigger for trigger, number in TRIGGERS.items()}


class WorkflowService(rpc.WorkflowServiceServicer):
    """Front door for how cases go: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListWorkflows(self, request: pb.ListWorkflowsRequest, context: Context) -> pb.ListWorkflowsResponse:
        with self._database.reading() as session:
            found = stored.list_workflows(session, limit=WORKFLOWS_MAX)
            open_counts = stored.count_open_cases(session)
        return pb.ListWorkflowsResponse(
            workflows=[_pack(head, published, open_counts, whole=False) for head, published in found]
        )

    def GetWorkflow(self, request: pb.GetWorkflowRequest, context: Context) -> pb.GetWorkflowResponse:
        workflow_id = wire.unpack_id(request.workflow_id, field="workflow_id")
        with self._database.reading() as session:
            return pb.GetWorkflowResponse(workflow=_load(session, workflow_id, request.version))

    def SaveWorkflowDraft(
        self, request: pb.SaveWorkflowDraftRequest, context: Context
    ) -> pb.SaveWorkflowDraftResponse:
        wanted = request.workflow
        is_new = not wanted.workflow_id
        own = request.request_id if is_new else wanted.workflow_id
        workflow_id = wire.unpack_id(own, field="workflow.workflow_id")
        with self._database.transaction() as session:
            workflows.save_draft(
                session,
                _unpack(wanted, workflow_id),
                revision=wanted.revision,
                is_new=is_new,
                by=context.actor,
                now=self._clock.now(),
            )
            acts.name_subject(wire.pack_id(workflow_id))
            return pb.SaveWorkflowDraftResponse(workflow=_load(session, workflow_id))

    def PublishWorkflow(
        self, request: pb.PublishWorkflowRequest, context: Context
    ) -> pb.PublishWorkflowResponse:
        workflow_id = wire.unpack_id(request.workflow_id, field="workflow_id")
        with self._database.transaction() as session:
            workflows.publish(
                session, workflow_id, revision=request.revision, by=context.actor, now=self._clock.now()
            )
            return pb.PublishWorkflowResponse(workflow=_load(session, workflow_id))

    def DiscardWorkflowDraft(
        self, request: pb.DiscardWorkflowDraftRequest, context: Context
    ) -> pb.DiscardWorkflowDraftResponse:
        workflow_id = wire.unpack_id(request.workflow_id, field="workflow_id")
        with self._database.transaction() as session:
            workflows.discard_draft(session, workflow_id, by=context.actor, now=self._clock.now())
            return pb.DiscardWorkflowDraftResponse()


def _load(session: Session, workflow_id: UUID, version: int = 0) -> pb.Workflow:
    """A version of a workflow; 0: the draft when there is one, else the one in force."""
    session.flush()
    head = stored.find_workflow(session, workflow_id)
    if head is None:
        raise WorkflowNotFound(workflow_id=str(workflow_id))
    is_draft = head.draft is not None and version in (0, head.current_version + 1)
    published = None
    if not is_draft:
        published = stored.find_published(session, workflow_id, version or head.current_version)
        if published is None:
            raise WorkflowNotFound(workflow_id=str(workflow_id), version=str(version))
    return _pack(head, published, stored.count_open_cases(session, workflow_id))


def _pack(
    head: WorkflowRow,
    published: WorkflowVersionRow | None,
    open_counts: dict[tuple[UUID, int], int],
    *,
    whole: bool = True,
) -> pb.Workflow:
    """A published version, or the draft where none is given; `whole` with its states and transitions."""
    document = (head.draft or {}) if published is None else published.document
    number = head.current_version + 1 if published is None else published.version
    version = stored.read_document(document, workflow_id=head.workflow_id, version=number)
    newest = head.current_version + (head.draft is not None)
    packed = pb.Workflow(
        workflow_id=wire.pack_id(head.workflow_id),
        names=version.names,
        version=number,
        versions=range(newest, max(0, newest - VERSIONS_SHOWN_MAX), -1),
        current_version=head.current_version,
        revision=head.revision,
        open_count=open_counts.get((head.workflow_id, number), 0),
    )
    if published is not None:
        packed.published_at.CopyFrom(wire.pack_instant(published.published_at))
        packed.published_by = published.published_by
    if whole:
        packed.states.extend(_pack_state(state) for state in version.states)
        packed.transitions.extend(_pack_transition(one) for one in version.transitions)
    return packed


def _pack_state(state: State) -> pb.WorkflowState:
    return pb.WorkflowState(key=state.key, names=state.names, status=STATUSES[state.status])


def _pack_transition(one: Transition) -> pb.Transition:
    return pb.Transition(
        key=one.key,
        names=one.names,
        from_state=one.from_state,
        to_state=one.to_state,
        trigger=TRIGGERS[one.trigger],
        permission=one.permission,
        tells_customer=one.tells_customer,
        after_days=one.after_days,
    )


def _unpack(message: pb.Workflow, workflow_id: UUID) -> WorkflowVersion:
    """What is wanted; permission and days only where their trigger has them."""
    return WorkflowVersion(
        workflow_id=workflow_id,
        version=0,
        names=kept_texts(message.names),
        states=tuple(
            State(one.key, kept_texts(one.names), STATUSES_BACK[one.status]) for one in message.states
        ),
        transitions=tuple(_unpack_transition(one) for one in message.transitions),
    )


def _unpack_transition(one: pb.Transition) -> Transition:
    trigger = TRIGGER_OF[one.trigger]
    return Transition(
        key=one.key,
        names=kept_texts(one.names),
        from_state=one.from_state,
        to_state=one.to_state,
        trigger=trigger,
        permission=one.permission if trigger is Trigger.CLERK else "",
        tells_customer=one.tells_customer,
        after_days=one.after_days if trigger is Trigger.AFTER_DAYS else 0,
    )
