"""Twenty-four years of real meters, quarter by quarter: what fell waits, a clerk says why, and the bills add up."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from ebok.billing.v1 import (
    meters_pb2,
    meters_pb2_grpc,
    reading_checks_pb2,
    reading_checks_pb2_grpc,
    runs_pb2,
    runs_pb2_grpc,
)

from chassis import wire
from chassis.ids import new_id
from demo.tariffs import components
from tests.journeys import quarters, town
from tests.journeys.company import DARIA, STAFF_PASSWORD, Company
from tests.journeys.conftest import running_company
from tests.journeys.people import Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        not quarters.FILE.exists(), reason=f"{quarters.FILE.name} is not in ../shared/data/meters"
    ),
]
# Its last step down is left for the browser.
KEPT_KEY, KEPT_YEAR = "2930af18", 2017
READY, ISSUED = runs_pb2.RUN_STATUS_READY, runs_pb2.RUN_STATUS_ISSUED


class Clerks:
    """What Daria and Edward do where nobody looks, through the doors."""

    def __init__(self, company: Company) -> None:
        self.office = company.office
        billing = company.doors.channel("billing", speaking_for="gateway")
        self.checks: Any = billing.stub(reading_checks_pb2_grpc.ReadingCheckServiceStub)
        self.meters: Any = billing.stub(meters_pb2_grpc.MeterServiceStub)
        self.runs: Any = billing.stub(runs_pb2_grpc.BillingRunServiceStub)

    def waiting(self) -> list[Any]:
        """The queue, the oldest day first."""
        request = reading_checks_pb2.ListWaitingReadingsRequest()
        request.page.page_size = 100
        return list(self.checks.ListWaitingReadings(request, metadata=self.office.acting()).readings)

    def replace_all_but_one(self) -> int:
        """Say of each step down that the meter was replaced on the day read before; answers how many."""
        done = 0
        while to_do := [one for one in self.waiting() if not is_kept(one)]:
            waiting = to_do[0]
            self.meters.ReplaceMeter(
                meters_pb2.ReplaceMeterRequest(
                    meter_id=waiting.reading.meter_id,
                    replaced_on=waiting.previous.read_on,
                    final_value=waiting.previous.value,
                    new_meter_id=str(new_id()),
                    serial_number=f"{waiting.reading.meter_serial_number}/{done}",
                    initial_value="0",
                ),
                metadata=self.office.acting(),
            )
            done += 1
        return done

    def parked(self, run: Any) -> list[Any]:
        """Who gets no invoice in a run."""
        request = runs_pb2.ListParkedRequest(run_id=run.run_id)
        request.page.page_size = 100
        return list(self.runs.ListParked(request, metadata=self.office.acting()).parked)

    def settle_unusual(self, run: Any) -> Any:
        """What is far above the usual is right, says the clerk; then the run is calculated again."""
        while unusual := [one for one in self.parked(run) if one.reason == "USE_UNUSUAL"]:
            for one in unusual:
                request = reading_checks_pb2.AcceptReadingRequest(reading_id=one.facts["reading_id"])
                self.checks.AcceptReading(request, metadata=self.office.acting())
            run = self.recalculate(run)
        return run

    def recalculate(self, run: Any) -> Any:
        """The run once more."""
        request = runs_pb2.RecalculateBillingRunRequest(run_id=run.run_id)
        self.runs.RecalculateBillingRun(request, metadata=self.office.acting())
        return self.office.wait_for_run(run.run_id, READY)

    def water(self, run: Any, invoice_id: str) -> Decimal:
        """The cubic metres of water on an invoice."""
        request = runs_pb2.GetRunInvoiceRequest(run_id=run.run_id, invoice_id=invoice_id)
        detail = self.runs.GetRunInvoice(request, metadata=self.office.acting()).detail
        [line] = [
            one for one in detail.lines if one.commodity == meters_pb2.COMMODITY_WATER and one.unit == "m3"
        ]
        return Decimal(line.quantity)


def is_kept(waiting: Any) -> bool:
    """Whether it is left for the browser."""
    return (
        waiting.reading.meter_serial_number.startswith(KEPT_KEY) and waiting.reading.read_on.year == KEPT_YEAR
    )


def replace_in_the_browser(browser: Any, company: Company, parked: Any) -> None:
    """Daria sees what is wrong, presses W, and says what the new meter is."""
    daria = Visitor(browser, company.url)
    daria.log_in_to_console(DARIA, STAFF_PASSWORD, company.doors.code)
    daria.open("/konsola/odczyty?kolejny=1")
    daria.at(f"/konsola/odczyty/{parked.facts['reading_id']}")
    said = daria.read()
    assert "Licznik wskazuje mniej niż poprzednio." in said
    assert "383 m³" in said  # what it showed before
    assert "To wygląda na nowy licznik." in said
    daria.page.keyboard.press("w")
    form = daria.form_with("numer")
    assert form.locator('[name="stan_koncowy"]').input_value() == "383"
    assert daria.page.evaluate("document.activeElement.name") == "numer"
    daria.send(numer="99 000 123", stan_poczatkowy="0", dzien_wymiany="2016-12-14")
    daria.at("/konsola/odczyty")
    said = daria.read()
    assert "99 000 123" in said
    assert "Nic nie czeka" in said
    assert not daria.complaints
    daria.context.close()


@pytest.mark.parametrize(
    "since",
    [
        pytest.param(date(2016, 7, 1), id="the-last-year"),
        pytest.param(date(1993, 1, 1), id="all-years", marks=pytest.mark.long),
    ],
)
def test_what_is_billed_is_what_the_file_says(browser, since):
    homes = quarters.homes(since)
    with running_company(with_broker=False) as (company, _node):
        company.begin()
        lines = components(water=town.WATER, sewage=town.SEWAGE, subscription=town.SUBSCRIPTION)
        company.office.publish(
            town.TARIFF, town.TARIFF_NAME, list(lines), valid_from=date(1993, 1, 1), decision="–", source="–"
        )
        mapping = quarters.write_mapping(company.files / "quarterly.yaml")
        delivery = quarters.write(company.files / "quarterly", homes)
        brought = company.bring_in(delivery, mapping=mapping)
        # 15 homes with six things each; of 1,274 rows 95 are exact repeats.
        assert brought.counts == (15 * 6 + 1274 - 95, 0, 95, 0)

        clerks = Clerks(company)
        steps = [(home, day) for home in homes for day in quarters.steps_down(home)]
        assert len(steps) == 30
        assert all(one.reading.reason == "BELOW_PREVIOUS" for one in clerks.waiting())
        assert clerks.replace_all_but_one() == len(steps) - 1
        assert {one.reading.read_on.year for one in clerks.waiting()} == {KEPT_YEAR}
        # The same file again: what comes for a replaced meter is its successor's, and known.
        assert company.bring_in(delivery, mapping=mapping).counts == (0, 0, 15 * 6 + 1274, 0)

        billed: dict[str, list[Any]] = {home.number: [] for home in homes}
        in_the_browser = 0
        for first, last in quarters.quarters(since):
            if not any(home.first <= first for home in homes):
                continue
            run = clerks.settle_unusual(
                company.office.calculate(f"San Joan {first}", first, last, payment_days=town.PAYMENT_DAYS)
            )
            for parked in clerks.parked(run):
                if parked.reason == "READING_WAITS":
                    replace_in_the_browser(browser, company, parked)
                    in_the_browser += 1
                    run = clerks.settle_unusual(clerks.recalculate(run))
            assert {one.reason for one in clerks.parked(run)} <= {"NO_READING"}
            if run.invoice_count:
                company.office.issue(run)
                for invoice in company.office.invoices(run):
                    billed[invoice.customer_number].append((run, invoice))
        assert in_the_browser == 1

        for home in homes:
            mine = billed[home.number]
            cubic = sum(clerks.water(run, invoice.invoice_id) for run, invoice in mine)
            grosze = sum(wire.unpack_money(invoice.total_gross).grosze for _, invoice in mine)
            assert (cubic, grosze) == quarters.expected(home), home.number
