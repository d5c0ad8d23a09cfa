"""A browser without a screen: it keeps cookies, fills forms in as a person does and reads pages as plain text."""

import html
import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis.ids import new_id

CONSOLE = "/konsola/"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="csrf_token"')
_SCRIPT = re.compile(r"<(script|style|svg)\b.*?</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_SPACES = re.compile(r"[\s\u00a0\u202f]+")


def somewhere() -> dict[str, str]:
    """An address in a /64 that nobody else has: the clock stands still, and so does the count of an address."""
    digits = new_id().hex[-12:]
    return {"REMOTE_ADDR": "2001:" + ":".join(digits[n : n + 4] for n in range(0, 12, 4)) + "::1"}


class Visitor(FlaskClient):
    """Flask's test client with what tests of pages need; it comes from an address of its own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.environ_base |= somewhere()

    def take_session(self, secret: str, *, console: bool = False) -> None:
        """Be logged in with a session of identity."""
        with self.session_transaction(path=CONSOLE if console else "/") as session:
            session["_user_id"], session["_fresh"] = secret, True

    def page(self, url: str, *, status: int = 200, **options: Any) -> str:
        """The HTML of a page."""
        response = self.get(url, **options)
        assert response.status_code == status, (url, response.status_code, response.location)
        return response.text

    def text(self, url: str, *, status: int = 200, **options: Any) -> str:
        """A page as a person reads it."""
        return plain(self.page(url, status=status, **options))

    def submit(self, url: str, *, at: str = "", **fields: Any) -> TestResponse:
        """Open the page with the form (`at`, else the same address), fill it in and send it."""
        found = _TOKEN.search(self.get(at or url).text)
        assert found, f"{at or url} has no form"
        data = {"csrf_token": found[1] or found[2], **fields}
        return self.post(url, data=data)


def plain(page: str) -> str:
    """The words of a page with single ordinary spaces."""
    return _SPACES.sub(" ", html.unescape(_TAG.sub(" ", _SCRIPT.sub(" ", page))))
