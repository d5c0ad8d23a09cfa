"""Problems (RFC 9457): what went wrong, with the reason of the service that refused, for machines and their makers.

400 for what the document does not allow, 422 for what it allows and a service does not; then the fields are named.
`type` is always "about:blank": `reason` says what it is, and the words are for people.
"""

from http import HTTPStatus
from typing import Any

from apiflask.exceptions import HTTPError
from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

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
from chassis.rpc.errors import MessageTooLarge
from gateway.api import api
from gateway.api.answers import write
from gateway.web.errors import trace_id

MEDIA_TYPE = "application/problem+json"
REALM = 'Bearer realm="ebok"'
STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (MessageTooLarge, 413),
    (NotFound, 404),
    (Invalid, 422),
    (FailedPrecondition, 409),
    (Conflict, 409),
    (PermissionDenied, 403),
    (Unauthenticated, 401),
    (RateLimited, 429),
    (Unavailable, 503),
)
RETRY_AFTER_S = 2  # Of a service that is away.
WORDS: dict[type[Refusal], str] = {
    NotFound: "There is no such thing, or it belongs to somebody else.",
    Invalid: "The document allows this request, its values are refused.",
    FailedPrecondition: "As things stand, this cannot be done.",
    Conflict: "Somebody else was quicker. Read it anew and decide again.",
    PermissionDenied: "The token does not allow this.",
    Unauthenticated: "A valid token is needed.",
    RateLimited: "Too many requests. Wait as long as Retry-After says.",
    Unavailable: "A part of the service does not answer. The same request may succeed later.",
}


STATUS_TEXTS = {  # As the document has them.
    400: "The request is not as this document says.",
    401: "No token, or one that is no longer good.",
    403: "The token is not for this.",
    404: "There is no such thing, or it belongs to somebody else.",
    408: "The body came too slowly.",
    409: "As things stand, this cannot be done.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    422: "A service refuses the values, or the Idempotency-Key was used for another request.",
    429: "Too many requests.",
    503: "A part of the service does not answer.",
}


class Malformed(Invalid):
    """The request is not as the document says; nothing was asked of any service."""

    reason = "MALFORMED_REQUEST"


def problem(
    status: int,
    reason: str,
    detail: str = "",
    *,
    violations: list[dict[str, str]] | None = None,
    facts: dict[str, str] | None = None,
) -> Response:
    """A problem as an answer; `facts` are what the refusing service told about it."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "reason": reason,
        "trace_id": trace_id(),
    }
    if violations:
        body["violations"] = violations
    if facts:
        body["facts"] = facts
    response = write(body, status)
    response.mimetype = MEDIA_TYPE
    if status == 401:
        response.headers["WWW-Authenticate"] = (
            REALM if reason == "LOGIN_REQUIRED" else f'{REALM}, error="invalid_token"'
        )
    return response


@api.errorhandler(Refusal)
def _on_refusal(refusal: Refusal) -> Response:
    status = next((status for family, status in STATUS if isinstance(refusal, family)), 409)
    if isinstance(refusal, Malformed):
        status = 400
    words = next((text for family, text in WORDS.items() if isinstance(refusal, family)), "")
    violations = [{"field": one.field, "reason": one.reason} for one in refusal.violations]
    response = problem(status, refusal.reason, words, violations=violations, facts=dict(refusal.metadata))
    if isinstance(refusal, RateLimited):
        response.headers["Retry-After"] = str(max(1, refusal.retry_after_s))
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if isinstance(refusal, PermissionDenied) and (scope := refusal.metadata.get("scope")):
        response.headers["WWW-Authenticate"] = f'{REALM}, error="insufficient_scope", scope="{scope}"'
    level = "warning" if isinstance(refusal, Unavailable) else "info"
    getattr(current_app.logger, level)("%s %s refused: %s", request.method, request.path, refusal.reason)
    return response


@api.errorhandler(HTTPError)
def _on_invalid_input(error: HTTPError) -> Response:
    """What marshmallow found wrong, field by field."""
    faults = list(_faults(error.detail)) if isinstance(error.detail, dict) else []
    return problem(400, Malformed.reason, "The request is not as the document says.", violations=faults)


def _faults(found: Any, path: str = "") -> Any:
    """`{"json": {"rows": {"0": {"value": ["TOO_LONG"]}}}}` → `rows[0].value`, TOO_LONG."""
    for key, value in found.items():
        if not path and key in ("json", "query", "headers"):
            here = ""
        elif str(key).isdigit():
            here = f"{path}[{key}]"
        else:
            here = f"{path}.{key}" if path else str(key)
        if isinstance(value, dict):
            yield from _faults(value, here)
        else:
            yield from ({"field": here.removesuffix("._schema"), "reason": _reason(one)} for one in value)


def _reason(words: Any) -> str:
    if words == "Missing data for required field.":
        return "REQUIRED"
    if words == "Unknown field.":
        return "UNKNOWN_FIELD"
    return words if isinstance(words, str) and words.isupper() else "MALFORMED"


@api.errorhandler(HTTPException)
def _on_http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    response = problem(status, HTTPStatus(status).name, error.description or "")
    if allowed := getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response
