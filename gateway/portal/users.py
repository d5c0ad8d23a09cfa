"""Making an account: register, and confirm the address by the mailed link."""

from ebok.identity.v1 import users_pb2
from flask import redirect, render_template, session, url_for
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.portal import portal
from gateway.portal.links import use_link
from gateway.portal.sessions import EMAIL_HINT, EMAIL_LENGTH_MAX, PASSWORD_LENGTH_MAX
from gateway.web import notices
from gateway.web.calls import as_gateway, clients
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.languages import language
from gateway.web.sessions import address

NAME_LENGTH_MAX = 80
SENT_TO = "sent_to"


@portal.route("/rejestracja", methods=["GET", "POST"])
def register() -> str | Response | tuple[str, int]:
    """Name, e-mail, password. What follows is the same whether the address is known or not."""
    form = Form.of_request()
    if form.sent:
        request_ = users_pb2.RegisterRequest(
            name=form.text("name", length_max=NAME_LENGTH_MAX),
            email=form.text("email", length_max=EMAIL_LENGTH_MAX),
            password=form.secret("password", length_max=PASSWORD_LENGTH_MAX),
            language=language(),
            address=address(),
        )
        if form.ok:
            try:
                as_gateway(clients().identity.users.Register, request_)
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                session[SENT_TO] = request_.email
                return redirect(url_for("portal.register_sent"), code=303)
    return render_template("portal/users/register.html", form=form), form.status


@portal.get("/rejestracja/wyslano")
def register_sent() -> str:
    """Look into your mailbox."""
    return render_template("portal/users/sent.html", email=session.get(SENT_TO, ""), what="register")


@portal.route("/potwierdzenie", methods=["GET", "POST"])
def confirm() -> str | Response | tuple[str, int]:
    """The link of the mail to a registered address."""
    form, answer = use_link(clients().identity.users.ConfirmEmail, users_pb2.ConfirmEmailRequest)
    if answer is None:
        return render_template("portal/users/confirm.html", form=form), form.status
    session[EMAIL_HINT] = answer.email
    notices.ok(_("Your e-mail address is confirmed."), _("Log in with it now."))
    return redirect(url_for("portal.log_in"), code=303)
