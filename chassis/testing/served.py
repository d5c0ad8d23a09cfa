"""A part as tests meet it: its real server on a real port, its real database, a clock that stands still."""

from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from google.protobuf.message import Message

from chassis import tracing
from chassis.app import Part, Runtime
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.ids import new_id
from chassis.jobs import JobRunner
from chassis.messaging.inbox import Envelope
from chassis.messaging.outbox import ANY_OUTBOX
from chassis.rpc.client import Channel
from chassis.rpc.server import RpcServer
from chassis.testing.cast import Persona

StubType = TypeVar("StubType")
EventType = TypeVar("EventType", bound=Message)


def announced_in(database: Database, event_class: type[EventType]) -> list[EventType]:
    """The events of a class in the outbox of a database, in the order of their announcement."""
    table = ANY_OUTBOX.c
    query = (
        sa.select(table.payload)
        .where(table.type == event_class.DESCRIPTOR.full_name)
        .order_by(table.created_at, table.event_id)
    )
    with database.reading() as session:
        return [event_class.FromString(payload) for payload in session.execute(query).scalars()]


class Served:
    """One part that is being served for a test."""

    def __init__(self, part: Part, runtime: Runtime, server: RpcServer, clock: FixedClock) -> None:
        self.part = part
        self.runtime = runtime
        self.config = runtime.config
        self.database = runtime.database
        self.clock = clock
        self.server = server
        self.address = f"127.0.0.1:{server.port}"
        self._channels: list[Channel] = []

    def stub(self, stub_class: Any, persona: Persona | None = None) -> Any:
        """A stub that calls as the persona; as nobody when there is none."""
        channel = Channel(self.address, credential=persona, timeout_s=20.0)
        self._channels.append(channel)
        return channel.stub(stub_class)

    def announced(self, event_class: type[EventType]) -> list[EventType]:
        """The events of a class that this part has announced, the oldest first."""
        return announced_in(self.database, event_class)

    def calls(self, method: str) -> int:
        """How often a method, `InvoiceService/IssueInvoice`, was called of this part's server, by its own metrics."""
        samples = [one for metric in self.runtime.metrics.rpc_seconds.collect() for one in metric.samples]
        return sum(
            int(one.value)
            for one in samples
            if one.name.endswith("_count") and one.labels["method"].endswith(f".{method}")
        )

    def deliver(self, event: Message, *, event_id: UUID | None = None, source: str = "test") -> bool:
        """Hand an event to this part's inbox; false when it was a repeat or nobody listens to it."""
        envelope = Envelope(
            event_id=event_id or new_id(),
            type=event.DESCRIPTOR.full_name,
            source=source,
            time=self.clock.now(),
            key="test",
            traceparent=tracing.new_traceparent(),
            payload=event.SerializeToString(),
        )
        return self.part.handlers.deliver(self.database, envelope, now=self.clock.now())

    def run_job(self, name: str, /, **parameters: str) -> bool:
        """Run one of this part's jobs now."""
        runtime = self.runtime
        runner = JobRunner(self.part.name, self.database, self.clock, runtime.metrics, runtime.resources)
        return runner.run(self.part.jobs.find(name), **parameters)

    def close(self) -> None:
        """Stop the server and end the connections; the database is its fixture's business."""
        for channel in self._channels:
            channel.close()
        self.server.drain(0)
