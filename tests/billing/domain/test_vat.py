"""VAT per rate on the summed net. The numbers are those of docs/algorithms/vat.md."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.money import Money, sum_money
from services.billing.domain.vat import VAT_RATES, UnknownVatRate, exact_vat, vat_row, vat_totals

amounts = st.integers(min_value=-10_000_000, max_value=10_000_000).map(Money)
taxed_lines = st.lists(st.tuples(st.sampled_from(sorted(VAT_RATES)), amounts), max_size=40)


def zl(text: str) -> Money:
    return Money.rounded(Decimal(text))


def test_one_rate_is_taxed_on_its_sum():
    totals = vat_totals([("8", zl("78.36")), ("8", zl("111.60")), ("8", zl("35.76"))])

    assert exact_vat(totals.net, rate="8") == Decimal("18.0576")
    assert (totals.net, totals.vat, totals.gross) == (zl("225.72"), zl("18.06"), zl("243.78"))


def test_small_lines_are_not_rounded_one_by_one():
    assert vat_totals([("8", zl("1.06"))] * 10).vat == zl("0.85")
    assert sum_money([vat_row(zl("1.06"), rate="8").vat] * 10) == zl("0.80")


def test_rates_stand_apart_and_in_order():
    totals = vat_totals([("ZW", zl("300.00")), ("8", zl("225.72")), ("23", zl("431.57"))])

    assert [(row.rate, row.vat, row.gross) for row in totals.rows] == [
        ("23", zl("99.26"), zl("530.83")),
        ("8", zl("18.06"), zl("243.78")),
        ("ZW", zl("0"), zl("300.00")),
    ]
    assert (totals.net, totals.vat, totals.gross) == (zl("957.29"), zl("117.32"), zl("1074.61"))


@pytest.mark.parametrize(
    ("net", "rate", "exact", "vat"),
    [
        ("0.50", "23", "0.115", "0.12"),
        ("0.10", "5", "0.005", "0.01"),
        ("-0.50", "23", "-0.115", "-0.12"),
        ("123.45", "0", "0", "0"),
    ],
)
def test_half_a_grosz_goes_away_from_zero(net, rate, exact, vat):
    assert exact_vat(zl(net), rate=rate) == Decimal(exact)
    assert vat_row(zl(net), rate=rate).vat == zl(vat)


def test_an_invoice_without_lines_has_no_rows():
    assert vat_totals([]).rows == ()
    assert vat_totals([]).gross == Money.zero()


@pytest.mark.parametrize("rate", ["7", "", "zw", "8 %"])
def test_unknown_rate_is_refused(rate):
    with pytest.raises(UnknownVatRate):
        vat_totals([(rate, zl("1"))])


@given(taxed_lines)
def test_totals_are_the_sums_of_rows_and_of_lines(lines):
    totals = vat_totals(lines)

    assert totals.net == sum_money(net for _, net in lines) == sum_money(row.net for row in totals.rows)
    assert totals.vat == sum_money(row.vat for row in totals.rows)
    assert totals.gross == totals.net + totals.vat
    assert all(row.gross == row.net + row.vat for row in totals.rows)


@given(taxed_lines)
def test_no_row_is_further_than_half_a_grosz_from_its_tax(lines):
    for row in vat_totals(lines).rows:
        assert abs(row.vat.decimal - exact_vat(row.net, rate=row.rate)) <= Decimal("0.005")


@given(taxed_lines)
def test_the_order_of_lines_does_not_matter(lines):
    assert vat_totals(lines) == vat_totals(list(reversed(lines)))
