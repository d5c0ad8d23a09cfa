"""Kategorie zgłoszeń: what cases can be about, with typed fields, a workflow and a clock."""

from uuid import UUID

from ebok.tickets.v1 import categories_pb2 as pb
from ebok.tickets.v1 import workflows_pb2
from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from chassis.errors import NotFound, PermissionDenied, Refusal
from gateway.console import category_forms as forms
from gateway.console import console
from gateway.console.row_forms import places
from gateway.web import notices
from gateway.web.calls import at_once, call, clients
from gateway.web.case_words import KINDS, MEDIA
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.texts import in_language, said

CHANGE = "tickets.categories.change"
NEW = {"kind": "QUESTION", "days": "7", "counted": "working", "reopen_days": "30", "position": "100"}
ALL = pb.ListCategoriesRequest(all=True, counted=True)


@console.get("/zgloszenia/ustawienia/kategorie")
def ticket_categories() -> str:
    """All categories, those that cannot be chosen too."""
    stub = clients().tickets
    found, workflows = at_once(
        (stub.categories.ListCategories, ALL),
        (stub.workflows.ListWorkflows, workflows_pb2.ListWorkflowsRequest()),
    )
    names = {one.workflow_id: said(one.names) for one in workflows.workflows}
    return render_template("console/categories/list.html", categories=found.categories, workflow_names=names)


@console.route("/zgloszenia/ustawienia/kategorie/nowa", methods=["GET", "POST"])
def new_ticket_category() -> Response | tuple[str, int]:
    """Another category."""
    return _editor(None, {**NEW, "for_customers": "1", "is_active": "1", "fields": "0"})


@console.route("/zgloszenia/ustawienia/kategorie/<uuid:category_id>", methods=["GET", "POST"])
def ticket_category(category_id: UUID) -> Response | tuple[str, int]:
    """A category; cases that are open keep what they were opened with."""
    known = next(
        (
            one
            for one in call(clients().tickets.categories.ListCategories, ALL).categories
            if one.category_id == str(category_id)
        ),
        None,
    )
    if known is None:
        raise NotFound
    return _editor(known, forms.initial_of_category(known))


def _editor(known: pb.Category | None, initial: dict[str, str | list[str]]) -> Response | tuple[str, int]:
    if not current_user.may(CHANGE):
        raise PermissionDenied
    asked = workflows_pb2.ListWorkflowsRequest()
    workflows = [
        one for one in call(clients().tickets.workflows.ListWorkflows, asked).workflows if one.current_version
    ]
    form, moved = _form(initial)
    if form.sent and not moved:
        wanted = forms.read(form, known, [one.workflow_id for one in workflows])
        if wanted is not None and _saved(form, wanted):
            return redirect(url_for("console.ticket_categories"), code=303)
    page = render_template(
        "console/categories/category.html",
        form=form,
        category=known,
        fields_at=places(form, forms.FIELDS),
        choices_at={place: places(form, forms.CHOICES, place) for place in places(form, forms.FIELDS)},
        field_types=forms.FIELD_TYPES,
        kinds=[(forms.KIND_NAMES[number], word) for number, word in KINDS.items()],
        media=MEDIA,
        workflows=[(one.workflow_id, in_language(one.names)) for one in workflows],
    )
    return page, form.status


def _form(initial: dict[str, str | list[str]]) -> tuple[Form, bool]:
    """The form as typed, kept over a log-in, or as the category is; and whether a button of the rows was pressed."""
    if request.method == "POST":
        typed, moved = forms.rearranged(request.form)
        return Form(typed), moved
    kept = take_all_kept()
    return (Form(MultiDict(kept)), True) if kept else (Form(initial=initial), False)


def _saved(form: Form, wanted: pb.SaveCategoryRequest) -> bool:
    try:
        call(clients().tickets.categories.SaveCategory, wanted)
    except Refusal as refusal:
        forms.refuse(form, refusal)
        return False
    notices.ok(_("The category is saved."), _("Cases that are open keep what they were opened with."))
    return True
