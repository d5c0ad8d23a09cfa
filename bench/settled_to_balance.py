"""`settled-to-balance`: how long after a payment is settled its customer's balance has changed, through RabbitMQ.

Fifty payments a second are settled in payments' database, each with its event in the same transaction, as the judge does.
Ours: payments' relay, RabbitMQ, billing's inbox, the ledger. Bare: one confirmed message each through the same broker to a
consumer that inserts a row. Both are seen by a second connection that looks every few milliseconds. It begins when the
suite has done with what its demo set going, mails included.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from typing import Any
from uuid import UUID

import pika
import psycopg
from ebok.common.v1.money_pb2 import Money
from ebok.payments.v1.events_pb2 import PaymentSettled

from bench.figures import Figure
from bench.suites import running_suite
from chassis.ids import new_id
from chassis.messaging.outbox import CHANNEL
from deploy.local.rabbitmq import RabbitMQ, is_installed

PER_SECOND = 50
COUNT = 1_000
LOOK_EVERY_S = 0.005
WAIT_S = 60.0
REST_S = 180.0
QUEUE = "bench.bare"

PAYMENT = """
    INSERT INTO payments (payment_id, customer_id, customer_number, request_id, asked, number, status, reason, amount,
                          provider, method_id, method_name, provider_order_id, redirect_url, payer_email, payer_address,
                          language, started_at, moved_at, settled_at, checks)
    VALUES (%(id)s, %(customer)s, '1', %(id)s, '{}', %(number)s, 'SETTLED', '', 100, 'przelewy24', '', '', '1', '', '', '',
            'pl', now(), now(), now(), 0)
"""
EVENT = (
    "INSERT INTO outbox (event_id, type, payload, key) VALUES (%s, 'ebok.payments.v1.PaymentSettled', %s, %s)"
)
UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL AND parked_at IS NULL"
UNSENT = "SELECT count(*) FROM messages WHERE status IN ('PLANNED', 'SENDING')"
BOOKED = "SELECT external_id FROM ledger_entries WHERE external_id = ANY(%s)"
BARE = "SELECT id FROM bare_settled WHERE id = ANY(%s)"


def measure(_: list[str]) -> list[Figure]:
    """p50 and p99 in milliseconds."""
    if not is_installed():
        raise SystemExit(
            "settled-to-balance: RabbitMQ is not installed here; `make test` installs it when it may"
        )
    with RabbitMQ() as node, running_suite(broker_url=node.url) as info:
        urls = {
            name: url.replace("postgresql+psycopg://", "postgresql://")
            for name, url in info["databases"].items()
        }
        _rest(urls)
        billing, payments = urls["billing"], urls["payments"]
        ours = _ours(billing, payments)
        bare = _bare(node.url, payments)
    return [
        Figure("settled-to-balance p50", _at(ours, 0.5), _at(bare, 0.5), "ms at 50/s", "ours < 1000"),
        Figure("settled-to-balance p99", _at(ours, 0.99), _at(bare, 0.99), "ms at 50/s", "ours < 1000"),
    ]


def _rest(urls: dict[str, str]) -> None:
    """Wait until nothing is under way, at two looks a second apart: between outbox and inbox an event is in neither."""
    questions = [(url, UNPUBLISHED) for url in urls.values()] + [(urls["notify"], UNSENT)]
    quiet, until = 0, time.monotonic() + REST_S
    while quiet < 2:
        if time.monotonic() > until:
            raise RuntimeError(f"the suite was not at rest within {REST_S:.0f} s")
        time.sleep(1.0)
        quiet = quiet + 1 if not any(_count(url, question) for url, question in questions) else 0


def _count(url: str, question: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    return row[0] if row else 0


def _at(taken: Sequence[float], share: float) -> float:
    return sorted(taken)[int(len(taken) * share)] * 1000


def _ours(billing: str, payments: str) -> list[float]:
    with psycopg.connect(billing, autocommit=True) as connection:
        customers = [row[0] for row in connection.execute("SELECT customer_id FROM customers ORDER BY 1")]
    with psycopg.connect(payments) as writing:

        def settle(number: int) -> str:
            payment_id, customer_id = new_id(), customers[number % len(customers)]
            _settle(writing, payment_id, customer_id, f"P-BENCH-{number}")
            return f"payment:{payment_id}"

        return _timed(settle, billing, BOOKED)


def _settle(connection: psycopg.Connection[Any], payment_id: UUID, customer_id: UUID, number: str) -> None:
    event = PaymentSettled(
        payment_id=str(payment_id),
        customer_id=str(customer_id),
        number=number,
        amount=Money(grosze=100),
        provider="przelewy24",
    )
    event.settled_at.GetCurrentTime()
    connection.execute(PAYMENT, {"id": payment_id, "customer": customer_id, "number": number})
    connection.execute(EVENT, (new_id(), event.SerializeToString(), str(customer_id)))
    connection.execute(f"NOTIFY {CHANNEL}")
    connection.commit()


def _bare(broker_url: str, url: str) -> list[float]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare_settled (id text PRIMARY KEY)")
    with closing(pika.BlockingConnection(pika.URLParameters(broker_url))) as publishing:
        channel = publishing.channel()
        channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        channel.confirm_delivery()
        consumer = threading.Thread(target=_consume, args=(broker_url, url), daemon=True)
        consumer.start()

        def publish(number: int) -> str:
            channel.basic_publish("", QUEUE, str(number).encode(), pika.BasicProperties(delivery_mode=2))
            return str(number)

        return _timed(publish, url, BARE)


def _consume(broker_url: str, url: str) -> None:
    inserting = psycopg.connect(url, autocommit=True)
    channel = pika.BlockingConnection(pika.URLParameters(broker_url)).channel()
    channel.basic_qos(prefetch_count=100)

    def take(_channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        inserting.execute("INSERT INTO bare_settled VALUES (%s)", (body.decode(),))
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(QUEUE, take)
    with suppress(pika.exceptions.ConnectionClosedByBroker):  # It goes when the figure is there.
        channel.start_consuming()


def _timed(act: Callable[[int], str], url: str, seen: str) -> list[float]:
    """Act at the pace; how long after each its trace was seen."""
    waiting: dict[str, float] = {}
    taken: list[float] = []
    lock, ended = threading.Lock(), threading.Event()

    def watch() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not ended.is_set() or waiting:
                with lock:
                    asked = list(waiting)
                for (name,) in connection.execute(seen, (asked,)).fetchall() if asked else ():
                    with lock:
                        taken.append(time.perf_counter() - waiting.pop(name))
                if ended.is_set() and time.perf_counter() > last + WAIT_S:
                    return
                time.sleep(LOOK_EVERY_S)

    last = time.perf_counter()
    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    for number in range(COUNT):
        time.sleep(max(0.0, began + number / PER_SECOND - time.perf_counter()))
        name = act(number)
        last = time.perf_counter()
        with lock:
            waiting[name] = last
    ended.set()
    watcher.join()
    if len(taken) < COUNT:
        raise RuntimeError(f"{COUNT - len(taken)} of {COUNT} were not seen within {WAIT_S:.0f} s")
    return taken
