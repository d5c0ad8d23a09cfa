"""Profil → Pełnomocnicy: who else may act for the customer, until when; inviting, another last day, sending away."""

from datetime import date, timedelta
from uuid import UUID

from ebok.identity.v1 import grants_pb2, invitations_pb2
from flask import abort, make_response, redirect, render_template, url_for
from flask_babel import LazyString
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis import wire
from chassis.errors import Refusal
from gateway.portal import portal
from gateway.portal.scopes import SCOPES, is_owner
from gateway.web import notices, reasons
from gateway.web.calls import at_once, call, clients
from gateway.web.days import today
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

EMAIL_LENGTH_MAX = 254
FOR_DAYS = 365  # What the form offers; another day is as good.
reasons.say(
    {
        "NOT_THE_OWNER": _l("Only who added this account by an invoice can let others in."),
        "GRANT_NOT_FOUND": _l("This person has no access any more."),
        "ALREADY_HOLDS": _l("There is access to this account already."),
        "TOO_MANY_DELEGATES": _l(
            "Twenty people are let in or invited already. Take somebody's access back first."
        ),
        "OTHER_ADDRESS": _l(
            "The invitation was sent to another e-mail address. Log in to the account with that address."
        ),
        "INVITATION_TAKEN": _l("Open the page anew, please."),
    }
)
OWN_ADDRESS: dict[str, LazyString] = {"OWN_ADDRESS": _l("This is your own address.")}
reasons.say_fields(OWN_ADDRESS)


@portal.route("/profil/pelnomocnicy", methods=["GET", "POST"])
def delegates() -> Response:
    """For the owner: everybody who has access, what waits, a form. For a delegate: the own grant."""
    if not is_owner():
        return make_response(render_template("portal/delegates/own.html", grant=current_user.grant))
    customer_id = current_user.customer_id
    initial = {"zakres": "podglad", "do": (today() + timedelta(days=FOR_DAYS)).isoformat()}
    form = Form.of_request(initial={**initial, **take_kept()})
    if form.sent and _invite(form, customer_id):
        return redirect(url_for("portal.delegates"), code=303)
    held, waiting = at_once(
        (
            clients().identity.grants.ListCustomerGrants,
            grants_pb2.ListCustomerGrantsRequest(customer_id=customer_id),
        ),
        (
            clients().identity.invitations.ListInvitations,
            invitations_pb2.ListInvitationsRequest(customer_id=customer_id),
        ),
    )
    page = render_template(
        "portal/delegates/list.html",
        form=form,
        grants=held.grants,
        invitations=waiting.invitations,
        scopes=_choices(),
        own_id=current_user.user.user_id,
        by_invitation=grants_pb2.GRANT_ORIGIN_INVITATION,
    )
    return make_response(page, form.status)


def _choices() -> list[dict[str, object]]:
    return [
        {"value": key, "title": str(words).capitalize(), "sub": more}
        for key, (_n, words, more) in SCOPES.items()
    ]


def _invite(form: Form, customer_id: str) -> bool:
    email = form.text("email", length_max=EMAIL_LENGTH_MAX)
    scope, ends_on = form.choice("zakres", SCOPES), form.day("do")
    if form.ok and not form.has_sound_request_id:
        form.stop(_("Open the page anew, please."), status=422)
    if not form.ok or ends_on is None:
        return False
    wanted = invitations_pb2.InviteDelegateRequest(
        invitation_id=form.request_id,
        customer_id=customer_id,
        email=email,
        scope=SCOPES[scope][0],
        ends_on=wire.pack_date(ends_on),
    )
    try:
        call(clients().identity.invitations.InviteDelegate, wanted)
    except Refusal as refusal:
        form.refuse(refusal, fields={"ends_on": "do", "scope": "zakres"})
        return False
    notices.ok(
        _("The invitation is on its way to %(email)s.", email=email),
        _("The link in it works once, for 14 days."),
    )
    return True


@portal.route("/profil/pelnomocnicy/<uuid:grant_id>", methods=["GET", "POST"])
def delegate(grant_id: UUID) -> Response:
    """One delegate: another last day, or the end of the access."""
    grant = _delegate(grant_id)
    ends_on = wire.unpack_optional_date(grant.ends_on)
    form = Form.of_request(initial={"do": ends_on.isoformat() if ends_on else "", **take_kept()})
    if form.sent and _change_end(form, grant):
        return redirect(url_for("portal.delegates"), code=303)
    page = render_template("portal/delegates/delegate.html", form=form, grant=grant)
    return make_response(page, form.status)


@portal.post("/profil/pelnomocnicy/<uuid:grant_id>/odbierz")
def revoke_delegate(grant_id: UUID) -> Response:
    """The access ends at once."""
    asked = grants_pb2.RevokeGrantRequest(customer_id=current_user.customer_id, grant_id=str(grant_id))
    call(clients().identity.grants.RevokeGrant, asked)
    notices.ok(_("The access has ended."), _("We have told the person by e-mail."))
    return redirect(url_for("portal.delegates"), code=303)


@portal.post("/profil/pelnomocnicy/zaproszenia/<uuid:invitation_id>/cofnij")
def cancel_invitation(invitation_id: UUID) -> Response:
    """The link of an invitation dies."""
    asked = invitations_pb2.CancelInvitationRequest(
        customer_id=current_user.customer_id, invitation_id=str(invitation_id)
    )
    call(clients().identity.invitations.CancelInvitation, asked)
    notices.ok(_("The invitation is taken back."), _("Its link does not work any more."))
    return redirect(url_for("portal.delegates"), code=303)


@portal.post("/profil/pelnomocnicy/zrezygnuj")
def give_up_grant() -> Response:
    """Whoever acts for the selected customer does not want to any more."""
    call(
        clients().identity.grants.GiveUpGrant,
        grants_pb2.GiveUpGrantRequest(customer_id=current_user.customer_id),
    )
    notices.ok(_("This account is no longer yours to see."), _("Your own account stays."))
    return redirect(url_for("portal.home"), code=303)


def _delegate(grant_id: UUID) -> grants_pb2.Grant:
    """A delegate of the selected customer, as its owner sees it; else there is no such page."""
    if not is_owner():
        abort(404)
    asked = grants_pb2.ListCustomerGrantsRequest(customer_id=current_user.customer_id)
    for grant in call(clients().identity.grants.ListCustomerGrants, asked).grants:
        if grant.grant_id == str(grant_id) and grant.origin == grants_pb2.GRANT_ORIGIN_INVITATION:
            return grant
    abort(404)


def _change_end(form: Form, grant: grants_pb2.Grant) -> bool:
    ends_on: date | None = form.day("do")
    if not form.ok or ends_on is None:
        return False
    wanted = grants_pb2.ChangeGrantEndRequest(
        customer_id=grant.customer_id, grant_id=grant.grant_id, ends_on=wire.pack_date(ends_on)
    )
    try:
        call(clients().identity.grants.ChangeGrantEnd, wanted)
    except Refusal as refusal:
        form.refuse(refusal, fields={"ends_on": "do"})
        return False
    notices.ok(_("The last day is changed."))
    return True
