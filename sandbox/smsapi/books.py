"""The messages SMSAPI took, in memory or in a file of SQLite that a restart keeps."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS texts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    number TEXT NOT NULL,
    submitted_number TEXT NOT NULL,
    sender TEXT NOT NULL,
    message TEXT NOT NULL,
    parts INTEGER NOT NULL,
    points REAL NOT NULL,
    idx TEXT NOT NULL,
    taken_at REAL NOT NULL,
    status TEXT NOT NULL,
    done_at REAL,
    moves_at REAL,
    notify_url TEXT NOT NULL,
    report_at REAL,
    report_tries INTEGER NOT NULL DEFAULT 0,
    reported_at REAL
);
CREATE INDEX IF NOT EXISTS texts_idx ON texts (idx, taken_at);
CREATE INDEX IF NOT EXISTS texts_moving ON texts (moves_at) WHERE moves_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS texts_reporting ON texts (report_at) WHERE report_at IS NOT NULL;
"""
FILE = "smsapi.sqlite"


@dataclass(frozen=True)
class Text:
    """One message to one number. `moves_at`: when its status changes by itself; `report_at`: when it is told of."""

    seq: int
    id: str
    number: str
    submitted_number: str
    sender: str
    message: str
    parts: int
    points: float
    idx: str
    taken_at: float
    status: str
    done_at: float | None
    moves_at: float | None
    notify_url: str
    report_at: float | None
    report_tries: int
    reported_at: float | None


class Books:
    """One connection, used by one thread at a time."""

    def __init__(self, store: Path | None) -> None:
        if store is not None:
            store.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            ":memory:" if store is None else store / FILE, check_same_thread=False, isolation_level=None
        )
        self._db.row_factory = sqlite3.Row
        self._db.executescript(SCHEMA)
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it, or nothing."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Nothing is asked after this."""
        with self._lock:
            self._db.close()


def add(db: sqlite3.Connection, values: dict[str, Any]) -> None:
    """Write down a message."""
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    db.execute(f"INSERT INTO texts ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - names of our own


def update(db: sqlite3.Connection, seq: int, **values: Any) -> None:
    """Change a message."""
    changes = ", ".join(f"{name} = ?" for name in values)
    db.execute(f"UPDATE texts SET {changes} WHERE seq = ?", (*values.values(), seq))  # noqa: S608 - names of our own


def select(db: sqlite3.Connection, where: str, *values: Any, limit: int = 1000) -> list[Text]:
    """Messages of which something holds, the newest first."""
    rows = db.execute(f"SELECT * FROM texts WHERE {where} ORDER BY seq DESC LIMIT ?", (*values, limit))  # noqa: S608 - ours
    return [Text(**dict(row)) for row in rows]


def is_known(db: sqlite3.Connection, idx: str, *, since: float) -> bool:
    """Whether a message with this id was taken since then."""
    found = db.execute("SELECT 1 FROM texts WHERE idx = ? AND taken_at > ? LIMIT 1", (idx, since)).fetchone()
    return found is not None


def forget(db: sqlite3.Connection) -> int:
    """Forget all; answers how many they were."""
    return db.execute("DELETE FROM texts").rowcount
