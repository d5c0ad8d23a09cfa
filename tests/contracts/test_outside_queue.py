"""A queue of somebody else's at our broker: the program and the rights of docs/integrating.md, on a real RabbitMQ."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pika
import pika.exceptions
import pytest
from ebok.billing.v1.events_pb2 import InvoiceIssued

from chassis.messaging.carriers import topology
from chassis.testing import cast
from chassis.testing.served import Served
from deploy.local import rabbitmq
from services.billing.__main__ import part as billing
from tests.billing.bills import Runs, house, prices
from tests.billing.given import Given
from tests.chassis.messaging.test_carriers import wait_until

DOCS = (Path(__file__).parents[2] / "docs" / "integrating.md").read_text("utf-8")
SECTION = DOCS.partition("\n## Events\n")[2]
URL = '"amqps://crm:SECRET@RABBITMQ_HOST/ebok"'
SECRET = "crm-secret"

pytestmark = [pytest.mark.broker, pytest.mark.skipif(not rabbitmq.is_installed(), reason="no RabbitMQ")]


@pytest.fixture(scope="module")
def broker() -> Iterator[rabbitmq.RabbitMQ]:
    """With the account that the docs tell the operator to make."""
    rights = dict(re.findall(r"`?(configure|write|read) ([^`]+)`", SECTION))
    with rabbitmq.RabbitMQ() as node:
        node.control("add_user", "crm", SECRET)
        node.control("set_permissions", "crm", rights["configure"], rights["write"], rights["read"])
        yield node


@pytest.fixture
def outside(broker: rabbitmq.RabbitMQ) -> str:
    """How the other system reaches the broker."""
    return broker.url.replace(broker.url.partition("//")[2].partition("@")[0], f"crm:{SECRET}")


@pytest.fixture
def publishing(broker: rabbitmq.RabbitMQ, serving: Callable[..., Served]) -> Iterator[Served]:
    """Billing, with its relay and its inbox at this broker."""
    served, stop = serving(billing, broker_url=broker.url), threading.Event()
    loops = [
        threading.Thread(target=run, name=name)
        for name, run in served.part.workers(served.runtime, stop)
        if name in ("relay", "consumer")
    ]
    for loop in loops:
        loop.start()
    yield served
    stop.set()
    for loop in loops:
        loop.join(20)


def is_there(url: str, queue: str) -> bool:
    try:
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            connection.channel().queue_declare(queue, passive=True)
    except pika.exceptions.ChannelClosedByBroker:
        return False
    return True


def test_the_program_of_the_docs_hears_of_an_invoice(
    broker: rabbitmq.RabbitMQ, outside: str, publishing: Served, as_edward, clock, tmp_path: Path
):
    wait_until(lambda: is_there(broker.url, topology.inbox("billing")))
    source = SECTION.partition("```python\n")[2].partition("```")[0]
    assert URL in source
    program = tmp_path / "program.py"
    program.write_text(source.replace(URL, repr(outside)), "utf-8")
    with subprocess.Popen(
        [sys.executable, "-u", str(program)], stdout=subprocess.PIPE, text=True
    ) as listener:
        try:
            wait_until(lambda: is_there(broker.url, "crm.events"))
            given = Given(publishing.database, clock)
            given.settings()
            prices(given)
            house(given, customer_id=cast.ANNA_CUSTOMER)
            runs = Runs(publishing, as_edward)
            runs.issue(runs.preview().run_id)
            assert listener.stdout is not None
            heard = listener.stdout.readline().split()
        finally:
            listener.kill()
    [event] = publishing.announced(InvoiceIssued)
    assert heard == ["ebok.billing.v1.InvoiceIssued", str(cast.ANNA_CUSTOMER), str(event.ByteSize())]


def test_with_these_rights_nobody_tells_lies_or_reads_what_is_anothers(
    broker: rabbitmq.RabbitMQ, outside: str, publishing: Served
):
    inbox = topology.inbox("billing")
    wait_until(lambda: is_there(broker.url, inbox))
    wrongs: list[Callable[[pika.adapters.blocking_connection.BlockingChannel], object]] = [
        lambda channel: channel.basic_publish(topology.EXCHANGE, "ebok.billing.v1.InvoicePaid", b"x"),
        lambda channel: channel.basic_publish("", inbox, b"x"),
        lambda channel: channel.basic_get(inbox),
        lambda channel: channel.queue_purge(inbox),
        lambda channel: channel.queue_delete(inbox),
        lambda channel: channel.queue_declare("theirs"),
        lambda channel: channel.exchange_delete(topology.EXCHANGE),
    ]
    for wrong in wrongs:
        connection = pika.BlockingConnection(pika.URLParameters(outside))
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(pika.exceptions.ChannelClosedByBroker) as caught:
            wrong(channel)
        assert caught.value.reply_code == 403
        connection.close()
