"""The door of readings."""

import pytest
from ebok.billing.v1 import readings_pb2 as pb
from ebok.billing.v1.readings_pb2_grpc import ReadingServiceStub
from ebok.common.v1 import paging_pb2

from chassis.errors import PermissionDenied
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


def test_celina_learns_nothing_of_annas_readings(billing, as_celina, given, anna, celina):
    meter = given.supply(anna)
    given.reading(meter, "2026-01-31", "10")
    stub = billing(ReadingServiceStub, as_celina)

    with pytest.raises(PermissionDenied):
        readings_of(stub, ANNA_CUSTOMER)
    assert not readings_of(stub, CELINA_CUSTOMER, service_point_id=str(meter.service_point_id)).readings
