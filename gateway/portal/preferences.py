"""Profil → Powiadomienia: what the customer wants to be told, and how. And no more offers, from the link of one."""

from ebok.notify.v1 import preferences_pb2 as pb
from flask import make_response, redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Invalid, Refusal
from gateway.portal import portal
from gateway.portal.scopes import may_manage
from gateway.web import notices, reasons
from gateway.web.calls import as_gateway, call, clients
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

TOKEN_LENGTH_MAX = 100
CHOICE = "wybor"  # The name of every box of the table; its value is `topic.channel`.
# Each topic: its word, and what is meant by it.
TOPICS: dict[str, tuple[LazyString, LazyString]] = {
    "invoices": (_l("A new invoice"), _l("how much, until when, where to")),
    "payments": (_l("Payments"), _l("that money came, failed or went back")),
    "before_due": (_l("Reminder before the due day"), _l("a few days before an invoice has to be paid")),
    "overdue": (_l("Reminder after the due day"), _l("that an invoice is not paid")),
    "readings": (_l("Meter readings"), _l("when to hand one in, and what became of it")),
    "cases": (_l("Your cases"), _l("that we answered or closed one")),
    "news": (_l("Failures, works, notices"), _l("what concerns your address or services")),
    "marketing": (_l("Offers"), _l("only if you agree; you can take it back at any time")),
}
reasons.say({"TOKEN_INVALID": _l("This link is not complete, or it is not ours.")})


@portal.route("/profil/powiadomienia", methods=["GET", "POST"])
def preferences() -> Response:
    """One table, one button; what cannot be switched is shown and says why."""
    answer = call(
        clients().notify.preferences.GetPreferences,
        pb.GetPreferencesRequest(customer_id=current_user.customer_id),
    )
    free = [one for one in answer.preferences if one.kind == pb.PREFERENCE_KIND_FREE]
    ticked = [_key(one) for one in free if one.is_on]
    form = Form.of_request(initial={CHOICE: ticked, **take_all_kept()})
    if form.sent and _save(form, free):
        return redirect(url_for("portal.preferences"), code=303)
    page = render_template(
        "portal/profile/preferences.html",
        form=form,
        answer=answer,
        rows=_rows(answer.preferences),
        choice=CHOICE,
        topics=TOPICS,
        may_change=may_manage(),
    )
    return make_response(page, form.status)


def _key(one: pb.Preference) -> str:
    return f"{one.topic}.{one.channel}"


def _rows(preferences: list[pb.Preference]) -> dict[str, dict[str, pb.Preference]]:
    """By topic, in the order given, then by channel."""
    rows: dict[str, dict[str, pb.Preference]] = {}
    for one in preferences:
        rows.setdefault(one.topic, {})[one.channel] = one
    return rows


def _save(form: Form, free: list[pb.Preference]) -> bool:
    """What is not ticked is not wanted; what was not on the page stays."""
    wanted = set(form.values(CHOICE))
    if wanted - {_key(one) for one in free}:
        form.stop(_("The table has changed meanwhile. Look at it and choose anew."))
        return False
    choices = [pb.Preference(topic=one.topic, channel=one.channel, is_on=_key(one) in wanted) for one in free]
    try:
        call(
            clients().notify.preferences.SavePreferences,
            pb.SavePreferencesRequest(customer_id=current_user.customer_id, choices=choices),
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return False
    notices.ok(_("Your notifications are saved."))
    return True


@portal.get("/r/<token>")
def refuse_offers(token: str) -> Response:
    """The short link of a text message leads to the page that asks first."""
    return redirect(url_for("portal.unsubscribe", t=token[:TOKEN_LENGTH_MAX]), code=303)


@portal.route("/bez-ofert", methods=["GET", "POST"])
def unsubscribe() -> Response:
    """The link of a marketing message: one button, no log-in. Opening the page alone changes nothing."""
    token = request.values.get("t", "")[:TOKEN_LENGTH_MAX]
    form = Form.of_request()
    is_done = False
    if form.sent:
        try:
            as_gateway(clients().notify.preferences.Unsubscribe, pb.UnsubscribeRequest(token=token))
            is_done = True
        except Invalid as refusal:
            form.stop(reasons.sentence(refusal), status=422)
    page = render_template("portal/profile/unsubscribe.html", form=form, token=token, is_done=is_done)
    return make_response(page, form.status)
