"""Tokeny dla programów: a person lets a program of hers read use and invoices, and takes it back with a click."""

from datetime import timedelta
from uuid import UUID

from ebok.identity.v1 import personal_tokens_pb2 as pb
from flask import redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis import wire
from chassis.errors import Refusal
from gateway.portal import portal
from gateway.web import notices, reasons, shown_once
from gateway.web.calls import call, clients
from gateway.web.days import today
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

NAME_LENGTH_MAX = 80
SCOPES = {
    "usage:read": (_l("My use"), _l("readings and use of the meters, also as Green Button")),
    "invoices:read": (_l("My invoices"), _l("amounts, days and PDF")),
}
PERIODS = {"30": _l("a month"), "90": _l("three months"), "180": _l("half a year"), "365": _l("a year")}

reasons.say(
    {
        "PERSONAL_TOKEN_NOT_FOUND": _l("We cannot find this token."),
        "PERSONAL_TOKEN_EXISTS": _l("This form was used for another token. Open it anew."),
        "PERSONAL_TOKEN_REFUSED": _l("This token is not in force."),
        "TOO_MANY_PERSONAL_TOKENS": _l(
            "You have %(maximum)s tokens in force. Revoke one that you do not use."
        ),
    }
)


@portal.route("/bezpieczenstwo/tokeny", methods=["GET", "POST"])
def api_tokens() -> Response | tuple[str, int]:
    """The tokens there are, and a form for another one; what was just made is shown here once."""
    form = Form.of_request(initial={"zakresy": ["usage:read"], "na": "90", **take_all_kept()})
    if form.sent and (done := _made(form)) is not None:
        return done
    found = call(clients().identity.personal_tokens.ListPersonalTokens, pb.ListPersonalTokensRequest())
    page = render_template(
        "portal/api_tokens/list.html",
        form=form,
        tokens=[(one, scope_words(one)) for one in found.tokens],
        scopes=[{"value": name, "title": title, "sub": sub} for name, (title, sub) in SCOPES.items()],
        periods=list(PERIODS.items()),
        token=shown_once.take(),
    )
    return page, form.status


@portal.post("/bezpieczenstwo/tokeny/<uuid:personal_token_id>/uniewaznij")
def revoke_api_token(personal_token_id: UUID) -> Response:
    """It ends at once."""
    asked = pb.RevokePersonalTokenRequest(personal_token_id=str(personal_token_id))
    call(clients().identity.personal_tokens.RevokePersonalToken, asked)
    notices.ok(_("The token is revoked."), _("A program that comes with it is turned away."))
    return redirect(url_for("portal.api_tokens"), code=303)


def scope_words(token: pb.PersonalToken) -> str:
    """`My use, my invoices`."""
    words = [str(SCOPES[name][0]) for name in SCOPES if name in token.scopes]
    return ", ".join(word if index == 0 else word[:1].lower() + word[1:] for index, word in enumerate(words))


def _made(form: Form) -> Response | None:
    name = form.text("nazwa", length_max=NAME_LENGTH_MAX)
    if not set(form.values("zakresy")) <= set(SCOPES):
        form.fail("zakresy", reasons.field_sentence("UNKNOWN"))
    scopes, days = form.choices("zakresy", SCOPES), form.choice("na", PERIODS)
    if not form.has_sound_request_id:
        form.stop(_("Open the form anew, please."))
    if not form.ok:
        return None
    asked = pb.MakePersonalTokenRequest(
        personal_token_id=form.request_id,
        customer_id=current_user.customer_id,
        name=name,
        scopes=scopes,
        expires_on=wire.pack_date(today() + timedelta(days=int(days))),
    )
    try:
        made = call(clients().identity.personal_tokens.MakePersonalToken, asked)
    except Refusal as refusal:
        form.refuse(refusal, fields={"name": "nazwa", "scopes": "zakresy", "expires_on": "na"})
        return None
    place = url_for("portal.api_tokens")
    if made.token:
        shown_once.put(place, made.token)
        notices.ok(_("The token is there."), _("It is shown on this page once."))
    else:
        notices.warn(_("This token was shown already."), _("If you did not keep it, make another one."))
    return redirect(place, code=303)
