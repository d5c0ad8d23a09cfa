"""A provider's own books: payments and refunds, in memory or in a file of SQLite that a restart keeps."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS payments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL UNIQUE,
    session TEXT UNIQUE,
    order_id TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    paid INTEGER NOT NULL DEFAULT 0,
    how TEXT NOT NULL DEFAULT '',
    method TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL,
    payer TEXT NOT NULL,
    return_url TEXT NOT NULL,
    notify_url TEXT NOT NULL,
    request TEXT NOT NULL,
    created_at TEXT NOT NULL,
    paid_at TEXT,
    expires_at REAL
);
CREATE INDEX IF NOT EXISTS payments_expiry ON payments (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS refunds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    payment_id INTEGER NOT NULL REFERENCES payments,
    refund_id TEXT NOT NULL UNIQUE,
    request_id TEXT NOT NULL,
    external_id TEXT NOT NULL,
    amount INTEGER NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT NOT NULL,
    notify_url TEXT NOT NULL,
    created_at TEXT NOT NULL,
    settled_at TEXT,
    due_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS refunds_payment ON refunds (payment_id);
CREATE INDEX IF NOT EXISTS refunds_request ON refunds (request_id);
CREATE INDEX IF NOT EXISTS refunds_external ON refunds (external_id);
CREATE INDEX IF NOT EXISTS refunds_due ON refunds (due_at) WHERE status = 'PENDING';
CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    payment_id INTEGER NOT NULL REFERENCES payments,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    body BLOB NOT NULL,
    headers TEXT NOT NULL,
    created_at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'WAITING',
    tries INTEGER NOT NULL DEFAULT 0,
    next_at REAL
);
CREATE INDEX IF NOT EXISTS notifications_payment ON notifications (payment_id);
CREATE INDEX IF NOT EXISTS notifications_due ON notifications (next_at) WHERE state = 'WAITING';
CREATE TABLE IF NOT EXISTS tries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    notification_id INTEGER NOT NULL REFERENCES notifications,
    tried_at TEXT NOT NULL,
    status INTEGER,
    answer TEXT NOT NULL,
    took_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS tries_notification ON tries (notification_id);
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    called_at TEXT NOT NULL,
    payment_id INTEGER,
    call TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer TEXT NOT NULL,
    fault TEXT NOT NULL,
    why TEXT NOT NULL,
    took_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_payment ON calls (payment_id);
CREATE TABLE IF NOT EXISTS access_tokens (token TEXT PRIMARY KEY, expires_at REAL NOT NULL);
"""
PENDING, FINALIZED, REFUSED = "PENDING", "FINALIZED", "CANCELED"


@dataclass(frozen=True)
class Payment:
    """One payment as the provider sees it; amounts in grosze."""

    id: int
    token: str
    session: str | None
    """The merchant's own id: sessionId of Przelewy24, extOrderId of PayU."""
    order_id: str
    amount: int
    currency: str
    status: str
    paid: int
    """What was taken from the customer: the amount or nothing."""
    how: str
    """What the customer, or a test, last did on the pay page."""
    method: str
    description: str
    payer: str
    return_url: str
    notify_url: str
    request: Mapping[str, Any]
    """As it was registered."""
    created_at: str
    paid_at: str | None
    expires_at: float | None


@dataclass(frozen=True)
class Refund:
    """Money on its way back, or back, or refused."""

    id: int
    payment_id: int
    refund_id: str
    request_id: str
    external_id: str
    amount: int
    description: str
    status: str
    """PENDING, FINALIZED or CANCELED."""
    outcome: str
    """What the status becomes when it is due."""
    notify_url: str
    created_at: str
    settled_at: str | None
    due_at: float


class Books:
    """Everything a provider remembers; safe to use from several threads, one at a time."""

    def __init__(self, store: Path | None, name: str) -> None:
        if store is not None:
            store.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        path = ":memory:" if store is None else str(store / f"{name}.sqlite")
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        # A killed process loses nothing with NORMAL; only a machine that loses power may.
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; the others wait meanwhile, so nothing slow belongs inside."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def insert(db: sqlite3.Connection, table: str, values: Mapping[str, object]) -> int:
    """A row of one of the tables above; answers its id."""
    # Table and columns are ours, written in this folder; what callers give travels as values.
    marks = ", ".join("?" for _ in values)
    statement = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"  # noqa: S608
    return int(db.execute(statement, tuple(values.values())).lastrowid or 0)


def update(db: sqlite3.Connection, table: str, row_id: int, **values: object) -> None:
    """Change columns of one row."""
    columns = ", ".join(f"{name} = ?" for name in values)
    db.execute(f"UPDATE {table} SET {columns} WHERE id = ?", (*values.values(), row_id))  # noqa: S608


def _payment(row: sqlite3.Row) -> Payment:
    return Payment(**{**dict(row), "request": json.loads(row["request"])})


def find_payment(db: sqlite3.Connection, column: str, value: object) -> Payment | None:
    """By id, token, session or order_id."""
    if column not in ("id", "token", "session", "order_id"):
        raise ValueError(f"payments are not found by {column}")
    row = db.execute(f"SELECT * FROM payments WHERE {column} = ?", (value,)).fetchone()  # noqa: S608
    return _payment(row) if row else None


def get_payment(db: sqlite3.Connection, payment_id: int) -> Payment:
    """One that is known to be there. Raises KeyError."""
    found = find_payment(db, "id", payment_id)
    if found is None:
        raise KeyError(payment_id)
    return found


def list_payments(
    db: sqlite3.Connection, *, before_id: int | None = None, session: str = "", limit: int = 50
) -> list[Payment]:
    """The newest first: all, those older than an id, or the one with a session or order number."""
    rows = db.execute(
        "SELECT * FROM payments WHERE (? IS NULL OR id < ?) AND (? = '' OR session = ? OR order_id = ?)"
        " ORDER BY id DESC LIMIT ?",
        (before_id, before_id, session, session, session, limit),
    )
    return [_payment(row) for row in rows]


def list_expired(db: sqlite3.Connection, at: float) -> list[Payment]:
    """Whose time to pay is over; a payment that is settled has no such time any more."""
    rows = db.execute("SELECT * FROM payments WHERE expires_at <= ? LIMIT 100", (at,))
    return [_payment(row) for row in rows]


def list_refunds(db: sqlite3.Connection, payment_id: int) -> list[Refund]:
    """The refunds of a payment, the oldest first."""
    rows = db.execute("SELECT * FROM refunds WHERE payment_id = ? ORDER BY id", (payment_id,))
    return [Refund(**dict(row)) for row in rows]


def list_due_refunds(db: sqlite3.Connection, at: float) -> list[Refund]:
    """Those to be carried out by now."""
    rows = db.execute("SELECT * FROM refunds WHERE status = 'PENDING' AND due_at <= ? LIMIT 100", (at,))
    return [Refund(**dict(row)) for row in rows]


def find_refund(db: sqlite3.Connection, column: str, value: str) -> Refund | None:
    """By refund_id, request_id or external_id; the first one."""
    if column not in ("refund_id", "request_id", "external_id"):
        raise ValueError(f"refunds are not found by {column}")
    row = db.execute(f"SELECT * FROM refunds WHERE {column} = ? LIMIT 1", (value,)).fetchone()  # noqa: S608
    return Refund(**dict(row)) if row else None


def sum_refunds(db: sqlite3.Connection, payment_id: int) -> tuple[int, int]:
    """Grosze given back, and grosze that are promised: given back or on the way."""
    row = db.execute(
        "SELECT coalesce(sum(amount) FILTER (WHERE status = 'FINALIZED'), 0), coalesce(sum(amount), 0)"
        " FROM refunds WHERE payment_id = ? AND status <> 'CANCELED'",
        (payment_id,),
    ).fetchone()
    return int(row[0]), int(row[1])


def read_books(db: sqlite3.Connection) -> list[tuple[Payment, int]]:
    """Every payment, the oldest first, with what was given back of it."""
    rows = db.execute(
        "SELECT payments.*, coalesce(back.amount, 0) AS refunded FROM payments LEFT JOIN"
        " (SELECT payment_id, sum(amount) AS amount FROM refunds WHERE status = 'FINALIZED' GROUP BY payment_id)"
        " AS back ON back.payment_id = payments.id ORDER BY payments.id"
    )
    found = []
    for row in rows:
        values = dict(row)
        refunded = int(values.pop("refunded"))
        found.append((Payment(**{**values, "request": json.loads(values["request"])}), refunded))
    return found
