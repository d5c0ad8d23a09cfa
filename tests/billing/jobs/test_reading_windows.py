"""Windows by the calendar: everybody is told once, whatever dies on the way."""

from datetime import timedelta

import pytest
from ebok.billing.v1 import events_pb2
from ebok.billing.v1 import reading_windows_pb2 as pb
from ebok.common.v1.acts_pb2 import ActRecorded

from chassis import wire
from services.billing.domain import reading_windows
from services.billing.outbox import reading_windows as announce
from services.billing.storage.readings import ReadingKind, ReadingStatus
from tests.billing.windows import Windows


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@pytest.fixture
def windows(served, as_edward) -> Windows:
    return Windows(served, as_edward)


@pytest.fixture
def street(given):
    """Seven customers with a meter, one with two, one whose meter reads itself, one who moved out."""
    street = [given.customer() for _ in range(7)]
    meters = [given.supply(customer) for customer in street]
    two = given.customer()
    given.supply(two)
    given.supply(two)
    given.reading(given.supply(given.customer()), "2026-02-28", "5", kind=ReadingKind.REMOTE)
    given.supply(given.customer(), ends_on="2026-02-28")
    given.customer()
    return [*meters, two]


def told(announced, event):
    return {one.customer_id: one.meter_count for one in announced(event)}


def test_on_the_first_day_each_customer_is_told_once(windows, street, announced, clock):
    window = windows.save(1, 9)
    windows.work()
    assert announced(events_pb2.ReadingWindowOpened) == []

    clock.advance(timedelta(days=1))
    windows.work()
    windows.work()
    clock.advance(timedelta(days=1))
    windows.work()

    events = announced(events_pb2.ReadingWindowOpened)
    assert len(events) == 8
    assert sorted(told(announced, events_pb2.ReadingWindowOpened).values()) == [1] * 7 + [2]
    assert {event.window_id for event in events} == {window.window_id}
    assert windows.list()[0].HasField("opened_at")
    assert announced(events_pb2.ReadingMissing) == []


def test_before_the_end_those_are_told_of_whom_nothing_came(windows, street, given, announced, clock):
    windows.save(0, 9, remind_days=3)
    windows.work()
    given.reading(street[0], "2026-03-17", "5")
    given.reading(street[1], "2026-03-17", "5", status=ReadingStatus.SUBMITTED, reason="UNUSUAL")
    given.reading(street[2], "2026-03-17", "5", status=ReadingStatus.REJECTED)
    given.reading(street[3], "2026-03-15", "5")
    clock.advance(timedelta(days=5))
    windows.work()
    assert announced(events_pb2.ReadingMissing) == []

    clock.advance(timedelta(days=1))
    windows.work()
    windows.work()
    windows.save(-6, 20, window_id=windows.list()[0].window_id, remind_days=3)
    clock.advance(timedelta(days=18))
    windows.work()

    assert sorted(told(announced, events_pb2.ReadingMissing).values()) == [1, 1, 1, 1, 1, 2]
    assert len(announced(events_pb2.ReadingMissing)) == 6


def test_killed_anywhere_it_goes_on_and_nobody_is_told_twice(windows, street, announced, monkeypatch):
    monkeypatch.setattr(reading_windows, "TOLD_AT_ONCE_MAX", 3)
    windows.save(0, 9)
    real, calls = announce.reading_window_opened, []

    def die_at_the_fifth(session, window, customer_id, *, meter_count):
        calls.append(customer_id)
        if len(calls) == 5:
            raise Killed
        real(session, window, customer_id, meter_count=meter_count)

    monkeypatch.setattr(announce, "reading_window_opened", die_at_the_fifth)
    with pytest.raises(Killed):
        windows.work()
    assert len(announced(events_pb2.ReadingWindowOpened)) == 3

    windows.work()

    assert len(announced(events_pb2.ReadingWindowOpened)) == 8
    assert len(told(announced, events_pb2.ReadingWindowOpened)) == 8


def test_a_window_that_passed_unseen_tells_nobody(windows, street, announced, clock):
    windows.save(1, 9, remind_days=3)
    clock.advance(timedelta(days=40))

    windows.work()

    assert announced(events_pb2.ReadingWindowOpened) == []
    [window] = windows.list()
    assert window.status == pb.READING_WINDOW_STATUS_CLOSED
    assert (window.meter_count, window.read_count) == (9, 0)


def test_the_next_window_is_planned_once_and_taken_back_it_stays_away(windows, clock):
    windows.save(0, 15, repeat_months=3, remind_days=2)
    windows.work()
    windows.work()

    following, _first = windows.list()
    assert following.status == pb.READING_WINDOW_STATUS_PLANNED
    assert wire.unpack_date(following.opens_on).isoformat() == "2026-06-16"
    assert wire.unpack_date(following.closes_on).isoformat() == "2026-06-30", (
        "the last day of a month stays it"
    )
    assert (following.repeat_months, following.remind_days) == (3, 2)

    windows.stub.CancelReadingWindow(pb.CancelReadingWindowRequest(window_id=following.window_id))
    windows.work()
    clock.advance(timedelta(days=30))
    windows.work()
    assert len(windows.list()) == 1


def test_months_that_passed_unseen_are_left_out(windows, clock):
    windows.save(0, 9, repeat_months=1)
    clock.advance(timedelta(days=100))  # 24 June: that of June is still open.

    windows.work()
    windows.work()

    days = [wire.unpack_date(one.opens_on).isoformat() for one in windows.list()]
    assert days == ["2026-07-16", "2026-06-16", "2026-03-16"]


def test_another_window_of_those_days_takes_the_place_of_the_next(windows):
    windows.save(0, 9, repeat_months=1)
    windows.save(35, 40)

    windows.work()

    assert len(windows.list()) == 2


def test_what_is_read_is_counted_every_few_minutes(windows, given, clock):
    meter = given.supply(given.customer())
    window = windows.save(0, 9)
    count = "reading_windows.count"
    assert windows.served.run_job(count)

    given.reading(meter, "2026-03-16", "5")
    [counted] = windows.list()
    assert (counted.meter_count, counted.read_count) == (1, 0)
    clock.advance(timedelta(minutes=2))
    assert windows.served.run_job(count)
    assert windows.list()[0].read_count == 0, "it was counted a moment ago"
    clock.advance(timedelta(minutes=4))
    assert windows.served.run_job(count)
    assert windows.list()[0].read_count == 1

    given.reading(given.supply(given.customer()), "2026-03-16", "5")
    moved = windows.save(0, 11, window_id=window.window_id)
    assert (moved.meter_count, moved.read_count) == (2, 2), "counted for other days"


def test_counts_are_fresh_where_the_worker_stands(windows, given, clock):
    meter = given.supply(given.customer())
    windows.save(0, 9)
    assert windows.served.run_job("reading_windows.count")
    given.reading(meter, "2026-03-16", "5")

    clock.advance(timedelta(minutes=16))

    assert windows.list()[0].read_count == 1


def test_a_look_that_changes_nothing_is_no_act(windows, announced, clock):
    windows.save(0, 9)
    windows.work()
    acts = announced(ActRecorded)
    assert "reading_windows.open" in {act.act for act in acts}

    clock.advance(timedelta(minutes=6))
    windows.work()
    assert windows.served.run_job("reading_windows.count")

    assert announced(ActRecorded) == acts
