"""Logging in and out."""

from flask import redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.portal import portal
from gateway.web import notices
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.languages import local_path
from gateway.web.sessions import close_session, open_session

EMAIL_LENGTH_MAX = 254
PASSWORD_LENGTH_MAX = 128
EMAIL_HINT = "email_hint"


@portal.route("/logowanie", methods=["GET", "POST"])
def log_in() -> str | Response | tuple[str, int]:
    """E-mail and password; then back to the page one came from."""
    back = local_path(request.args.get("next"), otherwise=url_for("portal.start"))
    if current_user.is_authenticated:
        return redirect(back, code=303)
    form = Form.of_request(initial={"email": session.pop(EMAIL_HINT, "")})
    if form.sent:
        email = form.text("email", length_max=EMAIL_LENGTH_MAX)
        password = form.secret("password", length_max=PASSWORD_LENGTH_MAX)
        if form.ok:
            try:
                is_in = open_session(email, password)
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                wanted = request.args.get("next") or None
                return redirect(back if is_in else url_for("portal.log_in_code", next=wanted), code=303)
    return render_template("portal/sessions/log_in.html", form=form), form.status


@portal.post("/wyloguj")
def log_out() -> Response:
    """Ends the session here and in identity; harmless when there is none."""
    close_session()
    notices.ok(_("You are logged out."), _("Nobody can see your account on this device now."))
    return redirect(url_for("portal.home"), code=303)
