"""What is done with a campaign beside writing it: taken back, paused, resumed, cancelled, copied; its recipients."""

from typing import Any
from uuid import UUID

from ebok.notify.v1 import campaigns_pb2 as pb
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chassis.errors import NotFound, Refusal
from chassis.ids import new_id
from gateway.console import console
from gateway.console.lists import every
from gateway.console.words import CHANNELS, word_of
from gateway.web import notices, reasons
from gateway.web.calls import at_once, call, clients
from gateway.web.days import moment_short
from gateway.web.exports import Table, export
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import page_links, page_request
from gateway.web.reasons import words as reason_words

COPY_NAME_LENGTH = 110
RECIPIENT_STATUSES = {
    "czekaja": pb.RECIPIENT_STATUS_WAITING,
    "wyslane": pb.RECIPIENT_STATUS_SENT,
    "doreczone": pb.RECIPIENT_STATUS_DELIVERED,
    "nieudane": pb.RECIPIENT_STATUS_FAILED,
    "pominiete": pb.RECIPIENT_STATUS_SKIPPED,
}
RECIPIENT_WORDS = {
    pb.RECIPIENT_STATUS_WAITING: _l("waiting"),
    pb.RECIPIENT_STATUS_SENT: _l("sent"),
    pb.RECIPIENT_STATUS_DELIVERED: _l("delivered"),
    pb.RECIPIENT_STATUS_FAILED: _l("not delivered"),
    pb.RECIPIENT_STATUS_SKIPPED: _l("left out"),
}


def _done(campaign_id: UUID, method: Any, asked: Any, title: str, text: str = "") -> Response:
    """Do it and say so on the campaign's page; what cannot be done now is said there too."""
    try:
        call(method, asked)
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        notices.bad(_("Nothing was changed."), reasons.sentence(refusal))
    else:
        notices.ok(title, text)
    return redirect(url_for("console.campaign", campaign_id=campaign_id), code=303)


@console.post("/komunikacja/kampanie/<uuid:campaign_id>/do-szkicu")
def unschedule_campaign(campaign_id: UUID) -> Response:
    """A scheduled one is a draft again."""
    asked = pb.UnscheduleCampaignRequest(campaign_id=str(campaign_id))
    method = clients().notify.campaigns.UnscheduleCampaign
    return _done(campaign_id, method, asked, _("The campaign is a draft again."))


@console.post("/komunikacja/kampanie/<uuid:campaign_id>/wstrzymaj")
def pause_campaign(campaign_id: UUID) -> Response:
    """Hold back what has not left."""
    asked = pb.PauseCampaignRequest(campaign_id=str(campaign_id))
    method = clients().notify.campaigns.PauseCampaign
    return _done(campaign_id, method, asked, _("The campaign is paused."), _("What has not left waits."))


@console.post("/komunikacja/kampanie/<uuid:campaign_id>/wznow")
def resume_campaign(campaign_id: UUID) -> Response:
    """Go on where it was paused."""
    asked = pb.ResumeCampaignRequest(campaign_id=str(campaign_id))
    method = clients().notify.campaigns.ResumeCampaign
    return _done(campaign_id, method, asked, _("The campaign goes on."), _("Nobody gets it twice."))


@console.post("/komunikacja/kampanie/<uuid:campaign_id>/anuluj")
def cancel_campaign(campaign_id: UUID) -> Response:
    """What has not left never does."""
    asked = pb.CancelCampaignRequest(campaign_id=str(campaign_id))
    method = clients().notify.campaigns.CancelCampaign
    return _done(campaign_id, method, asked, _("The campaign is cancelled."), _("Nothing more leaves."))


@console.post("/komunikacja/kampanie/<uuid:campaign_id>/usun")
def remove_campaign(campaign_id: UUID) -> Response:
    """Throw a draft away; one that was never saved is gone already."""
    asked = pb.RemoveCampaignRequest(campaign_id=str(campaign_id))
    try:
        call(clients().notify.campaigns.RemoveCampaign, asked)
    except Refusal as refusal:
        if not isinstance(refusal, NotFound):
            notices.bad(_("Nothing was changed."), reasons.sentence(refusal))
            return redirect(url_for("console.campaign", campaign_id=campaign_id), code=303)
    notices.ok(_("The draft is thrown away."))
    return redirect(url_for("console.campaigns"), code=303)


@console.post("/komunikacja/kampanie/<uuid:campaign_id>/powiel")
def copy_campaign(campaign_id: UUID) -> Response:
    """A draft with the same words and conditions."""
    wanted = pb.GetCampaignRequest(campaign_id=str(campaign_id))
    found = call(clients().notify.campaigns.GetCampaign, wanted).campaign
    copied = pb.Campaign(
        campaign_id=str(new_id()),
        name=_("%(name)s, copy", name=found.name[:COPY_NAME_LENGTH])[:120],
        segment=found.segment,
        is_marketing=found.is_marketing,
        by_email=found.by_email,
        by_sms=found.by_sms,
        by_portal=found.by_portal,
        texts=found.texts,
        rate_per_hour=found.rate_per_hour,
    )
    call(clients().notify.campaigns.SaveCampaign, pb.SaveCampaignRequest(campaign=copied))
    notices.ok(_("This is the copy, a draft."))
    return redirect(url_for("console.campaign", campaign_id=copied.campaign_id), code=303)


@console.get("/komunikacja/kampanie/<uuid:campaign_id>/odbiorcy")
def campaign_recipients(campaign_id: UUID) -> str:
    """Whom it goes to and what became of each."""
    chosen = request.args.get("stan", "")
    stub = clients().notify.campaigns
    found, listed = at_once(
        (stub.GetCampaign, pb.GetCampaignRequest(campaign_id=str(campaign_id))),
        (stub.ListRecipients, _wanted(campaign_id, page=page_request())),
    )
    return render_template(
        "console/campaigns/recipients.html",
        campaign=found.campaign,
        recipients=listed.recipients,
        links=page_links(listed.page),
        present=chosen if chosen in RECIPIENT_STATUSES else "",
        status_words=RECIPIENT_WORDS,
        channel_words=CHANNELS,
    )


@console.get("/komunikacja/kampanie/<uuid:campaign_id>/odbiorcy.<any(csv, xlsx):kind>")
def campaign_recipients_export(campaign_id: UUID, kind: str) -> Response:
    """The list as a file."""
    stub = clients().notify.campaigns
    found = call(stub.GetCampaign, pb.GetCampaignRequest(campaign_id=str(campaign_id))).campaign
    listed = every(stub.ListRecipients, _wanted(campaign_id), "recipients")
    head = [
        _("Customer number"),
        _("Customer"),
        _("Channel"),
        _("Status"),
        _("Reason"),
        _("Sent"),
        _("Reference"),
    ]
    rows = (
        [
            one.number,
            one.name,
            word_of(CHANNELS, one.channel) if one.channel else "",
            str(RECIPIENT_WORDS.get(one.status, "")),
            reason_words(one.reason) if one.reason else "",
            moment_short(one.sent_at) if one.HasField("sent_at") else "",
            one.reference,
        ]
        for one in listed
    )
    return export([Table(_("Recipients"), head, rows)], name=f"odbiorcy-{found.name}", kind=kind)


def _wanted(campaign_id: UUID, **fields: Any) -> pb.ListRecipientsRequest:
    status = RECIPIENT_STATUSES.get(request.args.get("stan", ""), pb.RECIPIENT_STATUS_UNSPECIFIED)
    return pb.ListRecipientsRequest(campaign_id=str(campaign_id), status=status, **fields)
