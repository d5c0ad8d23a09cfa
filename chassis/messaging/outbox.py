"""The outbox: an event is a row, written in the transaction of the change; the relay publishes it afterwards.

Each service declares the table in its own metadata, `OutboxRow = outbox.table(Base)`, and says what happened
with `announce(session, OutboxRow, event, key=…)`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import Boolean, DateTime, Index, LargeBinary, Text, Uuid, func, text
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from chassis import tracing
from chassis.ids import new_id

CHANNEL = (
    "ebok_outbox"  # PostgreSQL notifies the relay on it when a transaction with an announcement commits.
)
PAYLOAD_BYTES_MAX = 256 * 1024
ANNOUNCED = "ebok_announced"  # Mark in `session.info`, read by Database.transaction().


Run = Callable[[str, Mapping[str, Any]], object]  # `Reader.run`: a statement of plain SQL and its values.


class OutboxMixin:
    """The columns of the outbox, the same in every service."""

    __tablename__ = "outbox"

    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    key: Mapped[str] = mapped_column(Text, server_default="")
    traceparent: Mapped[str] = mapped_column(Text, server_default="")
    secret: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    next_attempt_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    deliveries: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str] = mapped_column(Text, server_default="")
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class _ChassisBase(DeclarativeBase):
    """Never creates a table: lets the chassis write to whichever service's outbox it is connected to."""


class _AnyOutbox(OutboxMixin, _ChassisBase):
    """The outbox of the database at hand."""


ANY_OUTBOX: SqlTable = _AnyOutbox.metadata.tables["outbox"]


def table(base: type[DeclarativeBase]) -> Any:
    """Declare the outbox in a service's metadata and answer its mapped class."""
    waiting = Index(
        "outbox_waiting",
        "next_attempt_at",
        "event_id",
        postgresql_where=text("published_at IS NULL AND parked_at IS NULL"),
    )
    return type(
        "OutboxRow", (OutboxMixin, base), {"__module__": base.__module__, "__table_args__": (waiting,)}
    )


def announce(
    session: Session,
    row: Any,
    event: Message,
    *,
    key: str,
    subject_version: int | None = None,
    secret: bool = False,
) -> UUID:
    """Add the event to this transaction; it is published after, and only if, the transaction commits.

    `key` is the id of what the event is about; `subject_version` is put into the event's field of that name
    (or `version`), so that a reader can keep the newest; `secret` erases the row as soon as it is published.
    Answers the event's id. An event without a key or above 256 kB is a bug.
    """
    if subject_version is not None:
        names = event.DESCRIPTOR.fields_by_name
        setattr(event, "subject_version" if "subject_version" in names else "version", subject_version)
    columns = values(event, key=key, secret=secret)
    session.add(row(**columns))
    session.info[ANNOUNCED] = True
    event_id: UUID = columns["event_id"]
    return event_id


def announce_many(session: Session, events: Sequence[tuple[Message, str]]) -> None:
    """As `announce`, many at once, each with its key: one statement."""
    if not events:
        return
    rows = []
    for event, key in events:
        row = values(event, key=key)
        rows.append([row["event_id"].hex, row["type"], row["payload"].hex(), key])
    session.execute(_MANY, {"rows": json.dumps(rows), "traceparent": tracing.current_traceparent()})
    session.info[ANNOUNCED] = True


_MANY = text("""
    INSERT INTO outbox (event_id, type, payload, key, traceparent)
    SELECT CAST(g.row ->> 0 AS uuid), g.row ->> 1, decode(g.row ->> 2, 'hex'), g.row ->> 3, :traceparent
      FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS g(row)
""")


def announce_plainly(run: Run, event: Message, *, key: str, secret: bool = False) -> None:
    """As `announce`, without a Session: one statement, which wakes the relay, too. Outside of a transaction it is its
    own.
    """
    run(_ANNOUNCE, values(event, key=key, secret=secret))


# For a statement that changes and announces at once: `FROM` the change follows, and somewhere WAKING.
ANNOUNCING = """
    INSERT INTO outbox (event_id, type, payload, key, traceparent, secret)
    SELECT %(event_id)s, %(type)s, %(payload)s, %(key)s, %(traceparent)s, %(secret)s
"""
WAKING = f"pg_notify('{CHANNEL}', '')"
_ANNOUNCE = f"WITH added AS ({ANNOUNCING} RETURNING 1) SELECT {WAKING} FROM added"  # noqa: S608 - constants
WAKE_RELAY = f"NOTIFY {CHANNEL}"


def values(event: Message, *, key: str, secret: bool = False) -> dict[str, Any]:
    """The values of `ANNOUNCING`. An event without a key or above 256 kB is a bug."""
    payload = event.SerializeToString(deterministic=True)
    if not key:
        raise ValueError(f"{event.DESCRIPTOR.full_name} was announced without a key")
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise ValueError(
            f"{event.DESCRIPTOR.full_name} has {len(payload)} bytes, at most {PAYLOAD_BYTES_MAX}"
        )
    return {
        "event_id": new_id(),
        "type": event.DESCRIPTOR.full_name,
        "payload": payload,
        "key": key,
        "traceparent": tracing.current_traceparent(),
        "secret": secret,
    }
