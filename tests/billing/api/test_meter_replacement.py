"""Another meter in the place of one: final and initial reading, what waited, and imports that know nothing of it."""

from types import SimpleNamespace
from typing import Any

import pytest
from ebok.billing.v1 import meters_pb2, runs_pb2
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub
from ebok.billing.v1.meters_pb2_grpc import MeterServiceStub
from ebok.billing.v1.reading_checks_pb2_grpc import ReadingCheckServiceStub

from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from services.billing.storage.meters import Meter
from services.billing.storage.readings import Reading, ReadingStatus
from tests.billing.api.test_imports import Connector, counts
from tests.billing.api.test_reading_checks import Desk
from tests.billing.bills import Runs, day, house, prices
from tests.billing.import_rows import meter, reading, whole_house

WAITS = {"status": ReadingStatus.SUBMITTED, "reason": "BELOW_PREVIOUS"}


@pytest.fixture
def meters(billing, as_daria):
    return billing(MeterServiceStub, as_daria)


@pytest.fixture
def desk(billing, as_daria):
    return Desk(billing(ReadingCheckServiceStub, as_daria))


@pytest.fixture
def runs(served, as_edward):
    return Runs(served, as_edward)


@pytest.fixture
def connector(billing, as_system):
    return Connector(billing(ImportServiceStub, as_system("connector")))


def change(meter_id: Any, replaced_on: str = "2026-01-15", **fields: Any) -> meters_pb2.ReplaceMeterRequest:
    values = {
        "final_value": "821",
        "new_meter_id": str(new_id()),
        "serial_number": "99 000 001",
        "initial_value": "0",
    } | fields
    return meters_pb2.ReplaceMeterRequest(meter_id=str(meter_id), replaced_on=day(replaced_on), **values)


def readings_of(database, meter_id):
    with database.reading() as session:
        rows = session.query(Reading).filter(Reading.meter_id == str(meter_id)).all()
    return sorted(
        (one.read_on.isoformat(), f"{one.value:f}", one.kind.value, one.status.value) for one in rows
    )


@pytest.mark.repeats("MeterService/ReplaceMeter")
def test_what_waited_at_the_old_meter_counts_at_the_new_one(meters, given, database):
    one = house(given)
    given.reading(one.meter, "2026-01-31", "4", **WAITS)
    given.reading(one.meter, "2026-02-28", "11", **WAITS)
    given.reading(one.meter, "2026-03-05", "9", **WAITS)
    wanted = change(one.meter.meter_id)

    first = meters.ReplaceMeter(wanted)
    again = meters.ReplaceMeter(wanted)

    assert first == again
    assert (first.moved_count, first.waiting_count) == (2, 1)
    assert (first.old_meter.removed_on, first.new_meter.installed_on) == (
        day("2026-01-15"),
        day("2026-01-15"),
    )
    assert (first.old_meter.last_value, first.new_meter.last_value) == ("821.000", "11.000")
    assert readings_of(database, one.meter.meter_id)[-1] == ("2026-01-15", "821.000", "FINAL", "ACCEPTED")
    assert [(row[1], row[3]) for row in readings_of(database, wanted.new_meter_id)] == [
        ("0.000", "ACCEPTED"),
        ("4.000", "ACCEPTED"),
        ("11.000", "ACCEPTED"),
        ("9.000", "SUBMITTED"),
    ]


def test_both_meters_are_on_the_next_invoice(meters, given, runs):
    given.settings()
    prices(given)
    one = house(
        given, {"2025-08-31": "794", "2025-10-31": "806", "2025-12-31": "818"}, starts_on="2025-09-01"
    )
    runs.bill("2025-09-01", "2025-12-31")
    given.reading(one.meter, "2026-01-31", "4", **WAITS)
    run = runs.preview("2026-01-01", "2026-01-31")
    assert [parked.reason for parked in runs.parked(run.run_id)] == ["READING_WAITS"]
    meters.ReplaceMeter(change(one.meter.meter_id, final_value="820.5"))

    runs.stub.RecalculateBillingRun(runs_pb2.RecalculateBillingRunRequest(run_id=run.run_id))
    runs.work()
    run = runs.issue(run.run_id)

    [invoice] = runs.invoices(run.run_id)
    detail = runs.detail(run.run_id, invoice.invoice_id)
    assert [(shown.value_from, shown.value_until, shown.used) for shown in detail.readings] == [
        ("818.000", "820.500", "2.500"),
        ("0.000", "4.000", "4.000"),
    ]
    with pytest.raises(FailedPrecondition) as refused:
        meters.ReplaceMeter(
            change(meter_in_use(meters, one), "2026-01-20", final_value="3", serial_number="99 000 002")
        )
    assert refused.value.reason == "READING_BILLED"


def meter_in_use(meters, one):
    """The id of the meter in use at a house."""
    asked = meters_pb2.ListServicePointsRequest(customer_id=str(one.customer.customer_id))
    points = meters.ListServicePoints(asked).service_points
    return next(point.meters[0].meter_id for point in points if point.meters)


def test_a_new_meter_that_was_read_only_when_it_came_holds_no_bill_back(meters, given, runs):
    given.settings()
    prices(given)
    one = house(given)
    meters.ReplaceMeter(change(one.meter.meter_id, "2025-12-31", final_value="818"))

    first = runs.bill()
    given.reading(SimpleNamespace(meter_id=meter_in_use(meters, one)), "2026-02-28", "11")
    second = runs.bill("2026-01-01", "2026-02-28")

    assert (first.invoice_count, second.invoice_count) == (1, 1)
    [invoice] = runs.invoices(second.run_id)
    assert runs.detail(second.run_id, invoice.invoice_id).readings[0].used == "11.000"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"replaced_on": "2027-01-01"}, ("replaced_on", "IN_FUTURE")),
        ({"replaced_on": "2023-12-31"}, ("replaced_on", "OUTSIDE_METER_LIFE")),
        ({"final_value": "817"}, ("final_value", "BELOW_PREVIOUS")),
        ({"final_value": "100000"}, ("final_value", "ABOVE_DIGITS")),
        ({"initial_value": "1000", "digits": 3}, ("initial_value", "ABOVE_DIGITS")),
        ({"initial_value": "0.0001"}, ("initial_value", "TOO_PRECISE")),
        ({"serial_number": "SAME"}, ("serial_number", "TAKEN")),
        ({"digits": 2}, ("digits", "OUT_OF_RANGE")),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(meters, given, database, fields, fault):
    one = house(given)
    if fields.get("serial_number") == "SAME":
        fields = {"serial_number": one.meter.serial_number}
    before = readings_of(database, one.meter.meter_id)
    with pytest.raises(Invalid) as refused:
        meters.ReplaceMeter(change(one.meter.meter_id, **fields))
    assert fault in [(violation.field, violation.reason) for violation in refused.value.violations]
    assert readings_of(database, one.meter.meter_id) == before


def test_a_meter_is_replaced_once(meters, given):
    one, other = house(given), house(given)
    wanted = change(one.meter.meter_id)
    meters.ReplaceMeter(wanted)
    with pytest.raises(FailedPrecondition) as removed:
        meters.ReplaceMeter(change(one.meter.meter_id, serial_number="99 000 002"))
    assert removed.value.reason == "METER_REMOVED"
    with pytest.raises(Conflict) as differs:
        meters.ReplaceMeter(change(other.meter.meter_id, new_meter_id=wanted.new_meter_id))
    assert differs.value.reason == "METER_DIFFERS"
    with pytest.raises(NotFound):
        meters.ReplaceMeter(change(new_id()))


def test_customers_replace_nothing(billing, as_anna, given):
    with pytest.raises(PermissionDenied):
        billing(MeterServiceStub, as_anna).ReplaceMeter(change(house(given).meter.meter_id))


def test_imports_that_know_the_old_meter_alone_change_nothing_twice(meters, connector, database):
    rows = [
        *whole_house(),
        reading("2026-03-05", "3"),
        reading("2026-03-09", "5"),
        reading("2026-03-02", "108.5", external_id="o-1"),
    ]
    connector.bring(rows)
    with database.reading() as session:
        old = session.query(Meter).one()
    new_id_ = meters.ReplaceMeter(change(old.meter_id, "2026-03-02", final_value="108.5")).new_meter.meter_id

    again = connector.bring(rows)

    assert counts(again) == (0, 0, len(rows), 0)
    assert [row[:2] for row in readings_of(database, new_id_)] == [
        ("2026-03-02", "0.000"),
        ("2026-03-05", "3.000"),
        ("2026-03-09", "5.000"),
    ]
    # A later row of the old id is the new meter's; the provider still takes the old one for in use.
    assert counts(connector.bring([meter(), reading("2026-03-10", "6")])) == (1, 0, 1, 0)
    assert readings_of(database, new_id_)[-1] == ("2026-03-10", "6.000", "ACTUAL", "ACCEPTED")
    with database.reading() as session:
        assert session.get(Meter, old.meter_id).removed_on.isoformat() == "2026-03-02"


def test_the_providers_own_row_of_the_new_meter_adopts_it(meters, connector, database):
    connector.bring(whole_house())
    with database.reading() as session:
        old = session.query(Meter).one()
    new_id_ = meters.ReplaceMeter(change(old.meter_id, "2026-03-02", final_value="108.5")).new_meter.meter_id
    brought = [meter("m-2", serial_number="99  000 001", installed_on="2026-03-03")]

    first = connector.bring(brought)
    again = connector.bring([*brought, reading("2026-03-05", "3", meter_external_id="m-2")])

    assert (first.created_count, again.created_count, again.unchanged_count) == (0, 1, 1)
    with database.reading() as session:
        both = {one.external_id: one for one in session.query(Meter)}
    assert str(both["m-2"].meter_id) == new_id_
    assert (len(both), both["m-2"].installed_on.isoformat()) == (2, "2026-03-02")
    assert readings_of(database, new_id_)[-1][:2] == ("2026-03-05", "3.000")
