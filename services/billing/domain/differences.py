"""Why a bill differs from the one before: by use, by prices, by time.

Worked numbers: docs/algorithms/bill-difference.md.

Lines are grouped by what they charge (commodity, name, unit, and whether by use or by time). A group's difference is
parted in two: what changed in quantity, at the former price, and the rest, which is the price. The quantity of a
component per month counts as time, any other as use. All of it is gross and exact; the three sums are then rounded to
grosze that make the difference of the two totals.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from chassis.money import Money
from services.billing.domain.charges import ChargeKind
from services.billing.domain.frozen import FrozenInvoice, FrozenLine, PreviousBill
from services.billing.domain.remainders import to_the_grosz
from services.billing.domain.vat import VAT_RATES

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a difference; they add up to it."""

    by_volume: Money
    by_price: Money
    by_days: Money


@dataclass(slots=True)
class _Group:
    """One component on one invoice: quantity, exact gross, and the gross unit price where there is just one."""

    quantity: Decimal = NOTHING
    gross: Decimal = NOTHING
    prices: frozenset[Decimal] = frozenset()

    @property
    def price(self) -> Decimal | None:
        """Gross price of a unit, the average where there were several; None where nothing was used."""
        if len(self.prices) == 1:
            return next(iter(self.prices))
        return self.gross / self.quantity if self.quantity else None


Key = tuple[str, str, str, bool]


def parts_of(before: PreviousBill, now: FrozenInvoice) -> Parts:
    """The parts of `now`'s total less `before`'s."""
    earlier, later = _grouped(before.lines), _grouped(now.lines)
    by_volume, by_price, by_days = NOTHING, NOTHING, NOTHING
    for key in {**earlier, **later}:
        quantity, price = _split(earlier.get(key), later.get(key))
        by_price += price
        if key[3]:
            by_days += quantity
        else:
            by_volume += quantity
    difference = now.printed.total_gross - before.total_gross
    return Parts(*to_the_grosz(difference, [by_volume, by_price, by_days]))


def prices_changed(before: PreviousBill, now: FrozenInvoice) -> bool:
    """Whether a component on both invoices has another price, or a component came or went."""
    earlier, later = _grouped(before.lines), _grouped(now.lines)
    return {key: group.prices for key, group in earlier.items()} != {
        key: group.prices for key, group in later.items()
    }


def _grouped(lines: Iterable[FrozenLine]) -> dict[Key, _Group]:
    groups: dict[Key, _Group] = {}
    for line in lines:
        key = (line.commodity, line.name, line.unit, line.kind == ChargeKind.FIXED)
        group = groups.setdefault(key, _Group())
        factor = 1 + VAT_RATES[line.vat_rate]
        group.quantity += line.quantity
        group.gross += line.net.decimal * factor
        group.prices |= {line.price * factor}
    return groups


def _split(before: _Group | None, now: _Group | None) -> tuple[Decimal, Decimal]:
    """What is owed to the quantity and what to the price. A component that came or went is a change of price."""
    if before is None or now is None:
        return NOTHING, (now.gross if now else NOTHING) - (before.gross if before else NOTHING)
    difference = now.gross - before.gross
    if before.prices == now.prices and len(now.prices) == 1:
        return difference, NOTHING  # What rounding of lines left over is no change of price.
    former = before.price if before.price is not None else now.price
    quantity = (now.quantity - before.quantity) * (former or NOTHING)
    return quantity, difference - quantity
