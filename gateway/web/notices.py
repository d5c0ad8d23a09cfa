"""What a page tells after an act: a strong sentence, perhaps a second one; shown once, in the page's live
region.

notices.ok(_("Reading saved: %(value)s.", value=…), _("We will use it for the next invoice."))
"""

from dataclasses import dataclass
from typing import Any

from flask import flash, get_flashed_messages

KINDS = ("ok", "info", "warn", "bad")


@dataclass(frozen=True)
class Notice:
    """One message: kind (ok, info, warn, bad), the sentence that counts, and the rest."""

    kind: str
    title: str
    text: str = ""


def ok(title: str, text: str = "") -> None:
    """It worked."""
    _say("ok", title, text)


def info(title: str, text: str = "") -> None:
    """Good to know."""
    _say("info", title, text)


def warn(title: str, text: str = "") -> None:
    """It worked, but look."""
    _say("warn", title, text)


def bad(title: str, text: str = "") -> None:
    """It did not work."""
    _say("bad", title, text)


def _say(kind: str, title: str, text: str) -> None:
    # The session is JSON: plain strings only, no lazy ones.
    flash([str(title), str(text)], kind)  # type: ignore[arg-type]


def pending() -> list[Notice]:
    """The notices that this page shows; taking them is showing them. A plain `flash(text)` counts as info."""
    notices = []
    flashed: list[Any] = list(get_flashed_messages(with_categories=True))
    for category, message in flashed:
        parts = [message] if isinstance(message, str) else list(message)
        notices.append(Notice(category if category in KINDS else "info", *parts))
    return notices
