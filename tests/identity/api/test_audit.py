"""The audit log: filled by events, read by who may, changed by nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from ebok.common.v1.acts_pb2 import ActRecorded
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.identity.v1.audit_pb2 import ListAuditEntriesRequest
from ebok.identity.v1.audit_pb2_grpc import AuditServiceStub
from google.type.date_pb2 import Date
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis import wire
from chassis.errors import Invalid, PermissionDenied, Refusal, Unauthenticated
from chassis.ids import new_id
from chassis.testing import cast

MORNING = datetime(2026, 3, 16, 8, 0, tzinfo=UTC)


def act(number: int = 0, **values) -> ActRecorded:
    given_values: dict[str, Any] = {
        "act_id": str(new_id()),
        "happened_at": wire.pack_instant(MORNING + timedelta(minutes=number)),
        "actor_kind": "staff",
        "actor_id": str(cast.DARIA_STAFF),
        "actor_name": "Daria",
        "address": "192.0.2.7",
        "act": "ebok.billing.v1.InvoiceService/GetInvoice",
        "customer_id": str(cast.ANNA_CUSTOMER),
        "subject_id": str(number),
        "changed": False,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }
    return ActRecorded(**(given_values | values))


@pytest.fixture
def listed(served, as_edward):
    stub = served.stub(AuditServiceStub, as_edward)

    def ask(**values):
        start = values.pop("start", None)
        request = ListAuditEntriesRequest(**values)
        if start is not None:
            getattr(request, "from").CopyFrom(start)
        return stub.ListAuditEntries(request)

    return ask


def subjects(answer) -> list[str]:
    return [one.subject_id for one in answer.entries]


def test_act_of_another_service_is_kept_once_however_often_it_arrives(served, listed):
    one = act(7)
    assert served.deliver(one)
    assert served.deliver(one)  # under another event id
    event_id = new_id()
    served.deliver(act(8), event_id=event_id)
    assert not served.deliver(act(8), event_id=event_id)

    assert subjects(listed(actor_id=str(cast.DARIA_STAFF))) == ["8", "7"]
    entry = listed(actor_id=str(cast.DARIA_STAFF)).entries[1]
    for name in ("act_id", "happened_at", "actor_kind", "actor_name", "address", "act", "customer_id"):
        assert getattr(entry, name) == getattr(one, name)
    assert (entry.changed, entry.trace_id) == (False, one.trace_id)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor_name = 'Nobody'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ],
)
def test_log_is_append_only(served, database, listed, statement):
    served.deliver(act(1))
    with pytest.raises(sa.exc.ProgrammingError, match="append-only"), database.transaction() as session:
        session.execute(sa.text(statement))
    assert subjects(listed()) == ["1"]


def test_filters_hold_together(served, listed):
    served.deliver(act(1))
    served.deliver(act(2, changed=True, act="ebok.billing.v1.RunService/IssueRun"))
    served.deliver(act(3, actor_id=str(cast.EDWARD_STAFF), actor_name="Edward", changed=True))
    served.deliver(act(4, customer_id=str(cast.CELINA_CUSTOMER)))

    anna = str(cast.ANNA_CUSTOMER)
    assert subjects(listed()) == ["4", "3", "2", "1"]
    assert subjects(listed(customer_id=anna)) == ["3", "2", "1"]
    assert subjects(listed(customer_id=anna, changes_only=True)) == ["3", "2"]
    assert subjects(listed(actor_id=str(cast.EDWARD_STAFF))) == ["3"]
    assert subjects(listed(text="issuerun")) == ["2"]
    assert subjects(listed(text="edw")) == ["3"]
    assert subjects(listed(text="%")) == subjects(listed(text="_")) == []


def test_days_are_those_of_warsaw(served, listed):
    # 22:30 UTC in winter is 23:30 in Warsaw; 23:30 UTC is the next day.
    before = datetime(2026, 3, 9, 22, 30, tzinfo=UTC)
    served.deliver(act(1, happened_at=wire.pack_instant(before)))
    served.deliver(act(2, happened_at=wire.pack_instant(before + timedelta(hours=1))))
    ninth, tenth = Date(year=2026, month=3, day=9), Date(year=2026, month=3, day=10)
    assert subjects(listed(until=ninth)) == ["1"]
    assert subjects(listed(start=tenth)) == ["2"]
    assert subjects(listed(start=ninth, until=tenth)) == ["2", "1"]


def test_pages_go_both_ways_and_miss_nothing(served, listed):
    for number in range(7):
        served.deliver(act(number // 2, subject_id=str(number)))  # pairs share their instant
    everything = subjects(listed())
    wanted = {"actor_id": str(cast.DARIA_STAFF)}

    pages, cursor = [], ""
    while True:
        answer = listed(**wanted, page=PageRequest(page_size=3, cursor=cursor))
        pages.append(answer)
        cursor = answer.page.next_cursor
        if not cursor:
            break
    assert [len(page.entries) for page in pages] == [3, 3, 1]
    assert [one for page in pages for one in subjects(page)] == everything
    assert pages[0].page.previous_cursor == ""

    back = listed(**wanted, page=PageRequest(page_size=3, cursor=pages[2].page.previous_cursor))
    assert subjects(back) == subjects(pages[1])
    first = listed(**wanted, page=PageRequest(page_size=3, cursor=back.page.previous_cursor))
    assert subjects(first) == subjects(pages[0])
    assert first.page.previous_cursor == ""
    assert first.page.next_cursor


def test_page_has_twenty_rows_unless_asked_and_never_more_than_a_hundred(served, listed):
    for number in range(101):
        served.deliver(act(number))
    assert len(listed().entries) == 20
    assert len(listed(page=PageRequest(page_size=100)).entries) == 100
    with pytest.raises(Invalid):
        listed(page=PageRequest(page_size=101))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.one_of(st.text(max_size=60), st.from_regex(r"[A-Za-z0-9_=-]{1,80}", fullmatch=True)))
def test_invented_cursor_is_malformed(listed, cursor):
    if not cursor:
        return
    with pytest.raises(Refusal) as caught:
        listed(page=PageRequest(cursor=cursor))
    assert [(one.field, one.reason) for one in caught.value.violations] == [("page.cursor", "MALFORMED")]


def test_day_that_does_not_exist_is_malformed(listed):
    with pytest.raises(Invalid) as caught:
        listed(until=Date(year=2026, month=2, day=30))
    assert caught.value.violations[0].field == "until"


def test_looking_at_the_log_is_recorded_itself(served, listed):
    listed(customer_id=str(cast.ANNA_CUSTOMER))
    [event] = served.announced(ActRecorded)
    assert (event.act, event.actor_name) == ("ebok.identity.v1.AuditService/ListAuditEntries", "Edward")
    assert (event.customer_id, event.changed) == (str(cast.ANNA_CUSTOMER), False)
    served.deliver(event)
    assert [one.act for one in listed().entries] == ["ebok.identity.v1.AuditService/ListAuditEntries"]


@pytest.mark.parametrize("caller", ["anna", "celina", "gateway", "clerk", "nobody"])
def test_log_is_for_who_may_read_it(served, as_anna, as_celina, as_daria, as_system, caller):
    personas = {
        "anna": as_anna,
        "celina": as_celina,
        "gateway": as_system("gateway"),
        "clerk": as_daria.without("identity.audit.read"),
        "nobody": None,
    }
    with pytest.raises((PermissionDenied, Unauthenticated)):
        served.stub(AuditServiceStub, personas[caller]).ListAuditEntries(ListAuditEntriesRequest())
