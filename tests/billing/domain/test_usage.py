"""Daily use and its buckets. The numbers are those of docs/algorithms/proration.md."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.usage import (
    MeterValue,
    Use,
    daily_use,
    use_bars,
    use_between,
    use_stretches,
)

START = date(2024, 1, 1)


def value(day: str, value: str, *, series: str = "old", digits: int | None = None) -> MeterValue:
    return MeterValue(series, date.fromisoformat(day), Decimal(value), digits)


REPLACED = use_stretches(
    [
        value("2026-08-31", "806"),
        value("2026-09-20", "812"),
        value("2026-09-20", "0", series="new"),
        value("2026-10-31", "8", series="new"),
    ]
)

steps = st.lists(
    st.tuples(st.integers(1, 120), st.decimals(min_value=0, max_value=500, places=3)), min_size=1, max_size=12
)


def climbing(taken: list[tuple[int, Decimal]], series: str) -> list[MeterValue]:
    """Readings of a meter that starts at 100 on START and climbs by each step."""
    values = [MeterValue(series, START, Decimal(100))]
    for days_later, used in taken:
        values.append(
            MeterValue(series, values[-1].day + timedelta(days=days_later), values[-1].value + used)
        )
    return values


def in_month(stretches, month: int) -> Use:
    first = date(2026, month, 1)
    return use_between(stretches, from_day=first, until_day=date(2026, month + 1, 1) - timedelta(days=1))


def test_a_replaced_meter_leaves_no_hole_and_no_jump():
    september, october = in_month(REPLACED, 9), in_month(REPLACED, 10)

    assert (september.quantity, september.days_known) == (Decimal("7.951"), 30)
    assert (october.quantity, october.days_known) == (Decimal("6.049"), 31)
    year = use_between(REPLACED, from_day=date(2026, 1, 1), until_day=date(2026, 12, 31))
    assert year.quantity == 14


def test_days_add_up_to_the_month():
    days = daily_use(REPLACED, from_day=date(2026, 9, 1), until_day=date(2026, 9, 30))

    assert len(days) == 30
    assert sum(days.values()) == Decimal("7.951")
    assert days[date(2026, 9, 1)] == Decimal("0.300")


def test_a_meter_that_rolls_over_has_gone_on():
    [stretch] = use_stretches([value("2026-08-31", "99990", digits=5), value("2026-09-30", "4", digits=5)])

    assert stretch.quantity == 14


def test_a_meter_that_goes_back_tells_nothing():
    stretches = use_stretches(
        [value("2026-08-31", "806"), value("2026-09-30", "800"), value("2026-10-31", "805")]
    )
    september, october = in_month(stretches, 9), in_month(stretches, 10)

    assert (september.quantity, september.days_known, september.average_per_day) == (Decimal(0), 0, None)
    assert (october.quantity, october.days_known) == (Decimal(5), 31)


def test_one_reading_is_no_use():
    assert use_stretches([value("2026-08-31", "806")]) == ()


def test_the_chart_ends_with_its_month_and_shows_last_year_where_all_of_it_is_known():
    stretches = use_stretches(
        [
            value("2025-08-10", "699"),
            value("2025-08-31", "700"),
            value("2025-10-31", "710"),
            value("2026-06-30", "796"),
            value("2026-08-31", "806"),
            value("2026-10-31", "818"),
        ]
    )
    before, last = use_bars(stretches, last_month=date(2026, 10, 31), months_per_bar=2, bars=2)

    assert (last.from_day, last.until_day) == (date(2026, 9, 1), date(2026, 10, 31))
    assert (last.this_year, last.last_year) == (Decimal(12), Decimal(10))
    assert (before.from_day, before.until_day) == (date(2026, 7, 1), date(2026, 8, 31))
    assert (before.this_year, before.last_year) == (Decimal(10), None)


def test_the_chart_begins_with_the_first_known_day():
    stretches = use_stretches([value("2026-08-15", "800"), value("2026-10-31", "818")])
    bars = use_bars(stretches, last_month=date(2026, 10, 31), months_per_bar=1, bars=6)

    assert [bar.from_day for bar in bars] == [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)]
    assert sum(bar.this_year for bar in bars) == 18
    assert use_bars((), last_month=date(2026, 10, 31), months_per_bar=1, bars=6) == ()


@given(steps, steps, st.sets(st.integers(0, 1500), min_size=2, max_size=8))
def test_whatever_the_cut_the_parts_make_what_the_meters_measured(old, new, edges):
    values = climbing(old, "old") + climbing(new, "new")
    stretches = use_stretches(values)
    measured = sum(used for _, used in old) + sum(used for _, used in new)
    cuts = [START, *(START + timedelta(days=edge) for edge in sorted(edges)), START + timedelta(days=3000)]

    parts = [use_between(stretches, from_day=a + timedelta(days=1), until_day=b) for a, b in pairwise(cuts)]
    assert sum(part.quantity for part in parts) == measured
    assert all(part.quantity >= 0 for part in parts)
    everything = daily_use(stretches, from_day=START, until_day=START + timedelta(days=3000))
    assert sum(everything.values()) == measured
    assert all(used >= 0 for used in everything.values())


@given(steps, steps, st.integers(0, 1200), st.integers(1, 60))
def test_a_stretch_of_days_is_what_its_days_are(old, new, later, length):
    stretches = use_stretches(climbing(old, "old") + climbing(new, "new"))
    first, last = START + timedelta(days=later), START + timedelta(days=later + length - 1)

    whole = use_between(stretches, from_day=first, until_day=last)
    days = daily_use(stretches, from_day=first, until_day=last)
    assert (whole.quantity, whole.days_known) == (sum(days.values()), len(days))
    for day, used in days.items():
        assert used == use_between(stretches, from_day=day, until_day=day).quantity
