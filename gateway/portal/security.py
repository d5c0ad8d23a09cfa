"""Bezpieczeństwo in the portal: what both doors have, another e-mail address, doing without codes, "it was not me"."""

from ebok.identity.v1 import factors_pb2, sessions_pb2, users_pb2
from flask import redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.portal import portal
from gateway.portal.links import use_link
from gateway.portal.sessions import EMAIL_HINT, EMAIL_LENGTH_MAX
from gateway.web import notices, security
from gateway.web.calls import as_gateway, clients
from gateway.web.errors import lead_to_step_up
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import gettext as _
from gateway.web.security import View
from gateway.web.sessions import address, close_session, realm

security.add_views(portal)


@portal.post("/bezpieczenstwo/aplikacja/usun")
def remove_app() -> Response:
    """Log in without codes from now on."""
    asked = factors_pb2.RemoveTotpRequest(session_token=current_user.get_id(), realm=realm())
    as_gateway(clients().identity.factors.RemoveTotp, asked)
    notices.ok(_("No code is asked for any more."), _("The recovery codes are worth nothing now."))
    return redirect(url_for("portal.security"), code=303)


@portal.route("/bezpieczenstwo/email", methods=["GET", "POST"])
def change_email() -> View:
    """Another address to log in with; it counts once the mailed link was used."""
    if request.method == "GET" and not security.is_proven():
        return lead_to_step_up(request.path)
    form = Form.of_request(initial=take_kept() if request.method == "GET" else {})
    if form.sent:
        new_email = form.text("new_email", length_max=EMAIL_LENGTH_MAX)
        if form.ok:
            asked = users_pb2.RequestEmailChangeRequest(
                session_token=current_user.get_id(), new_email=new_email, address=address()
            )
            try:
                as_gateway(clients().identity.users.RequestEmailChange, asked)
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                notices.ok(
                    _("Look into your mailbox."),
                    _(
                        "We are sending a link to %(email)s. Until you use it, nothing changes.",
                        email=new_email,
                    ),
                )
                return redirect(url_for("portal.security"), code=303)
    return render_template("security/email.html", form=form, layout=security.layout()), form.status


@portal.route("/nowy-adres", methods=["GET", "POST"])
def confirm_new_email() -> View:
    """The link of the mail to a new address; pressing the button uses it, once."""
    form, answer = use_link(clients().identity.users.ConfirmEmailChange, users_pb2.ConfirmEmailChangeRequest)
    if answer is None:
        return render_template("security/new_email.html", form=form), form.status
    notices.ok(_("The new address is in force."), _("From now on you log in with it."))
    if current_user.is_authenticated:
        return redirect(url_for("portal.security"), code=303)
    session[EMAIL_HINT] = answer.email
    return redirect(url_for("portal.log_in"), code=303)


@portal.route("/to-nie-ja", methods=["GET", "POST"])
def deny_sign_in() -> View:
    """The link of the mail about a new device: everybody is logged out, and a new password is next."""
    form, answer = use_link(clients().identity.sessions.DenySignIn, sessions_pb2.DenySignInRequest)
    if answer is None:
        return render_template("security/not_me.html", form=form), form.status
    if answer.realm == sessions_pb2.REALM_CONSOLE:
        close_session()
        return render_template("security/denied_staff.html")
    return _lead_to_new_password(answer.reset_token, answer.kept_email)


@portal.route("/poprzedni-adres", methods=["GET", "POST"])
def undo_email_change() -> View:
    """The link of the mail to the former address: it counts again, everybody is logged out, a new password is next."""
    form, answer = use_link(clients().identity.users.UndoEmailChange, users_pb2.UndoEmailChangeRequest)
    if answer is None:
        return render_template("security/undo_email.html", form=form), form.status
    return _lead_to_new_password(answer.reset_token, answer.kept_email)


def _lead_to_new_password(reset_token: str, kept_email: str) -> Response:
    """Where a former address could not be set back, whoever has the other mailbox could ask for a password, too."""
    close_session()
    if kept_email:
        notices.warn(
            _("Everybody is logged out of your account, but the address is not set back."),
            _(
                "Another account has your former address by now. Set a new password, log in with %(email)s and change "
                "the address under “Security” at once, or call us.",
                email=kept_email,
            ),
        )
    else:
        notices.ok(
            _("Everybody is logged out of your account."),
            _("Now set a new password. The old one opens nothing any more."),
        )
    return redirect(url_for("portal.new_password", token=reset_token), code=303)
