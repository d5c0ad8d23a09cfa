"""Client credentials (RFC 6749, 4.4): a token of five minutes for an API client's id and secret.

Answers and errors are those of the RFC and not problems. The secret comes in the Authorization header (Basic) or in the
form, never in the address.
"""

from base64 import b64decode
from typing import Any
from urllib.parse import unquote_plus

from ebok.identity.v1 import tokens_pb2 as pb
from flask import Response, request

from chassis.errors import Invalid, PermissionDenied, RateLimited, Refusal, Unauthenticated
from gateway.api import api, limits
from gateway.api.answers import write
from gateway.api.callers import by_address
from gateway.web.calls import as_gateway, clients
from gateway.web.sessions import address

BODY_BYTES_MAX = 8 * 1024
GRANT = "client_credentials"
SCOPE_REFUSED = "SCOPE_NOT_GRANTED"


class _Fault(Exception):
    """An error of RFC 6749, 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.status = error, status


@api.post("/oauth/token")
@api.doc(tags=["tokens"], operation_id="issue_token")
def issue_token() -> Response:
    """A token for an API client."""
    try:
        limits.spend(by_address())
        client_id, client_secret, scope = _asked()
        answer = as_gateway(
            clients().identity.tokens.IssueToken,
            pb.IssueTokenRequest(
                client_id=client_id, client_secret=client_secret, scope=scope, address=address()
            ),
        )
    except _Fault as fault:
        return _refuse(fault.error, str(fault), fault.status)
    except RateLimited as refusal:
        response = _refuse("temporarily_unavailable", "Too many attempts.", 429)
        response.headers["Retry-After"] = str(max(1, refusal.retry_after_s))
        return response
    except (Unauthenticated, PermissionDenied, Invalid) as refusal:
        return _refuse_by(refusal)
    return _say(
        {
            "access_token": answer.access_token,
            "token_type": answer.token_type,
            "expires_in": answer.expires_in,
            "scope": answer.scope,
        }
    )


def _asked() -> tuple[str, str, str]:
    request.max_content_length = BODY_BYTES_MAX
    if (request.content_length or 0) > BODY_BYTES_MAX:
        raise _Fault("invalid_request", "too large", 413)
    if request.mimetype != "application/x-www-form-urlencoded":
        raise _Fault("invalid_request", "send a form: application/x-www-form-urlencoded")
    form = request.form
    if any(len(form.getlist(name)) > 1 for name in form):
        raise _Fault("invalid_request", "a parameter was given twice")
    grant = form.get("grant_type", "")
    if not grant:
        raise _Fault("invalid_request", "grant_type is missing")
    if grant != GRANT:
        raise _Fault("unsupported_grant_type", f"only {GRANT}")
    client_id, client_secret = _credentials()
    return client_id, client_secret, form.get("scope", "")


def _credentials() -> tuple[str, str]:
    header, form = request.headers.get("Authorization", ""), request.form
    if header:
        if "client_secret" in form:
            raise _Fault("invalid_request", "two ways of saying who you are")
        kind, _, coded = header.partition(" ")
        try:
            said = b64decode(coded.strip(), validate=True).decode() if kind.lower() == "basic" else ""
        except ValueError:
            said = ""
        name, _, secret = said.partition(":")
        found = unquote_plus(name), unquote_plus(secret)
    else:
        found = form.get("client_id", ""), form.get("client_secret", "")
    if not all(found):
        raise _Fault("invalid_client", "client_id and client_secret are needed", 401)
    return found


def _refuse_by(refusal: Refusal) -> Response:
    if refusal.reason == SCOPE_REFUSED:
        return _refuse("invalid_scope", "the client has no such scope", 400)
    if isinstance(refusal, Invalid) and any(one.field == "scope" for one in refusal.violations):
        return _refuse("invalid_scope", "the scope is malformed", 400)
    return _refuse("invalid_client", "unknown client, wrong secret, or it has ended", 401)


def _refuse(error: str, description: str, status: int) -> Response:
    response = _say({"error": error, "error_description": description}, status)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="ebok", charset="UTF-8"'
    return response


def _say(body: dict[str, Any], status: int = 200) -> Response:
    response = write(body, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response
