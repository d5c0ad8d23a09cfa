"""`outbox-relay`: events from the outbox through RabbitMQ, against confirmed publishing by 100 from memory.

Ours claims rows in PostgreSQL, publishes them with confirms and marks them, as the relay of every service does. Bare publishes
the same payloads with the same properties from a list, a hundred at a time, and waits for the confirms. Both into a durable quorum
queue of the same private node.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import pika
import sqlalchemy as sa
from ebok.billing.v1 import events_pb2

from bench.figures import Figure
from chassis import database as databases
from chassis.database import Database
from chassis.ids import new_id
from chassis.messaging.carriers.amqp import AmqpCarrier
from chassis.messaging.outbox import ANY_OUTBOX
from chassis.messaging.relay import Relay
from chassis.telemetry import Metrics
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.rabbitmq import RabbitMQ, is_installed

EVENTS = 20_000
BATCH = 100
QUEUE = "bench.inbox"
TYPE = "ebok.billing.v1.InvoiceIssued"
MIGRATIONS = Path(__file__).resolve().parents[1] / "services" / "notify" / "storage" / "migrations"


def measure(_: list[str]) -> list[Figure]:
    """One figure: events a second. Says so when there is no RabbitMQ here."""
    if not is_installed():
        raise SystemExit("outbox-relay: RabbitMQ is not installed here; `make test` installs it when it may")
    payload = events_pb2.InvoiceIssued(
        invoice_id=str(new_id()), customer_id=str(new_id()), number="FV/2026/000001", account_number="5" * 26
    ).SerializeToString()
    with tempfile.TemporaryDirectory(prefix="ebok-bench-", dir="/var/tmp") as directory, RabbitMQ() as node:
        postgres = EmbeddedPostgres(Path(directory) / "postgres")
        postgres.start()
        try:
            _bind(node.url)
            bare = _publish_bare(node.url, payload)
            ours = _relay(postgres.create_database("bench", "bench"), node.url, payload)
        finally:
            postgres.remove()
    return [Figure("outbox-relay", ours, bare, "events/s", "≥ 0.5")]


def _bind(url: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.exchange_declare("ebok.events", "topic", durable=True)
    channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
    channel.queue_bind(QUEUE, "ebok.events", TYPE)
    connection.close()


def _relay(url: str, broker_url: str, payload: bytes) -> float:
    databases.migrate(url, MIGRATIONS)
    database = Database(url)
    with database.transaction() as session:
        session.execute(
            sa.insert(ANY_OUTBOX),
            [{"event_id": new_id(), "type": TYPE, "payload": payload, "key": "k"} for _ in range(EVENTS)],
        )
        session.execute(sa.text("ANALYZE"))
    carrier = AmqpCarrier(broker_url, "bench")
    relay = Relay("bench", database, carrier, Metrics("bench"))
    relay.publish_batch()  # Connects.
    began = time.perf_counter()
    count = relay.publish_waiting()
    taken = time.perf_counter() - began
    carrier.close()
    with database.reading() as session:
        left = session.scalar(sa.select(sa.func.count()).where(ANY_OUTBOX.c.published_at.is_(None)))
    database.close()
    if left:
        raise RuntimeError(f"{left} events were not published")
    return count / taken


class _Publisher:
    """Publishes by a hundred, each batch when the one before is confirmed."""

    def __init__(self, url: str, payload: bytes) -> None:
        self._payload = payload
        self._sent = self._confirmed = 0
        self._channel: Any = None
        self.taken = 0.0
        self._began = 0.0
        self._properties = pika.BasicProperties(
            delivery_mode=2, content_type="application/protobuf", headers={"cloudEvents:type": TYPE}
        )
        self._connection = pika.SelectConnection(
            pika.URLParameters(url),
            on_open_callback=lambda opened: opened.channel(on_open_callback=self._on_channel),
        )

    def run(self) -> None:
        self._connection.ioloop.start()

    def _on_channel(self, channel: Any) -> None:
        self._channel = channel
        channel.confirm_delivery(self._on_confirm, callback=lambda _: self._begin())

    def _begin(self) -> None:
        self._began = time.perf_counter()
        self._send()

    def _send(self) -> None:
        for _ in range(BATCH):
            self._channel.basic_publish("ebok.events", TYPE, self._payload, self._properties, mandatory=True)
        self._sent += BATCH

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        self._confirmed = method.delivery_tag if method.multiple else self._confirmed + 1
        if self._confirmed < self._sent:
            return
        if self._sent < EVENTS:
            self._send()
            return
        self.taken = time.perf_counter() - self._began
        self._connection.close()
        self._connection.ioloop.stop()


def _publish_bare(url: str, payload: bytes) -> float:
    publisher = _Publisher(url, payload)
    publisher.run()
    return EVENTS / publisher.taken
