"""Identity's own acts reach its own log, and a sealed token is gone once its reader has it."""

from collections.abc import Iterator

import pytest
from ebok.identity.v1.audit_pb2 import ListAuditEntriesRequest
from ebok.identity.v1.audit_pb2_grpc import AuditServiceStub

from chassis.messaging.carriers.direct import DirectCarrier
from chassis.messaging.relay import Relay


@pytest.fixture
def relay(served) -> Iterator[Relay]:
    runtime = served.runtime
    carrier = DirectCarrier({"identity": served.address}, runtime.credential)
    yield Relay("identity", served.database, carrier, runtime.metrics)
    carrier.close()


def test_own_acts_come_back_to_the_log_once(identity, served, relay, as_edward, count):
    identity.register("anna@poczta.example")
    assert count("outbox", "secret") == 1
    identity.confirm("anna@poczta.example")

    for _ in range(2):
        relay.publish_waiting()

    entries = served.stub(AuditServiceStub, as_edward).ListAuditEntries(ListAuditEntriesRequest()).entries
    assert [one.act.rpartition("/")[2] for one in entries] == ["ConfirmEmail", "Register"]
    assert (entries[0].actor_kind, entries[0].actor_name) == ("user", "Anna")
    assert count("outbox", "secret") == 0
    assert count("audit_entries") == 2
