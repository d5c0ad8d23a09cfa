"""Parts make the whole. The numbers are those of docs/algorithms/proration.md."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.proration import days_in, months_in, share

START = date(2026, 9, 1)
quantities = st.decimals(min_value=0, max_value=10**8, places=3)
days = st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31))


def cut(length: int, cuts: set[int]) -> list[tuple[date, date]]:
    """Neighbouring parts of `length` days from START, cut after the given days."""
    edges = sorted({0, length, *(edge for edge in cuts if 0 < edge < length)})
    return [(START + timedelta(days=a), START + timedelta(days=b - 1)) for a, b in pairwise(edges)]


def test_three_equal_parts_of_ten():
    parts = [
        share(Decimal(10), from_day=START, to_day=date(2026, 9, 30), part_from=part_from, part_to=part_to)
        for part_from, part_to in cut(30, {10, 20})
    ]

    assert parts == [Decimal("3.333"), Decimal("3.334"), Decimal("3.333")]


def test_days_outside_the_whole_get_nothing():
    whole = {"from_day": START, "to_day": date(2026, 9, 30)}

    assert share(Decimal(10), **whole, part_from=date(2026, 8, 1), part_to=date(2026, 8, 31)) == 0
    assert share(Decimal(10), **whole, part_from=date(2026, 1, 1), part_to=date(2026, 12, 31)) == 10


@pytest.mark.parametrize(
    ("from_day", "to_day", "months"),
    [
        ("2026-09-01", "2026-10-31", "2.000"),
        ("2026-09-10", "2026-10-31", "1.700"),
        ("2026-02-15", "2026-02-28", "0.500"),
        ("2026-09-01", "2026-10-10", "1.323"),
        ("2026-10-11", "2026-10-31", "0.677"),
        ("2026-01-01", "2026-01-10", "0.323"),
        ("2026-01-11", "2026-01-20", "0.322"),
        ("2026-01-21", "2026-01-31", "0.355"),
        ("2026-01-01", "2026-12-31", "12.000"),
        ("2026-01-02", "2026-01-01", "0.000"),
    ],
)
def test_months_are_counted_by_the_calendar(from_day, to_day, months):
    assert months_in(date.fromisoformat(from_day), date.fromisoformat(to_day)) == Decimal(months)


@given(quantities, st.integers(1, 800), st.sets(st.integers(1, 799), max_size=12))
def test_parts_make_the_whole_and_none_is_negative_or_off(quantity, length, cuts):
    end = START + timedelta(days=length - 1)
    parts = [
        (days_in(a, b), share(quantity, from_day=START, to_day=end, part_from=a, part_to=b))
        for a, b in cut(length, cuts)
    ]

    assert sum(part for _, part in parts) == quantity
    for count, part in parts:
        assert part >= 0
        assert abs(part - quantity * count / length) <= Decimal("0.001")


@given(days, st.integers(0, 1500), st.integers(0, 1500))
def test_consecutive_months_add_up(first, length, further):
    middle = first + timedelta(days=length)
    last = middle + timedelta(days=further)

    assert months_in(first, middle) + months_in(middle + timedelta(days=1), last) == months_in(first, last)
    assert months_in(first, middle) >= 0
