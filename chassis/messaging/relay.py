"""The relay: takes announced events out of the outbox, after their transaction, and gives them to a carrier.

Rows are claimed with FOR UPDATE SKIP LOCKED, so replicas share the work, and marked in the transaction that
claimed them: a relay that dies hands its rows back at once. An event may be published twice, never not at
all; the inbox makes handling once-only. PostgreSQL wakes the relay when a transaction with an announcement
commits.
"""

import json
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import psycopg
import sqlalchemy as sa

from chassis.columns import id_array
from chassis.database import Database, Reader
from chassis.messaging.inbox import ANY_INBOX, Envelope
from chassis.messaging.outbox import ANY_OUTBOX, CHANNEL
from chassis.telemetry import Metrics, describe_fault, logger

BATCH_BYTES_MAX = 1024 * 1024
POLL_S = 1.0  # The wait when nothing wakes us: a retry has become due, or a notification was lost.
# In a stream of announcements the next batch begins this long after the last: a claim, a confirm and a commit for
# each event by itself would cost more than the events. The first one after a silence goes at once.
PACE_S = 0.05
BACKOFF_S_MAX = 60
AFTER_FAULT_S = 2.0
ERROR_LENGTH_MAX = 300


class Outgoing(NamedTuple):
    """A claimed row: the event, and what is known of its deliveries so far."""

    envelope: Envelope
    secret: bool
    attempts: int
    deliveries: dict[str, Any]


@dataclass
class Outcome:
    """What became of one event: `done` (every reader has it, or gave up), otherwise it comes again."""

    done: bool
    parked: bool = False
    error: str = ""
    deliveries: dict[str, Any] = field(default_factory=dict)


class Carrier(Protocol):
    """Takes events to where they are read."""

    batch_rows: int  # As many as it takes at once.

    def publish(self, events: Sequence[Outgoing]) -> dict[UUID, Outcome]:
        """The outcome of each; an event that is missing in the answer comes again."""
        ...

    def came_back(self) -> bool:
        """Whether, since the last question, a reader that had been away took something again."""
        ...

    def close(self) -> None:
        """End the connections."""
        ...


# Plain SQL: what SQLAlchemy puts around each row takes longer than the database does.
_CLAIM = """
    SELECT event_id, type, payload, key, traceparent, secret, created_at, deliveries, attempts FROM outbox
     WHERE published_at IS NULL AND parked_at IS NULL AND next_attempt_at <= clock_timestamp()
     ORDER BY next_attempt_at, event_id LIMIT %(count_max)s FOR UPDATE SKIP LOCKED
"""
_DONE = """
    UPDATE outbox SET published_at = clock_timestamp(), last_error = '' WHERE event_id = ANY(CAST(%(ids)s AS uuid[]))
"""
_PUT_OFF = """
    UPDATE outbox SET attempts = attempts + 1, deliveries = CAST(%(deliveries)s AS jsonb), last_error = %(last_error)s,
           next_attempt_at = clock_timestamp() + %(backoff)s,
           parked_at = CASE WHEN %(parked)s THEN clock_timestamp() END
     WHERE event_id = %(event_id)s
"""
_ERASE = "DELETE FROM outbox WHERE event_id = ANY(CAST(%(ids)s AS uuid[]))"


class Relay:
    """Publishes the outbox of one database."""

    def __init__(self, part: str, database: Database, carrier: Carrier, metrics: Metrics) -> None:
        self._part = part
        self._database = database
        self._carrier = carrier
        self._metrics = metrics
        self._log = logger("relay")

    def publish_waiting(self) -> int:
        """Publish batch after batch until nothing is due; answers how many rows were tried.

        What is announced after the last claim has its own notification.
        """
        total, more = 0, True
        while more:
            tried, more = self._publish()
            total += tried
        return total

    def publish_batch(self) -> int:
        """Claim, publish and mark one batch; answers how many rows were tried."""
        return self._publish()[0]

    def _publish(self) -> tuple[int, bool]:
        """One batch; answers how many rows were tried, and whether more may be due at once."""
        with self._database.writing() as writing:
            events, more = self._claim(writing)
            if not events:
                return 0, False
            outcomes = self._carrier.publish(events)
            self._mark(writing, events, outcomes)
        if self._carrier.came_back():
            self._hurry()
            more = True
        return len(events), more

    def _claim(self, writing: Reader) -> tuple[list[Outgoing], bool]:
        """The batch, and whether it left something that is due."""
        rows = writing.rows(_CLAIM, {"count_max": self._carrier.batch_rows})
        events: list[Outgoing] = []
        size = 0
        for row in rows:
            size += len(row.payload)
            if events and size > BATCH_BYTES_MAX:
                return events, True
            envelope = Envelope(
                event_id=row.event_id,
                type=row.type,
                source=self._part,
                time=row.created_at,
                key=row.key,
                traceparent=row.traceparent,
                payload=row.payload,
            )
            events.append(Outgoing(envelope, row.secret, row.attempts, row.deliveries))
        return events, len(rows) == self._carrier.batch_rows

    def _mark(self, writing: Reader, events: Sequence[Outgoing], outcomes: dict[UUID, Outcome]) -> None:
        done: list[UUID] = []
        erased: list[UUID] = []
        for event in events:
            event_id = event.envelope.event_id
            outcome = outcomes.get(event_id, Outcome(done=False, error="no outcome"))
            if outcome.done and not outcome.parked:
                (erased if event.secret else done).append(event_id)
                continue
            values = {
                "event_id": event_id,
                "deliveries": json.dumps(outcome.deliveries),
                "last_error": outcome.error[:ERROR_LENGTH_MAX],
                "backoff": _backoff(event.attempts),
                "parked": outcome.parked,
            }
            writing.run(_PUT_OFF, values)
            if outcome.parked:
                self._log.error("event parked", type=event.envelope.type, event_id=str(event_id))
        if done:
            writing.run(_DONE, {"ids": id_array(done)})
        if erased:
            writing.run(_ERASE, {"ids": id_array(erased)})
        self._metrics.published.inc(len(done) + len(erased))

    def _hurry(self) -> None:
        """A reader is back: what waited for a later attempt is due now."""
        table = ANY_OUTBOX.c
        with self._database.transaction() as session:
            session.execute(
                sa.update(ANY_OUTBOX)
                .where(
                    table.published_at.is_(None),
                    table.parked_at.is_(None),
                    table.next_attempt_at > sa.func.clock_timestamp(),
                )
                .values(next_attempt_at=sa.func.clock_timestamp())
            )

    def run(self, stop: threading.Event) -> None:
        """Publish until told to stop; survives the database and the carrier being away."""
        while not stop.is_set():
            try:
                self._run_listening(stop)
            except Exception as fault:  # noqa: BLE001 - whatever is away now may be back in a moment
                self._log.warning("relay interrupted", **describe_fault(fault))
                stop.wait(AFTER_FAULT_S)
        self._carrier.close()

    def _run_listening(self, stop: threading.Event) -> None:
        url = self._database.engine.url.set(drivername="postgresql")
        measured_at = float("-inf")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            while not stop.is_set():
                next_at = time.monotonic() + PACE_S
                self.publish_waiting()
                if time.monotonic() - measured_at > 5.0:
                    self.measure()
                    measured_at = time.monotonic()
                stop.wait(max(0.0, next_at - time.monotonic()))
                # One is enough: all that came with it were announced before the next claim.
                for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                    break

    def measure(self) -> None:
        """Set the gauges: how many wait, how old the oldest is, how many were given up."""
        table = ANY_OUTBOX.c
        waiting = sa.and_(table.published_at.is_(None), table.parked_at.is_(None))
        age = sa.extract("epoch", sa.func.clock_timestamp() - sa.func.min(table.created_at))
        with self._database.reading() as session:
            count, oldest = session.execute(sa.select(sa.func.count(), age).where(waiting)).one()
            parked = session.execute(
                sa.select(sa.func.count()).where(table.parked_at.is_not(None))
            ).scalar_one()
        self._metrics.outbox_waiting.set(count)
        self._metrics.outbox_oldest.set(float(oldest or 0))
        self._metrics.outbox_parked.set(parked)


def _backoff(attempts: int) -> timedelta:
    """1 s, 2 s, 4 s … up to a minute, each spread by a quarter so that many do not come at once."""
    seconds = min(2.0 ** min(attempts, 10), BACKOFF_S_MAX)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.0))  # noqa: S311 - no secret


def erase_old(database: Database, *, published_before: datetime, received_before: datetime) -> None:
    """Delete events that were published, and ids that were received, before these instants."""
    with database.transaction() as session:
        session.execute(sa.delete(ANY_OUTBOX).where(ANY_OUTBOX.c.published_at < published_before))
        session.execute(sa.delete(ANY_INBOX).where(ANY_INBOX.c.received_at < received_before))


def rearm_parked(database: Database) -> int:
    """Try parked events again, from the first attempt and with all readers; answers how many.

    Readers that have it already know it.
    """
    with database.transaction() as session:
        done: Any = session.execute(
            sa.update(ANY_OUTBOX)
            .where(ANY_OUTBOX.c.parked_at.is_not(None))
            .values(parked_at=None, attempts=0, deliveries={}, next_attempt_at=sa.func.clock_timestamp())
        )
    return int(done.rowcount)
