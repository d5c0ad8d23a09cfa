"""Two cookies for two audiences: a customer's session and a member of staff's never meet in one browser.

Flask's own signed session, under another name and path for the console. It carries the secret of identity's session,
the form token and messages to show once; it is readable by its owner only and changed by nobody.
"""

from copy import deepcopy
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import Flask, Request
from flask.globals import request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadSignature

from chassis.clock import machine_now

REMEMBERED_MAX = 5_000
CONSOLE_PATH = "/konsola"
MACHINES = ("/api/", "/webhooks/")


def in_console() -> bool:
    """Whether the request is for the console."""
    return f"{request.path}/".startswith(f"{CONSOLE_PATH}/")


class TwoCookies(SecureCookieSessionInterface):
    """The portal's cookie is host-bound for the whole site, the console's is bound to its path.

    A page after the other brings the same cookie: what it says is remembered, and not verified again.
    """

    def __init__(self) -> None:
        self._serializer: Any = None
        self._read = lru_cache(maxsize=REMEMBERED_MAX)(self._verify)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What machines send has no session: none is read, none is made, no cookie goes back."""
        if request.path.startswith(MACHINES):
            return None
        cookie = request.cookies.get(self.get_cookie_name(app))
        if not cookie:
            return SecureCookieSession()
        self.get_signing_serializer(app)
        try:
            said, signed_at = self._read(cookie)
        except BadSignature:
            return SecureCookieSession()
        if machine_now() - signed_at > app.permanent_session_lifetime:
            return SecureCookieSession()
        return SecureCookieSession(deepcopy(said))  # Whoever gets it may change it.

    def _verify(self, cookie: str) -> tuple[dict[str, Any], datetime]:
        """What a cookie says and when it was signed. Raises BadSignature."""
        said, signed_at = self._serializer.loads(cookie, return_timestamp=True)
        return said, signed_at

    def get_signing_serializer(self, app: Flask) -> Any:
        """The one that signs and verifies; made once, as the key of a running gateway does not change."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def get_cookie_name(self, app: Flask) -> str:
        """`__Host-` and `__Secure-` are promises browsers enforce; they need https."""
        secure = bool(app.config["SESSION_COOKIE_SECURE"])
        if in_console():
            return "__Secure-ebok-konsola" if secure else "ebok_konsola"
        return "__Host-ebok" if secure else "ebok"

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002 - Flask names it
        """The console's cookie is not sent with portal pages."""
        return CONSOLE_PATH if in_console() else "/"
