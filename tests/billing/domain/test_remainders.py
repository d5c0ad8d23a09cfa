"""Sharing out by largest remainder: tables, and that the parts always make the whole."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.money import Money
from services.billing.domain.remainders import to_the_grosz

EXACT = st.lists(st.decimals(min_value=-1000, max_value=1000, places=4), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("total", "exact", "parts"),
    [
        (1982, ["15.0336", "4.7952", "0"], [1503, 479, 0]),
        (1983, ["15.0336", "4.7952", "0"], [1503, 480, 0]),
        (1981, ["15.0336", "4.7952", "0"], [1502, 479, 0]),
        (1806, ["6.2688", "8.928", "2.8608"], [627, 893, 286]),
        (-1, ["-0.005", "-0.005"], [0, -1]),
        (0, ["0", "0", "0"], [0, 0, 0]),
        (5, ["0", "0"], [5, 0]),
        (0, [], []),
    ],
)
def test_table(total, exact, parts):
    found = to_the_grosz(Money(total), [Decimal(part) for part in exact])
    assert [part.grosze for part in found] == parts


def test_an_amount_needs_somebody_to_take_it():
    with pytest.raises(ValueError, match="nothing to share"):
        to_the_grosz(Money(1), [])


@given(EXACT, st.integers(-3, 3))
def test_parts_make_the_whole_and_stay_near_what_they_are(exact, off):
    total = Money.rounded(sum(exact, start=Decimal(0))) + Money(off)
    parts = to_the_grosz(total, exact)
    assert sum(part.grosze for part in parts) == total.grosze
    for part, amount in zip(parts, exact, strict=True):
        assert abs(part.decimal - amount) <= Decimal("0.01") * (2 + abs(off))


@given(EXACT)
def test_the_right_total_moves_no_part_by_a_whole_grosz(exact):
    total = Money.rounded(sum(exact, start=Decimal(0)))
    for part, amount in zip(to_the_grosz(total, exact), exact, strict=True):
        assert abs(part.decimal - amount) < Decimal("0.01") or amount == 0
