"""Events through RabbitMQ. The only module that knows pika.

One topic exchange, `ebok.events`; the routing key is the full message name. Each service has a quorum queue
`<service>.inbox`, delayed retries behind it and `<service>.dead` beside it. Messages follow the CloudEvents
AMQP binding. Published events are confirmed in batches: a confirm for each by itself would cost ten times as
much.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pika
import pika.exceptions

from chassis.clock import Clock
from chassis.database import Database, DatabaseAway
from chassis.errors import Invalid
from chassis.messaging.carriers import topology
from chassis.messaging.inbox import Envelope, Handlers
from chassis.messaging.relay import Outcome, Outgoing
from chassis.telemetry import Metrics, describe_fault, logger

Pika = Any  # The library has no types.
CONTENT_TYPE = "application/protobuf"
PERSISTENT = pika.DeliveryMode.Persistent.value
PREFETCH = 50
HEARTBEAT_S = 30
CONFIRM_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5.0
BACKOFF_S_MIN, BACKOFF_S_MAX = 0.2, 15.0
DATABASE_AWAY_PAUSE_S = 1.0
DEAD_COUNT_EVERY_S = 30.0
ATTEMPT_HEADER, REASON_HEADER = "x-ebok-attempt", "x-ebok-reason"


class EventUnreadable(Invalid):
    """A message without the CloudEvents attributes."""

    reason = "EVENT_UNREADABLE"


def _parameters(url: str, name: str) -> pika.URLParameters:
    parameters = pika.URLParameters(url)
    parameters.heartbeat = HEARTBEAT_S
    parameters.blocked_connection_timeout = HEARTBEAT_S
    parameters.socket_timeout = parameters.stack_timeout = CONNECT_TIMEOUT_S
    parameters.connection_attempts = 1
    parameters.client_properties = {"connection_name": name}
    return parameters


def pack_envelope(envelope: Envelope) -> pika.BasicProperties:
    """Everything but the payload: the attributes of CloudEvents as headers, by their AMQP binding."""
    event_id = str(envelope.event_id)
    headers = {
        "cloudEvents:specversion": "1.0",
        "cloudEvents:id": event_id,
        "cloudEvents:type": envelope.type,
        "cloudEvents:source": envelope.source,
        "cloudEvents:time": envelope.time.astimezone(UTC).isoformat(),
        "cloudEvents:partitionkey": envelope.key,
    }
    if envelope.traceparent:
        headers["cloudEvents:traceparent"] = envelope.traceparent
    return pika.BasicProperties(
        content_type=CONTENT_TYPE, delivery_mode=PERSISTENT, message_id=event_id, headers=headers
    )


def unpack_envelope(properties: pika.BasicProperties, body: bytes) -> Envelope:
    """The event of a message. Refuses EVENT_UNREADABLE; what was not ours is ignored."""
    headers = properties.headers or {}
    try:
        return Envelope(
            event_id=UUID(headers["cloudEvents:id"]),
            type=headers["cloudEvents:type"],
            source=headers["cloudEvents:source"],
            time=datetime.fromisoformat(headers["cloudEvents:time"]),
            key=headers.get("cloudEvents:partitionkey", ""),
            traceparent=headers.get("cloudEvents:traceparent", ""),
            payload=body,
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise EventUnreadable from None


def _next_pause(pause: float, began: float) -> float:
    """Twice the last one, up to a bound; short again after a connection that lasted."""
    lasted = time.monotonic() - began > BACKOFF_S_MAX
    return BACKOFF_S_MIN if lasted else min(pause * 2, BACKOFF_S_MAX)


# Publishing.


@dataclass
class _Batch:
    """Events on their way, and what the broker said of each."""

    events: Sequence[Outgoing]
    left: int
    outcomes: dict[UUID, Outcome] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def settle(self, event_id: UUID, outcome: Outcome) -> None:
        """Note one outcome; the last one ends the wait."""
        self.outcomes[event_id] = outcome
        self.left -= 1
        if self.left <= 0:
            self.ended.set()


class AmqpCarrier:
    """Publishes from one thread of its own; everything but `publish` and `close` runs there."""

    batch_rows = 500

    def __init__(self, url: str, part: str) -> None:
        self._parameters = _parameters(url, f"{part} relay")
        self._log = logger("amqp")
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._connection: Pika = None
        self._channel: Pika = None
        self._tag = 0
        self._pending: dict[int, tuple[_Batch, UUID]] = {}
        self._was_away = self._came_back = False
        self._thread = threading.Thread(target=self._run, name="amqp", daemon=True)
        self._thread.start()

    def publish(self, events: Sequence[Outgoing]) -> dict[UUID, Outcome]:
        """Publish a batch and wait until the broker has confirmed all of it, or for a while."""
        if not self._ready.wait(CONNECT_TIMEOUT_S):
            self._was_away = True
            return {one.envelope.event_id: Outcome(done=False, error="BROKER_AWAY") for one in events}
        batch = _Batch(events, len(events))
        connection = self._connection
        try:
            connection.ioloop.add_callback_threadsafe(partial(self._send, batch))
        except (AttributeError, pika.exceptions.AMQPError):  # It ended between the question and the call.
            return {}
        if not batch.ended.wait(CONFIRM_TIMEOUT_S):
            # Late confirms would be taken for those of the next batch's owner: begin anew.
            connection.ioloop.add_callback_threadsafe(self._abandon)
        if self._was_away and any(one.done for one in batch.outcomes.values()):
            self._was_away, self._came_back = False, True
        return dict(batch.outcomes)

    def came_back(self) -> bool:
        """Whether the broker, having been away, took something since the last question."""
        came_back, self._came_back = self._came_back, False
        return came_back

    def close(self) -> None:
        """End the connection and the thread."""
        self._stopping.set()
        connection = self._connection
        if connection is not None and self._ready.is_set():
            connection.ioloop.add_callback_threadsafe(self._abandon)
        self._thread.join(CONNECT_TIMEOUT_S)

    def _run(self) -> None:
        pause = BACKOFF_S_MIN
        while not self._stopping.is_set():
            began = time.monotonic()
            self._connection = pika.SelectConnection(
                self._parameters,
                on_open_callback=lambda connection: connection.channel(on_open_callback=self._on_channel),
                on_open_error_callback=lambda connection, _: connection.ioloop.stop(),
                on_close_callback=lambda connection, _: connection.ioloop.stop(),
            )
            try:
                self._connection.ioloop.start()
            except Exception as fault:  # noqa: BLE001 - whatever it was, the answer is a new connection
                self._log.error("publisher failed", **describe_fault(fault))
            self._ready.clear()
            self._give_up_pending()
            if self._stopping.is_set():
                return
            pause = _next_pause(pause, began)
            self._log.warning("broker away", again_in_s=pause)
            self._stopping.wait(pause)

    def _on_channel(self, channel: Pika) -> None:
        self._channel, self._tag = channel, 0
        channel.add_on_close_callback(lambda *_: self._abandon())
        channel.exchange_declare(
            topology.EXCHANGE,
            exchange_type="topic",
            durable=True,
            callback=lambda _: channel.confirm_delivery(
                ack_nack_callback=self._on_confirm, callback=lambda _: self._ready.set()
            ),
        )

    def _send(self, batch: _Batch) -> None:
        for event in batch.events:
            envelope = event.envelope
            self._tag += 1
            self._pending[self._tag] = (batch, envelope.event_id)
            try:
                self._channel.basic_publish(
                    topology.EXCHANGE, envelope.type, envelope.payload, pack_envelope(envelope)
                )
            except pika.exceptions.AMQPError:
                self._give_up_pending()
                self._abandon()
                return

    def _on_confirm(self, frame: Pika) -> None:
        method = frame.method
        accepted = isinstance(method, pika.spec.Basic.Ack)
        if method.multiple:
            tags = [tag for tag in self._pending if tag <= method.delivery_tag]
        else:
            tags = [method.delivery_tag]
        for tag in tags:
            batch, event_id = self._pending.pop(tag)
            batch.settle(event_id, Outcome(done=accepted, error="" if accepted else "BROKER_REFUSED"))

    def _give_up_pending(self) -> None:
        for batch, event_id in self._pending.values():
            batch.settle(event_id, Outcome(done=False, error="BROKER_AWAY"))
        self._pending.clear()

    def _abandon(self) -> None:
        self._ready.clear()
        if self._connection.is_open:
            self._connection.close()
        elif not self._connection.is_closing:
            self._connection.ioloop.stop()


# Consuming.


@contextmanager
def _connected(url: str, name: str) -> Iterator[tuple[Pika, Pika]]:
    connection = pika.BlockingConnection(_parameters(url, name))
    try:
        yield connection, connection.channel()
    finally:
        if connection.is_open:
            connection.close()


def declare_inbox(url: str, service: str, types: Sequence[str]) -> None:
    """Make a service's queues and bind them; done at `migrate`, so that nothing is lost before it first
    runs.
    """
    with _connected(url, f"{service} declare") as (_, channel):
        topology.declare(channel, service, types)


def rearm_dead(url: str, service: str) -> int:
    """Move everything from the dead-letter queue back to the inbox, from the first attempt; answers how
    many.
    """
    moved = 0
    with _connected(url, f"{service} rearm") as (_, channel):
        channel.confirm_delivery()
        waiting = channel.queue_declare(topology.dead(service), passive=True).method.message_count
        while moved < waiting:  # Counted before: what dies again meanwhile is not moved in a circle.
            method, properties, body = channel.basic_get(topology.dead(service))
            if method is None:
                break
            _republish(channel, topology.inbox(service), properties, body, attempt=0, reason="")
            channel.basic_ack(method.delivery_tag)
            moved += 1
    return moved


def _republish(
    channel: Pika, queue: str, properties: pika.BasicProperties, body: bytes, *, attempt: int, reason: str
) -> None:
    """Put a message into a queue, confirmed, with the count of its attempts and why there is another."""
    headers = {
        key: value for key, value in (properties.headers or {}).items() if key.startswith("cloudEvents:")
    }
    again = pika.BasicProperties(
        content_type=properties.content_type,
        delivery_mode=PERSISTENT,
        message_id=properties.message_id,
        headers={**headers, ATTEMPT_HEADER: attempt, REASON_HEADER: reason},
    )
    channel.basic_publish("", queue, body, again, mandatory=True)


class Consumer:
    """Takes a service's events from its queue, one after the other, each in its own transaction and once."""

    def __init__(
        self,
        url: str,
        service: str,
        handlers: Handlers,
        *,
        database: Database,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._url = url
        self._service = service
        self._handlers = handlers
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._log = logger("inbox")

    def run(self, stop: threading.Event) -> None:
        """Consume until told to stop; survives the broker and the database being away."""
        pause = BACKOFF_S_MIN
        while not stop.is_set():
            began = time.monotonic()
            try:
                self._consume(stop)
            except Exception as fault:  # noqa: BLE001 - whatever is away now may be back in a moment
                pause = _next_pause(pause, began)
                self._log.warning("consumer interrupted", again_in_s=pause, **describe_fault(fault))
                stop.wait(pause)

    def _consume(self, stop: threading.Event) -> None:
        with _connected(self._url, f"{self._service} inbox") as (connection, channel):
            topology.declare(channel, self._service, sorted(self._handlers.types))
            channel.basic_qos(prefetch_count=PREFETCH)
            channel.confirm_delivery()
            counted_at = float("-inf")
            for method, properties, body in channel.consume(
                topology.inbox(self._service), inactivity_timeout=0.5
            ):
                if stop.is_set():
                    break  # What was not acknowledged goes back to the queue.
                if time.monotonic() - counted_at > DEAD_COUNT_EVERY_S:
                    dead = channel.queue_declare(topology.dead(self._service), passive=True)
                    self._metrics.events_dead.set(dead.method.message_count)
                    counted_at = time.monotonic()
                if method is not None:
                    self._take(channel, method, properties, body, pause=connection.sleep, stop=stop)

    def _take(
        self,
        channel: Pika,
        method: Pika,
        properties: Pika,
        body: bytes,
        *,
        pause: Callable[[float], None],
        stop: threading.Event,
    ) -> None:
        kind = str((properties.headers or {}).get("cloudEvents:type", method.routing_key))
        while True:
            try:
                envelope = unpack_envelope(properties, body)
                handled = self._handlers.deliver(self._database, envelope, now=self._clock.now())
            except DatabaseAway:
                # Nobody's fault, and the same for all that wait: hold this one until the database is back.
                self._metrics.handled.labels(kind, "postponed").inc()
                if stop.is_set():
                    return
                pause(DATABASE_AWAY_PAUSE_S)
            except Exception as fault:  # noqa: BLE001 - one event's trouble must not stop the next
                self._put_aside(channel, kind, properties, body, fault)
                channel.basic_ack(method.delivery_tag)
                return
            else:
                self._metrics.handled.labels(kind, "handled" if handled else "skipped").inc()
                channel.basic_ack(method.delivery_tag)
                return

    def _put_aside(self, channel: Pika, kind: str, properties: Pika, body: bytes, fault: Exception) -> None:
        """Into the retry queue whose turn it is, or, after the last, to the dead."""
        attempt = int((properties.headers or {}).get(ATTEMPT_HEADER, 0))
        reason = str(getattr(fault, "reason", type(fault).__name__))
        final = attempt >= len(topology.RETRY_DELAYS_S) or isinstance(fault, EventUnreadable)
        queue = (
            topology.dead(self._service)
            if final
            else topology.retry_queue(self._service, topology.RETRY_DELAYS_S[attempt])
        )
        self._metrics.handled.labels(kind, "parked" if final else "refused").inc()
        self._log.error(
            "event parked" if final else "event refused",
            type=kind,
            event_id=str(properties.message_id),
            attempt=attempt + 1,
            **describe_fault(fault),
        )
        _republish(channel, queue, properties, body, attempt=attempt + 1, reason=reason)
