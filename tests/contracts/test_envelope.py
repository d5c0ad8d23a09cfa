"""The envelope: the attributes of CloudEvents, the same whichever carrier brings the event."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from chassis.messaging.carriers import amqp, direct, topology
from chassis.messaging.inbox import Envelope
from tests.contracts.golden import newest

EVENT = "ebok.billing.v1.InvoiceIssued"
ENVELOPE = Envelope(
    event_id=UUID("01930000-0000-7000-8000-0000000000f1"),
    type=EVENT,
    source="billing",
    time=datetime(2026, 3, 16, 9, 0, 0, 250_000, tzinfo=UTC),
    key="01930000-0000-7000-8000-0000000000a1",
    traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    payload=newest(EVENT).payload,
)
HEADERS = {
    "cloudEvents:specversion": "1.0",
    "cloudEvents:id": "01930000-0000-7000-8000-0000000000f1",
    "cloudEvents:type": "ebok.billing.v1.InvoiceIssued",
    "cloudEvents:source": "billing",
    "cloudEvents:time": "2026-03-16T09:00:00.250000+00:00",
    "cloudEvents:partitionkey": "01930000-0000-7000-8000-0000000000a1",
    "cloudEvents:traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
REQUIRED = ("id", "type", "source", "time")


def test_headers_follow_the_amqp_binding_of_cloudevents():
    packed = amqp.pack_envelope(ENVELOPE)
    assert packed.headers == HEADERS
    assert packed.message_id == HEADERS["cloudEvents:id"]
    assert packed.content_type == "application/protobuf"
    assert packed.delivery_mode == 2  # Survives a restart of the broker.


def test_time_is_told_in_utc():
    warsaw = ENVELOPE._replace(time=ENVELOPE.time.astimezone(timezone(timedelta(hours=1))))
    assert amqp.pack_envelope(warsaw).headers["cloudEvents:time"] == HEADERS["cloudEvents:time"]


@pytest.mark.parametrize("without", ["", "traceparent"])
def test_both_carriers_bring_the_envelope_whole(without):
    envelope = ENVELOPE._replace(traceparent="") if without else ENVELOPE
    assert amqp.unpack_envelope(amqp.pack_envelope(envelope), envelope.payload) == envelope
    assert direct.unpack_envelope(direct.pack_envelope(envelope)) == envelope


@pytest.mark.parametrize("name", REQUIRED)
def test_a_message_without_a_required_attribute_is_unreadable(name):
    packed = amqp.pack_envelope(ENVELOPE)
    del packed.headers[f"cloudEvents:{name}"]
    with pytest.raises(amqp.EventUnreadable):
        amqp.unpack_envelope(packed, ENVELOPE.payload)


def test_attributes_and_headers_of_others_are_passed_over():
    packed = amqp.pack_envelope(ENVELOPE)
    packed.headers |= {"cloudEvents:dataschema": "x", "x-ebok-attempt": 3, "x-death": []}
    assert amqp.unpack_envelope(packed, ENVELOPE.payload) == ENVELOPE


def test_names_at_the_broker_are_part_of_the_contract():
    assert topology.EXCHANGE == "ebok.events"
    assert topology.inbox("notify") == "notify.inbox"
    assert topology.dead("notify") == "notify.dead"
