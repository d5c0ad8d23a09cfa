"""Why a bill differs: the worked numbers of docs/algorithms/bill-difference.md, and that parts always add up."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.money import Money
from services.billing.domain.differences import parts_of, prices_changed
from services.billing.domain.frozen import FrozenInvoice, FrozenLine, PreviousBill, gross_by_commodity
from services.billing.domain.printed import PrintedBuyer, PrintedInvoice, PrintedPayment, PrintedSeller
from services.billing.domain.vat import vat_totals

FIRST, LAST = date(2026, 9, 1), date(2026, 10, 31)


def line(
    name: str,
    quantity: str,
    price: str,
    *,
    commodity: str = "WATER",
    kind: str = "PER_UNIT",
    rate: str = "8",
) -> FrozenLine:
    net = Money.rounded(Decimal(quantity) * Decimal(price))
    unit = "month" if kind == "FIXED" else "m3"
    return FrozenLine(kind, name, commodity, unit, Decimal(quantity), Decimal(price), rate, net, FIRST, LAST)


def invoice(*lines: FrozenLine) -> FrozenInvoice:
    totals = vat_totals((one.vat_rate, one.net) for one in lines)
    printed = PrintedInvoice(
        number="FV/2026/000001",
        issued_on=LAST,
        period_from=FIRST,
        period_until=LAST,
        due_on=LAST,
        seller=PrintedSeller("Wodociągi Zdrój", (), ""),
        buyer=PrintedBuyer("1", "Anna", ()),
        payment=PrintedPayment("", "", ""),
        lines=(),
        vat_rows=totals.rows,
        total_net=totals.net,
        total_vat=totals.vat,
        total_gross=totals.gross,
        to_pay=totals.gross,
    )
    return FrozenInvoice(printed, lines, (), (), gross_by_commodity(lines, totals), "W1", "")


def issued(frozen: FrozenInvoice) -> PreviousBill:
    """The bill as the next one sees it."""
    return PreviousBill("FV/2026/000001", FIRST, LAST, frozen.printed.total_gross, frozen.lines)


def bill(*, used: str, water: str = "6.53", sewage: str = "9.30", months: str = "2", fee: str = "17.88"):
    return invoice(
        line("Woda", used, water),
        line("Ścieki", used, sewage, commodity="SEWAGE"),
        line("Abonament", months, fee, kind="FIXED"),
    )


@pytest.mark.parametrize(
    ("before", "now", "total", "parts"),
    [
        # The bill of the pattern: 12 m³ after 10 m³, nothing else changed.
        (bill(used="10"), bill(used="12"), 34_20, (34_20, 0, 0)),
        # One month after two: by time alone.
        (bill(used="12"), bill(used="12", months="1"), -19_31, (0, 0, -19_31)),
        # Prices alone.
        (bill(used="12"), bill(used="12", water="6.91", sewage="9.72"), 10_37, (0, 10_37, 0)),
        # All three: 12 m³ and 2 months at the new prices after 10 m³ and 1 month at the former ones.
        (
            bill(used="10", months="1"),
            bill(used="12", water="6.91", sewage="9.72", fee="18.40"),
            65_00,
            (34_20, 11_49, 19_31),
        ),
        (bill(used="12"), bill(used="12"), 0, (0, 0, 0)),
    ],
)
def test_table(before, now, total, parts):
    assert (now.printed.total_gross - before.printed.total_gross).grosze == total
    found = parts_of(issued(before), now)
    assert (found.by_volume.grosze, found.by_price.grosze, found.by_days.grosze) == parts


def test_the_mock_of_the_portal():
    """5 and 6 m³ by two prices after 10 m³ by the first: 15,03 zł for the use, 4,79 zł for the prices."""
    before = invoice(
        line("Woda", "10", "5.58"),
        line("Ścieki", "10", "8.34", commodity="SEWAGE"),
        line("Abonament", "2", "6.50", kind="FIXED"),
    )
    now = invoice(
        line("Woda", "5", "5.58"),
        line("Woda", "6", "5.90"),
        line("Ścieki", "5", "8.34", commodity="SEWAGE"),
        line("Ścieki", "6", "8.76", commodity="SEWAGE"),
        line("Abonament", "2", "6.50", kind="FIXED"),
    )
    assert (before.printed.total_gross.grosze, now.printed.total_gross.grosze) == (164_38, 184_20)
    parts = parts_of(issued(before), now)
    assert (parts.by_volume.grosze, parts.by_price.grosze, parts.by_days.grosze) == (15_03, 4_79, 0)


def test_a_component_that_came_is_a_change_of_price():
    before = invoice(line("Woda", "10", "6.53"))
    now = invoice(line("Woda", "10", "6.53"), line("Abonament", "2", "17.88", kind="FIXED"))
    parts = parts_of(issued(before), now)
    assert (parts.by_volume.grosze, parts.by_days.grosze) == (0, 0)
    assert parts.by_price.grosze == 38_62
    assert prices_changed(issued(before), now)


def test_what_rounding_left_over_is_no_change_of_price():
    before, now = invoice(line("Woda", "10.333", "6.53")), invoice(line("Woda", "11.777", "6.53"))
    assert parts_of(issued(before), now).by_price == Money(0)
    assert not prices_changed(issued(before), now)


QUANTITIES = st.decimals(min_value=0, max_value=200, places=3).map(str)
PRICES = st.decimals(min_value=0, max_value=30, places=2).map(str)
BILLS = st.builds(bill, used=QUANTITIES, water=PRICES, sewage=PRICES, months=QUANTITIES, fee=PRICES)


@given(BILLS, BILLS)
def test_parts_always_make_the_difference(before, now):
    parts = parts_of(issued(before), now)
    total = parts.by_volume + parts.by_price + parts.by_days
    assert total == now.printed.total_gross - before.printed.total_gross


@given(BILLS)
def test_commodities_always_make_the_total(frozen):
    assert sum(part.gross.grosze for part in frozen.gross) == frozen.printed.total_gross.grosze


@given(BILLS)
def test_a_document_comes_out_of_json_as_it_went_in(frozen):
    assert FrozenInvoice.from_json(frozen.to_json()) == frozen
