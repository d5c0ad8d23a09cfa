"""From one part's transaction to another part's, once, over both carriers."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from chassis.app import Part
from chassis.messaging.carriers import amqp, topology
from chassis.messaging.outbox import ANY_OUTBOX
from chassis.telemetry import Metrics
from chassis.testing import cast
from tests.chassis import notes as example
from tests.chassis.example import notes_pb2, notes_pb2_grpc
from tests.chassis.notes import Note, part

ANNA = str(cast.ANNA_CUSTOMER)
publisher_part = Part("billing", migrations=part.migrations, services=part._services)


def wait_until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    """The condition's first true answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError("it did not come true in time")


def texts(database) -> list[str]:
    """What the reader has made of the events, in alphabetical order."""
    with database.reading() as session:
        query = sa.select(Note.text).where(Note.customer_id == "copy").order_by(Note.text)
        return list(session.scalars(query))


def waiting(database) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).where(ANY_OUTBOX.c.published_at.is_(None)))


@pytest.fixture
def working() -> Iterator[Callable[..., threading.Event]]:
    """`working(served)`: run the part's relay, consumer and jobs, as `work` does."""
    started: list[tuple[threading.Event, list[threading.Thread]]] = []

    def start(served, only=("relay", "consumer")):
        stop = threading.Event()
        loops = served.part.workers(served.runtime, stop)
        threads = [threading.Thread(target=run, name=name) for name, run in loops if name in only]
        for thread in threads:
            thread.start()
        started.append((stop, threads))
        return stop

    yield start
    for stop, threads in started:
        stop.set()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture(params=["direct", pytest.param("amqp", marks=pytest.mark.broker)])
def carried(request, serving, working, as_anna) -> Iterator[SimpleNamespace]:
    """Two parts with a carrier between: `write(text)` at one, `texts(…)` of the other."""
    knobs: dict[str, Any] = {}
    if request.param == "amqp":
        knobs["broker_url"] = request.getfixturevalue("rabbitmq_url")
        amqp.declare_inbox(knobs["broker_url"], part.name, sorted(part.handlers.types))
        _purge(knobs["broker_url"], part.name)
    reader = serving(part, **knobs)
    subscribers = {part.name: reader.address} if request.param == "direct" else {}
    writer = serving(publisher_part, subscribers=subscribers, **knobs)
    stub = writer.stub(notes_pb2_grpc.NoteServiceStub, as_anna)

    def write(text: str) -> None:
        stub.AddNote(notes_pb2.AddNoteRequest(customer_id=ANNA, text=text))

    yield SimpleNamespace(kind=request.param, reader=reader, writer=writer, write=write, **knobs)
    example.broken.clear()


def test_event_arrives_once_and_soon(carried, working):
    working(carried.reader)
    working(carried.writer)
    carried.write("warm")
    wait_until(lambda: texts(carried.reader.database) == ["warm"])

    started = time.monotonic()
    carried.write("quick")
    wait_until(lambda: texts(carried.reader.database) == ["quick", "warm"])
    assert time.monotonic() - started < 2.0
    wait_until(lambda: waiting(carried.writer.database) == 0)


def test_refused_transaction_announces_nothing(carried, working):
    from chassis.errors import FailedPrecondition

    working(carried.reader)
    working(carried.writer)
    with pytest.raises(FailedPrecondition):
        carried.write("refuse")
    carried.write("kept")
    wait_until(lambda: texts(carried.reader.database) == ["kept"])


def test_many_events_published_again_are_handled_once(carried, working):
    for number in range(40):
        carried.write(f"note {number:02}")
    working(carried.reader)
    working(carried.writer)
    expected = [f"note {number:02}" for number in range(40)]
    wait_until(lambda: texts(carried.reader.database) == expected)
    wait_until(lambda: waiting(carried.writer.database) == 0)

    # As if the relay had died between publishing and marking.
    with carried.writer.database.transaction() as session:
        session.execute(
            sa.update(ANY_OUTBOX).values(published_at=None, deliveries={}, next_attempt_at=sa.func.now())
        )
    wait_until(lambda: waiting(carried.writer.database) == 0)
    time.sleep(0.5)
    assert texts(carried.reader.database) == expected


def test_two_relays_share_the_work(carried, working):
    for number in range(60):
        carried.write(f"note {number:02}")
    working(carried.reader)
    working(carried.writer, only=("relay",))
    working(carried.writer, only=("relay",))
    wait_until(lambda: len(texts(carried.reader.database)) == 60)
    wait_until(lambda: waiting(carried.writer.database) == 0)
    assert len(set(texts(carried.reader.database))) == 60


def test_event_that_cannot_be_handled_comes_again_and_stops_nobody(carried, working):
    example.broken.add("bad")
    working(carried.reader)
    working(carried.writer)
    carried.write("bad")
    carried.write("good")
    wait_until(lambda: texts(carried.reader.database) == ["good"])
    example.broken.clear()
    wait_until(lambda: texts(carried.reader.database) == ["bad", "good"])


def test_event_nobody_listens_to_is_published(carried, working):
    from chassis.messaging import outbox

    working(carried.writer)
    with carried.writer.database.transaction() as session:
        outbox.announce(session, example.OutboxRow, notes_pb2.Unheard(text="x"), key="k")
    wait_until(lambda: waiting(carried.writer.database) == 0)


def test_secret_row_is_erased_once_published(carried, working):
    from chassis.messaging import outbox

    working(carried.reader)
    working(carried.writer)
    with carried.writer.database.transaction() as session:
        event = notes_pb2.NoteAdded(text="sealed")
        outbox.announce(session, example.OutboxRow, event, key="k", secret=True)
    wait_until(lambda: texts(carried.reader.database) == ["sealed"])
    wait_until(lambda: carried.writer.announced(notes_pb2.NoteAdded) == [])


def test_trace_reaches_the_handler(carried, working):
    from chassis import tracing
    from chassis.messaging.inbox import Handlers

    seen: list[str] = []
    handlers = Handlers()

    @handlers.on(notes_pb2.NoteAdded)
    def on_note_added(session, event, *, now):
        seen.append(tracing.current_trace_id())

    carried.reader.part.handlers.include(handlers)
    try:
        working(carried.reader)
        working(carried.writer)
        stub = carried.writer.stub(notes_pb2_grpc.NoteServiceStub, None)
        assert stub.Hello(notes_pb2.HelloRequest()).kind == "NOBODY"
        with tracing.trace() as span:
            carried.write("traced")
        wait_until(lambda: seen)
        assert seen == [span[3:35]]
    finally:
        carried.reader.part.handlers._by_type["example.v1.NoteAdded"][1].pop()


def test_reader_that_dies_in_the_middle_handles_once(carried, working):
    """The handler's work and the inbox row are one transaction: a crash keeps neither."""
    example.broken.add("bad")
    working(carried.reader)
    working(carried.writer)
    carried.write("bad")
    wait_until(carried.reader.runtime.metrics.handled.labels("example.v1.NoteAdded", "refused")._value.get)
    with carried.reader.database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM inbox")) == 0
    example.broken.clear()
    wait_until(lambda: texts(carried.reader.database) == ["bad"])


# Direct alone.


def relay_of(served):
    from chassis.messaging.carriers.direct import DirectCarrier
    from chassis.messaging.relay import Relay

    carrier = DirectCarrier(served.config.subscribers, served.runtime.credential)
    return Relay(served.part.name, served.database, carrier, served.runtime.metrics), carrier


def test_dead_subscriber_does_not_stop_the_others(serving, as_anna):
    reader = serving(part)
    writer = serving(publisher_part, subscribers={"notify": reader.address, "tickets": "127.0.0.1:1"})
    relay, carrier = relay_of(writer)
    stub = writer.stub(notes_pb2_grpc.NoteServiceStub, as_anna)
    for text in ("a", "b"):
        stub.AddNote(notes_pb2.AddNoteRequest(customer_id=ANNA, text=text))
        relay.publish_waiting()
    assert texts(reader.database) == ["a", "b"]
    assert waiting(writer.database) == 4  # Two notes and two acts wait for the dead one.

    carrier.close()
    with writer.database.reading() as session:
        states = session.scalars(sa.select(ANY_OUTBOX.c.deliveries)).all()
    assert all(state == {"notify": {"state": "accepted"}} for state in states)


def test_poison_is_parked_with_the_reason_and_can_be_armed_again(serving, as_anna, monkeypatch):
    from chassis.messaging.carriers import direct

    monkeypatch.setattr(direct, "ATTEMPTS_MAX", 3)
    monkeypatch.setattr("chassis.messaging.relay._backoff", lambda _: timedelta(0))
    reader = serving(part)
    writer = serving(publisher_part, subscribers={"notify": reader.address})
    relay, carrier = relay_of(writer)
    stub = writer.stub(notes_pb2_grpc.NoteServiceStub, as_anna)
    example.broken.add("poison")
    stub.AddNote(notes_pb2.AddNoteRequest(customer_id=ANNA, text="poison"))
    for _ in range(5):
        relay.publish_waiting()
    with writer.database.reading() as session:
        parked = session.execute(sa.select(ANY_OUTBOX).where(ANY_OUTBOX.c.parked_at.is_not(None))).one()
    assert parked.last_error == "notify: NOTE_GONE"
    relay.measure()
    assert writer.runtime.metrics.outbox_parked._value.get() == 1

    example.broken.clear()
    assert writer.run_job("messages.rearm")
    relay.publish_waiting()
    assert texts(reader.database) == ["poison"]
    carrier.close()


def test_only_parts_of_the_suite_may_deliver(serving, as_anna, as_system):
    from ebok.common.v1 import delivery_pb2, delivery_pb2_grpc

    from chassis.errors import PermissionDenied, Unauthenticated

    reader = serving(part)
    event = notes_pb2.NoteAdded(text="forged").SerializeToString()
    envelope = delivery_pb2.Envelope(
        event_id=cast.ANNA_USER.hex, type="example.v1.NoteAdded", source="billing", payload=event
    )
    envelope.event_id = str(cast.ANNA_USER)
    request = delivery_pb2.DeliverRequest(events=[envelope])
    for who, refusal in (
        (None, Unauthenticated),
        (as_anna, PermissionDenied),
        (as_system("demo"), PermissionDenied),
    ):
        with pytest.raises(refusal):
            reader.stub(delivery_pb2_grpc.DeliveryServiceStub, who).Deliver(request)
    assert texts(reader.database) == []


# RabbitMQ alone.


@pytest.mark.broker
def test_poison_goes_to_the_dead_and_can_be_armed_again(serving, working, rabbitmq_url, as_anna, monkeypatch):
    monkeypatch.setattr(topology, "RETRY_DELAYS_S", (1,))
    reader_part = Part("tickets", migrations=part.migrations, services=part._services, handlers=part.handlers)
    reader = serving(reader_part, broker_url=rabbitmq_url)
    writer = serving(publisher_part, broker_url=rabbitmq_url)
    example.broken.add("poison")
    working(reader)
    wait_until(lambda: _depth(rabbitmq_url, "tickets.inbox") is not None)
    working(writer)
    stub = writer.stub(notes_pb2_grpc.NoteServiceStub, as_anna)
    for text in ("poison", "fine"):
        stub.AddNote(notes_pb2.AddNoteRequest(customer_id=ANNA, text=text))
    wait_until(lambda: texts(reader.database) == ["fine"])
    wait_until(lambda: _depth(rabbitmq_url, "tickets.dead") == 1, 30)
    assert reader.runtime.metrics.handled.labels("example.v1.NoteAdded", "parked")._value.get() == 1

    example.broken.clear()
    assert reader.run_job("messages.rearm")
    wait_until(lambda: texts(reader.database) == ["fine", "poison"])
    assert _depth(rabbitmq_url, "tickets.dead") == 0


@pytest.mark.broker
def test_broker_that_restarts_loses_nothing(serving, working, as_anna):
    from deploy.local.rabbitmq import RabbitMQ, is_installed

    if not is_installed():
        pytest.skip("RabbitMQ is not installed")
    with RabbitMQ() as node:
        amqp.declare_inbox(node.url, part.name, sorted(part.handlers.types))
        reader = serving(part, broker_url=node.url)
        writer = serving(publisher_part, broker_url=node.url)
        working(reader)
        working(writer)
        stub = writer.stub(notes_pb2_grpc.NoteServiceStub, as_anna)
        stub.AddNote(notes_pb2.AddNoteRequest(customer_id=ANNA, text="before"))
        wait_until(lambda: texts(reader.database) == ["before"])
        node.stop()
        stub.AddNote(notes_pb2.AddNoteRequest(customer_id=ANNA, text="during"))
        node.start()
        stub.AddNote(notes_pb2.AddNoteRequest(customer_id=ANNA, text="later"))
        wait_until(lambda: texts(reader.database) == ["before", "during", "later"], 60)


def _purge(url: str, service: str) -> None:
    """What an earlier test left on its way is none of this one's."""
    import pika

    connection = pika.BlockingConnection(pika.URLParameters(url))
    for queue in ("inbox", "dead", *(f"retry.{delay_s}s" for delay_s in topology.RETRY_DELAYS_S)):
        connection.channel().queue_purge(f"{service}.{queue}")
    connection.close()


def _depth(url: str, queue: str) -> int | None:
    import pika

    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        return connection.channel().queue_declare(queue, passive=True).method.message_count
    except pika.exceptions.ChannelClosedByBroker:
        return None
    finally:
        if connection.is_open:
            connection.close()


def test_metrics_are_named_by_the_rule():
    from prometheus_client import generate_latest

    page = generate_latest(Metrics("billing").registry).decode()
    assert "ebok_billing_outbox_oldest_seconds" in page
    assert "ebok_billing_rpc_seconds" in page
