"""The door of the console: log in, log out, and who one is."""

from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.console import console
from gateway.web import notices
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.security import way_on
from gateway.web.sessions import close_session, open_session

EMAIL_LENGTH_MAX = 254
PASSWORD_LENGTH_MAX = 128


@console.route("/logowanie", methods=["GET", "POST"])
def log_in() -> Response | tuple[str, int]:
    """E-mail and password of a member of staff."""
    form = Form.of_request()
    if not form.sent and current_user.is_authenticated:
        return redirect(way_on(), code=303)
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
                on = way_on() if is_in else url_for("console.log_in_code", next=wanted)
                return redirect(on, code=303)
    return render_template("console/log_in.html", form=form), form.status


@console.post("/wyloguj")
def log_out() -> Response:
    """End the session, here and in identity."""
    close_session()
    notices.ok(_("You are logged out."))
    return redirect(url_for("console.log_in"), code=303)


@console.get("/ja")
def me() -> str:
    """Who one is here, what one may do, language and look."""
    return render_template("console/me.html", person=current_user.staff)
