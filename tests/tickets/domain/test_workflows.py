"""What a workflow must be before cases go by it, against another way of finding out."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.tickets.domain.workflows import check_draft, check_whole
from services.tickets.storage import workflows as stored
from services.tickets.storage.kinds import TicketStatus
from services.tickets.storage.workflows import State, Transition, Trigger, WorkflowVersion

OWN = UUID("01930000-0000-7000-8000-00000000f001")
DEFAULTS = Path(stored.__file__).parent / "migrations" / "defaults" / "0002_workflows.yaml"


def state(key: str, status: str) -> State:
    return State(key, {"pl": key}, TicketStatus(status))


def way(key: str, begin: str, end: str, trigger: str = "CLERK", **more) -> Transition:
    return Transition(key, {"pl": key}, begin, end, Trigger(trigger), **more)


def workflow(states, ways) -> WorkflowVersion:
    return WorkflowVersion(OWN, 1, {"pl": "Sprawa"}, tuple(states), tuple(ways))


NEW, WORK, OVER = state("new", "NEW"), state("work", "IN_PROGRESS"), state("over", "CLOSED")
TAKE, CLOSE, REOPEN = (
    way("take", "new", "work", "TAKEN"),
    way("close", "work", "over"),
    way("reopen", "over", "work", "REOPEN"),
)
SOUND = workflow([NEW, WORK, OVER], [TAKE, CLOSE, REOPEN])


def faults(version: WorkflowVersion) -> set[tuple[str, str]]:
    return {(one.field, one.reason) for one in check_whole(version)}


def test_a_sound_workflow_has_no_faults():
    assert faults(SOUND) == set()


@pytest.mark.parametrize(
    ("version", "found"),
    [
        (workflow([], []), {("states[0].status", "NO_INITIAL_STATE"), ("states", "NO_CLOSED_STATE")}),
        (
            workflow([WORK, NEW, OVER], [way("back", "work", "new"), *SOUND.transitions]),
            {("states[0].status", "NO_INITIAL_STATE")},
        ),
        (workflow([NEW, WORK], [TAKE]), {("states", "NO_CLOSED_STATE")}),
        (
            workflow(
                [NEW, WORK, state("lost", "WAITING"), OVER], [*SOUND.transitions, way("x", "lost", "work")]
            ),
            {("states[2].key", "UNREACHABLE")},
        ),
        (
            workflow(
                [NEW, WORK, state("trap", "WAITING"), OVER], [*SOUND.transitions, way("x", "work", "trap")]
            ),
            {("states[2].key", "DEAD_END")},
        ),
        (
            workflow(
                [NEW, WORK, state("a", "WAITING"), state("b", "WAITING"), OVER],
                [*SOUND.transitions, way("x", "work", "a"), way("y", "a", "b"), way("z", "b", "a")],
            ),
            {("states[2].key", "DEAD_END"), ("states[3].key", "DEAD_END")},
        ),
        (
            workflow([NEW, WORK, OVER], [*SOUND.transitions, way("x", "work", "nowhere")]),
            {("transitions[3].to_state", "UNKNOWN_STATE")},
        ),
        (
            workflow([NEW, WORK, OVER], [*SOUND.transitions, way("x", "new", "over", "TAKEN")]),
            {("transitions[3].trigger", "AMBIGUOUS")},
        ),
        (
            workflow(
                [NEW, WORK, OVER], [*SOUND.transitions, way("x", "work", "work", "AFTER_DAYS", after_days=3)]
            ),
            {("transitions[3].to_state", "MISPLACED")},
        ),
        (
            workflow([NEW, WORK, OVER], [TAKE, CLOSE, way("x", "over", "work", "CUSTOMER_WRITES")]),
            {("transitions[2].trigger", "MISPLACED")},
        ),
        (
            workflow([NEW, WORK, OVER], [*SOUND.transitions, way("x", "work", "new", "REOPEN")]),
            {("transitions[3].trigger", "MISPLACED")},
        ),
        (
            workflow(
                [NEW, WORK, OVER, state("done", "CLOSED")],
                [*SOUND.transitions[:2], way("x", "over", "done", "REOPEN")],
            ),
            {("transitions[2].trigger", "MISPLACED")},
        ),
    ],
)
def test_a_fault_is_named_where_it_is(version, found):
    assert faults(version) == found


def test_two_buttons_of_a_clerk_in_one_state_are_no_doubt():
    assert faults(replace(SOUND, transitions=(*SOUND.transitions, way("other", "work", "over")))) == set()


def test_a_draft_is_refused_what_it_could_never_be_published_with():
    broken = workflow(
        [state("Nie Klucz", "NEW"), WORK, WORK, State("over", {"en": "Over"}, TicketStatus.CLOSED)],
        [way("late", "work", "over", "AFTER_DAYS"), way("late", "work", "over", permission="billing.x")],
    )
    assert {(one.field, one.reason) for one in check_draft(broken)} == {
        ("workflow.states[0].key", "MALFORMED"),
        ("workflow.states[2].key", "DUPLICATE"),
        ("workflow.states[3].names[pl]", "REQUIRED"),
        ("workflow.transitions[0].after_days", "REQUIRED"),
        ("workflow.transitions[1].key", "DUPLICATE"),
        ("workflow.transitions[1].permission", "MALFORMED"),
    }


KEYS = ["a", "b", "c", "d", "e"]


@st.composite
def drawn(draw) -> WorkflowVersion:
    keys = KEYS[: draw(st.integers(1, 5))]
    states = [state(key, draw(st.sampled_from(list(TicketStatus)))) for key in keys]
    ends = st.sampled_from([*keys, "nowhere"] if draw(st.booleans()) else keys)
    ways = draw(st.lists(st.tuples(ends, ends, st.sampled_from(list(Trigger))), max_size=14))
    transitions = [way(f"t{number}", *ways[number]) for number in range(len(ways))]
    return workflow(states, transitions)


def reachable(version: WorkflowVersion) -> set[tuple[str, str]]:
    """All pairs of states with a way between them, by Warshall's algorithm."""
    keys = [one.key for one in version.states]
    pairs = {(one.from_state, one.to_state) for one in version.transitions} | {(key, key) for key in keys}
    for middle, begin, end in product(keys, keys, keys):
        if (begin, middle) in pairs and (middle, end) in pairs:
            pairs.add((begin, end))
    return pairs


@given(drawn())
def test_states_are_judged_as_by_looking_at_every_pair(version):
    pairs, first = reachable(version), version.states[0].key
    closed = {one.key for one in version.states if one.status is TicketStatus.CLOSED}
    for place, one in enumerate(version.states):
        reached = (first, one.key) in pairs
        ends = not closed or any((one.key, end) in pairs for end in closed)
        at = f"states[{place}].key"
        assert ((at, "UNREACHABLE") in faults(version)) == (not reached)
        assert ((at, "DEAD_END") in faults(version)) == (reached and not ends)


@given(drawn(), st.data())
def test_in_a_published_workflow_a_case_never_stands_where_it_cannot_go_on(version, data):
    """Whatever happens: one way for each happening, always one that leads on, and after the end only reopening."""
    if faults(version):
        return
    status_of = {one.key: one.status for one in version.states}
    here = version.states[0].key
    assert status_of[here] is TicketStatus.NEW
    for _ in range(8):
        onward = [one for one in version.transitions if one.from_state == here]
        by_itself = [one.trigger for one in onward if one.trigger is not Trigger.CLERK]
        assert len(by_itself) == len(set(by_itself))
        if status_of[here] is TicketStatus.CLOSED:
            assert {one.trigger for one in onward} <= {Trigger.REOPEN}
        else:
            assert onward
        if not onward:
            return
        here = data.draw(st.sampled_from(onward)).to_state


def defaults() -> list[WorkflowVersion]:
    nothing = {"permission": "", "tells_customer": False, "after_days": 0}
    return [
        stored.read_document(
            {**one, "transitions": [{**nothing, **way} for way in one["transitions"]]},
            workflow_id=UUID(one["workflow_id"]),
            version=1,
        )
        for one in yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["workflows"]
    ]


@pytest.mark.parametrize("version", defaults(), ids=lambda one: one.names["en"])
def test_what_a_provider_begins_with_could_be_published(version):
    assert faults(version) == set()
    assert check_draft(version) == []
    said = [
        version.names,
        *(one.names for one in version.states),
        *(one.names for one in version.transitions),
    ]
    assert all(set(names) == {"pl", "en", "uk"} for names in said)


def test_a_complaint_that_is_asked_about_keeps_its_clock_running():
    """A consumer's complaint has no standstill (act on consumer rights, art. 7a)."""
    [complaint] = [one for one in defaults() if one.names["pl"] == "Reklamacja"]
    assert TicketStatus.WAITING not in {one.status for one in complaint.states}
    assert any(one.trigger is Trigger.ASK for one in complaint.transitions)


@given(drawn())
def test_a_version_is_read_as_it_was_written(version):
    written = stored.write_document(version)
    assert stored.read_document(written, workflow_id=OWN, version=1) == version
