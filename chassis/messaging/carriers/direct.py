"""Events without a broker: the relay hands them to each subscriber's `DeliveryService` over gRPC.

Subscribers are reached at once and independently. One that is away is left alone for a while, and the others
get theirs; an event is published when all have it. An event that a subscriber refuses comes again a bounded
number of times and is then parked with the reason. Sending again what was taken is harmless: the inbox knows
it.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any
from uuid import UUID

from ebok.common.v1 import delivery_pb2, delivery_pb2_grpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database, DatabaseAway
from chassis.errors import Unavailable
from chassis.messaging.inbox import Envelope, Handlers
from chassis.messaging.relay import Outcome, Outgoing
from chassis.rpc.client import Channel
from chassis.rpc.pipeline import Context
from chassis.rpc.tokens import SystemCredential
from chassis.telemetry import Metrics, describe_fault, logger

ATTEMPTS_MAX = 12
DELIVER_TIMEOUT_S = 10.0
STOP_HANDLING_BEFORE_S = 2.0  # A subscriber stops taking events this long before the caller's deadline.
AWAY_S_MIN, AWAY_S_MAX = 0.5, 30.0
ACCEPTED, REFUSED, PARKED = "accepted", "refused", "parked"


@dataclass
class _Subscriber:
    """One reader and how it is."""

    name: str
    channel: Channel
    away_until: float = 0.0
    away_s: float = 0.0
    stub: Any = field(init=False)

    def __post_init__(self) -> None:
        self.stub = self.channel.stub(delivery_pb2_grpc.DeliveryServiceStub)


@dataclass(frozen=True)
class _Answer:
    """What a subscriber said about a batch; `away` instead when it said nothing."""

    accepted: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    away: str = ""


class DirectCarrier:
    """Delivers to the subscribers that the configuration names."""

    batch_rows = 100  # What a DeliverRequest holds.

    def __init__(self, subscribers: Mapping[str, str], credential: SystemCredential) -> None:
        self._subscribers = [
            _Subscriber(name, Channel(address, credential=credential))
            for name, address in subscribers.items()
        ]
        self._pool = futures.ThreadPoolExecutor(
            max_workers=max(1, len(self._subscribers)), thread_name_prefix="deliver"
        )
        self._came_back = False
        self._log = logger("direct")

    def publish(self, events: Sequence[Outgoing]) -> dict[UUID, Outcome]:
        """Offer each event to each subscriber that has not had it."""
        pending = {one.name: self._pool.submit(self._offer, one, events) for one in self._subscribers}
        answers = {name: answer.result() for name, answer in pending.items()}
        return {event.envelope.event_id: self._combine(event, answers) for event in events}

    def came_back(self) -> bool:
        """Whether a subscriber that had been away answered since the last question."""
        came_back, self._came_back = self._came_back, False
        return came_back

    def close(self) -> None:
        """End the connections."""
        self._pool.shutdown(wait=True)
        for subscriber in self._subscribers:
            subscriber.channel.close()

    def _offer(self, subscriber: _Subscriber, events: Sequence[Outgoing]) -> _Answer:
        wanted = [event for event in events if not _is_settled(event.deliveries, subscriber.name)]
        if not wanted:
            return _Answer()
        if time.monotonic() < subscriber.away_until:
            return _Answer(away="AWAY")
        request = delivery_pb2.DeliverRequest(events=[pack_envelope(event.envelope) for event in wanted])
        try:
            response = subscriber.stub.Deliver(request, timeout=DELIVER_TIMEOUT_S)
        except Exception as fault:  # noqa: BLE001 - one subscriber's trouble is nobody else's
            subscriber.away_s = min(max(subscriber.away_s * 2, AWAY_S_MIN), AWAY_S_MAX)
            subscriber.away_until = time.monotonic() + subscriber.away_s
            reason = str(getattr(fault, "reason", type(fault).__name__))
            self._log.warning("subscriber away", subscriber=subscriber.name, reason=reason)
            return _Answer(away=reason)
        if subscriber.away_s:
            self._came_back = True
            subscriber.away_s = 0.0
        return _Answer(frozenset(response.accepted_event_ids), dict(response.refused))

    def _combine(self, event: Outgoing, answers: Mapping[str, _Answer]) -> Outcome:
        """The outcome of one event from what every subscriber said."""
        event_id = str(event.envelope.event_id)
        deliveries = {name: dict(state) for name, state in event.deliveries.items()}
        errors: list[str] = []
        for name, answer in answers.items():
            if _is_settled(deliveries, name):
                continue
            if event_id in answer.accepted:
                deliveries[name] = {"state": ACCEPTED}
            elif event_id in answer.refused:
                attempts = int(deliveries.get(name, {}).get("attempts", 0)) + 1
                state = PARKED if attempts >= ATTEMPTS_MAX else REFUSED
                reason = answer.refused[event_id]
                deliveries[name] = {"state": state, "attempts": attempts, "reason": reason}
                errors.append(f"{name}: {reason}")
            else:
                errors.append(f"{name}: {answer.away or 'not taken'}")
        done = all(_is_settled(deliveries, name) for name in answers)
        parked = done and any(state["state"] == PARKED for state in deliveries.values())
        if parked and not errors:
            errors = [f"{n}: {s.get('reason', '')}" for n, s in deliveries.items() if s["state"] == PARKED]
        return Outcome(done=done, parked=parked, error="; ".join(errors), deliveries=deliveries)


def _is_settled(deliveries: Mapping[str, Any], name: str) -> bool:
    return deliveries.get(name, {}).get("state") in (ACCEPTED, PARKED)


def pack_envelope(envelope: Envelope) -> delivery_pb2.Envelope:
    """An event as a message."""
    return delivery_pb2.Envelope(
        event_id=str(envelope.event_id),
        type=envelope.type,
        source=envelope.source,
        time=wire.pack_instant(envelope.time),
        traceparent=envelope.traceparent,
        key=envelope.key,
        payload=envelope.payload,
    )


def unpack_envelope(event: delivery_pb2.Envelope) -> Envelope:
    """The event of a message. Refuses MALFORMED `event_id`."""
    return Envelope(
        event_id=wire.unpack_id(event.event_id, field="event_id"),
        type=event.type,
        source=event.source,
        time=event.time.ToDatetime(UTC),
        key=event.key,
        traceparent=event.traceparent,
        payload=event.payload,
    )


class DeliveryService(delivery_pb2_grpc.DeliveryServiceServicer):
    """The inbox door: each event in its own transaction, and once."""

    def __init__(self, handlers: Handlers, database: Database, clock: Clock, metrics: Metrics) -> None:
        self._handlers = handlers
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._log = logger("inbox")

    def Deliver(self, request: delivery_pb2.DeliverRequest, context: Context) -> delivery_pb2.DeliverResponse:
        """Take what can be taken within the caller's deadline."""
        response = delivery_pb2.DeliverResponse()
        for event in request.events:
            remaining = context.time_remaining()
            if remaining is not None and remaining < STOP_HANDLING_BEFORE_S:
                break
            if self._take(event, response):
                break
        return response

    def _take(self, event: delivery_pb2.Envelope, response: delivery_pb2.DeliverResponse) -> bool:
        """Handle one event; true when there is no sense in going on."""
        envelope = unpack_envelope(event)
        try:
            handled = self._handlers.deliver(self._database, envelope, now=self._clock.now())
        except Unavailable as fault:
            # Not this event's fault: nothing is counted against it, it comes again.
            self._metrics.handled.labels(event.type, "postponed").inc()
            return isinstance(fault, DatabaseAway)
        except Exception as fault:  # noqa: BLE001 - one event's trouble must not stop the next
            self._metrics.handled.labels(event.type, "refused").inc()
            self._log.error(
                "event refused", type=event.type, event_id=event.event_id, **describe_fault(fault)
            )
            response.refused[event.event_id] = str(getattr(fault, "reason", type(fault).__name__))
        else:
            self._metrics.handled.labels(event.type, "handled" if handled else "skipped").inc()
            response.accepted_event_ids.append(event.event_id)
        return False
