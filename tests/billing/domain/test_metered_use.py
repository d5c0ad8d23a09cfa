"""What of a meter's readings a bill takes."""

from datetime import date
from decimal import Decimal

import pytest

from chassis.ids import new_id
from services.billing.domain.metered_use import BilledThrough, MeterFacts, MeterReading, Park, metered_use

UNTIL = date(2026, 2, 28)


def meter(
    *shown: tuple[str, str],
    installed: str = "2020-01-01",
    removed: str | None = None,
    billed: tuple[str, str] | None = None,
    waiting: tuple[tuple[str, str], ...] = (),
    garden: bool = False,
) -> MeterFacts:
    def readings(pairs) -> tuple[MeterReading, ...]:
        return tuple(MeterReading(date.fromisoformat(day), Decimal(value), "REMOTE") for day, value in pairs)

    return MeterFacts(
        meter_id=new_id(),
        serial_number="88",
        unit="m3",
        digits=5,
        installed_on=date.fromisoformat(installed),
        removed_on=date.fromisoformat(removed) if removed else None,
        accepted=readings(shown),
        waiting=readings(waiting),
        billed=BilledThrough(date.fromisoformat(billed[0]), Decimal(billed[1])) if billed else None,
        garden=garden,
    )


def uses(*meters: MeterFacts, starts: str = "2026-01-01", until: date = UNTIL):
    found = metered_use(
        meters, contract_from=date.fromisoformat(starts), period_from=date(2026, 1, 1), until_day=until
    )
    return [(use.from_day.isoformat(), use.end.day.isoformat(), str(use.used)) for use in found]


def reason(*meters: MeterFacts, **options) -> str:
    with pytest.raises(Park) as parked:
        uses(*meters, **options)
    return parked.value.reason.value


@pytest.mark.parametrize(
    ("shown", "starts", "expected"),
    [
        # The reading on the eve closed its day: everything after it is the contract's.
        ([("2025-12-31", "10"), ("2026-02-28", "22")], "2026-01-01", ("2026-01-01", "2026-02-28", "12.000")),
        # No reading on the eve: from the first one of the contract.
        (
            [("2025-12-20", "8"), ("2026-01-05", "10"), ("2026-02-28", "22")],
            "2026-01-01",
            ("2026-01-06", "2026-02-28", "12.000"),
        ),
        # That would leave nothing: from the last one before it.
        ([("2025-12-20", "8"), ("2026-02-28", "22")], "2026-01-01", ("2025-12-21", "2026-02-28", "14.000")),
        # What was read after the period is the next bill's.
        (
            [("2025-12-31", "10"), ("2026-02-28", "22"), ("2026-03-31", "30")],
            "2026-01-01",
            ("2026-01-01", "2026-02-28", "12.000"),
        ),
    ],
)
def test_where_a_first_bill_starts(shown, starts, expected):
    assert uses(meter(*shown), starts=starts) == [expected]


def test_a_bill_goes_on_where_the_last_one_ended():
    one = meter(("2025-12-31", "10"), ("2026-01-31", "15"), ("2026-02-28", "22"), billed=("2026-01-31", "15"))
    assert uses(one) == [("2026-02-01", "2026-02-28", "7.000")]


def test_a_meter_that_rolled_over_is_billed_for_what_it_measured():
    assert uses(meter(("2025-12-31", "99995"), ("2026-02-28", "7"))) == [
        ("2026-01-01", "2026-02-28", "12.000")
    ]


def test_a_replaced_meter_and_the_new_one_are_billed_together():
    old = meter(("2025-12-31", "10"), ("2026-01-20", "14"), removed="2026-01-20")
    new = meter(("2026-01-20", "0"), ("2026-02-28", "8"), installed="2026-01-20")
    assert uses(new, old) == [("2026-01-01", "2026-01-20", "4.000"), ("2026-01-21", "2026-02-28", "8.000")]


def test_a_meter_billed_to_its_last_day_is_settled():
    old = meter(("2025-12-31", "10"), removed="2025-12-31", billed=("2025-12-31", "10"))
    new = meter(("2025-12-31", "0"), ("2026-02-28", "8"), installed="2025-12-31")
    assert uses(old, new, starts="2025-01-01") == [("2026-01-01", "2026-02-28", "8.000")]


def test_a_meter_removed_before_the_contract_is_not_its_business():
    old = meter(("2019-01-01", "1"), installed="2018-01-01", removed="2020-01-01")
    now = meter(("2025-12-31", "10"), ("2026-02-28", "22"))
    assert uses(old, now) == [("2026-01-01", "2026-02-28", "12.000")]


def test_a_removed_meter_without_its_last_reading_parks():
    old = meter(("2025-12-31", "10"), removed="2026-01-20", billed=("2025-12-31", "10"))
    new = meter(("2026-01-20", "0"), ("2026-02-28", "8"), installed="2026-01-20")
    assert reason(old, new, starts="2025-01-01") == "NO_READING"


@pytest.mark.parametrize(
    "one",
    [
        meter(),
        meter(("2025-12-31", "10")),
        meter(("2026-02-28", "10")),
        meter(("2026-02-28", "10"), billed=("2026-02-28", "10")),
        meter(("2025-12-31", "10"), ("2026-03-01", "22")),
    ],
)
def test_nothing_newer_was_read(one):
    assert reason(one) == "NO_READING"


def test_a_reading_that_waits_in_between_parks():
    one = meter(("2025-12-31", "10"), ("2026-02-28", "22"), waiting=(("2026-02-10", "3"),))
    assert reason(one) == "READING_WAITS"


def test_a_reading_that_waits_after_the_period_does_not():
    one = meter(("2025-12-31", "10"), ("2026-02-28", "22"), waiting=(("2026-03-10", "3"),))
    assert uses(one) == [("2026-01-01", "2026-02-28", "12.000")]


# 36.5 m³ in 365 days: a tenth of a cubic metre a day; 59 days make 5.9 m³, three times as much 17.7 m³.
YEAR = (("2024-12-31", "100"), ("2025-12-31", "136.5"))
BILLED = ("2025-12-31", "136.5")


def test_unusual_is_more_than_three_times_the_daily_use_of_the_year_before():
    usual = meter(*YEAR, ("2026-02-28", "154.2"), billed=BILLED)
    assert uses(usual, starts="2024-01-01") == [("2026-01-01", "2026-02-28", "17.700")]
    assert (
        reason(meter(*YEAR, ("2026-02-28", "154.201"), billed=BILLED), starts="2024-01-01") == "USE_UNUSUAL"
    )


# A garden that drinks a cubic metre a month, and twelve in the three months of summer. From 2 May to 30 July 2025 it
# was 1 + 7.826 m³ in 90 days: 2.942 m³ in 30 days, three times as much 8.826 m³.
GARDEN = (("2025-01-31", "1"), ("2025-05-31", "5"), ("2025-08-31", "17"), ("2026-05-31", "26"))


@pytest.mark.parametrize(("shown", "parks"), [("34.826", False), ("34.827", True)])
def test_a_garden_is_compared_with_its_season_a_year_before(shown: str, parks: bool):
    one = meter(*GARDEN, ("2026-06-30", shown), billed=("2026-05-31", "26"), garden=True)
    until = date(2026, 6, 30)
    if parks:
        assert reason(one, starts="2024-01-01", until=until) == "USE_UNUSUAL"
    else:
        assert uses(one, starts="2024-01-01", until=until) == [("2026-06-01", "2026-06-30", "8.826")]


def test_the_first_summer_of_a_garden_is_like_no_other():
    one = meter(*GARDEN[:2], ("2025-06-30", "15"), billed=("2025-05-31", "5"), garden=True)
    assert uses(one, starts="2024-01-01", until=date(2025, 6, 30)) == [("2025-06-01", "2025-06-30", "10.000")]
    same = meter(*GARDEN[:2], ("2025-06-30", "15"), billed=("2025-05-31", "5"))
    assert reason(same, starts="2024-01-01", until=date(2025, 6, 30)) == "USE_UNUSUAL"


def test_what_somebody_else_used_before_the_contract_is_not_the_usual():
    assert uses(meter(*YEAR, ("2026-02-28", "999"))) == [("2026-01-01", "2026-02-28", "862.500")]


def test_a_new_meter_is_compared_with_the_one_before_it():
    old = meter(*YEAR, removed="2025-12-31", billed=BILLED)
    new = meter(("2025-12-31", "0"), ("2026-02-28", "30"), installed="2025-12-31")
    assert reason(old, new, starts="2024-01-01") == "USE_UNUSUAL"
