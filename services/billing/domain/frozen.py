"""An invoice as it is kept: what it prints, and beside it the facts that pages, sums and the next run need.

Stored as plain JSON; commodities, units and kinds are the words of the tables ("WATER", "m3", "month"), where the
printed part has the words of paper ("water", "m³", "mies.").
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Self

from chassis.money import Money, sum_money
from services.billing.domain.charges import ChargeKind
from services.billing.domain.plain import from_plain, to_plain
from services.billing.domain.printed import PrintedInvoice
from services.billing.domain.remainders import to_the_grosz
from services.billing.domain.vat import VatTotals, exact_vat

NOTHING = Decimal("0.000")
PRINTED_UNITS = {"m3": "m³", "month": "mies."}


@dataclass(frozen=True, slots=True)
class FrozenLine:
    """A line as it was reckoned; its days are always there."""

    kind: str
    name: str
    commodity: str
    unit: str
    quantity: Decimal
    price: Decimal
    vat_rate: str
    net: Money
    from_day: date
    until_day: date


@dataclass(frozen=True, slots=True)
class FrozenReading:
    """Two readings of a meter and what was used between them.

    `start_settled`: the first is an estimate that was billed and counts no more. `credited` was billed before and is
    taken off, `left_over` is still to be; `garden`: a sub-meter.
    """

    meter_id: str
    meter_serial: str
    commodity: str
    unit: str
    from_day: date
    until_day: date
    value_from: Decimal
    value_until: Decimal
    kind: str
    used: Decimal
    start_settled: bool = False
    credited: Decimal = NOTHING
    left_over: Decimal = NOTHING
    garden: bool = False


@dataclass(frozen=True, slots=True)
class FrozenSpan:
    """Days billed at a point. `meter_id` and `until_value` where they are of a meter's use."""

    service_point_id: str
    basis: str
    from_day: date
    until_day: date
    meter_id: str = ""
    until_value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FrozenDifference:
    """Why the total differs from the invoice before; the parts add up to the difference."""

    previous_number: str
    previous_from: date
    previous_until: date
    previous_total: Money
    by_volume: Money
    by_price: Money
    by_days: Money
    previous_used: Decimal | None
    used: Decimal | None
    unit: str
    previous_days: int
    days: int


@dataclass(frozen=True, slots=True)
class CommodityGross:
    """What one commodity costs on an invoice, tax and all."""

    commodity: str
    gross: Money


@dataclass(frozen=True, slots=True)
class PreviousBill:
    """What the next bill needs of one that was issued."""

    number: str
    period_from: date
    period_until: date
    total_gross: Money
    lines: tuple[FrozenLine, ...]


@dataclass(frozen=True, slots=True)
class FrozenInvoice:
    """Everything that is kept of an invoice."""

    printed: PrintedInvoice
    lines: tuple[FrozenLine, ...]
    readings: tuple[FrozenReading, ...]
    spans: tuple[FrozenSpan, ...]
    gross: tuple[CommodityGross, ...]
    tariff_label: str
    premises_line: str
    main_commodity: str = ""
    used: Decimal | None = None
    used_unit: str = ""
    difference: FrozenDifference | None = None

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """Raises `UnreadableDocument` for an absent, unknown or misshapen field."""
        return from_plain(cls, plain)

    def with_printed(self, **changes: Any) -> Self:
        """The same with other printed values: what is known only at issue."""
        return replace(self, printed=replace(self.printed, **changes))


def used_of(lines: Iterable[FrozenLine], commodity: str) -> Decimal | None:
    """What is billed of a commodity by quantity; None where nothing is."""
    quantities = [
        line.quantity for line in lines if line.commodity == commodity and line.kind != ChargeKind.FIXED
    ]
    return sum(quantities, start=Decimal("0.000")) if quantities else None


def gross_by_commodity(lines: Iterable[FrozenLine], totals: VatTotals) -> tuple[CommodityGross, ...]:
    """Gross of each commodity: the tax of a rate shared out among its lines by largest remainder."""
    kept = list(lines)
    gross: dict[str, list[Money]] = {line.commodity: [] for line in kept}
    for row in totals.rows:
        ours = [line for line in kept if line.vat_rate == row.rate]
        taxes = to_the_grosz(row.vat, [exact_vat(line.net, rate=row.rate) for line in ours])
        for line, tax in zip(ours, taxes, strict=True):
            gross[line.commodity].append(line.net + tax)
    return tuple(CommodityGross(commodity, sum_money(parts)) for commodity, parts in gross.items())
