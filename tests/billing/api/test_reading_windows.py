"""The door of reading windows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from ebok.billing.v1 import meters_pb2
from ebok.billing.v1 import reading_windows_pb2 as pb

from chassis.errors import FailedPrecondition, Invalid, PermissionDenied
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER
from services.billing.storage.intervals import IntervalReading
from services.billing.storage.readings import ReadingKind
from tests.billing.windows import Windows


@pytest.fixture
def windows(served, as_edward) -> Windows:
    return Windows(served, as_edward)


def faults(windows, request):
    with pytest.raises(Invalid) as refused:
        windows.stub.SaveReadingWindow(request)
    return [(fault.field, fault.reason) for fault in refused.value.violations]


@pytest.mark.repeats("ReadingWindowService/SaveReadingWindow", "ReadingWindowService/CancelReadingWindow")
def test_a_window_is_planned_changed_and_taken_back_and_repeats_change_nothing(windows):
    request = windows.request(5, 14, remind_days=3, repeat_months=3)
    first = windows.stub.SaveReadingWindow(request).window
    assert windows.stub.SaveReadingWindow(request).window == first
    assert (first.status, first.remind_days, first.repeat_months) == (pb.READING_WINDOW_STATUS_PLANNED, 3, 3)

    moved = windows.save(20, 29, window_id=request.window_id, commodity=meters_pb2.COMMODITY_HEAT)
    assert windows.list() == [moved]

    taken_back = pb.CancelReadingWindowRequest(window_id=request.window_id)
    windows.stub.CancelReadingWindow(taken_back)
    windows.stub.CancelReadingWindow(taken_back)
    assert windows.list() == []


def test_days_that_cannot_be_are_refused_at_their_fields(windows):
    windows.save(10, 20)
    for opens_in, closes_in, changes, reason in (
        (-1, 5, {}, ("opens_on", "IN_PAST")),
        (5, 4, {}, ("closes_on", "BEFORE_START")),
        (30, 30 + 92, {}, ("closes_on", "TOO_LONG")),
        (5, 10, {}, ("opens_on", "OVERLAPS")),
        (20, 25, {}, ("opens_on", "OVERLAPS")),
        (30, 70, {"repeat_months": 1}, ("repeat_months", "OVERLAPS")),
        (30, 40, {"remind_days": 31}, ("remind_days", "OUT_OF_RANGE")),
        (30, 40, {"commodity": 0}, ("commodity", "REQUIRED")),
    ):
        assert faults(windows, windows.request(opens_in, closes_in, **changes)) == [reason]
    windows.save(10, 20, commodity=meters_pb2.COMMODITY_HEAT)
    windows.save(30, 30 + 91)


def test_of_an_open_window_only_the_end_moves(windows, clock):
    own = windows.save(0, 9)
    windows.save(20, 25)
    clock.advance(timedelta(days=3))
    given = {"window_id": own.window_id}

    assert faults(windows, windows.request(0, 6, **given)) == [("opens_on", "OPEN_ALREADY")]
    assert faults(windows, windows.request(-3, 6, commodity=meters_pb2.COMMODITY_HEAT, **given)) == [
        ("commodity", "OPEN_ALREADY")
    ]
    assert faults(windows, windows.request(-3, -1, **given)) == [("closes_on", "IN_PAST")]
    assert faults(windows, windows.request(-3, 17, **given)) == [("closes_on", "OVERLAPS")]
    longer = windows.save(-3, 16, remind_days=2, **given)
    assert (longer.status, longer.remind_days) == (pb.READING_WINDOW_STATUS_OPEN, 2)


def test_a_window_that_is_over_is_left_alone(windows, clock):
    request = windows.request(0, 9)
    windows.stub.SaveReadingWindow(request)
    clock.advance(timedelta(days=10))

    assert windows.stub.SaveReadingWindow(request).window.status == pb.READING_WINDOW_STATUS_CLOSED
    with pytest.raises(FailedPrecondition) as refused:
        windows.save(5, 9, window_id=request.window_id)
    assert refused.value.reason == "READING_WINDOW_NOT_PLANNED"
    with pytest.raises(FailedPrecondition) as refused:
        windows.stub.CancelReadingWindow(pb.CancelReadingWindowRequest(window_id=request.window_id))
    assert refused.value.reason == "READING_WINDOW_NOT_PLANNED"


def test_the_counts_are_of_meters_that_customers_read(windows, given, clock):
    anna = given.customer(customer_id=ANNA_CUSTOMER)
    read, unread, remote, hourly = (given.supply(anna) for _ in range(4))
    start = datetime(2026, 3, 1, tzinfo=UTC)
    given.add(IntervalReading(meter_id=hourly.meter_id, starts_at=start, minutes=60, used=Decimal(1)))
    given.meter(given.service_point())  # Nobody's.
    given.supply(anna, ends_on="2026-03-01")
    for meter in (read, unread):
        given.reading(meter, "2026-02-28", "10")
    given.reading(remote, "2026-02-28", "10", kind=ReadingKind.REMOTE)
    own = windows.save(0, 9)
    given.reading(read, "2026-03-16", "12")

    [window] = windows.list(commodity=meters_pb2.COMMODITY_WATER)
    assert (window.meter_count, window.read_count) == (2, 1)
    assert windows.list(commodity=meters_pb2.COMMODITY_GAS) == []

    clock.advance(timedelta(days=10))
    windows.work()
    given.reading(unread, "2026-03-20", "12")  # Too late for the count, which is of the day it closed.
    [window] = windows.list()
    assert (window.window_id, window.meter_count, window.read_count) == (own.window_id, 2, 1)


def test_clerks_see_windows_and_managers_plan_them(served, as_daria, windows):
    windows.save()
    clerk = as_daria.allowed("billing.readings.check")

    assert len(Windows(served, clerk).list()) == 1
    with pytest.raises(PermissionDenied):
        Windows(served, clerk).save(40, 44)
    with pytest.raises(PermissionDenied):
        Windows(served, clerk).stub.CancelReadingWindow(
            pb.CancelReadingWindowRequest(window_id=str(new_id()))
        )
