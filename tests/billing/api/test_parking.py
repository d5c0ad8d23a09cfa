"""Every reason for which a run leaves a customer out, with the facts that the clerk gets; the others go on."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import customers_pb2, runs_pb2
from ebok.billing.v1.customers_pb2_grpc import CustomerServiceStub

from chassis.errors import Invalid
from services.billing.storage.readings import ReadingStatus
from services.billing.storage.service_points import Commodity
from tests.billing.bills import Runs, house, prices


@pytest.fixture
def runs(served, as_edward) -> Runs:
    return Runs(served, as_edward)


def parked_in(runs: Runs, *period: str) -> tuple[str, dict[str, str]]:
    """The one parked customer of a new run."""
    run = runs.preview(*period)
    assert run.invoice_count == 0
    [parked] = runs.parked(run.run_id)
    assert dict(run.parked_by_reason) == {parked.reason: 1}
    return parked.reason, dict(parked.facts)


def test_no_reading_since_the_last_bill(given, runs):
    given.settings()
    prices(given)
    one = house(given)
    runs.bill()
    serial = one.meter.serial_number

    found = parked_in(runs, "2026-01-01", "2026-02-28")

    assert found == (
        "NO_READING",
        {"meter": serial, "meter_id": str(one.meter.meter_id), "last_read_on": "2025-12-31"},
    )


def test_no_reading_at_all(given, runs):
    prices(given)
    one = house(given, {})
    assert parked_in(runs) == (
        "NO_READING",
        {"meter": one.meter.serial_number, "meter_id": str(one.meter.meter_id)},
    )


def test_a_reading_that_waits_for_a_clerk(given, runs):
    prices(given)
    one = house(given)
    given.reading(one.meter, "2025-12-15", "700", status=ReadingStatus.SUBMITTED, reason="BELOW_PREVIOUS")
    reason, facts = parked_in(runs)
    assert reason == "READING_WAITS"
    assert facts.pop("reading_id")
    assert facts == {"meter": one.meter.serial_number, "read_on": "2025-12-15", "value": "700.000"}


def test_a_reading_that_waited_before_the_last_bill_parks_nobody(given, runs):
    prices(given)
    one = house(given)
    given.reading(one.meter, "2025-10-15", "700", status=ReadingStatus.SUBMITTED, reason="BELOW_PREVIOUS")
    assert runs.preview().invoice_count == 1


def test_a_tariff_without_a_published_version(given, runs):
    house(given)
    assert parked_in(runs) == ("NO_TARIFF", {"tariff": "W1"})


def test_prices_that_begin_too_late(given, runs):
    prices(given, valid_from="2025-11-15")
    house(given)
    assert parked_in(runs) == ("NO_PRICE", {"tariff": "W1", "day": "2025-11-01"})


def test_a_metered_point_without_a_meter(given, runs):
    prices(given)
    customer = given.customer()
    point = given.service_point(commodity=Commodity.WATER, code="PPW/7")
    given.contract(customer, point, starts_on="2025-11-01")
    assert parked_in(runs) == ("NO_METER", {"point": "PPW/7", "commodity": "WATER"})


def test_days_that_are_billed_already(given, runs):
    given.settings()
    prices(given)
    house(given)
    runs.bill()
    assert parked_in(runs) == ("ALREADY_BILLED", {"invoice": "FV/2026/000001"})


def test_a_period_is_run_again_for_who_was_left_behind(given, served, as_edward, runs, clock):
    desk = served.stub(CustomerServiceStub, as_edward)
    given.settings()
    prices(given)
    done, late = house(given), house(given, {"2025-10-31": "806"})
    first = runs.bill()
    assert (first.invoice_count, dict(first.parked_by_reason)) == (1, {"NO_READING": 1})
    assert desk.GetDesk(customers_pb2.GetDeskRequest()).parked_count == 1
    # The other house is read, and a contract comes to light that nobody had entered.
    given.reading(late.meter, "2025-12-31", "818")
    point = given.service_point()
    meter = given.meter(point)
    given.contract(done.customer, point, starts_on="2025-11-01")
    given.reading(meter, "2025-10-31", "1")
    given.reading(meter, "2025-12-31", "2")

    clock.advance(timedelta(hours=1))
    second = runs.bill()

    assert (second.invoice_count, second.parked_count) == (2, 0)
    third = runs.preview()
    assert (third.invoice_count, dict(third.parked_by_reason)) == (0, {"ALREADY_BILLED": 2})
    runs.stub.DiscardBillingRun(runs_pb2.DiscardBillingRunRequest(run_id=third.run_id))
    assert desk.GetDesk(customers_pb2.GetDeskRequest()).parked_count == 0


def test_days_of_the_point_that_another_customer_was_billed_for(given, runs):
    given.settings()
    prices(given)
    one = house(given, name="Anna Zdrojewska")
    runs.bill("2025-11-01", "2025-12-31")
    given.contract(given.customer("Bartek Zdrojewski"), one.water, starts_on="2025-12-01")
    run = runs.preview("2025-12-01", "2025-12-31")
    assert {(one.customer_name, one.reason) for one in runs.parked(run.run_id)} == {
        ("Anna Zdrojewska", "ALREADY_BILLED"),
        ("Bartek Zdrojewski", "ALREADY_BILLED"),
    }


def test_more_than_three_times_the_usual_use(given, runs):
    given.settings()
    prices(given)
    one = house(given, {"2025-10-31": "700", "2025-12-31": "712", "2026-02-28": "747"})
    runs.bill()
    reason, facts = parked_in(runs, "2026-01-01", "2026-02-28")
    # 12 m³ in 61 days make 11.607 m³ in 59 days; 35 m³ is more than three times as much.
    assert reason == "USE_UNUSUAL"
    assert facts.pop("reading_id")
    assert facts == {
        "meter": one.meter.serial_number,
        "used": "35.000",
        "usual": "11.607",
        "days": "59",
        "unit": "m3",
    }


def test_three_times_the_usual_use_is_still_billed(given, runs):
    given.settings()
    prices(given)
    house(given, {"2025-10-31": "700", "2025-12-31": "712", "2026-02-28": "746.8"})
    runs.bill()
    assert runs.preview("2026-01-01", "2026-02-28").invoice_count == 1


def test_without_history_nothing_is_unusual(given, runs):
    prices(given)
    house(given, {"2025-09-15": "700", "2025-10-31": "701", "2025-12-31": "900"})
    assert runs.preview().invoice_count == 1


def test_nobody_is_billed_without_an_address(given, runs):
    prices(given)
    house(given, address_line="")
    assert parked_in(runs) == ("NO_ADDRESS", {})


def test_a_contract_without_points(given, runs):
    prices(given)
    contract = given.contract(given.customer(), starts_on="2025-11-01")
    assert parked_in(runs) == ("CONTRACT_BROKEN", {"contract": contract.number})


def test_an_unexpected_fault_parks_its_customer_alone(given, runs, database):
    given.settings()
    prices(given)
    readings = {"2025-10-31": "806", "2025-12-31": "818", "2026-02-28": "820"}
    broken = house(given, readings, name="Anna Zdrojewska")
    house(given, readings, name="Bartek Zdrojewski")
    runs.bill()
    with database.transaction() as session:
        # A document that this version of the code cannot read, which no door can make.
        session.execute(sa.text("ALTER TABLE invoices DISABLE TRIGGER invoices_issued_for_good"))
        session.execute(
            sa.text("UPDATE invoices SET frozen = '{}' WHERE customer_id = :id"),
            {"id": broken.customer.customer_id},
        )

    run = runs.preview("2026-01-01", "2026-02-28")

    assert (run.status, run.invoice_count) == (runs_pb2.RUN_STATUS_READY, 1)
    [parked] = runs.parked(run.run_id)
    assert (parked.customer_name, parked.reason) == ("Anna Zdrojewska", "CONTRACT_BROKEN")
    assert dict(parked.facts) == {"fault": "UnreadableDocument"}


def test_a_draft_that_cannot_be_read_any_more_stops_nobody_else(given, runs, database):
    given.settings()
    prices(given)
    broken, _ = house(given), house(given)
    run = runs.preview()
    with database.transaction() as session:
        session.execute(
            sa.text("UPDATE invoices SET frozen = '{}' WHERE customer_id = :id"),
            {"id": broken.customer.customer_id},
        )
    issued = runs.issue(run.run_id)
    assert (issued.invoice_count, dict(issued.parked_by_reason)) == (1, {"CONTRACT_BROKEN": 1})
    assert issued.first_number == issued.last_number == "FV/2026/000001"


def test_one_parked_contract_parks_the_customer_as_a_whole(given, runs):
    prices(given)
    one = house(given)
    given.contract(one.customer, starts_on="2025-11-01")
    run = runs.preview()
    assert (run.invoice_count, run.parked_count) == (0, 1)


def test_each_contract_has_its_own_invoice(given, runs):
    prices(given)
    one = house(given)
    point = given.service_point()
    meter = given.meter(point)
    given.contract(one.customer, point, starts_on="2025-11-01")
    given.reading(meter, "2025-10-31", "1")
    given.reading(meter, "2025-12-31", "2")
    run = runs.preview()
    assert (run.customer_count, run.invoice_count) == (1, 2)


def test_parked_customers_are_listed_by_reason(given, runs):
    prices(given)
    for _ in range(3):
        house(given, {})
    house(given, address_line="")
    run = runs.preview()
    assert dict(run.parked_by_reason) == {"NO_READING": 3, "NO_ADDRESS": 1}
    assert [one.reason for one in runs.parked(run.run_id, "NO_ADDRESS")] == ["NO_ADDRESS"]
    with pytest.raises(Invalid):
        runs.parked(run.run_id, "NO_SUCH_REASON")


def test_a_replaced_meter_is_billed_on_both(given, runs, database):
    prices(given)
    one = house(given, {"2025-10-31": "806"})
    given.reading(one.meter, "2025-11-20", "810")
    with database.transaction() as session:
        session.merge(one.meter).removed_on = date(2025, 11, 20)
    new = given.meter(one.water, installed_on="2025-11-20")
    given.reading(new, "2025-11-20", "0")
    given.reading(new, "2025-12-31", "8")
    run = runs.preview()
    [draft] = runs.invoices(run.run_id)
    detail = runs.detail(run.run_id, draft.invoice_id)
    assert [reading.used for reading in detail.readings] == ["4.000", "8.000"]
    assert draft.total_gross.grosze == 243_78


def test_a_price_that_changed_inside_splits_the_lines_by_days(given, runs):
    prices(given)
    prices(given, valid_from="2025-12-01", water=Decimal("7.53"))
    house(given)
    run = runs.preview()
    [draft] = runs.invoices(run.run_id)
    lines = runs.detail(run.run_id, draft.invoice_id).lines
    water = [(line.quantity, line.price, line.until.month) for line in lines if line.name == "Woda"]
    assert water == [("5.902", "6.53", 11), ("6.098", "7.53", 12)]


def test_a_contract_that_began_and_ended_inside_is_billed_for_its_days(given, runs, database):
    prices(given)
    one = house(given, {"2025-11-09": "806", "2025-12-10": "818"}, starts_on="2025-11-10")
    with database.transaction() as session:
        session.merge(one.contract).ends_on = date(2025, 12, 10)
    run = runs.preview()
    [draft] = runs.invoices(run.run_id)
    assert (draft.period_from.day, draft.period_to.day) == (10, 10)
    fee = next(line for line in runs.detail(run.run_id, draft.invoice_id).lines if line.name == "Abonament")
    assert fee.quantity == "1.023"  # 21 of 30 days of November and 10 of 31 of December
