"""Komunikacja: segments under a name – kept, used in announcements and campaigns, renamed, changed, taken away."""

from typing import Any
from uuid import UUID

from ebok.notify.v1 import segments_pb2 as pb
from flask import redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import PermissionDenied, Refusal
from chassis.ids import new_id
from gateway.console import console, segment_forms
from gateway.console.inputs import refuse_at
from gateway.console.segment_forms import SegmentChoices, choices_call, choices_of
from gateway.web import notices, reasons
from gateway.web.calls import at_once, call, clients
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

READ, CHANGE = "notify.segments.read", "notify.segments.change"
NAME, NAME_LENGTH_MAX = "segment", 80
USE, KEEP = "segment-", "zachowaj-segment"

reasons.say(
    {
        "SEGMENT_CHANGED": _l("Somebody else changed or took away this segment meanwhile. Open it anew."),
        "SEGMENT_NAME_TAKEN": _l("Another segment is called so. Choose another name."),
    }
)


@console.get("/komunikacja/segmenty")
def segments() -> str:
    """All of them, by name."""
    found = call(clients().notify.segments.ListSegments, pb.ListSegmentsRequest()).segments
    return render_template("console/segments/list.html", segments=found, in_words=segment_forms.in_words)


@console.get("/komunikacja/segmenty/nowy")
def new_segment() -> Response:
    """A new one has its id from the start, so that a repeated save makes no second one."""
    if not current_user.may(CHANGE):
        raise PermissionDenied
    return redirect(url_for("console.segment", segment_id=new_id()), code=303)


@console.route("/komunikacja/segmenty/<uuid:segment_id>", methods=["GET", "POST"])
def segment(segment_id: UUID) -> Response | tuple[str, int]:
    """One of them: its name and its conditions."""
    listed, answer = at_once(
        (clients().notify.segments.ListSegments, pb.ListSegmentsRequest()), choices_call()
    )
    known = {one.segment_id: one for one in listed.segments}
    found = known.get(str(segment_id)) or pb.SavedSegment(segment_id=str(segment_id))
    choices = choices_of(answer)
    initial: dict[str, Any] = {NAME: found.name, **segment_forms.initial_of(found.segment)}
    form = Form.of_request(initial={**initial, **take_all_kept()})
    if form.sent and not segment_forms.rearrange(form, form.value("co")) and _save(form, found, choices):
        return redirect(url_for("console.segments"), code=303)
    page = render_template(
        "console/segments/segment.html",
        form=form,
        segment=found,
        rows=segment_forms.rows_of(form, choices),
        conditions=segment_forms,
    )
    return page, form.status


@console.post("/komunikacja/segmenty/<uuid:segment_id>/usun")
def remove_segment(segment_id: UUID) -> Response:
    """Take it away; what was written with it keeps its conditions."""
    call(clients().notify.segments.RemoveSegment, pb.RemoveSegmentRequest(segment_id=str(segment_id)))
    notices.ok(_("The segment is taken away."), _("What was written with it keeps its conditions."))
    return redirect(url_for("console.segments"), code=303)


def saved() -> list[pb.SavedSegment]:
    """Those that can be used; none for who may not."""
    if not current_user.may(READ):
        return []
    return list(call(clients().notify.segments.ListSegments, pb.ListSegmentsRequest()).segments)


def act(form: Form, button: str, known: list[pb.SavedSegment], choices: SegmentChoices) -> bool:
    """Do what a button of the conditions says: rows, a saved segment instead of them, keep them.

    True when it was one of these; the page is then shown again with what was typed.
    """
    if button == KEEP:
        if _save(form, pb.SavedSegment(segment_id=str(new_id())), choices):
            form.put(NAME, [])
        return True
    if button.startswith(USE):
        chosen = next((one for one in known if one.segment_id == button.removeprefix(USE)), None)
        if chosen is None:
            form.stop(_("This segment was taken away meanwhile. The conditions are as they were."))
        else:
            segment_forms.put(form, chosen.segment)
        return True
    if segment_forms.rearrange(form, button):
        return True
    # Wrong is wrong, also where nothing is kept under it now.
    if not form.text(NAME, required=False, length_max=NAME_LENGTH_MAX).isprintable():
        form.fail(NAME, reasons.field_sentence("MALFORMED"))
    return False


def _save(form: Form, before: pb.SavedSegment, choices: SegmentChoices) -> bool:
    """Whether it was saved; the form says why not."""
    rows = segment_forms.rows_of(form, choices)
    wanted = pb.SavedSegment(
        segment_id=before.segment_id,
        name=form.text(NAME, length_max=NAME_LENGTH_MAX),
        segment=segment_forms.segment_of(form, rows),
        version=before.version,
    )
    if form.ok and not wanted.segment.conditions:
        form.fail(NAME, _("Add a condition first: without one it would be everybody."))
    if not form.ok:
        return False
    try:
        call(clients().notify.segments.SaveSegment, pb.SaveSegmentRequest(segment=wanted))
    except Refusal as refusal:
        if not segment_forms.mark(form, rows, refusal.violations):
            refuse_at(form, refusal, {"SEGMENT_NAME_TAKEN": NAME}, fields={"name": NAME})
        return False
    notices.ok(_("The segment “%(name)s” is kept.", name=wanted.name))
    return True
