"""What a clerk does with a case: answers, asks, notes, gives it to somebody, moves it on. Then the next one opens."""

from uuid import UUID

from ebok.tickets.v1 import desk_pb2 as pb
from flask import redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Invalid, NotFound, Refusal
from gateway.console import console
from gateway.console.inputs import id_of, refuse_at
from gateway.console.tickets import (
    ANSWER,
    GIVING,
    NOBODY,
    STEP,
    Act,
    case_page,
    case_url,
    filters_of,
    get_case,
)
from gateway.web import attachments, notices
from gateway.web.calls import call, clients
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.texts import in_language
from gateway.web.uploads import takes_file

MODES = {
    "odpowiedz": pb.ANSWER_MODE_ANSWER,
    "pytanie": pb.ANSWER_MODE_ASK,
    "notatka": pb.ANSWER_MODE_NOTE,
}
CLOSE = "zamknij"
VERSION_MAX = 2**53


@console.route("/zgloszenia/<uuid:ticket_id>", methods=["GET", "POST"])
@takes_file(attachments.FILE_BYTES_MAX)
def ticket(ticket_id: UUID) -> tuple[str, int] | Response:
    """One case beside the queue; what is sent names its form."""
    form = Form.of_request()
    if not form.sent:
        return case_page(ticket_id, {})
    wish = form.value("form")
    if wish not in ACTS:
        raise Invalid
    done = ACTS[wish](form, get_case(ticket_id))
    return done if done is not None else case_page(ticket_id, {wish: form})


def _stay(case: pb.GetCaseResponse) -> Response:
    return redirect(case_url(case.case.ticket.ticket_id, filters_of(request.args)), code=303)


def _carry_on(case: pb.GetCaseResponse) -> Response:
    """The next case opens; without one the queue, which says that nothing waits."""
    filters = filters_of(request.args)
    following = id_of(Form(request.args), "nastepny")
    if following and following != case.case.ticket.ticket_id:
        return redirect(case_url(following, filters), code=303)
    return redirect(url_for("console.tickets", **filters), code=303)


def _answer(form: Form, case: pb.GetCaseResponse) -> Response | None:
    """Say something to the customer or to colleagues."""
    ticket_ = case.case.ticket
    mode = MODES.get(form.choice("tryb", MODES), pb.ANSWER_MODE_UNSPECIFIED)
    if form.value("co") == CLOSE:
        if mode == pb.ANSWER_MODE_ANSWER:
            mode = pb.ANSWER_MODE_ANSWER_AND_CLOSE
        else:
            form.fail("tryb", _("Only an answer closes a case."))
    body = form.lines("tresc")
    files = attachments.attach(form, ticket_.customer_id)
    ready = id_of(form, "gotowa")
    if form.ok and not form.has_sound_request_id:
        form.stop(_("Open the page anew, please."), status=422)
    if not form.ok:
        return None
    wanted = pb.AnswerCaseRequest(
        ticket_id=ticket_.ticket_id,
        request_id=form.request_id,
        body=body,
        mode=mode,
        attachment_ids=[one.attachment_id for one in files],
        canned_answer_id=ready,
    )
    try:
        call(clients().tickets.desk.AnswerCase, wanted)
    except Refusal as refusal:
        if not attachments.refuse_files(form, refusal):
            refuse_at(form, refusal, {}, fields={"body": "tresc", "mode": "tryb"})
        return None
    return _after_answer(mode, case)


def _after_answer(mode: int, case: pb.GetCaseResponse) -> Response:
    number = case.case.ticket.number
    if mode == pb.ANSWER_MODE_NOTE:
        notices.ok(_("The note is in the case."), _("The customer does not see it."))
        return _stay(case)
    if mode == pb.ANSWER_MODE_ANSWER_AND_CLOSE:
        notices.ok(_("%(number)s is answered and closed.", number=number))
    elif mode == pb.ANSWER_MODE_ASK:
        notices.ok(_("%(number)s: asked.", number=number), _("The case waits for the customer."))
    else:
        notices.ok(_("%(number)s is answered.", number=number))
    return _carry_on(case)


def _version(form: Form) -> int:
    """The version that the page showed; anything else is a page of somebody else's making."""
    text = form.value("wersja")
    if not (text.isascii() and text.isdigit() and int(text[:20]) < VERSION_MAX):
        form.stop(_("Open the page anew, please."), status=422)
        return 0
    return int(text)


def _give(form: Form, case: pb.GetCaseResponse) -> Response | None:
    """Give it to somebody, take it, or put it back."""
    version = _version(form)
    to = current_user.staff.staff_id if form.ticked("wez") else form.text("komu")
    if not form.ok:
        return None
    to = "" if to == NOBODY else to
    wanted = pb.AssignCaseRequest(ticket_id=case.case.ticket.ticket_id, assignee_id=to, version=version)
    try:
        given = call(clients().tickets.desk.AssignCase, wanted).case
    except NotFound as refusal:
        if refusal.reason != "STAFF_NOT_FOUND":
            raise
        form.refuse(refusal, fields={})
        return None
    except Refusal as refusal:
        refuse_at(form, refusal, {}, fields={"assignee_id": "komu"})
        return None
    if given.assignee_id == current_user.staff.staff_id:
        notices.ok(_("The case is yours."))
    elif given.assignee_id:
        notices.ok(_("The case is %(name)s's now.", name=given.ticket.assignee_name))
    else:
        notices.ok(_("The case is nobody's now."))
    return _stay(case)


def _move(form: Form, case: pb.GetCaseResponse) -> Response | None:
    """Take a step of the workflow."""
    version = _version(form)
    step = next((one for one in case.next_steps if one.transition == form.value("krok")), None)
    if step is None:
        form.stop(_("This step cannot be taken from here. See where the case stands now."))
    if not form.ok or step is None:
        return None
    wanted = pb.AdvanceCaseRequest(
        ticket_id=case.case.ticket.ticket_id, transition=step.transition, version=version
    )
    try:
        call(clients().tickets.desk.AdvanceCase, wanted)
    except Refusal as refusal:
        refuse_at(form, refusal, {}, fields={"transition": "krok"})
        return None
    notices.ok(
        _("%(number)s: %(state)s.", number=case.case.ticket.number, state=in_language(step.state_names))
    )
    return _carry_on(case) if step.closes else _stay(case)


ACTS: dict[str, Act] = {ANSWER: _answer, GIVING: _give, STEP: _move}
