"""The mails that are kept: in memory or in a file of SQLite, the oldest leaving first."""

import email
import email.policy
import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path

TRIM_EVERY = 100  # Counting after each mail would be the most expensive part of taking it.
SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    subject TEXT NOT NULL,
    received_at TEXT NOT NULL,
    content BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS recipients (
    message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    address TEXT NOT NULL,
    PRIMARY KEY (address, message_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS recipients_message ON recipients (message_id);
CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO totals VALUES ('received', 0);
"""


@dataclass(frozen=True)
class Mail:
    """One mail as it was taken: the envelope and the bytes."""

    id: int
    sender: str
    recipients: tuple[str, ...]
    subject: str
    received_at: datetime
    content: bytes

    def parsed(self) -> EmailMessage:
        """The content as headers and parts; unreadable input gives what can be read of it."""
        return email.message_from_bytes(self.content, policy=email.policy.default)

    def text(self) -> str:
        """The plain-text body; empty when there is none."""
        return _body(self.parsed(), "plain")

    def html(self) -> str:
        """The HTML body; empty when there is none."""
        return _body(self.parsed(), "html")

    def headers(self) -> dict[str, str]:
        """Decoded headers; a name that comes more than once has its values on lines of their own."""
        found: dict[str, str] = {}
        for name, value in self.parsed().items():
            found[name] = f"{found[name]}\n{value}" if name in found else str(value)
        return found


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        text = raw.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:  # A charset nobody knows.
        text = raw.decode("utf-8", errors="replace")
    return text.replace("\r\n", "\n")


def _subject(content: bytes) -> str:
    """Of the headers alone: reading the whole mail takes six times as long, and many come at once."""
    return str(BytesHeaderParser(policy=email.policy.default).parsebytes(content).get("Subject", ""))


class Mails:
    """Keeps at most `kept_max` mails; safe to use from several threads."""

    def __init__(self, store: Path | None = None, *, kept_max: int) -> None:
        if store is not None:
            store.mkdir(parents=True, exist_ok=True)
        self._kept_max = kept_max
        self._lock = threading.Lock()
        name = ":memory:" if store is None else str(store / "mailbox.sqlite")
        self._connection = sqlite3.connect(name, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(SCHEMA)

    def add(self, sender: str, recipients: list[str], content: bytes, *, now: datetime) -> int:
        """Keep a mail and answer its id."""
        subject = _subject(content)
        with self._lock, self._connection as connection:
            connection.execute("BEGIN")
            cursor = connection.execute(
                "INSERT INTO messages (sender, recipients, subject, received_at, content)"
                " VALUES (?, ?, ?, ?, ?)",
                (sender, "\n".join(recipients), subject, now.astimezone(UTC).isoformat(), content),
            )
            mail_id = int(cursor.lastrowid or 0)
            connection.executemany(
                "INSERT OR IGNORE INTO recipients VALUES (?, ?)",
                [(mail_id, address.lower()) for address in recipients],
            )
            connection.execute("UPDATE totals SET value = value + 1 WHERE name = 'received'")
            if mail_id % TRIM_EVERY == 0 or self._kept_max < TRIM_EVERY:
                connection.execute("DELETE FROM messages WHERE id <= ?", (mail_id - self._kept_max,))
        return mail_id

    def get(self, mail_id: int) -> Mail | None:
        """One mail, or None."""
        found = self._select("WHERE messages.id = ?", [mail_id])
        return found[0] if found else None

    def find(
        self, *, to: str = "", since: datetime | None = None, before_id: int | None = None, limit: int = 50
    ) -> list[Mail]:
        """The newest first: all, those to an address, those since an instant, those older than an id."""
        conditions: list[str] = []
        values: list[object] = []
        if to:
            conditions.append("messages.id IN (SELECT message_id FROM recipients WHERE address = ?)")
            values.append(to.lower())
        if since is not None:
            conditions.append("received_at >= ?")
            values.append(since.astimezone(UTC).isoformat())
        if before_id is not None:
            conditions.append("messages.id < ?")
            values.append(before_id)
        where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
        return self._select(f"{where}ORDER BY messages.id DESC LIMIT ?", [*values, limit])

    def counts(self) -> tuple[int, int]:
        """Mails kept now, and mails ever taken."""
        with self._lock:
            kept = self._connection.execute("SELECT count(*) FROM messages").fetchone()[0]
            received = self._connection.execute("SELECT value FROM totals").fetchone()[0]
        return int(kept), int(received)

    def clear(self) -> int:
        """Throw everything away; answers how many mails there were."""
        with self._lock:
            return self._connection.execute("DELETE FROM messages").rowcount

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _select(self, tail: str, values: list[object]) -> list[Mail]:
        # The tail is one of the fixed texts above; what callers give travels as values.
        statement = f"SELECT id, sender, recipients, subject, received_at, content FROM messages {tail}"  # noqa: S608
        with self._lock:
            rows = self._connection.execute(statement, values).fetchall()
        return [
            Mail(mail_id, sender, tuple(recipients.split("\n")), subject, datetime.fromisoformat(at), content)
            for mail_id, sender, recipients, subject, at, content in rows
        ]
