"""What the merchant asked and was answered, kept to be looked at; the oldest leave."""

import re
import sqlite3
from dataclasses import dataclass

from sandbox.providers import books

KEPT_MAX = 20_000
TRIM_EVERY = 200  # Counting after each call would be the most expensive part of it.
TEXT_CHARS_MAX = 8_000
SECRET = re.compile(r"(client_secret=)[^&]*")


@dataclass(frozen=True)
class Call:
    """One request of the merchant's and its answer."""

    id: int
    called_at: str
    payment_id: int | None
    call: str
    method: str
    path: str
    request: str
    status: int
    answer: str
    fault: str
    """How it was made to go wrong; empty when it was not."""
    why: str
    """What the sandbox found wrong with the request; the real provider does not say it."""
    took_ms: int


def keep(db: sqlite3.Connection, values: dict[str, object]) -> None:
    """Remember a call, without its secrets."""
    shown = {name: SECRET.sub(r"\1…", str(values[name]))[:TEXT_CHARS_MAX] for name in ("request", "answer")}
    call_id = books.insert(db, "calls", {**values, **shown})
    if call_id % TRIM_EVERY == 0:
        db.execute("DELETE FROM calls WHERE id <= ?", (call_id - KEPT_MAX,))


def list_newest(
    db: sqlite3.Connection, *, payment_id: int | None = None, before_id: int | None = None, limit: int
) -> list[Call]:
    """The newest first: all, those about a payment, those older than an id."""
    rows = db.execute(
        "SELECT * FROM calls WHERE (? IS NULL OR payment_id = ?) AND (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?",
        (payment_id, payment_id, before_id, before_id, limit),
    )
    return [Call(**dict(row)) for row in rows]
