"""What a browser is known by: a random secret in a cookie of its own, which outlives sessions.

Identity tells somebody of a log-in from a browser it has not seen, and spares one that is trusted the code. The cookie
names nobody and opens nothing by itself.
"""

import secrets

from flask import after_this_request, current_app, g, request
from werkzeug.wrappers import Response

TOKEN_BYTES = 32
TOKEN_LENGTHS = range(40, 61)
AGE_S = 400 * 24 * 3600  # As long as browsers keep a cookie at most.


def device_token() -> str:
    """The browser's secret; a new one goes into its cookie when it has none."""
    known: str = g.get("device_token") or request.cookies.get(_name(), "")
    return known if len(known) in TOKEN_LENGTHS else new_device_token()


def new_device_token() -> str:
    """Another secret from now on."""
    g.device_token = secrets.token_urlsafe(TOKEN_BYTES)
    after_this_request(_put)
    return str(g.device_token)


def _name() -> str:
    return "__Host-ebok-device" if current_app.config["SESSION_COOKIE_SECURE"] else "ebok_device"


def _put(response: Response) -> Response:
    response.set_cookie(
        _name(),
        g.device_token,
        max_age=AGE_S,
        path="/",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response
