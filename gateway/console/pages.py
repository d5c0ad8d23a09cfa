"""Strony: the provider's own pages – drafts, versions, a place in the menu."""

from typing import Any
from uuid import UUID

from ebok.notify.v1 import pages_pb2 as pb
from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from chassis.errors import NotFound, Refusal
from chassis.ids import new_id
from gateway.console import console
from gateway.console.announcements import (
    TEXT_FIELDS,
    TITLE_LENGTH_MAX,
    by_language,
    texts_of,
    version_sent,
)
from gateway.console.inputs import refuse_at
from gateway.web import notices, reasons
from gateway.web.calls import call, clients
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import LANGUAGES
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

BODY_LENGTH_MAX = 60_000
POSITION_MAX = 1_000
FIELDS = {
    **TEXT_FIELDS,
    "titles": "tytul_pl",
    "bodies": "tresc_pl",
    "slug": "adres",
    "position": "miejsce",
}

reasons.say(
    {
        "PAGE_NOT_FOUND": _l("There is no such page, or it is not published."),
        "PAGE_CHANGED": _l("Somebody else changed this page meanwhile. Open it anew and look."),
        "VERSION_NOT_FOUND": _l("The page never had this version."),
        "NO_DRAFT": _l("Nothing was changed since it was last published."),
    }
)
reasons.say_fields({"ADDRESS_TAKEN": _l("Another page has this address.")})


@console.get("/komunikacja/strony")
def pages() -> str:
    """All pages by their place."""
    answer = call(clients().notify.pages.ListWrittenPages, pb.ListWrittenPagesRequest())
    return render_template("console/pages/list.html", pages=answer.pages)


@console.get("/komunikacja/strony/nowa")
def new_page() -> Response:
    """A new one has its id from the start, so that a repeated save makes no second one."""
    return redirect(url_for("console.written_page", page_id=new_id()), code=303)


@console.route("/komunikacja/strony/<uuid:page_id>", methods=["GET", "POST"])
def written_page(page_id: UUID) -> Response | tuple[str, int]:
    """The editor: saving keeps a draft and shows how it will look; people go on seeing what was published."""
    found, versions = _opened(page_id)
    form = Form.of_request(initial={**_initial(found), **take_kept()})
    if form.sent and _save(form, page_id, found):
        notices.ok(_("The draft is saved."), _("People see it when it is published."))
        return redirect(url_for("console.written_page", page_id=page_id), code=303)
    page = render_template(
        "console/pages/page.html", page=found, page_id=page_id, versions=versions, form=form
    )
    return page, form.status


@console.post("/komunikacja/strony/<uuid:page_id>/opublikuj")
def publish_page(page_id: UUID) -> Response:
    """The draft becomes what people see."""
    wanted = pb.PublishPageRequest(page_id=str(page_id), revision=version_sent())
    return _done(page_id, clients().notify.pages.PublishPage, wanted, _("The page is published."))


@console.post("/komunikacja/strony/<uuid:page_id>/ukryj")
def hide_page(page_id: UUID) -> Response:
    """People see it no more."""
    wanted = pb.HidePageRequest(page_id=str(page_id))
    return _done(page_id, clients().notify.pages.HidePage, wanted, _("Nobody sees the page now."))


@console.post("/komunikacja/strony/<uuid:page_id>/przywroc/<int:version>")
def restore_page(page_id: UUID, version: int) -> Response:
    """An earlier version is the draft again."""
    wanted = pb.RestorePageVersionRequest(page_id=str(page_id), version=min(version, 2**31 - 1))
    done = _("Version %(num)d is the draft now. Look at it, then publish.", num=version)
    return _done(page_id, clients().notify.pages.RestorePageVersion, wanted, done)


def _done(page_id: UUID, method: Any, wanted: Any, sentence: str) -> Response:
    try:
        call(method, wanted)
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        notices.bad(_("Nothing was changed."), reasons.sentence(refusal))
    else:
        notices.ok(sentence)
    return redirect(url_for("console.written_page", page_id=page_id), code=303)


def _opened(page_id: UUID) -> tuple[pb.WrittenPage | None, list[pb.PageVersion]]:
    """What is there already, None for a new one, and its versions."""
    try:
        answer = call(clients().notify.pages.GetWrittenPage, pb.GetWrittenPageRequest(page_id=str(page_id)))
    except NotFound:
        return None, []
    return answer.page, list(answer.versions)


def _initial(found: pb.WrittenPage | None) -> dict[str, str]:
    if found is None:
        return {"w_menu": "1", "miejsce": "100"}
    values = {"adres": found.slug, "miejsce": str(found.position), "w_menu": "1" if found.in_menu else ""}
    for language in LANGUAGES:
        values[f"tytul_{language}"] = found.titles.get(language, "")
        values[f"tresc_{language}"] = found.bodies.get(language, "")
    return values


def _save(form: Form, page_id: UUID, found: pb.WrittenPage | None) -> bool:
    """Whether it is saved; else the form says why not."""
    position = form.number("miejsce", required=False)
    if position is not None and position not in range(POSITION_MAX + 1):
        form.fail("miejsce", reasons.field_sentence("OUT_OF_RANGE"))
    wanted = pb.WrittenPage(
        page_id=str(page_id),
        slug=form.text("adres", length_max=60),
        titles=texts_of(form, "tytul", length_max=TITLE_LENGTH_MAX),
        bodies=texts_of(form, "tresc", length_max=BODY_LENGTH_MAX),
        in_menu=form.ticked("w_menu"),
        position=int(position or 0) if form.ok else 0,
        revision=found.revision if found else 0,
    )
    if not form.ok:
        return False
    try:
        call(clients().notify.pages.SavePageDraft, pb.SavePageDraftRequest(page=wanted))
    except Refusal as refusal:
        refuse_at(form, by_language(refusal, wanted), {}, fields=FIELDS)
        return False
    return True
