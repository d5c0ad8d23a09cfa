"""The door of use: sums over the days that are derived once, and whose days they are."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from ebok.billing.v1 import meters_pb2
from ebok.billing.v1 import readings_pb2 as pb
from ebok.billing.v1.ledger_pb2 import GetOverviewRequest
from ebok.billing.v1.ledger_pb2_grpc import LedgerServiceStub
from ebok.billing.v1.readings_pb2_grpc import ReadingServiceStub
from ebok.common.v1.paging_pb2 import PageRequest
from sqlalchemy import text

from chassis.errors import Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER
from services.billing.storage.intervals import IntervalReading
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.service_points import Commodity
from tests.billing.given import day

YEAR, MONTH, DAY, HOUR = (
    pb.USAGE_STEP_YEAR, pb.USAGE_STEP_MONTH, pb.USAGE_STEP_DAY, pb.USAGE_STEP_HOUR,
)  # fmt: skip


@pytest.fixture
def anna(given):
    return given.customer("Anna", customer_id=ANNA_CUSTOMER)


@pytest.fixture
def celina(given):
    return given.customer("Celina", customer_id=CELINA_CUSTOMER)


@pytest.fixture
def usage(billing, as_anna, given):
    """`usage(MONTH, year=2026)`: what Anna sees once the worker has derived."""
    stub = billing(ReadingServiceStub, as_anna)

    def ask(step, **asked):
        given.derived()
        return stub.GetUsage(pb.GetUsageRequest(customer_id=str(ANNA_CUSTOMER), step=step, **asked))

    return ask


def read(given, meter, *values: tuple[str, str]) -> None:
    for read_on, value in values:
        given.reading(meter, read_on, value)


def hours(given, meter, first: datetime, used: list[str], *, minutes: int = 60) -> None:
    given.add(
        *(
            IntervalReading(
                meter_id=meter.meter_id,
                starts_at=first + timedelta(minutes=minutes * number),
                minutes=minutes,
                used=Decimal(one),
            )
            for number, one in enumerate(used)
        )
    )


def said(use) -> dict[int, str]:
    return {number: one.used for number, one in enumerate(use.buckets) if one.used}


def test_use_is_spread_over_months_with_the_year_before_beside(usage, given, anna):
    meter = given.supply(anna, starts_on="2024-01-01")
    read(given, meter, ("2024-12-31", "100"), ("2025-01-31", "110"), ("2025-12-31", "220"), ("2026-01-31", "232"),
         ("2026-02-14", "239"))  # fmt: skip

    use = usage(MONTH)

    assert (use.year, use.month, list(use.years), use.unit) == (2026, 0, [2025, 2026], "m3")
    assert [bucket.month for bucket in use.buckets] == list(range(1, 13))
    january, february, march = use.buckets[:3]
    assert (january.used, january.used_year_before) == ("12.000", "10.000")
    assert (february.used, february.known_until.day) == ("7.000", 14)
    assert not january.HasField("known_until")
    assert march.used == ""
    assert (use.known_from.year, use.known_from.day, use.read_until.day) == (2025, 1, 14)

    years = usage(YEAR)
    assert [(one.year, one.used, one.used_year_before) for one in years.buckets] == [
        (2025, "120.000", ""),
        (2026, "19.000", "120.000"),
    ]
    assert years.buckets[1].known_until.month == 2


def test_days_of_a_month_add_up_to_it(usage, given, anna):
    meter = given.supply(anna, starts_on="2024-01-01")
    read(
        given,
        meter,
        ("2025-01-31", "100"),
        ("2025-02-28", "107"),
        ("2026-01-31", "232"),
        ("2026-02-14", "239"),
    )

    use = usage(DAY)

    assert (use.year, use.month, len(use.buckets)) == (2026, 2, 28)
    assert [one.day for one in use.buckets] == list(range(1, 29))
    assert said(use) == dict.fromkeys(range(14), "0.500")
    assert {one.used_year_before for one in use.buckets} == {"0.250"}
    january = usage(DAY, year=2026, month=1)
    assert sum(Decimal(one.used) for one in january.buckets) == Decimal(usage(MONTH).buckets[0].used)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({}, (2026, 2)),
        ({"year": 2025}, (2025, 12)),
        ({"year": 2024}, (2024, 1)),
        ({"month": 1}, (2026, 1)),
        ({"year": 1}, (1900, 1)),
    ],
)
def test_what_is_not_asked_for_is_the_newest_with_data(usage, given, anna, asked, shown):
    meter = given.supply(anna, starts_on="2025-01-01")
    read(given, meter, ("2025-01-31", "100"), ("2026-02-14", "239"))

    use = usage(DAY, **asked)

    assert (use.year, use.month) == shown


def test_a_leap_day_has_no_day_a_year_before(usage, given, anna):
    meter = given.supply(anna, starts_on="2023-01-01")
    read(given, meter, ("2023-01-31", "0"), ("2024-03-31", "425"))

    use = usage(DAY, year=2024, month=2)

    assert len(use.buckets) == 29
    assert [one.used_year_before for one in use.buckets[27:]] == ["1.000", ""]


def test_hours_of_a_day_with_the_year_before(usage, given, anna):
    meter = given.supply(anna, starts_on="2024-01-01")
    hours(given, meter, datetime(2025, 1, 9, 23, tzinfo=UTC), ["0.25"] * 24)
    hours(given, meter, datetime(2026, 1, 9, 23, tzinfo=UTC), ["0.000125", "0.5"] * 6)
    hours(given, meter, datetime(2026, 1, 10, 11, tzinfo=UTC), ["0.1"] * 8, minutes=15)

    use = usage(HOUR)

    assert (use.year, use.month, use.day, use.has_hours, len(use.buckets)) == (2026, 1, 10, True, 24)
    assert use.buckets[0].starts_at.ToDatetime(tzinfo=UTC) == datetime(2026, 1, 9, 23, tzinfo=UTC)
    assert [use.buckets[number].used for number in (0, 1, 12, 13, 14)] == [
        "0.000125",
        "0.500",
        "0.400",
        "0.400",
        "",
    ]
    assert {one.used_year_before for one in use.buckets} == {"0.250"}
    assert usage(DAY).buckets[9].used == "3.80075"  # What hours there are make the day.


@pytest.mark.parametrize(("day", "length"), [((2025, 3, 30), 23), ((2025, 10, 26), 25)])
def test_a_day_on_which_the_clocks_change_has_its_own_hours(usage, given, anna, day, length):
    meter = given.supply(anna, starts_on="2024-01-01")
    first = datetime.combine(date(*day), time(), UTC) - timedelta(hours=2 if day[1] == 10 else 1)
    hours(given, meter, first - timedelta(hours=24), ["1"] * 72)
    read(given, meter, ("2025-02-28", "0"), ("2025-11-30", "2750"))  # Ten a day: whole days tell themselves.

    use = usage(HOUR, year=day[0], month=day[1], day=day[2])

    assert len(said(use)) == len(use.buckets) == length
    days = usage(DAY, year=day[0], month=day[1])
    assert [days.buckets[number].used for number in (day[2] - 3, day[2] - 2, day[2] - 1)] == [
        "10.000", "24.000", f"{length}.000",
    ]  # fmt: skip


def test_a_day_that_intervals_tell_in_part_is_what_the_readings_say(usage, given, anna):
    meter = given.supply(anna, starts_on="2024-01-01")
    read(given, meter, ("2025-12-31", "0"), ("2026-01-10", "20"))
    hours(
        given, meter, datetime(2026, 1, 9, 11, tzinfo=UTC), ["1"] * 40
    )  # From noon of the 9th, into the 11th.

    use = usage(DAY, year=2026, month=1)

    assert [use.buckets[number].used for number in (7, 8, 9, 10)] == ["2.000", "2.000", "24.000", "4.000"]
    assert (use.read_until.month, use.read_until.day) == (1, 11)


def test_who_moves_in_sees_nothing_of_who_lived_there_before(billing, as_celina, usage, given, anna, celina):
    point = given.service_point()
    meter = given.meter(point)
    given.contract(celina, point, starts_on="2024-01-01", ends_on="2025-06-30")
    given.contract(anna, point, starts_on="2025-07-01")
    read(given, meter, ("2025-05-31", "50"), ("2025-06-30", "60"), ("2025-07-31", "75"))
    hours(given, meter, datetime(2025, 6, 28, 22, tzinfo=UTC), ["1"] * 96)

    use = usage(DAY, year=2025, month=7)
    of_celina = billing(ReadingServiceStub, as_celina).GetUsage(
        pb.GetUsageRequest(customer_id=str(CELINA_CUSTOMER), step=YEAR)
    )

    assert (use.known_from.month, use.known_from.day) == (7, 1)
    assert not said(usage(HOUR, year=2025, month=6, day=30))
    assert len(said(usage(HOUR, year=2025, month=7, day=1))) == 24
    assert [bucket.used for bucket in of_celina.buckets] == [
        "57.333"
    ]  # 28 days of 10 m³ in 30, and 48 hours.
    assert (of_celina.read_until.month, of_celina.read_until.day) == (6, 30)


def test_a_share_that_a_reading_outside_the_contract_tells_of_is_nobodys(usage, given, anna, celina):
    point = given.service_point()
    meter = given.meter(point)
    given.contract(celina, point, starts_on="2024-01-01", ends_on="2025-06-15")
    given.contract(anna, point, starts_on="2025-06-16")
    read(given, meter, ("2025-05-31", "50"), ("2025-06-30", "60"), ("2025-07-31", "75"))

    june = usage(DAY, year=2025, month=6)

    assert not said(june)
    assert [bucket.used for bucket in usage(YEAR).buckets] == ["15.000"]


def test_contracts_that_follow_each_other_hide_nothing(usage, given, anna):
    point = given.service_point()
    meter = given.meter(point)
    given.contract(anna, point, starts_on="2024-01-01", ends_on="2025-12-31")
    given.contract(anna, point, starts_on="2026-01-01")
    read(given, meter, ("2025-12-11", "0"), ("2026-01-10", "30"))

    assert [bucket.used for bucket in usage(YEAR).buckets] == ["20.000", "10.000"]


def test_a_replaced_meter_goes_on_and_a_garden_meter_does_not_count_twice(usage, given, anna):
    point = given.service_point()
    old = given.meter(point, removed_on=date(2026, 1, 20))
    new = given.meter(point, installed_on="2026-01-20")
    garden = given.meter(point, purpose=MeterPurpose.GARDEN)
    given.contract(anna, point, starts_on="2024-01-01")
    read(given, old, ("2025-12-31", "100"), ("2026-01-20", "120"))
    read(given, new, ("2026-01-20", "0"), ("2026-01-31", "22"))
    read(given, garden, ("2025-12-31", "0"), ("2026-01-31", "5"))

    use = usage(MONTH)

    assert use.buckets[0].used == "42.000"
    assert len(use.service_point.meters) == 3


def test_a_changed_reading_changes_its_days(usage, given, anna, database):
    meter = given.supply(anna, starts_on="2024-01-01")
    read(given, meter, ("2025-12-31", "0"), ("2026-01-10", "10"), ("2026-01-20", "30"))
    assert usage(DAY).buckets[0].used == "1.000"

    with database.transaction() as session:
        session.execute(text("UPDATE readings SET status = 'REJECTED' WHERE value = 10"))
    assert set(said(usage(DAY)).values()) == {"1.500"}

    with database.transaction() as session:
        session.execute(text("UPDATE readings SET status = 'REJECTED' WHERE value = 30"))
    assert not said(usage(DAY, year=2026, month=1))


def test_the_first_page_shows_the_same_months(billing, as_anna, usage, given, anna):
    point = given.service_point()
    old = given.meter(point, removed_on=date(2026, 1, 20))
    new = given.meter(point, installed_on="2026-01-20")
    garden = given.meter(point, purpose=MeterPurpose.GARDEN)
    given.contract(anna, point, starts_on="2024-01-01")
    read(given, old, ("2024-12-31", "100"), ("2025-12-31", "220"), ("2026-01-20", "232"))
    read(given, new, ("2026-01-20", "0"), ("2026-02-09", "11"))
    read(given, garden, ("2025-12-31", "0"), ("2026-01-31", "5"))

    months = usage(MONTH)
    overview = billing(LedgerServiceStub, as_anna).GetOverview(
        GetOverviewRequest(customer_id=str(ANNA_CUSTOMER))
    )

    months.ClearField("metered_points")  # There is nothing to choose on the first page.
    assert overview.usage == months


def test_a_customer_without_meters_has_no_point_to_show(usage, given, anna):
    with pytest.raises(NotFound) as refused:
        usage(YEAR)

    assert refused.value.reason == "SERVICE_POINT_NOT_FOUND"


def test_a_meter_without_readings_has_empty_buckets(usage, given, anna):
    given.supply(anna)

    months = usage(MONTH)

    assert (months.year, list(months.years), months.unit, months.has_hours) == (2026, [], "m3", False)
    assert {bucket.used for bucket in months.buckets} == {""}
    assert not usage(YEAR).buckets
    assert len(usage(HOUR).buckets) == 24


def test_a_step_that_is_none_is_refused(usage, given, anna):
    given.supply(anna)

    with pytest.raises(Invalid):
        usage(99)


def test_celina_learns_nothing_of_annas_use(billing, as_celina, given, anna, celina):
    meter = given.supply(anna)
    read(given, meter, ("2026-01-31", "10"))
    stub = billing(ReadingServiceStub, as_celina)

    with pytest.raises(PermissionDenied):
        stub.GetUsage(pb.GetUsageRequest(customer_id=str(ANNA_CUSTOMER), step=YEAR))
    words = set()
    for one in (str(meter.service_point_id), str(new_id())):
        with pytest.raises(NotFound) as refused:
            stub.GetUsage(
                pb.GetUsageRequest(customer_id=str(CELINA_CUSTOMER), step=YEAR, service_point_id=one)
            )
        words.add((refused.value.reason, refused.value.message))
    assert words == {("SERVICE_POINT_NOT_FOUND", "")}


def test_the_points_to_choose_from_come_with_the_meters_in_use(usage, given, anna):
    premises = given.premises(street="", building="12", flat="", town="Zdrój")
    water = given.service_point(premises)
    sewage = given.service_point(premises, commodity=Commodity.SEWAGE)
    given.meter(water, serial_number="1", installed_on="2020-01-01", removed_on=day("2025-12-31"))
    given.meter(water, serial_number="2", installed_on="2025-12-31")
    given.contract(anna, water, sewage, starts_on="2023-01-01")
    given.supply(anna)

    use = usage(MONTH)

    points = [(point.address_line, point.meter_serial_number) for point in use.metered_points]
    assert ("Zdrój 12", "2") in points
    assert len(points) == 2
    assert {point.commodity for point in use.metered_points} == {meters_pb2.COMMODITY_WATER}
    assert use.service_point.service_point_id == use.metered_points[0].service_point_id


def test_neither_points_nor_meters_of_others_days_are_there_to_choose(usage, given, anna, celina):
    given.supply(celina)
    point = given.service_point()
    given.meter(point, serial_number="nowy", installed_on="2025-10-01")
    given.contract(anna, point, ends_on="2025-06-30")
    given.contract(celina, point, starts_on="2025-07-01")
    own = given.supply(anna)

    use = usage(MONTH, service_point_id=str(own.service_point_id))

    assert [one.service_point_id for one in use.metered_points] == [str(own.service_point_id)]


def test_readings_of_the_point_come_along_where_they_are_asked_for(billing, as_anna, usage, given, anna):
    meter, other = given.supply(anna), given.supply(anna)
    read(given, meter, *((f"2026-01-{number:02}", str(number)) for number in range(1, 10)))
    read(given, other, ("2026-01-31", "7"))
    point = str(meter.service_point_id)

    first = usage(MONTH, service_point_id=point, page=PageRequest(page_size=6))
    page = PageRequest(page_size=6, cursor=first.page.next_cursor)
    second = usage(MONTH, service_point_id=point, page=page)
    listed = billing(ReadingServiceStub, as_anna).ListReadings(
        pb.ListReadingsRequest(customer_id=str(ANNA_CUSTOMER), service_point_id=point)
    )

    assert [*first.readings, *second.readings] == [*listed.readings]
    assert (len(first.readings), len(second.readings), second.page.next_cursor) == (6, 3, "")
    assert not usage(MONTH, service_point_id=point).readings


def test_a_cursor_of_another_list_is_refused(usage, given, anna):
    given.supply(anna)

    with pytest.raises(Invalid) as refused:
        usage(MONTH, page=PageRequest(cursor="abc"))

    assert "page.cursor" in str(refused.value)
