"""Komunikacja: announcements – written, looked at as people will see them, published, withdrawn."""

import re
from datetime import datetime, time
from typing import Any
from uuid import UUID

from ebok.billing.v1 import audiences_pb2
from ebok.common.v1 import segments_pb2
from ebok.common.v1.segments_pb2 import Segment, SegmentCondition
from ebok.notify.v1 import announcements_pb2 as pb
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chassis import wire
from chassis.clock import WARSAW
from chassis.errors import Invalid, NotFound, Refusal, Violation
from chassis.ids import new_id
from gateway.console import console, segment_forms, segments
from gateway.console.inputs import id_of, refuse_at
from gateway.console.segment_forms import Row, choices_call, choices_of
from gateway.web import notices, reasons
from gateway.web.calls import at_once, call, clients
from gateway.web.days import instant_of, iso
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import LANGUAGES
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import asked, page_links, page_request

TITLE_LENGTH_MAX, BODY_LENGTH_MAX = 120, 20_000
ALL, PICKED = "wszyscy", "wybrani"
STATUSES = {
    "szkice": pb.ANNOUNCEMENT_STATUS_DRAFT,
    "opublikowane": pb.ANNOUNCEMENT_STATUS_PUBLISHED,
    "wycofane": pb.ANNOUNCEMENT_STATUS_WITHDRAWN,
}
_COUNTED = re.compile(r"(titles|bodies)\[(\d+)\]")
_VERSION = re.compile(r"[1-9]\d{0,8}\Z", re.ASCII)
_HOUR = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)\Z", re.ASCII)

reasons.say(
    {
        "ANNOUNCEMENT_NOT_FOUND": _l("We cannot find this announcement. It may have been withdrawn."),
        "ANNOUNCEMENT_CHANGED": _l(
            "Somebody else changed this announcement meanwhile. Open it anew and look."
        ),
        "ANNOUNCEMENT_WITHDRAWN": _l("This announcement was withdrawn and stays so. Write a new one."),
        "ANNOUNCEMENT_OVER": _l("Its last moment has passed. Choose a later one, then publish."),
    }
)
reasons.say_fields(
    {
        "NOT_FOR_ALL": _l("Before log-in only what is for all can be shown."),
        "FIXED": _l("Whom a published announcement is for stays as it was. Withdraw it and write a new one."),
        "TOO_LATE": _l("This moment has passed."),
    }
)


@console.get("/komunikacja")
def announcements() -> str:
    """All announcements, the newest first."""
    status = STATUSES.get(request.args.get("stan", ""), pb.ANNOUNCEMENT_STATUS_UNSPECIFIED)
    answer = call(
        clients().notify.announcements.ListWrittenAnnouncements,
        pb.ListWrittenAnnouncementsRequest(status=status, page=page_request()),
    )
    return render_template(
        "console/announcements/list.html",
        announcements=answer.announcements,
        links=page_links(answer.page),
        present=request.args.get("stan", "") if status else "",
    )


@console.get("/komunikacja/nowy")
def new_announcement() -> Response:
    """A new one has its id from the start, so that a repeated save makes no second one."""
    values: dict[str, Any] = {"announcement_id": new_id(), **asked("klient")}
    return redirect(url_for("console.announcement", **values), code=303)


@console.route("/komunikacja/<uuid:announcement_id>", methods=["GET", "POST"])
def announcement(announcement_id: UUID) -> Response | tuple[str, int]:
    """The editor: saving keeps a draft and shows how it will look; below, what publishing does."""
    found, answer = _opened(announcement_id)
    choices, known = choices_of(answer), segments.saved()
    form = Form.of_request(initial={**_initial(found), **take_all_kept()})
    if form.sent and segments.act(form, form.value("co"), known, choices):
        form.put("odbiorcy", [PICKED])  # Whoever works on conditions means them.
    elif form.sent:
        saved = _save(form, announcement_id, found, segment_forms.rows_of(form, choices))
        if saved is not None:
            published = saved.status == pb.ANNOUNCEMENT_STATUS_PUBLISHED
            notices.ok(
                _("The announcement is saved."),
                _("People see the change now.") if published else _("Nobody sees it until it is published."),
            )
            return redirect(url_for("console.announcement", announcement_id=announcement_id), code=303)
    page = render_template(
        "console/announcements/announcement.html",
        announcement=found,
        announcement_id=announcement_id,
        form=form,
        rows=segment_forms.rows_of(form, choices),
        conditions=segment_forms,
        saved=known,
        audience=_audience(found),
    )
    return page, form.status


@console.post("/komunikacja/<uuid:announcement_id>/opublikuj")
def publish_announcement(announcement_id: UUID) -> Response:
    """People see it from its first moment on."""
    wanted = pb.PublishAnnouncementRequest(announcement_id=str(announcement_id), version=version_sent())
    try:
        call(clients().notify.announcements.PublishAnnouncement, wanted)
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        notices.bad(_("It was not published."), reasons.sentence(refusal))
    else:
        notices.ok(_("The announcement is published."))
    return redirect(url_for("console.announcement", announcement_id=announcement_id), code=303)


@console.post("/komunikacja/<uuid:announcement_id>/wycofaj")
def withdraw_announcement(announcement_id: UUID) -> Response:
    """Nobody sees it any more."""
    wanted = pb.WithdrawAnnouncementRequest(announcement_id=str(announcement_id))
    call(clients().notify.announcements.WithdrawAnnouncement, wanted)
    notices.ok(_("The announcement is withdrawn."), _("Nobody sees it any more."))
    return redirect(url_for("console.announcements"), code=303)


def _opened(announcement_id: UUID) -> tuple[pb.WrittenAnnouncement | None, Any]:
    """What is there already (None for a new one), and what conditions can name."""
    wanted = pb.GetWrittenAnnouncementRequest(announcement_id=str(announcement_id))
    try:
        found, answer = at_once(
            (clients().notify.announcements.GetWrittenAnnouncement, wanted), choices_call()
        )
    except NotFound:
        return None, call(*choices_call())
    return found.announcement, answer


def _audience(found: pb.WrittenAnnouncement | None) -> audiences_pb2.CountAudienceResponse | None:
    """How many a draft is for and five of them; of a published one it is known already."""
    if found is None or found.status != pb.ANNOUNCEMENT_STATUS_DRAFT:
        return None
    wanted = audiences_pb2.CountAudienceRequest(segment=found.segment)
    counted: audiences_pb2.CountAudienceResponse = call(clients().billing.audiences.CountAudience, wanted)
    return counted


def _initial(found: pb.WrittenAnnouncement | None) -> dict[str, Any]:
    if found is None:
        return _for_customer(id_of(Form(request.args), "klient"))
    values: dict[str, Any] = {
        "odbiorcy": PICKED if found.segment.conditions else ALL,
        **segment_forms.initial_of(found.segment),
    }
    for language in LANGUAGES:
        values[f"tytul_{language}"] = found.titles.get(language, "")
        values[f"tresc_{language}"] = found.bodies.get(language, "")
    for name, moment in (("od", found.live_from), ("do", found.live_until)):
        at = instant_of(moment)
        if at is not None:
            values[f"{name}_dnia"], values[f"{name}_godziny"] = iso(at.date()), f"{at:%H:%M}"
    ticked = {"pilny": found.is_urgent, "przypiety": found.is_pinned, "przed_logowaniem": found.before_login}
    return {**values, **{name: "1" for name, is_set in ticked.items() if is_set}}


def _for_customer(customer_id: str) -> dict[str, Any]:
    """A new one for all; from a customer's page, for that one."""
    if not customer_id:
        return {"odbiorcy": ALL}
    one = SegmentCondition(
        field=segments_pb2.SEGMENT_FIELD_CUSTOMER,
        operator=segments_pb2.SEGMENT_OPERATOR_IS,
        values=[customer_id],
    )
    return {"odbiorcy": PICKED, **segment_forms.initial_of(Segment(conditions=[one]))}


def _segment_of(form: Form, rows: list[Row]) -> Segment:
    """Whom it is for; picked without a condition is marked: it would be everybody."""
    for_all = form.choice("odbiorcy", (ALL, PICKED)) != PICKED
    segment = segment_forms.segment_of(form, rows)
    if for_all:
        return Segment()  # What stands at conditions was looked at all the same: nothing wrong passes unseen.
    if not segment.conditions and form.ok:
        form.fail("odbiorcy", _("Choose at least one condition, or „all customers”."))
    return segment


def _save(
    form: Form, announcement_id: UUID, found: pb.WrittenAnnouncement | None, rows: list[Row]
) -> pb.WrittenAnnouncement | None:
    """What was saved; None when the form says why not."""
    is_published = found is not None and found.status == pb.ANNOUNCEMENT_STATUS_PUBLISHED
    segment: Segment = found.segment if found and is_published else _segment_of(form, rows)
    wanted = pb.WrittenAnnouncement(
        announcement_id=str(announcement_id),
        titles=texts_of(form, "tytul", length_max=TITLE_LENGTH_MAX),
        bodies=texts_of(form, "tresc", length_max=BODY_LENGTH_MAX),
        is_urgent=form.ticked("pilny"),
        is_pinned=form.ticked("przypiety"),
        before_login=form.ticked("przed_logowaniem"),
        segment=segment,
        version=found.version if found else 0,
    )
    for field, name in ((wanted.live_from, "od"), (wanted.live_until, "do")):
        moment = _moment(form, name)
        if moment is not None:
            field.CopyFrom(wire.pack_instant(moment))
    if not form.ok:
        return None
    try:
        saved: pb.WrittenAnnouncement = call(
            clients().notify.announcements.SaveAnnouncement, pb.SaveAnnouncementRequest(announcement=wanted)
        ).announcement
    except Refusal as refusal:
        if not segment_forms.mark(form, rows, refusal.violations):
            refuse_at(form, by_language(refusal, wanted), {}, fields=FIELDS)
        return None
    return saved


TEXT_FIELDS = {
    f"{field}[{language}]": f"{name}_{language}"
    for field, name in (("titles", "tytul"), ("bodies", "tresc"))
    for language in LANGUAGES
}
FIELDS = {
    **TEXT_FIELDS,
    "titles": "tytul_pl",
    "bodies": "tresc_pl",
    "live_from": "od_dnia",
    "live_until": "do_dnia",
    "before_login": "przed_logowaniem",
    "segment": "odbiorcy",
}


def by_language(refusal: Refusal, wanted: Any) -> Refusal:
    """The wire counts the texts of a message, `titles[1]`; a form has them by language, `titles[pl]`."""
    if not isinstance(refusal, Invalid):
        return refusal
    named = []
    for fault in refusal.violations:
        counted = _COUNTED.search(fault.field)
        if counted is None:
            named.append(fault)
        else:
            field, language = counted[1], sorted(getattr(wanted, counted[1]))[int(counted[2])]
            named.append(Violation(f"{field}[{language}]", fault.reason))
    return Invalid(violations=named)


def version_sent() -> int:
    """The version that was looked at, as the page's own button sends it. Refuses anything else as MALFORMED."""
    sent = request.form.getlist("wersja")
    if len(sent) != 1 or not _VERSION.match(sent[0]):
        raise Invalid(violations=[Violation("wersja", "MALFORMED")])
    return int(sent[0])


def texts_of(form: Form, name: str, *, length_max: int) -> dict[str, str]:
    """`tytul_pl`, `tytul_en` …: Polish is required, the others are taken when they say something."""
    texts = {
        language: form.text(f"{name}_{language}", required=language == "pl", length_max=length_max)
        for language in LANGUAGES
    }
    return {language: text.replace("\r\n", "\n") for language, text in texts.items() if text}


def _moment(form: Form, name: str) -> datetime | None:
    """Day and hour in Polish time; a day alone means its beginning."""
    on, hour = form.day(f"{name}_dnia", required=False), form.text(f"{name}_godziny", required=False)
    matched = _HOUR.match(hour)
    if hour and matched is None:
        form.fail(f"{name}_godziny", _("Type an hour, for example 7:30."))
    if on is None and hour:
        form.fail(f"{name}_dnia", reasons.field_sentence("REQUIRED"))
    if on is None or not form.ok:
        return None
    at = time(int(matched[1]), int(matched[2])) if matched else time()
    return datetime.combine(on, at, tzinfo=WARSAW)
