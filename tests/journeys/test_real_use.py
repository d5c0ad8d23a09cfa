"""Real meters' data through the connector into the charts: daily litres of 92 homes, four years of hours of one house.

What is shown is compared with what a few lines make of the files by themselves. Where the files come from is said in
`docs/running.md`; where they are not, these tests say so and are left out.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ebok.billing.v1 import (
    customers_pb2,
    customers_pb2_grpc,
    meters_pb2,
    readings_pb2,
    readings_pb2_grpc,
    tariffs_pb2,
)
from playwright.sync_api import Browser

from chassis import wire
from demo.doors import until
from demo.people import PASSWORD, claim, register
from deploy.local.suite import ROOT
from tests.journeys.company import Company, Imported
from tests.journeys.conftest import running_company
from tests.journeys.people import Visitor, plain

METERS = ROOT.parent / "shared" / "data" / "meters"
LITRES = METERS / "DAIAD_daily_last_reading_litres.csv"
HOURS = METERS / "UCI_household_power_hourly.csv"
EMAIL = "anna@poczta.example"
MAPPING = """
version: 1
tables:
  - rows: premises
    from: places.csv
    columns: {external_id: id, building: place, street: {constant: ul. Łąkowa}, town: {constant: Zdrój}}
    ignore: [installed_on]
  - rows: service_points
    from: places.csv
    columns: {external_id: id, premises_external_id: id, commodity: {constant: COMMODITY}}
    ignore: [place, installed_on]
  - rows: meters
    from: places.csv
    columns: {external_id: id, service_point_external_id: id, serial_number: place, installed_on: installed_on,
              digits: {constant: 9}, unit: {constant: UNIT}}
  - rows: customers
    from: places.csv
    columns: {external_id: id, number: place, kind: {constant: person}, name: {constant: Anna Zdrojewska},
              address_line: {constant: ul. Łąkowa 1}, postcode: {constant: 57-000}, town: {constant: Zdrój}}
    ignore: [installed_on]
  - rows: contracts
    from: places.csv
    columns: {external_id: id, number: place, customer_external_id: id, tariff_code: {constant: TARIFF},
              starts_on: installed_on, service_point_external_ids: {column: id, split: ","}}
"""
OF_LITRES = """
  - rows: readings
    from: litres.csv
    columns: {meter_external_id: meter_key, read_on: date, value: {column: reading_litres, scale: 0.001},
              kind: {constant: remote}}
"""
OF_HOURS = """
  - rows: intervals
    from: hours.csv
    columns:
      meter_external_id: {constant: house}
      starts_at: {column: datetime, instant: {format: "%Y-%m-%d %H:%M:%S", zone: "+01:00"}}
      used: {column: Global_active_power, divide: 60}
    ignore: [Global_reactive_power, Voltage, Global_intensity, Sub_metering_1, Sub_metering_2]
"""

pytestmark = pytest.mark.skipif(
    not (LITRES.exists() and HOURS.exists()), reason=f"there are no real meters' data in {METERS}"
)


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    """A suite without any data, but with Edward."""
    with running_company(with_broker=False) as (running, _node):
        running.begin()
        yield running


def bring(
    company: Company, source: Path, mapping: str, places: list[tuple[str, date]], **words: str
) -> Imported:
    """Everything of a directory; a place each for its meters, used since a day."""
    with (source / "places.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "place", "installed_on"])
        rows.writerows(
            (one, f"{words['UNIT']}-{place}", first) for place, (one, first) in enumerate(places, start=1)
        )
    text = MAPPING + mapping
    for word, value in words.items():
        text = text.replace(word, value)
    path = source.with_suffix(".yaml")
    path.write_text(text, encoding="utf-8")
    return company.bring_in(source, mapping=path)


def ask(
    company: Company, number: str, step: "readings_pb2.UsageStep", **asked: Any
) -> readings_pb2.GetUsageResponse:
    """What Edward sees of a customer's use, found by the number."""
    channel, acting = company.doors.channel("billing", speaking_for="gateway"), company.office.acting()
    search = customers_pb2.SearchCustomersRequest(query=number)
    customers: Any = channel.stub(customers_pb2_grpc.CustomerServiceStub)
    [found] = [
        one.customer
        for one in customers.SearchCustomers(search, metadata=acting).customers
        if one.customer.number == number
    ]
    request = readings_pb2.GetUsageRequest(customer_id=found.customer_id, step=step, **asked)
    readings: Any = channel.stub(readings_pb2_grpc.ReadingServiceStub)
    answer: readings_pb2.GetUsageResponse = readings.GetUsage(request, metadata=acting)
    return answer


def desk(company: Company) -> customers_pb2.GetDeskResponse:
    """What waits for the provider's people."""
    channel = company.doors.channel("billing", speaking_for="gateway")
    customers: Any = channel.stub(customers_pb2_grpc.CustomerServiceStub)
    answer: customers_pb2.GetDeskResponse = customers.GetDesk(
        customers_pb2.GetDeskRequest(), metadata=company.office.acting()
    )
    return answer


def total(usage: readings_pb2.GetUsageResponse) -> Decimal:
    """All that is known."""
    return sum((Decimal(bucket.used) for bucket in usage.buckets if bucket.used), Decimal(0))


def test_daily_litres_of_92_homes_come_in_and_add_up(company: Company, tmp_path: Path) -> None:
    source = tmp_path / "litres"
    source.mkdir()
    (source / "litres.csv").symlink_to(LITRES)
    with LITRES.open(encoding="utf-8") as file:
        rows = [
            (row["meter_key"], row["date"], Decimal(row["reading_litres"]) / 1000)
            for row in csv.DictReader(file)
        ]
    by_meter: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for meter, day, value in rows:
        by_meter[meter].append((day, value))
    used, waits = defaultdict[str, Decimal](Decimal), 0
    for meter, values in by_meter.items():
        last = values[0][1]
        for _, value in values[1:]:
            if value < last:  # Downward: it waits for a clerk, and nothing is used by it.
                waits += 1
            else:
                used[meter] += value - last
                last = value
    places = [(meter, date.fromisoformat(values[0][0])) for meter, values in by_meter.items()]

    done = bring(company, source, OF_LITRES, places, COMMODITY="water", UNIT="m3", TARIFF="W")

    assert done.counts == (len(rows) + 5 * len(places), 0, 0, 0)
    again = company.bring_in(source, mapping=source.with_suffix(".yaml"))
    assert again.counts == (0, 0, len(rows) + 5 * len(places), 0)
    assert waits > 0
    assert desk(company).readings_waiting == waits
    expected = {f"m3-{place}": used[meter] for place, (meter, _) in enumerate(places, start=1)}

    def shown() -> dict[str, Decimal] | None:
        found = {number: total(ask(company, number, readings_pb2.USAGE_STEP_YEAR)) for number in expected}
        return found if found == expected else None

    assert until(shown, "the days of 92 homes to be derived")


@pytest.fixture(scope="module")
def hours() -> list[tuple[datetime, Decimal]]:
    """Beginning and kWh of every hour of the file, in UTC: the file's clock stands an hour ahead of it all year."""
    with HOURS.open(encoding="utf-8") as file:
        return [
            (
                datetime.fromisoformat(row["datetime"])
                .replace(tzinfo=timezone(timedelta(hours=1)))
                .astimezone(UTC),
                (Decimal(row["Global_active_power"]) / 60).quantize(Decimal("0.000001"), ROUND_HALF_UP),
            )
            for row in csv.DictReader(file)
        ]


class TestHoursOfAHouse:
    """Four years of hours, seen by year, month, day and hour."""

    story = True

    def test_hours_come_in_and_anna_gets_her_account(
        self, company: Company, tmp_path: Path, hours: list[tuple[datetime, Decimal]]
    ) -> None:
        source = tmp_path / "hours"
        source.mkdir()
        (source / "hours.csv").symlink_to(HOURS)
        fee = tariffs_pb2.TariffComponent(
            name="Opłata abonamentowa", commodity=meters_pb2.COMMODITY_ELECTRICITY,
            basis=tariffs_pb2.CHARGE_BASIS_FIXED, price="4.50", vat_rate="23", unit="month",
        )  # fmt: skip
        company.office.publish(
            "S",
            "Abonament",
            [fee],
            valid_from=date(2006, 12, 1),
            decision="DRE.1.2006",
            source="https://bip.example/",
        )

        words = {"COMMODITY": "electricity", "UNIT": "kWh", "TARIFF": "S"}
        done = bring(company, source, OF_HOURS, [("house", date(2006, 12, 1))], **words)

        assert done.counts == (len(hours) + 5, 0, 0, 0)
        invoices = company.invoices(company.office.issue(company.calculate(company.months.second)))
        login = register(company.doors, "Anna", EMAIL)
        invoice = invoices["kWh-1"]
        claim(company.doors, login, "kWh-1", invoice.number, wire.unpack_money(invoice.total_gross))
        expected = sum((used for _, used in hours), Decimal(0))
        until(
            lambda: total(ask(company, "kWh-1", readings_pb2.USAGE_STEP_YEAR)) == expected or None,
            "four years of days to be derived",
        )

    def test_each_chart_shows_what_the_file_says(
        self, company: Company, browser: Browser, hours: list[tuple[datetime, Decimal]]
    ) -> None:
        warsaw = ZoneInfo("Europe/Warsaw")
        years, months, days = (defaultdict[int, Decimal](Decimal) for _ in range(3))
        clock = defaultdict[str, Decimal](Decimal)
        for begins, used in hours:
            wall = begins.astimezone(warsaw)
            years[wall.year] += used
            if wall.year == 2009:
                months[wall.month] += used
            if (wall.year, wall.month) == (2009, 10):
                days[wall.day] += used
            if wall.date() == date(2009, 10, 25):
                clock[f"{begins:%Y-%m-%dT%H:%MZ}"] += used
        visitor = Visitor(browser, company.url)
        visitor.log_in(EMAIL, PASSWORD)

        assert_shown(visitor, "krok=rok", {str(year): used for year, used in years.items()}, columns=(0, 2))
        assert_shown(
            visitor, "rok=2009", {str(month): used for month, used in months.items()}, columns=(1, 2)
        )
        october = {f"2009-10-{day:02d}": used for day, used in days.items()}
        assert_shown(visitor, "krok=dzien&rok=2009&miesiac=10", october, columns=(0, 1))
        assert len(clock) == 25
        assert_shown(
            visitor, "krok=godzina&rok=2009&miesiac=10&dzien=25", dict(clock), columns=(2, 3), places=2
        )
        assert not visitor.complaints


def assert_shown(
    visitor: Visitor, query: str, expected: dict[str, Any], *, columns: tuple[int, int], places: int = 1
) -> None:
    """The file of what is shown says exactly this, and the page's table the same, rounded."""
    key, value = columns
    text = visitor.open(f"/zuzycie?{query}")
    assert visitor.page.locator("svg.eb-chart-svg rect").count() > 0
    file = visitor.page.request.get(f"{visitor.url}/zuzycie.csv?{query}").body().decode("utf-8-sig")
    rows = [line.split(";") for line in file.splitlines()[1:]]
    said = {row[key]: Decimal(row[value].replace(",", ".")) for row in rows if row[value]}
    assert said == expected
    cells = [
        plain(cell)
        for cell in visitor.page.locator(
            "section[aria-labelledby=numbers] td:nth-of-type(1)"
        ).all_inner_texts()
    ]
    step = Decimal(1).scaleb(-places)
    rounded = [
        f"{used.quantize(step, ROUND_HALF_UP):f}".replace(".", ",")
        for _, used in sorted(expected.items(), key=_in_time)
    ]
    assert [cell.replace(" ", "") for cell in cells if cell != "–"] == rounded, text[:500]


def _in_time(item: tuple[str, Any]) -> Any:
    return int(item[0]) if item[0].isdigit() else item[0]
