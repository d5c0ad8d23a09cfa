"""The one place where a refusal becomes a page: what happened, what was kept, what to do, a number to quote.

A form takes its own refusals over (`Form.refuse`); what no view takes comes here. Anything that is no
refusal is a bug: logged with its trace, answered without details.
"""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from flask import (
    Flask,
    current_app,
    has_request_context,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import LazyString
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from chassis.errors import (
    Conflict,
    FailedPrecondition,
    Invalid,
    NotFound,
    PermissionDenied,
    RateLimited,
    Refusal,
    Unauthenticated,
    Unavailable,
)
from chassis.tracing import HEADER, child_of, current_trace_id, enter
from gateway.web import reasons
from gateway.web.cookies import MACHINES, in_console
from gateway.web.forms import STEP_UP_REQUIRED, wait_sentence
from gateway.web.kept import keep_form
from gateway.web.languages import lazy_gettext as _l

STATUS: dict[type[Refusal], int] = {
    NotFound: 404,
    Invalid: 400,
    FailedPrecondition: 409,
    Conflict: 409,
    PermissionDenied: 403,
    Unauthenticated: 401,
    RateLimited: 429,
    Unavailable: 503,
}

NOTHING_LOST = _l("Nothing was changed.")
# By HTTP status: the title, what happened, what was kept, what to do.
WORDS: dict[int, tuple[LazyString | str, LazyString | str, LazyString | str, LazyString | str]] = {
    400: (
        _l("We did not understand this"),
        _l("The address or the form came to us incomplete."),
        NOTHING_LOST,
        _l("Go back and try once more."),
    ),
    401: (
        _l("Log in to see this"),
        _l("You are not logged in, or you were away for long and we logged you out."),
        NOTHING_LOST,
        _l("Log in and open the page again."),
    ),
    403: (
        _l("This is not open to you"),
        _l("Your account has no access to this page."),
        NOTHING_LOST,
        _l("If it should have, call us or ask the person who gave you access."),
    ),
    404: (
        _l("There is no such page"),
        _l("The address may be mistyped, or the page is no longer here."),
        "",
        _l("Start from the home page, or call us and we will help you find it."),
    ),
    405: (
        _l("This cannot be opened like that"),
        _l("The address works only from its form."),
        NOTHING_LOST,
        _l("Go back to the form and send it from there."),
    ),
    409: (
        _l("This cannot be done now"),
        _l("Something changed in the meantime."),
        NOTHING_LOST,
        _l("Go back and see how it looks now."),
    ),
    413: (
        _l("This is too large"),
        _l("The file or the text is larger than we can take."),
        _l("Nothing was sent. The form still holds your text when you go back."),
        _l("Choose a smaller file, for example a photo instead of a scan."),
    ),
    429: (
        _l("Too many attempts"),
        _l("Too many attempts in a short time. We stop them to keep your account safe."),
        NOTHING_LOST,
        _l("Wait a moment and try again."),
    ),
    500: (
        _l("Something broke on our side"),
        _l("It is our fault, not yours, and it is recorded."),
        _l("What was saved before is safe. A payment is never taken twice."),
        _l("Try again in a while. If it comes back, call us and quote the number."),
    ),
    503: (
        _l("Part of the service is not answering"),
        _l("We are working on it, or it is busy just now."),
        _l("What was saved before is safe. A payment is never taken twice."),
        _l("Try again in a few minutes."),
    ),
}
LOGIN_EXTENSION = "ebok_login"


@dataclass(frozen=True)
class ErrorPage:
    """What an error page says; an empty part is left out."""

    status: int
    title: str
    happened: str
    kept: str = ""
    todo: str = ""
    number: str = ""
    retry_after_s: int = 0


def trace_id() -> str:
    """The trace of this request, 32 hex digits, as its log lines carry it."""
    trace = current_trace_id()
    if not trace:
        enter(child_of(request.headers.get(HEADER, "") if has_request_context() else ""))
        trace = current_trace_id()
    return trace


def present_address() -> str:
    """Path and query of this request, ready for an attribute or a `next=`."""
    query = request.query_string.decode("ascii", "ignore")
    return quote(request.path) + (f"?{query}" if query else "")


def _address_to_return_to() -> str:
    """Where login leads back to: this page, or the form's page when a form was sent; empty when it has none."""
    if request.method == "GET":
        return present_address()
    adapter = current_app.create_url_adapter(request)
    return request.path if adapter is not None and adapter.test(request.path, method="GET") else ""


def number_to_quote(trace: str = "") -> str:
    """The head of the trace id in a form that one can read over the telephone: `7F3A-91C2`."""
    head = (trace or trace_id())[:8].upper()
    return f"{head[:4]}-{head[4:]}"


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal."""
    return next((status for family, status in STATUS.items() if isinstance(refusal, family)), 409)


def page_of_refusal(refusal: Refusal) -> ErrorPage:
    """The words of a refusal that reached no form."""
    status = status_of(refusal)
    page = page_of_status(status)
    wait = refusal.retry_after_s if isinstance(refusal, RateLimited) else 0
    return ErrorPage(
        status=status,
        title=page.title,
        happened=reasons.sentence(refusal),
        kept=page.kept,
        todo=wait_sentence(wait) if wait else page.todo,
        number=page.number,
        retry_after_s=wait,
    )


def page_of_status(status: int) -> ErrorPage:
    """The words of an HTTP status; one that has none of its own speaks as 400 or 500."""
    title, happened, kept, todo = map(str, WORDS.get(status) or WORDS[400 if status < 500 else 500])
    return ErrorPage(status, title, happened, kept, todo, number_to_quote())


def render_error(status: int) -> Response:
    """The page of a status."""
    return respond(page_of_status(status))


def respond(page: ErrorPage, *, reason: str = "") -> Response:
    """The page for people; for machines a short problem (RFC 9457), in the English that HTTP itself has for it."""
    if request.path.startswith(MACHINES):
        status = HTTPStatus(page.status)
        body = {
            "type": "about:blank",
            "title": status.phrase,
            "status": page.status,
            "detail": status.description,
        }
        response = make_response(
            body | {"reason": reason or status.name, "trace_id": trace_id()}, page.status
        )
        response.mimetype = "application/problem+json"
    else:
        response = make_response(render_template("errors/page.html", page=page), page.status)
    if page.retry_after_s:
        response.headers["Retry-After"] = str(page.retry_after_s)
    return response


def lead_to_step_up(back: str) -> Response:
    """Where one proves once more who one is, and back; what a form held is kept."""
    keep_form()
    endpoint = f"{'console' if in_console() else 'portal'}.step_up"
    return redirect(url_for(endpoint, next=back or None), code=303)


def _on_refusal(refusal: Refusal) -> Response:
    if isinstance(refusal, Unauthenticated) and not request.path.startswith(MACHINES):
        login = current_app.extensions[LOGIN_EXTENSION](_address_to_return_to())
        if login:
            return redirect(login, code=303)
    if refusal.reason == STEP_UP_REQUIRED and not request.path.startswith(MACHINES):
        return lead_to_step_up(_address_to_return_to())
    level = "warning" if isinstance(refusal, Unavailable) else "info"
    getattr(current_app.logger, level)("%s %s refused: %s", request.method, request.path, refusal.reason)
    return respond(page_of_refusal(refusal), reason=refusal.reason)


def _on_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    response = respond(page_of_status(status))
    if status == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return response


def _on_bug(error: Exception) -> Response:
    current_app.logger.error(
        "%s %s broke, trace %s", request.method, request.path, trace_id(), exc_info=error
    )
    return respond(page_of_status(500))


def init_errors(app: Flask, login: object) -> None:
    """Every way a request can fail ends here. `login(path)` answers the login page that leads back to a path."""
    app.extensions[LOGIN_EXTENSION] = login
    app.register_error_handler(Refusal, _on_refusal)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_bug)
    app.jinja_env.globals["number_to_quote"] = number_to_quote
    app.jinja_env.globals["present_address"] = present_address
