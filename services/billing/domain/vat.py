"""VAT of an invoice: per rate, on the summed net of that rate, rounded half up, once per invoice.

Source: EN 16931 and the VAT Act, art. 106e. Worked numbers: docs/algorithms/vat.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from chassis.errors import Invalid
from chassis.money import Money, sum_money

# In the order in which invoices print them. "ZW" is exempt: no tax, and the ground for it is printed.
VAT_RATES: dict[str, Decimal] = {
    "23": Decimal("0.23"),
    "8": Decimal("0.08"),
    "5": Decimal("0.05"),
    "0": Decimal("0.00"),
    "ZW": Decimal("0.00"),
}
EXEMPT = "ZW"


class UnknownVatRate(Invalid):
    """A rate outside the closed list."""

    reason = "UNKNOWN_VAT_RATE"


@dataclass(frozen=True, slots=True)
class VatRow:
    """The tax of one rate; `gross` is always `net + vat`."""

    rate: str
    net: Money
    vat: Money
    gross: Money


@dataclass(frozen=True, slots=True)
class VatTotals:
    """The rows of an invoice and their sums; nothing here is rounded a second time."""

    rows: tuple[VatRow, ...]
    net: Money
    vat: Money
    gross: Money


def exact_vat(net: Money, *, rate: str) -> Decimal:
    """The tax in złoty before rounding. Refuses with `UnknownVatRate`."""
    if rate not in VAT_RATES:
        raise UnknownVatRate(rate=rate)
    return net.decimal * VAT_RATES[rate]


def vat_row(net: Money, *, rate: str) -> VatRow:
    """The row of one rate for its summed net. Refuses with `UnknownVatRate`."""
    vat = Money.rounded(exact_vat(net, rate=rate))
    return VatRow(rate=rate, net=net, vat=vat, gross=net + vat)


def vat_totals(lines: Iterable[tuple[str, Money]]) -> VatTotals:
    """Rows and sums for `(rate, net)` of each line; rates as in `VAT_RATES`, unused ones left out."""
    nets: dict[str, list[Money]] = {}
    for rate, net in lines:
        if rate not in VAT_RATES:
            raise UnknownVatRate(rate=rate)
        nets.setdefault(rate, []).append(net)
    rows = tuple(vat_row(sum_money(nets[rate]), rate=rate) for rate in VAT_RATES if rate in nets)
    return VatTotals(
        rows=rows,
        net=sum_money(row.net for row in rows),
        vat=sum_money(row.vat for row in rows),
        gross=sum_money(row.gross for row in rows),
    )
