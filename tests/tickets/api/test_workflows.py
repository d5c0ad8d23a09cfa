"""The door of workflows: drafted, checked, published, and from then on never edited."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ebok.tickets.v1 import workflows_pb2 as pb
from ebok.tickets.v1.tickets_pb2 import (
    TICKET_STATUS_CLOSED,
    TICKET_STATUS_IN_PROGRESS,
    TICKET_STATUS_NEW,
)
from ebok.tickets.v1.workflows_pb2_grpc import WorkflowServiceStub

from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, PermissionDenied, Refusal
from chassis.ids import new_id

COMPLAINT = "01930000-0000-7000-8000-00000000a002"
TAKEN, CLERK = pb.TRANSITION_TRIGGER_TAKEN, pb.TRANSITION_TRIGGER_CLERK


def state(key: str, status: Any) -> pb.WorkflowState:
    return pb.WorkflowState(key=key, names={"pl": key, "en": key}, status=status)


def way(key: str, begin: str, end: str, trigger: Any = CLERK, **more: Any) -> pb.Transition:
    return pb.Transition(key=key, names={"pl": key}, from_state=begin, to_state=end, trigger=trigger, **more)


def sound(**changes: Any) -> pb.Workflow:
    values: dict[str, Any] = {
        "names": {"pl": "Kontrola wodomierza"},
        "states": [
            state("new", TICKET_STATUS_NEW),
            state("work", TICKET_STATUS_IN_PROGRESS),
            state("over", TICKET_STATUS_CLOSED),
        ],
        "transitions": [way("take", "new", "work", TAKEN), way("close", "work", "over")],
    }
    return pb.Workflow(**{**values, **changes})


@pytest.fixture
def workflows(served, as_edward):
    return served.stub(WorkflowServiceStub, as_edward)


def save(stub, workflow: pb.Workflow, request_id: str = "") -> pb.Workflow:
    request = pb.SaveWorkflowDraftRequest(workflow=workflow, request_id=request_id or str(new_id()))
    return stub.SaveWorkflowDraft(request).workflow


def publish(stub, workflow: pb.Workflow) -> pb.Workflow:
    request = pb.PublishWorkflowRequest(workflow_id=workflow.workflow_id, revision=workflow.revision)
    return stub.PublishWorkflow(request).workflow


def discard(stub, workflow: pb.Workflow) -> None:
    stub.DiscardWorkflowDraft(pb.DiscardWorkflowDraftRequest(workflow_id=workflow.workflow_id))


def get(stub, workflow_id: str, version: int = 0) -> pb.Workflow:
    return stub.GetWorkflow(pb.GetWorkflowRequest(workflow_id=workflow_id, version=version)).workflow


def listed(stub) -> list[pb.Workflow]:
    return list(stub.ListWorkflows(pb.ListWorkflowsRequest()).workflows)


def faults(refusal: Refusal) -> set[tuple[str, str]]:
    return {(one.field, one.reason) for one in refusal.violations}


def test_a_provider_begins_with_three_workflows_in_force(workflows):
    found = listed(workflows)
    assert [one.names["pl"] for one in found] == ["Sprawa", "Reklamacja", "Awaria"]
    assert all((one.version, one.current_version, list(one.versions)) == (1, 1, [1]) for one in found)
    assert not any(one.states or one.transitions for one in found)
    whole = get(workflows, COMPLAINT)
    assert whole.states[0].key == "new"
    assert whole.HasField("published_at")
    assert whole.transitions


@pytest.mark.repeats("WorkflowService/SaveWorkflowDraft")
def test_a_new_workflow_is_made_once_however_often_it_is_sent(workflows):
    request_id = str(new_id())
    first = save(workflows, sound(), request_id)
    again = save(workflows, sound(), request_id)

    assert again == first
    assert (first.version, first.current_version, list(first.versions)) == (1, 0, [1])
    assert not first.HasField("published_at")
    assert len(listed(workflows)) == 4


@pytest.mark.repeats("WorkflowService/SaveWorkflowDraft")
def test_saving_the_same_draft_again_changes_nothing(workflows):
    draft = get(workflows, COMPLAINT)
    draft.names["pl"] = "Reklamacja konsumenta"
    first = save(workflows, draft)
    assert save(workflows, draft) == first
    assert first.revision == draft.revision + 1


@pytest.mark.repeats("WorkflowService/PublishWorkflow")
def test_publishing_twice_makes_one_version(workflows):
    draft = save(workflows, sound())
    first = publish(workflows, draft)
    assert publish(workflows, draft) == first

    assert (first.version, first.current_version, list(first.versions)) == (1, 1, [1])
    assert first.published_by
    assert get(workflows, first.workflow_id) == first


@pytest.mark.repeats("WorkflowService/DiscardWorkflowDraft")
def test_throwing_a_draft_away_twice_is_as_good_as_once(workflows):
    before = get(workflows, COMPLAINT)
    draft = get(workflows, COMPLAINT)
    draft.names["pl"] = "Inna"
    saved = save(workflows, draft)
    discard(workflows, saved)
    discard(workflows, saved)

    after = get(workflows, COMPLAINT)
    assert (after.names, after.version, list(after.versions)) == (before.names, 1, [1])
    with pytest.raises(Conflict) as refusal:
        save(workflows, saved)
    assert refusal.value.reason == "WORKFLOW_CHANGED"


def test_a_new_workflow_that_was_thrown_away_is_not_listed_and_not_made_again(workflows):
    request_id = str(new_id())
    draft = save(workflows, sound(), request_id)
    discard(workflows, draft)
    assert len(listed(workflows)) == 3
    for ask in (
        lambda: get(workflows, draft.workflow_id),
        lambda: save(workflows, sound(names={"pl": "X"}), request_id),
    ):
        with pytest.raises(NotFound) as refusal:
            ask()
        assert refusal.value.reason == "WORKFLOW_NOT_FOUND"


def test_an_older_version_stays_as_it_was(workflows):
    first = publish(workflows, save(workflows, sound()))
    second = get(workflows, first.workflow_id)
    second.states[1].names["pl"] = "Na miejscu"
    draft = save(workflows, second)
    assert (draft.version, draft.current_version, list(draft.versions)) == (2, 1, [2, 1])
    assert get(workflows, first.workflow_id, 1).states == first.states

    newest = publish(workflows, draft)
    assert newest.current_version == 2
    assert get(workflows, first.workflow_id, 1).states[1].names["pl"] == "work"
    assert get(workflows, first.workflow_id).states[1].names["pl"] == "Na miejscu"
    with pytest.raises(NotFound):
        get(workflows, first.workflow_id, 3)


def test_whoever_was_slower_is_told(workflows):
    daria, edward = get(workflows, COMPLAINT), get(workflows, COMPLAINT)
    edward.names["pl"] = "Reklamacja Edwarda"
    saved = save(workflows, edward)
    daria.names["pl"] = "Reklamacja Darii"
    with pytest.raises(Conflict):
        save(workflows, daria)
    stale = pb.Workflow(workflow_id=COMPLAINT, revision=saved.revision - 1)
    with pytest.raises(Conflict) as refusal:
        publish(workflows, stale)
    assert refusal.value.reason == "WORKFLOW_CHANGED"
    assert get(workflows, COMPLAINT).names["pl"] == "Reklamacja Edwarda"


def test_of_many_who_save_at_once_one_is_first(workflows):
    drafts = []
    for number in range(8):
        draft = get(workflows, COMPLAINT)
        draft.names["pl"] = f"Reklamacja {number}"
        drafts.append(draft)

    def try_it(draft: pb.Workflow) -> bool:
        try:
            save(workflows, draft)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_it, drafts)) == 1


def test_there_must_be_a_draft_to_publish(workflows):
    with pytest.raises(FailedPrecondition) as refusal:
        publish(workflows, get(workflows, COMPLAINT))
    assert refusal.value.reason == "NO_DRAFT"


def test_a_draft_may_be_unfinished_but_is_not_published_so(workflows):
    states = [state("new", TICKET_STATUS_NEW), state("lost", TICKET_STATUS_IN_PROGRESS)]
    draft = save(workflows, sound(states=states, transitions=[way("x", "new", "gone")]))
    with pytest.raises(Invalid) as refusal:
        publish(workflows, draft)
    assert faults(refusal.value) == {
        ("states", "NO_CLOSED_STATE"),
        ("states[1].key", "UNREACHABLE"),
        ("transitions[0].to_state", "UNKNOWN_STATE"),
    }
    assert get(workflows, draft.workflow_id).current_version == 0


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"names": {"en": "Case"}}, {("workflow.names[pl]", "REQUIRED")}),
        ({"names": {"pl": "x" * 81}}, {("workflow.names[0]", "TOO_LONG")}),
        ({"states": [state("Nowa!", TICKET_STATUS_NEW)]}, {("workflow.states[0].key", "MALFORMED")}),
        ({"states": [state("new", 0)]}, {("workflow.states[0].status", "REQUIRED")}),
        ({"states": [state("new", 99)]}, {("workflow.states[0].status", "UNKNOWN")}),
        (
            {"states": [state(f"s{number}", TICKET_STATUS_NEW) for number in range(31)]},
            {("workflow.states", "TOO_MANY")},
        ),
        (
            {"transitions": [way("late", "new", "work", pb.TRANSITION_TRIGGER_AFTER_DAYS, after_days=366)]},
            {("workflow.transitions[0].after_days", "OUT_OF_RANGE")},
        ),
        (
            {"transitions": [way("late", "new", "work", pb.TRANSITION_TRIGGER_AFTER_DAYS)]},
            {("workflow.transitions[0].after_days", "REQUIRED")},
        ),
    ],
)
def test_a_draft_is_refused_field_by_field(workflows, changes, found):
    with pytest.raises(Invalid) as refusal:
        save(workflows, sound(**changes))
    assert faults(refusal.value) == found


def test_what_belongs_to_another_trigger_is_left_out(workflows):
    taken = way("take", "new", "work", TAKEN, permission="tickets.tickets.decide", after_days=3)
    own = save(workflows, sound(transitions=[taken, way("close", "work", "over")])).transitions[0]
    assert (own.permission, own.after_days) == ("", 0)


def test_there_is_an_end_to_how_many_workflows_there_are(workflows):
    for _ in range(97):
        save(workflows, sound())
    with pytest.raises(Invalid) as refusal:
        save(workflows, sound())
    assert faults(refusal.value) == {("workflow", "TOO_MANY")}
    assert len(listed(workflows)) == 100


def test_open_cases_are_counted_by_version(workflows, office):
    office.open()
    closed = office.open()
    office.advance(closed, "inspect", office.case(closed).version)
    office.close(closed)
    own = next(one for one in listed(workflows) if one.open_count)
    assert own.open_count == 1
    assert get(workflows, own.workflow_id).open_count == 1


def test_a_clerk_may_look_and_not_change(served, as_daria):
    clerk = served.stub(WorkflowServiceStub, as_daria.allowed("tickets.workflows.read"))
    assert len(listed(clerk)) == 3
    whole = get(clerk, COMPLAINT)
    for act in (lambda: save(clerk, whole), lambda: publish(clerk, whole), lambda: discard(clerk, whole)):
        with pytest.raises(PermissionDenied):
            act()


def test_customers_have_no_business_here(served, as_celina):
    with pytest.raises(PermissionDenied):
        listed(served.stub(WorkflowServiceStub, as_celina))
