"""A secret that is told once: it waits in the signed cookie for the next page of its path, which takes it away.

The page that made it leads on with 303, so that a reload makes no second one.
"""

from flask import request, session

KEY = "shown_once"


def put(path: str, secret: str) -> None:
    """For the page at this path."""
    session[KEY] = {"path": path, "secret": secret}


def take() -> str:
    """The secret for this page, once; empty when there is none."""
    waiting = session.get(KEY)
    if not isinstance(waiting, dict) or waiting.get("path") != request.path:
        return ""
    session.pop(KEY)
    return str(waiting.get("secret", ""))
