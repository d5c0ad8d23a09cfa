"""The door of readings and use."""

import pytest
from ebok.billing.v1 import readings_pb2 as pb
from ebok.billing.v1.readings_pb2_grpc import ReadingServiceStub
from ebok.common.v1 import paging_pb2

from chassis.errors import NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER
from services.billing.storage.readings import ReadingStatus


def readings_of(stub, customer_id, **given):
    return stub.ListReadings(pb.ListReadingsRequest(customer_id=str(customer_id), **given))


def said(readings):
    return [
        (f"{one.read_on.year}-{one.read_on.month:02d}-{one.read_on.day:02d}", one.value, one.used)
        for one in readings
    ]


@pytest.fixture
def anna(given):
    return given.customer("Anna", customer_id=ANNA_CUSTOMER)


@pytest.fixture
def celina(given):
    return given.customer("Celina", customer_id=CELINA_CUSTOMER)


def test_readings_are_listed_newest_first_with_what_was_used(billing, as_anna, given, anna):
    meter = given.supply(anna)
    given.reading(meter, "2026-01-31", "99990")
    given.reading(meter, "2026-02-28", "10.5")
    given.reading(meter, "2026-03-10", "5", status=ReadingStatus.SUBMITTED, reason="BELOW_PREVIOUS")
    given.reading(meter, "2026-02-28", "1", status=ReadingStatus.SUPERSEDED)
    given.reading(meter, "2026-03-15", "12", status=ReadingStatus.REJECTED)

    listed = readings_of(billing(ReadingServiceStub, as_anna), ANNA_CUSTOMER).readings

    assert said(listed) == [
        ("2026-03-15", "12.000", ""),
        ("2026-03-10", "5.000", ""),
        ("2026-02-28", "10.500", "20.500"),
        ("2026-01-31", "99990.000", ""),
    ]
    assert (listed[1].status, listed[1].reason) == (pb.READING_STATUS_SUBMITTED, "BELOW_PREVIOUS")
    assert (listed[2].meter_serial_number, listed[2].unit) == (meter.serial_number, "m3")


def test_readings_are_paged_and_narrowed_to_a_point(billing, as_daria, given, anna):
    meter, other = given.supply(anna), given.supply(anna)
    for month in range(1, 4):
        given.reading(meter, f"2025-0{month}-28", str(month))
        given.reading(other, f"2025-0{month}-28", str(10 * month))
    stub = billing(ReadingServiceStub, as_daria)
    point = str(meter.service_point_id)

    first = readings_of(stub, ANNA_CUSTOMER, page=paging_pb2.PageRequest(page_size=4))
    second = readings_of(
        stub, ANNA_CUSTOMER, page=paging_pb2.PageRequest(page_size=4, cursor=first.page.next_cursor)
    )

    assert len({one.reading_id for one in [*first.readings, *second.readings]}) == 6
    assert said(readings_of(stub, ANNA_CUSTOMER, service_point_id=point).readings) == [
        ("2025-03-28", "3.000", "1.000"),
        ("2025-02-28", "2.000", "1.000"),
        ("2025-01-28", "1.000", ""),
    ]


def test_who_moves_in_sees_nothing_of_who_lived_there_before(
    billing, as_anna, as_celina, given, anna, celina
):
    point = given.service_point()
    meter = given.meter(point)
    given.contract(celina, point, starts_on="2024-01-01", ends_on="2025-06-30")
    given.contract(anna, point, starts_on="2025-07-01")
    for read_on, value in (("2025-05-31", "50"), ("2025-06-30", "60"), ("2025-07-31", "75")):
        given.reading(meter, read_on, value)

    own = readings_of(billing(ReadingServiceStub, as_anna), ANNA_CUSTOMER).readings
    before = readings_of(billing(ReadingServiceStub, as_celina), CELINA_CUSTOMER).readings

    assert said(own) == [("2025-07-31", "75.000", "15.000"), ("2025-06-30", "60.000", "")]
    assert said(before) == [("2025-06-30", "60.000", "10.000"), ("2025-05-31", "50.000", "")]
    use = usage(billing(ReadingServiceStub, as_anna), ANNA_CUSTOMER, pb.USAGE_STEP_YEAR)
    assert [bucket.used for bucket in use.buckets] == ["15.000"]


def usage(stub, customer_id, step, **given):
    return stub.GetUsage(pb.GetUsageRequest(customer_id=str(customer_id), step=step, **given))


def test_use_is_spread_over_months_with_the_year_before_beside(billing, as_anna, given, anna):
    meter = given.supply(anna, starts_on="2024-01-01")
    for read_on, value in (
        ("2024-12-31", "100"),
        ("2025-01-31", "110"),
        ("2025-12-31", "220"),
        ("2026-01-31", "232"),
        ("2026-02-14", "239"),
    ):
        given.reading(meter, read_on, value)

    use = usage(billing(ReadingServiceStub, as_anna), ANNA_CUSTOMER, pb.USAGE_STEP_MONTH)

    assert (use.year, list(use.years), use.unit) == (2026, [2025, 2026], "m3")
    assert [bucket.month for bucket in use.buckets] == list(range(1, 13))
    january, february, march = use.buckets[:3]
    assert (january.used, january.used_year_before) == ("12.000", "10.000")
    assert (february.used, february.known_until.day) == ("7.000", 14)
    assert not january.HasField("known_until")
    assert march.used == ""
    assert use.read_until.day == 14

    years = usage(billing(ReadingServiceStub, as_anna), ANNA_CUSTOMER, pb.USAGE_STEP_YEAR)
    assert [(one.year, one.used, one.used_year_before) for one in years.buckets] == [
        (2025, "120.000", ""),
        (2026, "19.000", "120.000"),
    ]


def test_a_customer_without_meters_has_no_point_to_show(billing, as_anna, given, anna):
    with pytest.raises(NotFound) as refused:
        usage(billing(ReadingServiceStub, as_anna), ANNA_CUSTOMER, pb.USAGE_STEP_YEAR)

    assert refused.value.reason == "SERVICE_POINT_NOT_FOUND"


def test_a_meter_without_readings_has_empty_buckets(billing, as_anna, given, anna):
    given.supply(anna)
    stub = billing(ReadingServiceStub, as_anna)

    months = usage(stub, ANNA_CUSTOMER, pb.USAGE_STEP_MONTH)

    assert (months.year, list(months.years), months.unit) == (2026, [], "m3")
    assert {bucket.used for bucket in months.buckets} == {""}
    assert not usage(stub, ANNA_CUSTOMER, pb.USAGE_STEP_YEAR).buckets


def test_celina_learns_nothing_of_annas_use(billing, as_celina, given, anna, celina):
    meter = given.supply(anna)
    given.reading(meter, "2026-01-31", "10")
    stub = billing(ReadingServiceStub, as_celina)
    point = str(meter.service_point_id)

    with pytest.raises(PermissionDenied):
        readings_of(stub, ANNA_CUSTOMER)
    with pytest.raises(PermissionDenied):
        usage(stub, ANNA_CUSTOMER, pb.USAGE_STEP_YEAR)
    assert not readings_of(stub, CELINA_CUSTOMER, service_point_id=point).readings
    words = set()
    for one in (point, str(new_id())):
        with pytest.raises(NotFound) as refused:
            usage(stub, CELINA_CUSTOMER, pb.USAGE_STEP_YEAR, service_point_id=one)
        words.add((refused.value.reason, refused.value.message))
    assert words == {("SERVICE_POINT_NOT_FOUND", "")}
