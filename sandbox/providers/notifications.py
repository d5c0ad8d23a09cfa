"""What the merchant is told: kept with the time of the next try, sent until it is answered as the provider wants."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sandbox.providers import books

ANSWER_CHARS_MAX = 2_000
WAITING, DONE, GIVEN_UP = "WAITING", "DONE", "GIVEN_UP"


@dataclass(frozen=True)
class Notification:
    """One message: its bytes never change, however often it is sent."""

    id: int
    payment_id: int
    kind: str
    """`payment` or `refund`."""
    url: str
    body: bytes
    headers: dict[str, str]
    created_at: str
    state: str
    """WAITING, DONE or GIVEN_UP."""
    tries: int
    next_at: float | None


@dataclass(frozen=True)
class Try:
    """One sending: what came back, or why nothing did (then there is no status)."""

    tried_at: str
    status: int | None
    answer: str
    took_ms: int


def add(
    db: sqlite3.Connection,
    payment_id: int,
    *,
    kind: str,
    url: str,
    body: bytes,
    headers: dict[str, str],
    at: float,
    now: datetime,
) -> None:
    """Send this from `at` (seconds of the machine's clock) on. Without an address nobody is told."""
    if not url:
        return
    row = {"payment_id": payment_id, "kind": kind, "url": url, "body": body, "created_at": now.isoformat()}
    books.insert(db, "notifications", {**row, "headers": json.dumps(headers), "next_at": at})


def _notification(row: sqlite3.Row) -> Notification:
    return Notification(**{**dict(row), "headers": json.loads(row["headers"])})


def list_due(db: sqlite3.Connection, at: float, *, limit: int) -> list[Notification]:
    """Those whose time has come. In no order: the real ones overtake each other too."""
    rows = db.execute(
        "SELECT * FROM (SELECT * FROM notifications WHERE state = 'WAITING' AND next_at <= ?"
        " ORDER BY next_at LIMIT ?) ORDER BY random()",
        (at, limit),
    )
    return [_notification(row) for row in rows]


def next_due(db: sqlite3.Connection) -> float | None:
    """When the next one is to be sent; None when there is none."""
    found = db.execute("SELECT min(next_at) FROM notifications WHERE state = 'WAITING'").fetchone()[0]
    return None if found is None else float(found)


def get(db: sqlite3.Connection, notification_id: int) -> Notification:
    """One as it is now."""
    return _notification(
        db.execute("SELECT * FROM notifications WHERE id = ?", (notification_id,)).fetchone()
    )


def keep_try(db: sqlite3.Connection, notification: Notification, tried: Try, next_at: float | None) -> None:
    """What came of a sending, and when the next one is; no next one without a word of success is giving up."""
    books.insert(
        db,
        "tries",
        {
            "notification_id": notification.id,
            "tried_at": tried.tried_at,
            "status": tried.status,
            "answer": tried.answer[:ANSWER_CHARS_MAX],
            "took_ms": tried.took_ms,
        },
    )
    # Whoever verified the payment meanwhile has ended it already.
    is_waiting = get(db, notification.id).state == WAITING
    state = {} if not is_waiting else {"next_at": next_at, "state": WAITING if next_at else GIVEN_UP}
    books.update(db, "notifications", notification.id, tries=notification.tries + 1, **state)


def finish(db: sqlite3.Connection, notification_id: int) -> None:
    """It has arrived; it is not sent again."""
    books.update(db, "notifications", notification_id, state=DONE, next_at=None)


def finish_all(db: sqlite3.Connection, payment_id: int, kind: str) -> None:
    """Everything of that kind about a payment has arrived."""
    db.execute(
        "UPDATE notifications SET state = 'DONE', next_at = NULL"
        " WHERE payment_id = ? AND kind = ? AND state = 'WAITING'",
        (payment_id, kind),
    )


def list_of_payment(db: sqlite3.Connection, payment_id: int) -> list[tuple[Notification, list[Try]]]:
    """The messages about a payment with their sendings, both the newest first."""
    rows = db.execute("SELECT * FROM notifications WHERE payment_id = ? ORDER BY id DESC", (payment_id,))
    return [(_notification(row), _tries(db, int(row["id"]))) for row in rows.fetchall()]


def list_newest(db: sqlite3.Connection, *, limit: int) -> list[Notification]:
    """The newest first."""
    rows = db.execute("SELECT * FROM notifications ORDER BY id DESC LIMIT ?", (limit,))
    return [_notification(row) for row in rows]


def count_waiting(db: sqlite3.Connection) -> int:
    """How many are still to be sent, again or for the first time."""
    return int(db.execute("SELECT count(*) FROM notifications WHERE state = 'WAITING'").fetchone()[0])


def _tries(db: sqlite3.Connection, notification_id: int) -> list[Try]:
    rows = db.execute(
        "SELECT tried_at, status, answer, took_ms FROM tries WHERE notification_id = ? ORDER BY id DESC",
        (notification_id,),
    )
    return [Try(**dict(row)) for row in rows]
