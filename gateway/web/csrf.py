"""Forms are posted from our own pages only. When the token is old, what was typed is offered again, not lost.

What is offered again is a new form with the same fields behind one button. It is offered only when the
browser says that the old one was posted from this site: another site must not be able to put words into a
form and have a person press the button. Passwords and files are never put back.

A form that the browser says another site has posted is refused whatever token it carries.
"""

from functools import lru_cache
from urllib.parse import urlsplit

from flask import Flask, g, make_response, render_template, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from werkzeug.wrappers import Response

from chassis.clock import machine_now
from gateway.web.cookies import MACHINES, REMEMBERED_MAX
from gateway.web.errors import ErrorPage, present_address, render_error
from gateway.web.languages import gettext as _

KEPT_FIELDS_MAX = 100
KEPT_LENGTH_MAX = 20_000
NEVER_KEPT = {"password", "secret", "code", "csrf", "token"}
TOKEN_AGE_S = 4 * 3600

protection = CSRFProtect()


def from_our_page() -> bool:
    """Whether the browser says that the request comes from a page of this very site."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin") or request.headers.get("Referer")
    return bool(origin) and urlsplit(origin).netloc == request.host


def from_another_site() -> bool:
    """Whether the browser says that another site has sent this; one that says nothing does not."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in (
            "same-origin",
            "none",
        )  # none: nobody's page, as when a sent form is loaded again.
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


def form_token() -> str:
    """The token of the forms of a session; those of one minute carry the same."""
    secret = session.get("csrf_token")
    if secret is None:
        return str(generate_csrf())
    return _sign(secret, int(machine_now().timestamp()) // 60)


@lru_cache(maxsize=REMEMBERED_MAX)
def _sign(_secret: str, _minute: int) -> str:
    g.pop("csrf_token", None)  # Of another secret, where the session began anew within this request.
    return str(generate_csrf())  # It signs the secret of the session, which is this one.


def _refuse_other_sites() -> Response | None:
    is_form = request.method == "POST" and not request.path.startswith(MACHINES)
    return render_error(400) if is_form and from_another_site() else None


def kept_fields() -> list[tuple[str, str]]:
    """What was typed and may be put back."""
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if not NEVER_KEPT & set(name.lower().replace("-", "_").split("_"))
    ]
    return kept if len(kept) <= KEPT_FIELDS_MAX and sum(len(v) for _, v in kept) <= KEPT_LENGTH_MAX else []


def _old_form(_error: CSRFError) -> Response:
    if not from_our_page():
        return render_error(400)
    page = ErrorPage(
        status=400,
        title=_("This page was open for too long"),
        happened=_("To be safe we did not send the form yet."),
        kept=_("What you typed is still here. Passwords and files have to be given again."),
        todo=_("Send it again, or go back to the form."),
    )
    fields = kept_fields()
    again = present_address()
    return make_response(render_template("errors/resend.html", page=page, fields=fields, action=again), 400)


def init_csrf(app: Flask) -> None:
    """Protect every form; `protection.exempt(blueprint)` for machines, which carry no cookies."""
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", TOKEN_AGE_S)
    app.config.setdefault("SESSION_COOKIE_HTTPONLY", True)
    app.config.setdefault("SESSION_COOKIE_SAMESITE", "Lax")
    app.before_request(_refuse_other_sites)
    protection.init_app(app)
    app.jinja_env.globals["csrf_token"] = form_token
    app.register_error_handler(CSRFError, _old_form)
