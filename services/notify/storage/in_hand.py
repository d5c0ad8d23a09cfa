"""Messages in the hands of a worker: taken under a lease, given back with what became of them.

Plain rows in plain SQL: to make an object of each takes longer than to find it, which a mail to every customer feels.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from chassis.database import Reader, asking_in
from services.notify.storage.messages import Channel, Message, Rule


@dataclass(eq=False, slots=True)
class InHand:
    """A message as it was taken; what is changed of it afterwards is written by the functions here alone."""

    message_id: UUID
    rule: Rule
    channel: Channel
    subject_id: str
    customer_id: UUID | None
    address: str
    name: str
    language: str
    facts: dict[str, Any]
    sealed_token: bytes | None
    reason: str
    planned_at: datetime
    expires_at: datetime
    attempts: int
    lease_id: UUID
    traceparent: str
    doubtful_since: datetime | None


_COLUMNS = ", ".join(f"m.{name}" for name in InHand.__slots__)
# Open, due, and in nobody's hands. The lease runs on the database's clock: the suite's may be moved by hand.
_DUE = """
    channel = %(channel)s AND status IN ('PLANNED', 'SENDING') AND next_attempt_at <= %(now)s
    AND (leased_until IS NULL OR leased_until < clock_timestamp())
"""


def find_oldest_due(reader: Reader, channel: Channel, *, now: datetime) -> datetime | None:
    """Since when the first of the due messages has been due; None when there is none."""
    found = reader.rows(_OLDEST, {"channel": channel.value, "now": now})
    return found[0].next_attempt_at if found else None


_OLDEST = f"SELECT next_attempt_at FROM messages WHERE {_DUE} ORDER BY next_attempt_at LIMIT 1"  # noqa: S608


def lease_due(
    session: Session, lease_id: UUID, channel: Channel, *, now: datetime, lease: timedelta, count_max: int
) -> Sequence[InHand]:
    """Take messages that are due, or that a worker took and never gave back, into the hands of one worker."""
    given = {"channel": channel.value, "now": now, "lease": lease_id, "period": lease, "count_max": count_max}
    return _in_hand(asking_in(session).rows(_LEASE, given))


# What is due is found once: in a plain subquery the planner may look for each row and lock more than it takes.
_LEASE = f"""
    WITH due AS (
        SELECT message_id FROM messages WHERE {_DUE}
         ORDER BY next_attempt_at, message_id LIMIT %(count_max)s FOR UPDATE SKIP LOCKED),
    taken AS (
        UPDATE messages SET status = 'SENDING', lease_id = %(lease)s, leased_until = clock_timestamp() + %(period)s
         WHERE message_id IN (SELECT message_id FROM due) RETURNING *)
    SELECT {_COLUMNS} FROM taken m ORDER BY m.next_attempt_at, m.message_id
"""  # noqa: S608 - pieces of our own


def find_in_hand(session: Session, message_ids: Sequence[UUID]) -> Sequence[InHand]:
    """Those that a worker took and never reported."""
    return _in_hand(asking_in(session).rows(_FIND, {"ids": [*message_ids]}))


_FIND = f"SELECT {_COLUMNS} FROM messages m WHERE m.message_id = ANY(%(ids)s) AND m.status = 'SENDING'"  # noqa: S608


def _in_hand(rows: Sequence[Any]) -> list[InHand]:
    return [
        InHand(message_id, Rule(rule), Channel(channel), *rest) for message_id, rule, channel, *rest in rows
    ]


def write_addresses(session: Session, messages: Sequence[InHand]) -> None:
    """Where these go, to whom, and their facts, as they are by now."""
    if messages:
        rows = [[str(one.message_id), one.address, one.name, one.language, one.facts] for one in messages]
        asking_in(session).run(_ADDRESS, {"rows": json.dumps(rows, ensure_ascii=False)})


_ADDRESS = """
    UPDATE messages m SET address = g.row ->> 1, name = g.row ->> 2, language = g.row ->> 3, facts = g.row -> 4
      FROM jsonb_array_elements(CAST(%(rows)s AS jsonb)) AS g(row)
     WHERE m.message_id = CAST(g.row ->> 0 AS uuid)
"""


def close_lease(session: Session, message_id: UUID, lease_id: UUID, values: dict[str, Any]) -> bool:
    """Write what became of a leased message; false when the lease had been lost to somebody else."""
    done = session.execute(
        update(Message)
        .where(Message.message_id == message_id, Message.lease_id == lease_id)
        .values(lease_id=None, leased_until=None, **values)
        .execution_options(synchronize_session=False)
        .returning(Message.message_id)
    )
    return done.first() is not None


def close_sent(session: Session, sent: Mapping[InHand, str], *, now: datetime) -> Sequence[InHand]:
    """The server took these, each with its subject; answers those that were still in our hands."""
    rows = [[str(one.message_id), str(one.lease_id), subject] for one, subject in sent.items()]
    given = {"rows": json.dumps(rows, ensure_ascii=False), "now": now}
    kept = {row.message_id for row in asking_in(session).rows(_SENT, given)}
    return [one for one in sent if one.message_id in kept]


_SENT = """
    UPDATE messages m SET status = 'SENT', sent_at = %(now)s, subject = g.row ->> 2, reason = '', sealed_token = NULL,
           attempts = m.attempts + 1, lease_id = NULL, leased_until = NULL, doubtful_since = NULL
      FROM jsonb_array_elements(CAST(%(rows)s AS jsonb)) AS g(row)
     WHERE m.message_id = CAST(g.row ->> 0 AS uuid) AND m.lease_id = CAST(g.row ->> 1 AS uuid)
    RETURNING m.message_id
"""


def mark_doubtful(session: Session, message_ids: Collection[UUID], *, now: datetime) -> None:
    """From now on these may have been taken without our knowing, until somebody says what became of them."""
    session.execute(
        update(Message)
        .where(Message.message_id.in_(message_ids), Message.doubtful_since.is_(None))
        .values(doubtful_since=now)
        .execution_options(synchronize_session=False)
    )
