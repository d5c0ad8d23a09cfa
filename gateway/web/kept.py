"""What was typed into a form is kept when the session had ended: it is there again after the login.

Small text fields only, in the signed cookie, for the one path; passwords, tokens and files never.
"""

import json
import zlib

from flask import request, session

KEY = "kept"
BYTES_MAX = 1_500  # As they are in the cookie: compressed.
NEVER = ("password", "token", "csrf", "secret", "code")


def keep_form() -> None:
    """Remember the fields of the form that was sent, for its path; too long ones are not kept."""
    if request.method != "POST":
        return
    fields = {
        name: values
        for name, values in request.form.lists()
        if not any(word in name.lower() for word in NEVER) and all(len(value) <= 500 for value in values)
    }
    if fields and len(zlib.compress(json.dumps(fields).encode())) <= BYTES_MAX:
        session[KEY] = {"path": request.path, "fields": fields}


def take_kept() -> dict[str, str]:
    """The fields kept for this path, once; empty when there are none. Of what was ticked several times, the first."""
    return {name: values[0] for name, values in take_all_kept().items() if values}


def take_all_kept() -> dict[str, list[str]]:
    """As `take_kept`, with all values of each field: for forms in which one ticks several."""
    kept = session.get(KEY)
    if not isinstance(kept, dict) or kept.get("path") != request.path:
        return {}
    session.pop(KEY)
    fields: dict[str, list[str]] = kept.get("fields", {})
    return {name: list(values) for name, values in fields.items() if isinstance(values, list)}
