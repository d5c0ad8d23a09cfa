"""A forgotten password: ask for a link, set a new one by it."""

from ebok.identity.v1 import users_pb2
from flask import redirect, render_template, session, url_for
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.portal import portal
from gateway.portal.links import TOKEN_LENGTH_MAX, link_form
from gateway.portal.sessions import EMAIL_HINT, EMAIL_LENGTH_MAX, PASSWORD_LENGTH_MAX
from gateway.portal.users import SENT_TO
from gateway.web import notices
from gateway.web.calls import as_gateway, clients
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.sessions import address, close_session


@portal.route("/haslo", methods=["GET", "POST"])
def reset() -> str | Response | tuple[str, int]:
    """Where the link is to go. What follows is the same for every address."""
    form = Form.of_request(initial={"email": session.get(EMAIL_HINT, "")})
    if form.sent:
        email = form.text("email", length_max=EMAIL_LENGTH_MAX)
        if form.ok:
            try:
                as_gateway(
                    clients().identity.users.RequestPasswordReset,
                    users_pb2.RequestPasswordResetRequest(email=email, address=address()),
                )
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                session[SENT_TO] = email
                return redirect(url_for("portal.reset_sent"), code=303)
    return render_template("portal/users/reset.html", form=form), form.status


@portal.get("/haslo/wyslano")
def reset_sent() -> str:
    """Look into your mailbox."""
    return render_template("portal/users/sent.html", email=session.get(SENT_TO, ""), what="reset")


@portal.route("/nowe-haslo", methods=["GET", "POST"])
def new_password() -> str | Response | tuple[str, int]:
    """The new password; all sessions of the account end, also one in this browser."""
    form = link_form()
    if form.sent:
        request_ = users_pb2.ResetPasswordRequest(
            token=form.text("token", length_max=TOKEN_LENGTH_MAX),
            new_password=form.secret("password", length_max=PASSWORD_LENGTH_MAX),
        )
        if form.ok:
            try:
                answer = as_gateway(clients().identity.users.ResetPassword, request_)
            except Refusal as refusal:
                form.refuse(refusal, fields={"new_password": "password"})
            else:
                close_session()
                session[EMAIL_HINT] = answer.email
                notices.ok(
                    _("The new password is set."),
                    _("We logged you out on all devices. Log in with the new password."),
                )
                return redirect(url_for("portal.log_in"), code=303)
    return render_template("portal/users/new_password.html", form=form), form.status
