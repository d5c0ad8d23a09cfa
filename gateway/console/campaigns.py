"""Komunikacja: campaigns – whom, by what, what it says, when; then progress, and who got it."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ebok.notify.v1 import campaigns_pb2 as pb
from ebok.notify.v1 import templates_pb2
from flask import jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis import wire
from chassis.clock import WARSAW
from chassis.errors import NotFound, Refusal
from chassis.ids import new_id
from gateway.console import console, segment_forms, segments, written_texts
from gateway.console.inputs import id_of, refuse_at
from gateway.console.segment_forms import SegmentChoices, choices_call, choices_of
from gateway.web import notices, reasons
from gateway.web.amounts import quantity
from gateway.web.calls import at_once, call, clients
from gateway.web.days import instant_of, iso
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import page_links, page_request

NAME_LENGTH_MAX = 120
COUNT_S_MAX = 120.0  # A hundred thousand customers take a while.
COUNT_MAX = 10**9
RATES = (0, 50, 200, 500, 1_000, 5_000, 20_000)
STATUSES = {
    "szkice": pb.CAMPAIGN_STATUS_DRAFT,
    "zaplanowane": pb.CAMPAIGN_STATUS_SCHEDULED,
    "trwajace": pb.CAMPAIGN_STATUS_RUNNING,
    "wstrzymane": pb.CAMPAIGN_STATUS_PAUSED,
    "zakonczone": pb.CAMPAIGN_STATUS_DONE,
    "anulowane": pb.CAMPAIGN_STATUS_CANCELLED,
}
UNDER_WAY = (pb.CAMPAIGN_STATUS_SCHEDULED, pb.CAMPAIGN_STATUS_RUNNING)
_HOUR = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)\Z", re.ASCII)

reasons.say(
    {
        "CAMPAIGN_NOT_FOUND": _l("We cannot find this campaign. It may have been thrown away."),
        "CAMPAIGN_CHANGED": _l("Somebody else changed this campaign meanwhile. Open it anew and look."),
        "CAMPAIGN_NOT_DRAFT": _l("This campaign is not a draft any more. Open it anew and look."),
        "CAMPAIGN_UNDER_WAY": _l("This campaign has begun. It can be paused or cancelled, not taken back."),
        "CAMPAIGN_NOT_UNDER_WAY": _l("This campaign is not under way."),
        "NOT_COUNTED": _l("Count the recipients first: they were not counted since the last change."),
        "NOBODY_REACHED": _l(
            "Nobody would get it. Check the conditions, all of them must hold at once, and the channels."
        ),
        "NO_CHANNEL": _l("Choose at least one channel."),
        "COUNT_NOT_CONFIRMED": _l("Type the number of recipients, %(count)s, to confirm that it is right."),
        "TEXT_MISSING": _l("There is no text for this channel yet. Write it, then look again."),
        "SETTINGS_MISSING": _l("The provider's settings are missing, so nobody would know who writes."),
        "CANCELLED": _l("The campaign was cancelled before it left."),
    }
)
reasons.say_fields(
    {
        "NOT_A_CHOICE": _l("There is no such value for this condition."),
        "NOT_COMPARABLE": _l("This cannot be compared so."),
    }
)


@console.get("/komunikacja/kampanie")
def campaigns() -> str:
    """All campaigns, the newest first."""
    chosen = request.args.get("stan", "")
    status = STATUSES.get(chosen, pb.CAMPAIGN_STATUS_UNSPECIFIED)
    wanted = pb.ListCampaignsRequest(status=status, page=page_request())
    found = call(clients().notify.campaigns.ListCampaigns, wanted)
    return render_template(
        "console/campaigns/list.html",
        campaigns=found.campaigns,
        links=page_links(found.page),
        present=chosen if status else "",
    )


@console.get("/komunikacja/kampanie/nowa")
def new_campaign() -> Response:
    """A new one has its id from the start, so that a repeated save makes no second one."""
    template_id = id_of(Form(request.args), "szablon")
    address = url_for("console.campaign", campaign_id=new_id(), szablon=template_id or None)
    return redirect(address, code=303)


@console.route("/komunikacja/kampanie/<uuid:campaign_id>", methods=["GET", "POST"])
def campaign(campaign_id: UUID) -> Response | tuple[str, int]:
    """The editor of a draft, or how far a scheduled one is."""
    found, answer = _opened(campaign_id)
    if found.campaign.version and found.campaign.status != pb.CAMPAIGN_STATUS_DRAFT:
        if request.method == "POST":
            return redirect(url_for("console.campaign", campaign_id=campaign_id), code=303)
        return _progress_page(found), 200
    choices, known = choices_of(answer), segments.saved()
    form = Form.of_request(initial={**_initial(found.campaign), **take_all_kept()})
    button = request.form.get("co", "") if form.sent else ""
    if form.sent and not _only_shows(form, button) and not segments.act(form, button, known, choices):
        saved = _save(form, found.campaign, choices)
        if saved is not None:
            found.campaign.CopyFrom(saved)
            leads = _act(form, saved, button)
            if leads is not None:
                return leads
            found = _get(campaign_id)
    shown = written_texts.shown_of(form, button.removeprefix("pokaz-") if button else _asked_text())
    page = render_template(
        "console/campaigns/draft.html",
        campaign=found.campaign,
        confirm_above=found.confirm_above,
        form=form,
        rows=segment_forms.rows_of(form, choices),
        conditions=segment_forms,
        saved=known,
        texts=written_texts,
        shown=shown,
        rates=[(str(rate), _rate_word(rate)) for rate in RATES],
        preview=_preview(found.campaign, shown),
        last_at=_last_at(found.campaign),
    )
    return page, form.status


def _asked_text() -> str:
    return request.args.get("pokaz", "")


def _only_shows(form: Form, button: str) -> bool:
    """Buttons that only show the page differently, with what was typed and nothing saved."""
    if button == "litery":
        written_texts.make_plain(form)
        return True
    return button.startswith("pokaz-")


def _act(form: Form, saved: pb.Campaign, button: str) -> Response | None:
    """What follows a save by its button; None when the page is to say why not."""
    acts = {"proba": _test, "zaplanuj": _schedule, "zaraz": _schedule}
    here = url_for(
        "console.campaign",
        campaign_id=saved.campaign_id,
        pokaz=written_texts.shown_of(form),
        osoba=_position() or None,
    )
    if button == "policz":
        _count(saved)
        return redirect(here, code=303)
    if button in acts:
        try:
            acts[button](form, saved, button)
        except Refusal as refusal:
            if not written_texts.mark(form, refusal):
                refuse_at(form, refusal, {"COUNT_NOT_CONFIRMED": "ilu"}, fields={"starts_at": "dzien"})
            return None
        return redirect(here, code=303)
    notices.ok(_("The draft is saved."), _("Nothing is sent until somebody schedules it."))
    return redirect(here, code=303)


def _count(saved: pb.Campaign) -> None:
    wanted = pb.CountRecipientsRequest(campaign_id=saved.campaign_id)
    counts = call(clients().notify.campaigns.CountRecipients, wanted, timeout_s=COUNT_S_MAX).counts
    if not counts.matched:
        notices.warn(
            _("Nobody is in this segment."), _("Check the conditions: all of them must hold at once.")
        )


def _test(form: Form, saved: pb.Campaign, _button: str) -> None:
    wanted = pb.SendTestMessageRequest(
        campaign_id=saved.campaign_id,
        email=current_user.staff.email,
        request_id=form.request_id,
        position=_position(),
    )
    call(clients().notify.campaigns.SendTestMessage, wanted)
    notices.ok(_("The test is on its way to %(email)s.", email=current_user.staff.email))


def _schedule(form: Form, saved: pb.Campaign, button: str) -> None:
    typed = form.number("ilu", required=False)
    wanted = pb.ScheduleCampaignRequest(
        campaign_id=saved.campaign_id,
        version=saved.version,
        at_once=button == "zaraz",
        confirmed_count=int(typed) if typed is not None and 0 <= typed <= COUNT_MAX else 0,
    )
    call(clients().notify.campaigns.ScheduleCampaign, wanted)
    notices.ok(_("The campaign is scheduled."), _("Until it starts it can be made a draft again."))


def _save(form: Form, before: pb.Campaign, choices: SegmentChoices) -> pb.Campaign | None:
    """What was saved; None when the form says why not."""
    rows = segment_forms.rows_of(form, choices)
    wanted = pb.Campaign(
        campaign_id=before.campaign_id,
        name=form.text("nazwa", length_max=NAME_LENGTH_MAX),
        segment=segment_forms.segment_of(form, rows),
        is_marketing=form.ticked("oferta"),
        by_email=form.ticked("mail"),
        by_sms=form.ticked("sms"),
        by_portal=form.ticked("portal"),
        texts=written_texts.texts_of(form),
        rate_per_hour=int(form.choice("tempo", [str(rate) for rate in RATES]) or 0),
        version=before.version,
    )
    written_texts.check_shown(form)
    if not form.has_sound_request_id:
        form.stop(reasons.field_sentence("UNKNOWN"), status=422)
    wanted.segment.SetInParent()
    starts_at = _moment(form)
    if starts_at is not None:
        wanted.starts_at.CopyFrom(wire.pack_instant(starts_at))
    if not form.ok:
        return None
    try:
        saved: pb.Campaign = call(
            clients().notify.campaigns.SaveCampaign, pb.SaveCampaignRequest(campaign=wanted)
        ).campaign
    except Refusal as refusal:
        marked = written_texts.mark(form, refusal)
        if not segment_forms.mark(form, rows, refusal.violations) and not marked:
            refuse_at(form, refusal, {}, fields={"name": "nazwa", "starts_at": "dzien"})
        return None
    return saved


def _moment(form: Form) -> datetime | None:
    """Day and hour in Polish time; a day alone means ten in the morning."""
    on, hour = form.day("dzien", required=False), form.text("godz", required=False)
    matched = _HOUR.match(hour or "10:00")
    if matched is None:
        form.fail("godz", _("Type an hour, for example 7:30."))
    if on is None or matched is None:
        return None
    return datetime(on.year, on.month, on.day, int(matched[1]), int(matched[2]), tzinfo=WARSAW)


def _get(campaign_id: UUID) -> pb.GetCampaignResponse:
    wanted = pb.GetCampaignRequest(campaign_id=str(campaign_id))
    found: pb.GetCampaignResponse = call(clients().notify.campaigns.GetCampaign, wanted)
    return found


def _opened(campaign_id: UUID) -> tuple[pb.GetCampaignResponse, Any]:
    """What is there already, or a new one, perhaps with a template's texts; and what conditions can name."""
    wanted = pb.GetCampaignRequest(campaign_id=str(campaign_id))
    try:
        found, answer = at_once((clients().notify.campaigns.GetCampaign, wanted), choices_call())
    except NotFound:
        return pb.GetCampaignResponse(campaign=_fresh(campaign_id)), call(*choices_call())
    return found, answer


def _fresh(campaign_id: UUID) -> pb.Campaign:
    fresh = pb.Campaign(campaign_id=str(campaign_id), by_email=True)
    template_id = id_of(Form(request.args), "szablon")
    if template_id:
        wanted = templates_pb2.GetTemplateRequest(template_id=template_id)
        template = call(clients().notify.templates.GetTemplate, wanted).template
        fresh.name = template.name
        fresh.texts.extend(template.texts)
    return fresh


def _initial(found: pb.Campaign) -> dict[str, Any]:
    values: dict[str, Any] = {
        "nazwa": found.name,
        "tempo": str(found.rate_per_hour),
        **segment_forms.initial_of(found.segment),
        **written_texts.initial_of(found.texts),
    }
    at = instant_of(found.starts_at)
    if at is not None:
        values["dzien"], values["godz"] = iso(at.date()), f"{at:%H:%M}"
    ticked = {
        "oferta": found.is_marketing,
        "mail": found.by_email,
        "sms": found.by_sms,
        "portal": found.by_portal,
    }
    return {**values, **{name: "1" for name, is_set in ticked.items() if is_set}}


def _position() -> int:
    """Which of the sample is looked at."""
    asked = request.values.get("osoba", "")
    return int(asked) if asked.isdigit() and asked.isascii() and len(asked) == 1 and int(asked) < 5 else 0


def _preview(found: pb.Campaign, shown: str) -> Any:
    """What one of the sample would read on the channel that is shown, else on their own.

    None while nobody was counted or nothing is written.
    """
    if not found.HasField("counts") or not found.counts.sample:
        return None
    position = min(_position(), len(found.counts.sample) - 1)
    channel, language = shown.split("-")
    method = clients().notify.campaigns.PreviewCampaign
    for channel_and_language in ((channel, language), ("", "")):
        wanted = pb.PreviewCampaignRequest(
            campaign_id=found.campaign_id,
            position=position,
            channel=channel_and_language[0],
            language=channel_and_language[1],
        )
        try:
            answer = call(method, wanted)
        except Refusal as refusal:
            if refusal.reason not in ("TEXT_MISSING", "SETTINGS_MISSING"):
                raise
        else:
            return {"answer": answer, "position": position, "count": len(found.counts.sample)}
    return None


def _last_at(found: pb.Campaign) -> datetime | None:
    """When the last message would leave by the pace, were there no quiet hours; None when all leave at once."""
    starts_at = instant_of(found.starts_at)
    if not found.rate_per_hour or not found.HasField("counts") or starts_at is None:
        return None
    counts = found.counts
    return starts_at + timedelta(hours=(counts.email + counts.sms + counts.portal) / found.rate_per_hour)


def _rate_word(rate: int) -> str:
    return _("%(count)s an hour", count=quantity(rate)) if rate else _("all at once")


def _progress_page(found: pb.GetCampaignResponse) -> str:
    return render_template(
        "console/campaigns/progress.html",
        campaign=found.campaign,
        segment_words=segment_forms.in_words(found.campaign.segment),
        under_way=found.campaign.status in UNDER_WAY,
        rate_word=_rate_word(found.campaign.rate_per_hour),
        texts=written_texts,
    )


@console.get("/komunikacja/kampanie/<uuid:campaign_id>/postep")
def campaign_progress(campaign_id: UUID) -> Response:
    """For the bar that moves by itself."""
    found = _get(campaign_id).campaign
    total, waiting = found.progress.recipients, found.progress.waiting
    return jsonify(
        done=total - waiting,
        total=total,
        line=_("%(done)s of %(total)s", done=quantity(total - waiting), total=quantity(total)),
        finished=found.status not in UNDER_WAY,
    )
