"""Obiegi zgłoszeń: how cases go – drawn, drafted, published."""

from typing import Any
from uuid import UUID

from ebok.tickets.v1 import tickets_pb2
from ebok.tickets.v1 import workflows_pb2 as pb
from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from chassis.errors import PermissionDenied, Refusal
from gateway.console import console
from gateway.console import workflow_drawing as drawing
from gateway.console import workflow_forms as forms
from gateway.console.row_forms import hidden_number, places, stop
from gateway.web import notices
from gateway.web.calls import call, clients
from gateway.web.case_words import STATUSES
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import gettext as _
from gateway.web.texts import in_language, said

CHANGE = "tickets.workflows.change"
VERSION_MAX = 2**31 - 1
STATUS_CLASSES = {
    tickets_pb2.TICKET_STATUS_NEW: "new",
    tickets_pb2.TICKET_STATUS_IN_PROGRESS: "work",
    tickets_pb2.TICKET_STATUS_WAITING: "wait",
    tickets_pb2.TICKET_STATUS_ANSWERED: "met",
    tickets_pb2.TICKET_STATUS_CLOSED: "over",
}
CUSTOMER_DOES = (pb.TRANSITION_TRIGGER_CUSTOMER_WRITES, pb.TRANSITION_TRIGGER_REOPEN)
# What a new workflow begins with when it is no copy: the least that can be published.
BARE = pb.Workflow(
    states=[
        pb.WorkflowState(
            key="new",
            status=tickets_pb2.TICKET_STATUS_NEW,
            names={"pl": "Przyjęte", "en": "Received", "uk": "Прийнято"},
        ),
        pb.WorkflowState(
            key="closed",
            status=tickets_pb2.TICKET_STATUS_CLOSED,
            names={"pl": "Zakończone", "en": "Closed", "uk": "Завершено"},
        ),
    ],
    transitions=[
        pb.Transition(
            key="close",
            names={"pl": "Zakończ", "en": "Close", "uk": "Завершити"},
            from_state="new",
            to_state="closed",
            trigger=pb.TRANSITION_TRIGGER_CLERK,
        )
    ],
)


@console.get("/zgloszenia/ustawienia/obiegi")
def ticket_workflows() -> str:
    """All workflows with what is in force and what is drafted."""
    found = call(clients().tickets.workflows.ListWorkflows, pb.ListWorkflowsRequest())
    return render_template("console/workflows/list.html", workflows=found.workflows)


@console.route("/zgloszenia/ustawienia/obiegi/nowy", methods=["GET", "POST"])
def new_ticket_workflow() -> Response | tuple[str, int]:
    """A draft of another workflow: bare, or a copy of one there is."""
    _must_change()
    stub = clients().tickets.workflows
    known = call(stub.ListWorkflows, pb.ListWorkflowsRequest()).workflows
    form = Form.of_request(initial={"copy": "", **take_kept()})
    if form.sent:
        name = form.text("name_pl", length_max=forms.NAME_LENGTH_MAX)
        copied = form.choice("copy", [one.workflow_id for one in known], required=False)
        if form.ok and not form.has_sound_request_id:
            stop(form)
        if form.ok:
            wanted = pb.Workflow(names={"pl": name})
            source = (
                call(stub.GetWorkflow, pb.GetWorkflowRequest(workflow_id=copied)).workflow if copied else BARE
            )
            wanted.states.extend(source.states)
            wanted.transitions.extend(source.transitions)
            request_ = pb.SaveWorkflowDraftRequest(workflow=wanted, request_id=form.request_id)
            try:
                made = call(stub.SaveWorkflowDraft, request_).workflow
            except Refusal as refusal:
                forms.refuse(form, refusal)
            else:
                notices.ok(_("The draft is there."), _("No case goes by it until it is published."))
                return redirect(url_for("console.ticket_workflow", workflow_id=made.workflow_id), code=303)
    page = render_template(
        "console/workflows/new.html",
        form=form,
        workflows=[(one.workflow_id, in_language(one.names)) for one in known],
    )
    return page, form.status


@console.route("/zgloszenia/ustawienia/obiegi/<uuid:workflow_id>", methods=["GET", "POST"])
def ticket_workflow(workflow_id: UUID) -> Response | tuple[str, int]:
    """The draft, or the version in force as what the next draft begins with; for others to read."""
    if request.method == "GET":
        kept = take_kept()
        return _page(workflow_id, Form(MultiDict(kept)) if kept else None)
    _must_change()
    typed, moved = forms.rearranged(request.form)
    form = Form(typed)
    wanted = None if moved else forms.read(form, _load(workflow_id))
    if wanted is not None:
        try:
            call(clients().tickets.workflows.SaveWorkflowDraft, wanted)
        except Refusal as refusal:
            forms.refuse(form, refusal)
        else:
            notices.ok(_("The draft is saved."), _("No case goes by it until it is published."))
            return redirect(url_for("console.ticket_workflow", workflow_id=workflow_id), code=303)
    return _page(workflow_id, form)


@console.get("/zgloszenia/ustawienia/obiegi/<uuid:workflow_id>/<int:version>")
def ticket_workflow_version(workflow_id: UUID, version: int) -> str:
    """One version to read: what open cases go by."""
    return _read_only(_load(workflow_id, min(version, VERSION_MAX)))


@console.post("/zgloszenia/ustawienia/obiegi/<uuid:workflow_id>/opublikuj")
def publish_ticket_workflow(workflow_id: UUID) -> Response | tuple[str, int]:
    """Let new cases go by the saved draft. What is wrong with it is marked in its form."""
    _must_change()
    sent, workflow = Form.of_request(), _load(workflow_id)
    form = Form(MultiDict(forms.initial_of_workflow(workflow)))
    revision = hidden_number(sent, "revision", forms.REVISION_MAX)
    if not sent.ok:
        form.stop(sent.problem, status=sent.status)
        return _page(workflow_id, form, refused=True)
    try:
        asked = pb.PublishWorkflowRequest(workflow_id=str(workflow_id), revision=revision)
        call(clients().tickets.workflows.PublishWorkflow, asked)
    except Refusal as refusal:
        forms.refuse(form, refusal)
        return _page(workflow_id, form, refused=True)
    notices.ok(_("The workflow is published."), _("New cases go by it from now on."))
    return redirect(url_for("console.ticket_workflow", workflow_id=workflow_id), code=303)


@console.post("/zgloszenia/ustawienia/obiegi/<uuid:workflow_id>/odrzuc")
def discard_ticket_workflow(workflow_id: UUID) -> Response:
    """Throw the draft away; a workflow that was never published is gone with it."""
    workflow = _load(workflow_id)
    call(
        clients().tickets.workflows.DiscardWorkflowDraft,
        pb.DiscardWorkflowDraftRequest(workflow_id=str(workflow_id)),
    )
    notices.ok(_("The draft is thrown away."))
    if workflow.current_version:
        return redirect(url_for("console.ticket_workflow", workflow_id=workflow_id), code=303)
    return redirect(url_for("console.ticket_workflows"), code=303)


def _must_change() -> None:
    if not current_user.may(CHANGE):
        raise PermissionDenied


def _load(workflow_id: UUID, version: int = 0) -> pb.Workflow:
    asked = pb.GetWorkflowRequest(workflow_id=str(workflow_id), version=version)
    return call(clients().tickets.workflows.GetWorkflow, asked).workflow


def _page(workflow_id: UUID, form: Form | None, *, refused: bool = False) -> Response | tuple[str, int]:
    """The editor with the form as typed, or as it is kept; whoever may not change reads."""
    workflow = _load(workflow_id)
    if not current_user.may(CHANGE):
        return _read_only(workflow), 200
    form = form or Form(initial=forms.initial_of_workflow(workflow))
    state_places = places(form, forms.STATES)
    page = render_template(
        "console/workflows/workflow.html",
        form=form,
        refused=refused,
        states_at=state_places,
        ways_at=places(form, forms.WAYS),
        state_options=[
            (form.value(f"state-{place}"), form.value(f"state_pl-{place}") or _("unnamed state"))
            for place in state_places
        ],
        statuses=[(forms.STATUS_NAMES[number], word) for number, word in STATUSES.items()],
        triggers=forms.TRIGGERS.items(),
        permission_options=forms.PERMISSIONS.items(),
        **_shown(workflow),
    )
    return page, form.status


def _read_only(workflow: pb.Workflow) -> str:
    return render_template("console/workflows/version.html", **_shown(workflow))


def _shown(workflow: pb.Workflow) -> dict[str, Any]:
    """What every page of a workflow shows: the version, its drawing and what the drawing says in a table."""
    states = [
        drawing.State(one.key, in_language(one.names), str(STATUSES[one.status]), STATUS_CLASSES[one.status])
        for one in workflow.states
    ]
    ways = [drawing.Way(one.from_state, one.to_state, _does(one.trigger)) for one in workflow.transitions]
    return {
        "workflow": workflow,
        "is_draft": workflow.version > workflow.current_version,
        "drawing": drawing.draw(states, ways),
        "state_names": {one.key: said(one.names) for one in workflow.states},
        "trigger_words": {number: forms.TRIGGERS[name] for number, name in forms.TRIGGER_NAMES.items()},
        "telling": [one for one in workflow.transitions if one.tells_customer],
    }


def _does(trigger: int) -> str:
    """Who makes it happen: a class of the drawing."""
    if trigger in CUSTOMER_DOES:
        return "customer"
    return "time" if trigger == pb.TRANSITION_TRIGGER_AFTER_DAYS else "clerk"
