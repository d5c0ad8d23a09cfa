"""The draft of a workflow as a form: a row for each state, a row for each transition.

Keys of states and transitions are for machines: new rows get one of their own at once, so that a transition can name a
state that was added a moment ago.
"""

import re

from ebok.tickets.v1 import tickets_pb2
from ebok.tickets.v1 import workflows_pb2 as pb
from flask_babel import LazyString
from werkzeug.datastructures import MultiDict

from chassis.errors import Refusal
from gateway.console.category_forms import new_key, whole
from gateway.console.inputs import refuse_at
from gateway.console.row_forms import (
    NEW,
    Row,
    Rows,
    check_counts,
    hidden_key,
    hidden_number,
    initial_of,
    language_at,
    places,
    stop,
)
from gateway.console.row_forms import rearranged as rearranged_rows
from gateway.web import reasons
from gateway.web.case_words import STATUSES
from gateway.web.forms import Form
from gateway.web.languages import LANGUAGES
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

NAME_LENGTH_MAX, KEY_LENGTH_MAX = 80, 40
STATES_MAX, TRANSITIONS_MAX, DAYS_MAX, REVISION_MAX = 30, 100, 365, 2**53
DECIDE = "tickets.tickets.decide"

TRIGGERS: dict[str, LazyString] = {
    "TAKEN": _l("it is taken"),
    "ANSWER": _l("an answer"),
    "ASK": _l("a question to the customer"),
    "CLERK": _l("a button"),
    "CUSTOMER_WRITES": _l("the customer's message"),
    "AFTER_DAYS": _l("days go by"),
    "REOPEN": _l("opened again"),
}
PERMISSIONS: dict[str, LazyString] = {"": _l("everybody who works on cases"), DECIDE: _l("who may decide")}
STATUS_NAMES = {
    number: tickets_pb2.TicketStatus.Name(number).removeprefix("TICKET_STATUS_") for number in STATUSES
}
TRIGGER_NAMES = {pb.TransitionTrigger.Value(f"TRANSITION_TRIGGER_{name}"): name for name in TRIGGERS}
STATES = Rows("states", ("state", "status", *(f"state_{code}" for code in LANGUAGES)), STATES_MAX)
WAYS = Rows(
    "ways",
    ("way", "from", "to", "trigger", "permission", "days", "told", *(f"way_{code}" for code in LANGUAGES)),
    TRANSITIONS_MAX,
)
COLUMNS = {
    "status": "status",
    "from_state": "from",
    "to_state": "to",
    "trigger": "trigger",
    "permission": "permission",
    "after_days": "days",
}
_PLACE = re.compile(r"(?:workflow\.)?(states|transitions)\[(\d+)\]\.(\w+)(?:\[(\w+)\])?")
_NAME = re.compile(r"workflow\.names(?:\[(\w+)\])?")
_NEW_STATE = re.compile(r"state_[0-9]{1,3}", re.ASCII)

reasons.say_fields(
    {
        "AMBIGUOUS": _l("Another transition from this state happens on the same occasion."),
        "MISPLACED": _l(
            "This would never happen: a way leads to another state, and only opening again leads out of a closed one."
        ),
    }
)


def rearranged(typed: MultiDict[str, str]) -> tuple[MultiDict[str, str], bool]:
    """What was typed, after a button of the rows; a new state gets a key that none has."""
    form = Form(typed)
    states = {form.value(f"state-{place}") for place in places(form, STATES)}
    new = {
        "states": Row({"state": _free("state", states), "status": "IN_PROGRESS"}),
        "ways": Row({"way": NEW, "from": form.value("state-0"), "trigger": "CLERK"}),
    }
    return rearranged_rows(typed, [STATES, WAYS], new)


def _free(begin: str, taken: set[str]) -> str:
    return next(
        f"{begin}_{number}" for number in range(1, len(taken) + 2) if f"{begin}_{number}" not in taken
    )


def initial_of_workflow(workflow: pb.Workflow) -> dict[str, str]:
    """The form of a version."""
    states = [
        Row(
            {
                "state": one.key,
                "status": STATUS_NAMES.get(one.status, ""),
                **{f"state_{code}": one.names.get(code, "") for code in LANGUAGES},
            }
        )
        for one in workflow.states
    ]
    ways = [
        Row(
            {
                "way": one.key,
                "from": one.from_state,
                "to": one.to_state,
                "trigger": TRIGGER_NAMES.get(one.trigger, ""),
                "permission": one.permission,
                "days": str(one.after_days) if one.after_days else "",
                "told": "1" if one.tells_customer else "",
                **{f"way_{code}": one.names.get(code, "") for code in LANGUAGES},
            }
        )
        for one in workflow.transitions
    ]
    return {
        **{f"name_{code}": workflow.names.get(code, "") for code in LANGUAGES},
        "revision": str(workflow.revision),
        **initial_of(STATES, states),
        **initial_of(WAYS, ways),
    }


def read(form: Form, known: pb.Workflow) -> pb.SaveWorkflowDraftRequest | None:
    """The whole form as a request; None when something is marked. `known` is what the draft begins from."""
    check_counts(form, STATES)
    check_counts(form, WAYS)
    names = _names(form, "name")
    revision = hidden_number(form, "revision", REVISION_MAX)
    keys = {one.key for one in known.states}
    states = [_read_state(form, place, keys) for place in places(form, STATES)]
    taken = {one.key for one in known.transitions}
    kept = frozenset(taken)
    ways = [_read_way(form, place, {one.key for one in states}, kept, taken) for place in places(form, WAYS)]
    if form.ok and not form.has_sound_request_id:
        stop(form)
    if not form.ok:
        return None
    workflow = pb.Workflow(
        workflow_id=known.workflow_id, names=names, revision=revision, states=states, transitions=ways
    )
    return pb.SaveWorkflowDraftRequest(workflow=workflow, request_id=form.request_id)


def _read_state(form: Form, place: str, known: set[str]) -> pb.WorkflowState:
    said = form.value(f"state-{place}")
    if said not in known and not _NEW_STATE.fullmatch(said):
        stop(form)
    return pb.WorkflowState(
        key=said,
        names=_names(form, "state", place),
        status=f"TICKET_STATUS_{form.choice(f'status-{place}', STATUS_NAMES.values()) or 'UNSPECIFIED'}",
    )


def _read_way(
    form: Form, place: str, states: set[str], known: frozenset[str], taken: set[str]
) -> pb.Transition:
    trigger = form.choice(f"trigger-{place}", TRIGGERS)
    late = trigger == "AFTER_DAYS"
    days = whole(form, f"days-{place}", DAYS_MAX, required=False)
    if late and not days and f"days-{place}" not in form.errors:
        form.fail(f"days-{place}", _("Say after how many days."))
    permission = form.choice(f"permission-{place}", PERMISSIONS, required=False)
    names = _names(form, "way", place)
    key = hidden_key(form, f"way-{place}", known)
    return pb.Transition(
        key=key or new_key(names.get("pl", ""), _("way"), taken),
        names=names,
        from_state=form.choice(f"from-{place}", states),
        to_state=form.choice(f"to-{place}", states),
        trigger=f"TRANSITION_TRIGGER_{trigger or 'UNSPECIFIED'}",
        permission=permission if trigger == "CLERK" else "",
        tells_customer=form.ticked(f"told-{place}"),
        after_days=days if late else 0,
    )


def _names(form: Form, column: str, place: str = "") -> dict[str, str]:
    end = f"-{place}" if place else ""
    texts = {
        code: form.text(f"{column}_{code}{end}", required=code == "pl", length_max=NAME_LENGTH_MAX)
        for code in LANGUAGES
    }
    return {code: text for code, text in texts.items() if text}


def refuse(form: Form, refusal: Refusal) -> None:
    """Faults of states and transitions go to their rows; the rest is said above the form."""
    shown = False
    for violation in refusal.violations:
        name = _name_of(form, violation.field)
        if name:
            form.fail(name, reasons.field_sentence(violation.reason))
            shown = True
        elif violation.reason == "NO_CLOSED_STATE":
            form.stop(reasons.field_sentence(violation.reason), status=422)
            shown = True
    if not shown:
        refuse_at(form, refusal, {}, fields={})


def _name_of(form: Form, path: str) -> str:
    """The form's name of a field of the message; empty for one that the form does not show."""
    if found := _NAME.fullmatch(path):
        return f"name_{language_at(form, 'name', '', found[1] or '')}"
    found = _PLACE.fullmatch(path)
    kind, column = (STATES, "state") if found and found[1] == "states" else (WAYS, "way")
    if not found or int(found[2]) >= len(places(form, kind)):
        return ""
    if found[3] in COLUMNS:
        return f"{COLUMNS[found[3]]}-{found[2]}"
    return f"{column}_{language_at(form, column, f'-{found[2]}', found[4] or '')}-{found[2]}"
