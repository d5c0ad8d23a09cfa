"""Komunikacja: templates – texts that are written once and used again in campaigns."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from ebok.notify.v1 import templates_pb2 as pb
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chassis.errors import NotFound, Refusal
from chassis.ids import new_id
from gateway.console import console, written_texts
from gateway.console.inputs import refuse_at
from gateway.web import notices, reasons
from gateway.web.calls import call, clients
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import page_links, page_request

NAME_LENGTH_MAX = 120

reasons.say(
    {
        "TEMPLATE_NOT_FOUND": _l("We cannot find this template. It may have been taken away."),
        "TEMPLATE_CHANGED": _l("Somebody else changed this template meanwhile. Open it anew and look."),
        "TEMPLATE_NAME_TAKEN": _l("Another template is called so. Choose another name."),
    }
)


@console.get("/komunikacja/szablony")
def templates() -> str:
    """All templates, by name."""
    found = call(clients().notify.templates.ListTemplates, pb.ListTemplatesRequest(page=page_request()))
    return render_template(
        "console/templates/list.html", templates=found.templates, links=page_links(found.page)
    )


@console.get("/komunikacja/szablony/nowy")
def new_template() -> Response:
    """A new one has its id from the start, so that a repeated save makes no second one."""
    return redirect(url_for("console.template", template_id=new_id()), code=303)


@console.route("/komunikacja/szablony/<uuid:template_id>", methods=["GET", "POST"])
def template(template_id: UUID) -> Response | tuple[str, int]:
    """The editor: a name and the texts."""
    found = _opened(template_id)
    initial: dict[str, Any] = {"nazwa": found.name, **written_texts.initial_of(found.texts)}
    form = Form.of_request(initial={**initial, **take_all_kept()})
    button = request.form.get("co", "") if form.sent else ""
    if button == "litery":
        written_texts.make_plain(form)
    elif form.sent and not button.startswith("pokaz-") and _save(form, found):
        notices.ok(_("The template is saved."))
        shown = written_texts.shown_of(form)
        return redirect(url_for("console.template", template_id=template_id, pokaz=shown), code=303)
    page = render_template(
        "console/templates/template.html",
        template=found,
        form=form,
        texts=written_texts,
        shown=written_texts.shown_of(form, button.removeprefix("pokaz-") or request.args.get("pokaz", "")),
    )
    return page, form.status


@console.post("/komunikacja/szablony/<uuid:template_id>/usun")
def remove_template(template_id: UUID) -> Response:
    """Take it away; campaigns made of it keep their texts."""
    asked = pb.RemoveTemplateRequest(template_id=str(template_id))
    with suppress(NotFound):  # One that was never saved is gone already.
        call(clients().notify.templates.RemoveTemplate, asked)
    notices.ok(_("The template is taken away."), _("Campaigns made of it keep their texts."))
    return redirect(url_for("console.templates"), code=303)


def _opened(template_id: UUID) -> pb.Template:
    try:
        wanted = pb.GetTemplateRequest(template_id=str(template_id))
        found: pb.Template = call(clients().notify.templates.GetTemplate, wanted).template
    except NotFound:
        return pb.Template(template_id=str(template_id))
    return found


def _save(form: Form, found: pb.Template) -> bool:
    """Whether it was saved; the form says why not."""
    wanted = pb.Template(
        template_id=found.template_id,
        name=form.text("nazwa", length_max=NAME_LENGTH_MAX),
        texts=written_texts.texts_of(form),
        version=found.version,
    )
    written_texts.check_shown(form)
    if not wanted.texts and form.ok:
        form.fail("email_pl", reasons.field_sentence("REQUIRED"))
    if not form.ok:
        return False
    try:
        call(clients().notify.templates.SaveTemplate, pb.SaveTemplateRequest(template=wanted))
    except Refusal as refusal:
        if not written_texts.mark(form, refusal):
            refuse_at(form, refusal, {"TEMPLATE_NAME_TAKEN": "nazwa"}, fields={"name": "nazwa"})
        return False
    return True
