"""The front page before log-in."""

from flask import redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from gateway.portal import portal


@portal.get("/")
def home() -> str | Response:
    """Two buttons and the provider's telephones; who is logged in goes on to the own first page."""
    if current_user.is_authenticated:
        return redirect(url_for("portal.start"), code=303)
    return render_template("portal/home/index.html")
