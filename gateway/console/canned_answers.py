"""Gotowe odpowiedzi: what clerks say often, by the category it fits."""

from typing import Any
from uuid import UUID

from ebok.tickets.v1 import canned_answers_pb2 as pb
from ebok.tickets.v1 import categories_pb2
from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import PermissionDenied, Refusal
from chassis.ids import new_id
from gateway.console import console
from gateway.console.inputs import refuse_at
from gateway.web import notices
from gateway.web.calls import at_once, call, clients
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import DEFAULT_LANGUAGE, LANGUAGES
from gateway.web.languages import gettext as _
from gateway.web.texts import in_language, said

CHANGE = "tickets.canned_answers.change"
OTHERS = tuple(one for one in LANGUAGES if one != DEFAULT_LANGUAGE)
TITLE_LENGTH_MAX, BODY_LENGTH_MAX, QUERY_LENGTH_MAX = 80, 4_000, 100
ALL = categories_pb2.ListCategoriesRequest(all=True)


@console.get("/zgloszenia/ustawienia/odpowiedzi")
def canned_answers() -> tuple[str, int]:
    """All of them by title, or those with the words one looks for."""
    form, found = Form(request.args), pb.ListCannedAnswersResponse()
    query = form.text("q", required=False, length_max=QUERY_LENGTH_MAX)
    categories = call(clients().tickets.categories.ListCategories, ALL).categories
    if form.ok:
        asked = pb.ListCannedAnswersRequest(query=query)
        try:
            found = call(clients().tickets.canned_answers.ListCannedAnswers, asked)
        except Refusal as refusal:
            refuse_at(form, refusal, {}, fields={"query": "q"})
    page = render_template(
        "console/canned_answers/list.html",
        form=form,
        canned_answers=found.canned_answers,
        category_names={one.category_id: said(one.names) for one in categories},
    )
    return page, form.status


@console.get("/zgloszenia/ustawienia/odpowiedzi/nowa")
def new_canned_answer() -> Response:
    """A new one has its id from the start, so that a repeated save makes no second one."""
    _must_change()
    return redirect(url_for("console.canned_answer", canned_answer_id=new_id()), code=303)


@console.route("/zgloszenia/ustawienia/odpowiedzi/<uuid:canned_answer_id>", methods=["GET", "POST"])
def canned_answer(canned_answer_id: UUID) -> Response | tuple[str, int]:
    """The editor of one."""
    _must_change()
    stub = clients().tickets
    listed, categories = at_once(
        (stub.canned_answers.ListCannedAnswers, pb.ListCannedAnswersRequest()),
        (stub.categories.ListCategories, ALL),
    )
    known = next(
        (one for one in listed.canned_answers if one.canned_answer_id == str(canned_answer_id)), None
    )
    names = [(one.category_id, in_language(one.names)) for one in categories.categories]
    form = Form.of_request(initial={**_initial(known), **take_all_kept()})
    if form.sent and _saved(form, canned_answer_id, [category_id for category_id, _name in names]):
        return redirect(url_for("console.canned_answers"), code=303)
    page = render_template(
        "console/canned_answers/answer.html",
        form=form,
        canned_answer_id=canned_answer_id,
        known=known,
        categories=names,
    )
    return page, form.status


@console.post("/zgloszenia/ustawienia/odpowiedzi/<uuid:canned_answer_id>/usun")
def delete_canned_answer(canned_answer_id: UUID) -> Response:
    """Take one away."""
    wanted = pb.DeleteCannedAnswerRequest(canned_answer_id=str(canned_answer_id))
    call(clients().tickets.canned_answers.DeleteCannedAnswer, wanted)
    notices.ok(_("The answer is deleted."))
    return redirect(url_for("console.canned_answers"), code=303)


def _initial(known: pb.CannedAnswer | None) -> dict[str, Any]:
    if known is None:
        return {}
    bodies = {f"body_{language}": known.translations.get(language, "") for language in OTHERS}
    return {
        "title": known.title,
        "body": known.body,
        **bodies,
        "categories": list(known.category_ids),
    }


def _saved(form: Form, canned_answer_id: UUID, category_ids: list[str]) -> bool:
    wanted = pb.CannedAnswer(
        canned_answer_id=str(canned_answer_id),
        title=form.text("title", length_max=TITLE_LENGTH_MAX),
        body=form.lines("body", length_max=BODY_LENGTH_MAX),
        translations={
            language: text
            for language in OTHERS
            if (text := form.lines(f"body_{language}", required=False, length_max=BODY_LENGTH_MAX))
        },
        category_ids=form.choices("categories", category_ids, required=False),
    )
    if not form.ok:
        return False
    try:
        call(
            clients().tickets.canned_answers.SaveCannedAnswer,
            pb.SaveCannedAnswerRequest(canned_answer=wanted),
        )
    except Refusal as refusal:
        translated = {f"translations[{language}]": f"body_{language}" for language in OTHERS}
        refuse_at(form, refusal, {}, fields=translated)
        return False
    notices.ok(_("The answer is saved."))
    return True


def _must_change() -> None:
    if not current_user.may(CHANGE):
        raise PermissionDenied
