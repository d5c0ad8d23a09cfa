"""The audit log is sealed day by day, and a change of a sealed day is found, whoever made it."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from ebok.common.v1.acts_pb2 import ActRecorded
from ebok.identity.v1.audit_pb2 import GetAuditChainRequest
from ebok.identity.v1.audit_pb2_grpc import AuditServiceStub

from chassis import wire
from chassis.testing import cast
from services.identity.domain import audit_chain
from services.identity.jobs.audit import ChainBroken
from services.identity.storage.audit import AuditEntry

MONDAY = date(2026, 3, 16)


def act(number: int, happened_at: datetime, **values: Any) -> ActRecorded:
    given: dict[str, Any] = {
        "act_id": str(UUID(int=number)),
        "happened_at": wire.pack_instant(happened_at),
        "actor_kind": "staff",
        "actor_id": str(cast.DARIA_STAFF),
        "actor_name": "Daria",
        "act": "ebok.billing.v1.InvoiceService/GetInvoice",
        "customer_id": str(cast.ANNA_CUSTOMER),
    }
    return ActRecorded(**(given | values))


@pytest.fixture
def chain(served, as_edward):
    """What the page of the log shows."""
    stub: Any = served.stub(AuditServiceStub, as_edward)
    return lambda: stub.GetAuditChain(GetAuditChainRequest())


@pytest.fixture
def three_days(served, clock):
    """Acts on Monday and Tuesday, none on Wednesday; on Thursday all of it is sealed."""
    for day in range(2):
        for number in range(3):
            served.deliver(act(10 * day + number, clock.now()))
        clock.advance(timedelta(days=1))
    clock.advance(timedelta(days=1))
    served.run_job("audit.seal")


def as_superuser(database, statement: str) -> None:
    """What nobody can do with the service's rights, and whoever owns the server can."""
    with database.transaction() as session:
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        session.execute(sa.text(statement))


def rows(database) -> list[tuple[date, int]]:
    with database.reading() as session:
        return [
            (row.day, row.entries)
            for row in session.execute(sa.text("SELECT day, entries FROM audit_days ORDER BY day"))
        ]


def test_every_day_that_is_over_is_sealed_once_also_one_without_acts(served, three_days, database, chain):
    sealed = [(MONDAY, 3), (MONDAY + timedelta(days=1), 3), (MONDAY + timedelta(days=2), 0)]
    assert rows(database) == sealed
    served.run_job("audit.seal")
    assert rows(database) == sealed
    answer = chain()
    assert (wire.unpack_date(answer.sealed_until), answer.days) == (sealed[-1][0], 3)
    assert not answer.HasField("checked_at")
    served.run_job("audit.verify")
    assert wire.unpack_instant(chain().checked_at) == served.clock.now()
    assert not chain().broken_days


def test_a_day_is_not_sealed_before_an_hour_after_midnight(served, clock, database):
    served.deliver(act(1, clock.now()))
    clock.set(datetime(2026, 3, 16, 23, 59, tzinfo=UTC))  # A minute before one o'clock in Warsaw.
    served.run_job("audit.seal")
    assert rows(database) == []
    clock.advance(timedelta(minutes=1))
    served.run_job("audit.seal")
    assert rows(database) == [(MONDAY, 1)]


def test_an_act_that_comes_late_belongs_to_the_first_open_day(served, three_days, database, clock):
    served.deliver(act(99, datetime(2026, 3, 16, 10, 0, tzinfo=UTC)))
    clock.set(datetime(2026, 3, 17, 10, 0, tzinfo=UTC))  # A clock that goes back opens no sealed day.
    served.deliver(act(98, clock.now()))
    with database.reading() as session:
        late = session.execute(
            sa.text("SELECT DISTINCT kept_on FROM audit_entries WHERE act_id > :id"), {"id": UUID(int=50)}
        )
        assert [row.kept_on for row in late] == [date(2026, 3, 19)]
    served.run_job("audit.verify")


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE audit_entries SET actor_name = 'Edward' WHERE kept_on = '2026-03-17'", [17]),
        (
            "UPDATE audit_entries SET kept_on = '2026-03-18' WHERE act_id = "
            "(SELECT act_id FROM audit_entries ORDER BY 1 LIMIT 1)",
            [16, 18],
        ),
        ("DELETE FROM audit_entries WHERE kept_on = '2026-03-16'", [16]),
        ("UPDATE audit_days SET entries = 4 WHERE day = '2026-03-17'", [17]),
        ("UPDATE audit_days SET hash = previous_hash WHERE day = '2026-03-16'", [16, 17]),
        ("DELETE FROM audit_days WHERE day = '2026-03-17'", [17, 18]),
        ("DELETE FROM audit_days WHERE day = '2026-03-16'", [16, 17]),
    ],
)
def test_whatever_a_superuser_changes_is_found_on_its_day(
    served, three_days, database, chain, change, broken
):
    served.run_job("audit.verify")
    as_superuser(database, change)
    days = [date(2026, 3, day) for day in broken]
    for _ in range(2):
        with pytest.raises(ChainBroken) as caught:
            served.run_job("audit.verify")
    assert str(caught.value) == ", ".join(day.isoformat() for day in days)
    assert [wire.unpack_date(day) for day in chain().broken_days] == days


@pytest.mark.parametrize("table", ["audit_days", "audit_checks", "audit_entries"])
def test_with_the_services_rights_nothing_of_it_is_changed(served, three_days, database, table):
    served.run_job("audit.verify")
    for change in (f"DELETE FROM {table}", f"TRUNCATE {table}"):  # noqa: S608 - a name of ours
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.transaction() as session:
            session.execute(sa.text(change))


# The same numbers as in docs/algorithms/audit-chain.md.


def example() -> AuditEntry:
    return AuditEntry(
        act_id=UUID("01930000-0000-7000-8000-0000000000f1"),
        happened_at=datetime(2026, 3, 16, 9, 0, tzinfo=UTC),
        actor_kind="staff",
        actor_id="01930000-0000-7000-8000-00000000000d",
        actor_name="Daria",
        address="192.0.2.7",
        act="ebok.billing.v1.InvoiceService/GetInvoice",
        customer_id="01930000-0000-7000-8000-0000000000ca",
        subject_id="01930000-0000-7000-8000-0000000000b1",
        changed=False,
        trace_id="0af7651916cd43dd8448eb211c80319c",
    )


def test_the_worked_example_calculates_as_the_document_says():
    fields = (
        '["01930000-0000-7000-8000-0000000000f1","2026-03-16T09:00:00.000000+00:00","staff",'
        '"01930000-0000-7000-8000-00000000000d","Daria","192.0.2.7","ebok.billing.v1.InvoiceService/GetInvoice",'
        '"01930000-0000-7000-8000-0000000000ca","01930000-0000-7000-8000-0000000000b1",false,'
        '"0af7651916cd43dd8448eb211c80319c"]'
    )
    assert json.loads(fields)[4] == "Daria"
    entry = audit_chain.hash_entry(example())
    assert entry == hashlib.sha256(fields.encode()).digest()
    first, count = audit_chain.hash_day(MONDAY, bytes(32), [example()])
    assert first == hashlib.sha256(bytes(32) + b"2026-03-16" + entry).digest()
    second, none = audit_chain.hash_day(MONDAY + timedelta(days=1), first, [])
    assert (count, none) == (1, 0)
    assert (entry.hex()[:16], first.hex()[:16], second.hex()[:16]) == ENTRY_AND_DAYS


ENTRY_AND_DAYS = ("b5c49ce5bedc7d05", "905f6dc186ab748c", "13ea7a6a0b981e5c")
