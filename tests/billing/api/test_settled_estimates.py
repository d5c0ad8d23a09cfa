"""Estimates on invoices, and the actual readings that settle them."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from ebok.billing.v1 import meters_pb2, readings_pb2
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub
from ebok.billing.v1.reading_checks_pb2_grpc import ReadingCheckServiceStub
from ebok.billing.v1.readings_pb2_grpc import ReadingServiceStub

from chassis.errors import FailedPrecondition
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.readings import ReadingKind, ReadingStatus
from tests.billing.api.test_imports import Connector
from tests.billing.api.test_reading_checks import Desk
from tests.billing.bills import PILA_WATER, Runs, day, house, prices
from tests.billing.import_rows import reading


@pytest.fixture
def desk(billing, as_daria):
    return Desk(billing(ReadingCheckServiceStub, as_daria))


@pytest.fixture
def runs(served, as_edward):
    return Runs(served, as_edward)


@pytest.fixture
def connector(billing, as_system):
    return Connector(billing(ImportServiceStub, as_system("connector")))


def used_in(runs, from_day, until_day):
    """What a run's one invoice bills of water, and its reading."""
    run = runs.bill(from_day, until_day)
    [invoice] = runs.invoices(run.run_id)
    detail = runs.detail(run.run_id, invoice.invoice_id)
    [water] = [line for line in detail.lines if line.name == "Woda"]
    return Decimal(water.quantity), detail.readings[0]


def test_an_estimate_billed_too_high_is_made_up_for_by_the_next_bills(given, runs, desk, connector):
    given.settings()
    prices(given)
    one = house(
        given, {"2025-08-31": "794", "2025-10-31": "806", "2025-12-31": "818"}, starts_on="2025-09-01"
    )
    runs.bill("2025-09-01", "2025-12-31")
    assert desk.estimate(one.meter, "2026-01-31").value == "824.098"
    first, _ = used_in(runs, "2026-01-01", "2026-01-31")

    # The meter shows less than was estimated, in a file, and a month later hardly more: nothing more is due.
    meter = one.meter.external_id
    connector.bring([reading("2026-02-20", "821", meter_external_id=meter)])
    second, shown = used_in(runs, "2026-02-01", "2026-02-20")
    connector.bring([reading("2026-02-25", "823.5", meter_external_id=meter)])
    third, _ = used_in(runs, "2026-02-21", "2026-02-25")
    connector.bring([reading("2026-03-05", "826", meter_external_id=meter)])
    fourth, last = used_in(runs, "2026-02-26", "2026-03-05")

    assert (first, second, third, fourth) == (Decimal("6.098"), 0, 0, Decimal("1.902"))
    assert 818 + first + second + third + fourth == 826
    assert (shown.value_from, shown.value_until, shown.used) == ("824.098", "821.000", "0.000")
    assert shown.left_over == "3.098"
    assert (last.value_from, last.credited, last.used) == ("823.500", "0.598", "1.902")


def test_an_estimate_of_the_day_gives_way_to_what_was_read_on_it(given, runs, desk, connector, database):
    given.settings()
    prices(given)
    one = house(
        given, {"2025-08-31": "794", "2025-10-31": "806", "2025-12-31": "818"}, starts_on="2025-09-01"
    )
    runs.bill("2025-09-01", "2025-12-31")
    desk.estimate(one.meter, "2026-01-31")
    first, _ = used_in(runs, "2026-01-01", "2026-01-31")
    connector.bring([reading("2026-01-31", "830", meter_external_id=one.meter.external_id)])
    given.reading(one.meter, "2026-02-28", "836")

    second, shown = used_in(runs, "2026-02-01", "2026-02-28")

    # The estimate was 5.902 too low: that is billed with the 6 of February.
    assert first + second == 836 - 818
    assert (shown.value_from, shown.credited, shown.used) == ("830.000", "-5.902", "11.902")


def test_the_same_rows_again_leave_a_settled_estimate_settled(given, connector, desk):
    one = house(given, {"2025-10-31": "806"})
    meter: dict[str, Any] = {"meter_external_id": one.meter.external_id}
    rows = [reading("2025-12-31", "830", kind="estimated", **meter), reading("2026-01-31", "820", **meter)]

    first = connector.bring(rows)
    again = connector.bring(rows)

    assert (first.created_count, again.unchanged_count) == (2, 2)
    assert not desk.queue().readings


def test_a_later_estimate_of_ours_goes_when_an_earlier_day_is_read(given, desk, connector, database):
    one = house(given)
    estimate = desk.estimate(one.meter, "2026-02-28")
    connector.bring([reading("2026-02-20", "826", meter_external_id=one.meter.external_id)])
    with pytest.raises(FailedPrecondition) as refused:
        desk.correct(estimate, "900")
    assert refused.value.reason == "READING_DECIDED"


def test_a_waiting_estimate_is_no_reason_to_wait(given, desk):
    one = house(given)
    given.reading(one.meter, "2026-01-31", "900", kind=ReadingKind.ESTIMATED)
    waiting = given.reading(
        one.meter, "2026-02-28", "830", status=ReadingStatus.SUBMITTED, reason="BELOW_PREVIOUS"
    )
    desk.accept(waiting)
    assert [one.value for one in desk.case(waiting).around] == ["806.000", "818.000", "830.000"]


def test_what_a_clerk_writes_down_settles_estimates_too(given, billing, as_daria, desk, runs):
    given.settings()
    prices(given)
    one = house(
        given, {"2025-08-31": "794", "2025-10-31": "806", "2025-12-31": "818"}, starts_on="2025-09-01"
    )
    runs.bill("2025-09-01", "2025-12-31")
    desk.estimate(one.meter, "2026-01-31")
    used_in(runs, "2026-01-01", "2026-01-31")

    said = readings_pb2.RecordReadingRequest(
        customer_id=str(one.customer.customer_id),
        meter_id=str(one.meter.meter_id),
        read_on=day("2026-02-20"),
        value="820",
        kind=readings_pb2.READING_KIND_ACTUAL,
    )
    taken = billing(ReadingServiceStub, as_daria).RecordReading(said).reading

    assert (taken.value, taken.used) == ("820.000", "2.000")
    assert used_in(runs, "2026-02-01", "2026-02-20")[0] == 0


def test_a_garden_meter_lessens_the_sewage_and_the_invoice_says_how(given, runs):
    given.settings()
    prices(given)
    one = house(given, {"2025-10-31": "806", "2025-12-31": "833.4"})
    garden = given.meter(one.water, purpose=MeterPurpose.GARDEN)
    for read_on, value in (("2025-10-31", "40"), ("2025-12-31", "46.1")):
        given.reading(garden, read_on, value)

    run = runs.bill()

    [invoice] = runs.invoices(run.run_id)
    detail = runs.detail(run.run_id, invoice.invoice_id)
    quantities = {line.name: line.quantity for line in detail.lines}
    assert (quantities["Woda"], quantities["Odprowadzenie ścieków"]) == ("27.400", "21.300")
    assert [(shown.purpose, shown.used) for shown in detail.readings] == [
        (meters_pb2.METER_PURPOSE_MAIN, "27.400"),
        (meters_pb2.METER_PURPOSE_GARDEN, "6.100"),
    ]
    [share] = detail.shares
    assert (share.whole, share.less, share.rest) == ("27.400", "6.100", "21.300")


def test_an_unread_garden_meter_holds_back_only_what_depends_on_it(given, runs):
    given.settings()
    prices(given)
    both = house(given)
    given.meter(both.water, purpose=MeterPurpose.GARDEN)
    water_only = given.tariff("W2", "Sama woda")
    given.tariff_version(PILA_WATER, tariff=water_only, valid_from="2024-01-01")
    alone = given.customer("Celina Wolna")
    meter = given.supply(alone, tariff=water_only, starts_on="2025-11-01")
    given.meter(SimpleNamespace(service_point_id=meter.service_point_id), purpose=MeterPurpose.GARDEN)
    for read_on, value in (("2025-10-31", "806"), ("2025-12-31", "818")):
        given.reading(meter, read_on, value)

    run = runs.preview()

    assert run.invoice_count == 1
    [parked] = runs.parked(run.run_id)
    assert (parked.reason, parked.customer_number) == ("NO_READING", both.customer.number)
