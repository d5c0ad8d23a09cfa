"""The door of service points and their meters."""

import pytest
from ebok.billing.v1 import ledger_pb2
from ebok.billing.v1 import meters_pb2 as pb
from ebok.billing.v1.ledger_pb2_grpc import LedgerServiceStub
from ebok.billing.v1.meters_pb2_grpc import MeterServiceStub

from chassis.errors import PermissionDenied
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER
from services.billing.storage.readings import ReadingStatus
from services.billing.storage.service_points import Commodity
from tests.billing.given import day


def points_of(stub, customer_id):
    return stub.ListServicePoints(pb.ListServicePointsRequest(customer_id=str(customer_id))).service_points


def test_points_of_all_contracts_are_listed_once_with_their_meters(billing, as_anna, given):
    anna = given.customer(customer_id=ANNA_CUSTOMER)
    premises = given.premises(street="", building="12", flat="", town="Zdrój")
    water = given.service_point(premises)
    sewage = given.service_point(premises, commodity=Commodity.SEWAGE)
    given.meter(water, serial_number="1", installed_on="2020-01-01", removed_on=day("2023-12-31"))
    meter = given.meter(water, serial_number="2")
    given.reading(meter, "2026-01-31", "100.5")
    given.reading(meter, "2026-02-28", "90", status=ReadingStatus.SUBMITTED)
    given.contract(anna, water, sewage, starts_on="2023-01-01", ends_on="2025-12-31")
    given.contract(anna, water, starts_on="2026-01-01")

    first, second = points_of(billing(MeterServiceStub, as_anna), ANNA_CUSTOMER)

    assert (first.commodity, second.commodity) == (pb.COMMODITY_WATER, pb.COMMODITY_SEWAGE)
    assert (first.premises.address_line, first.premises.town_line) == ("Zdrój 12", "57-000 Zdrój")
    assert [meter.serial_number for meter in first.meters] == ["2", "1"]
    assert (first.meters[0].last_read_on.month, first.meters[0].last_value) == (1, "100.500")
    assert not second.meters


def test_celina_sees_no_points_of_annas(billing, as_celina, given):
    given.supply(given.customer(customer_id=ANNA_CUSTOMER))
    given.customer(customer_id=CELINA_CUSTOMER)
    stub = billing(MeterServiceStub, as_celina)

    with pytest.raises(PermissionDenied):
        points_of(stub, ANNA_CUSTOMER)
    assert not points_of(stub, CELINA_CUSTOMER)


def test_who_has_moved_out_sees_neither_the_meter_nor_the_readings_that_came_after(
    billing, as_anna, as_celina, given
):
    point = given.service_point()
    old = given.meter(point, serial_number="stary", installed_on="2020-01-01", removed_on=day("2025-09-30"))
    new = given.meter(point, serial_number="nowy", installed_on="2025-10-01")
    given.contract(given.customer(customer_id=ANNA_CUSTOMER), point, ends_on="2025-06-30")
    given.contract(given.customer(customer_id=CELINA_CUSTOMER), point, starts_on="2025-07-01")
    given.reading(old, "2025-06-30", "60")
    given.reading(old, "2025-09-30", "75")
    given.reading(new, "2026-01-31", "9")

    [left] = points_of(billing(MeterServiceStub, as_anna), ANNA_CUSTOMER)
    [came] = points_of(billing(MeterServiceStub, as_celina), CELINA_CUSTOMER)

    assert [(meter.serial_number, meter.last_value) for meter in left.meters] == [("stary", "60.000")]
    assert [(meter.serial_number, meter.last_value) for meter in came.meters] == [
        ("nowy", "9.000"),
        ("stary", "75.000"),
    ]

    overview = billing(LedgerServiceStub, as_anna).GetOverview(
        ledger_pb2.GetOverviewRequest(customer_id=str(ANNA_CUSTOMER))
    )
    assert [meter.serial_number for meter in overview.usage.service_point.meters] == ["stary"]
