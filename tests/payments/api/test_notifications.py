"""Storing what providers send, when many send at the same moment."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa
from ebok.payments.v1 import notifications_pb2 as pb
from ebok.payments.v1.notifications_pb2_grpc import NotificationServiceStub

from chassis.database import DatabaseAway
from chassis.errors import FailedPrecondition, Invalid
from chassis.ids import new_id
from services.payments.api.notifications import TOGETHER_MAX, Intake
from services.payments.storage.exchanges import BODY_BYTES_MAX, Exchange, Received

CROWD = TOGETHER_MAX + 20


def message(body=b"{}", **changes):
    whole = Received(
        exchange_id=new_id(),
        happened_at=datetime(2026, 11, 25, 8, tzinfo=UTC),
        provider="przelewy24",
        kind="notification",
        body=body,
        headers={"content-type": "application/json", "user-agent": 'a "quoted", {braced} \\ name'},
        sender="192.0.2.1",
    )
    return replace(whole, **changes)


class Counting:
    """The database, which holds its first insert back until the rest of the crowd waits, and counts inserts."""

    def __init__(self, database, fault=None):
        self._database, self._fault = database, fault
        self.crowd_waits = threading.Event()
        self.begun = threading.Event()
        self.inserts = 0

    @contextmanager
    def asking(self):
        self.inserts += 1
        self.begun.set()
        assert self.crowd_waits.wait(20)
        if self._fault is not None:
            raise self._fault
        with self._database.asking() as reader:
            yield reader


def keep_together(database, messages):
    """Keep the first; while its insert is held back, the others; answers what each got, a fault or None."""
    intake = Intake(database)

    with ThreadPoolExecutor(len(messages)) as threads:
        first = threads.submit(intake.keep, messages[:1])
        assert database.begun.wait(20)
        others = [threads.submit(intake.keep, [one]) for one in messages[1:]]
        while len(intake._together._waiting) < len(messages) - 1:
            time.sleep(0.01)
        database.crowd_waits.set()
        return [one.exception(20) or one.result()[0] for one in (first, *others)]


def stored(served):
    with served.database.reading() as session:
        return {row.exchange_id: row for row in session.scalars(sa.select(Exchange))}


def test_a_crowd_is_stored_in_few_inserts_each_message_as_it_came(served):
    messages = [message(bytes([number]) * number) for number in range(1, CROWD + 1)]
    database = Counting(served.database)
    assert keep_together(database, messages) == [None] * CROWD
    assert database.inserts == 3  # The first alone, a full statement, the rest.
    rows = stored(served)
    assert len(rows) == CROWD
    for one in messages:
        row = rows[one.exchange_id]
        assert (row.body, row.headers, row.sender) == (one.body, one.headers, one.sender)
        assert (row.provider, row.kind, row.verdict, row.tries) == ("przelewy24", "notification", None, 0)
        assert row.happened_at == row.judge_after == one.happened_at


def test_what_is_wrong_with_one_message_fails_nobody_else(served):
    messages = [message(), message(), message(b"x" * (BODY_BYTES_MAX + 1)), message()]
    results = keep_together(Counting(served.database), messages)
    assert [type(one).__name__ for one in results] == ["NoneType", "NoneType", "CheckViolation", "NoneType"]
    assert set(stored(served)) == {messages[n].exchange_id for n in (0, 1, 3)}


def test_nobody_is_told_stored_when_the_database_is_away(served):
    database = Counting(served.database, DatabaseAway())
    results = keep_together(database, [message() for _ in range(5)])
    assert [type(one) for one in results] == [DatabaseAway] * 5
    assert database.inserts == 2  # Not one more for each of the crowd: they would wait for it in a row.
    assert stored(served) == {}


def test_a_flood_is_stored_whole(served):
    intake = Intake(served.database)
    messages = [message() for _ in range(40 * 16)]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda one: intake.keep([one]), messages))
    assert set(stored(served)) == {one.exchange_id for one in messages}


@pytest.fixture
def door(served, as_system):
    return served.stub(NotificationServiceStub, as_system("gateway"))


def asked(number=0, **changes):
    values = {
        "provider": "przelewy24",
        "kind": "payment",
        "body": b"%d" % number,
        "sender_address": "192.0.2.1",
    }
    return pb.ReceiveNotificationRequest(**{**values, **changes})


def test_messages_that_come_together_are_stored_in_their_order(served, door):
    request = pb.KeepNotificationsRequest(notifications=[asked(number) for number in range(TOGETHER_MAX)])
    exchange_ids = door.KeepNotifications(request).exchange_ids
    assert list(exchange_ids) == sorted(exchange_ids)
    rows = stored(served)
    assert [rows[UUID(one)].body for one in exchange_ids] == [
        b"%d" % number for number in range(TOGETHER_MAX)
    ]
    assert all(row.verdict is None for row in rows.values())


@pytest.mark.repeats("NotificationService/KeepNotifications")
def test_messages_that_come_twice_are_stored_twice(served, door):
    request = pb.KeepNotificationsRequest(notifications=[asked(1), asked(2)])
    first, again = door.KeepNotifications(request), door.KeepNotifications(request)
    assert len({*first.exchange_ids, *again.exchange_ids}) == 4
    assert sorted(row.body for row in stored(served).values()) == [b"1", b"1", b"2", b"2"]


def test_one_that_cannot_be_stored_has_no_id_and_harms_none_of_the_others(serve, as_system):
    served = serve(payu_url="")
    door = served.stub(NotificationServiceStub, as_system("gateway"))
    wrong = [asked(provider="payu"), asked(kind="order")]
    request = pb.KeepNotificationsRequest(notifications=[asked(1), *wrong, asked(2)])
    kept = door.KeepNotifications(request).exchange_ids
    assert [bool(one) for one in kept] == [True, False, False, True]
    assert {str(one): row.body for one, row in stored(served).items()} == {kept[0]: b"1", kept[3]: b"2"}
    # Sent alone it hears why.
    with pytest.raises(FailedPrecondition) as refused:
        door.ReceiveNotification(wrong[0])
    assert refused.value.reason == "METHOD_NOT_OFFERED"


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [asked()] * (TOGETHER_MAX + 1),
        [asked(), asked(body=b"x" * (BODY_BYTES_MAX + 1))],
        [asked(), asked(sender_address="nowhere")],
    ],
)
def test_a_call_that_is_malformed_stores_nothing(served, door, wrong):
    with pytest.raises(Invalid):
        door.KeepNotifications(pb.KeepNotificationsRequest(notifications=wrong))
    assert stored(served) == {}
