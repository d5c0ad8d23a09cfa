"""From use and prices to invoice lines: pure arithmetic, no database.

Days are included at both ends. A reading closes its day: readings on 31 August and 31 October make a
consumption from 1 September to 31 October. A consumption is billed whole, by the prices of its own days; a
fixed component is billed for the days of the period. Where a price changes inside, the quantity is split by
days (`proration.share`), one line for each price; versions that agree on a component do not split it. Worked
numbers: docs/algorithms/proration.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from chassis.errors import FailedPrecondition, Invalid
from chassis.money import Money
from services.billing.domain.proration import ONE_DAY, months_in, rounded_quantity, share
from services.billing.domain.vat import VAT_RATES, UnknownVatRate

NOTHING = Decimal("0.000")


class ChargeKind(StrEnum):
    """The basis of a component."""

    PER_UNIT = "PER_UNIT"  # price × used quantity
    FIXED = "FIXED"  # price × months
    RATIO = "RATIO"  # price × a share of what another commodity used, less its sub-meters


class ChargesUnsound(Invalid):
    """The input contradicts itself: a negative quantity or price, an interval that ends before it starts."""

    reason = "CHARGES_UNSOUND"


class NoPriceForDay(FailedPrecondition):
    """No price is known for a day that is to be billed."""

    reason = "NO_PRICE_FOR_DAY"


@dataclass(frozen=True, slots=True)
class ChargeComponent:
    """One component of a tariff version. `price` is net, per `unit`; `ratio` and `source`: RATIO."""

    kind: ChargeKind
    name: str
    commodity: str
    unit: str
    price: Decimal
    vat_rate: str
    ratio: Decimal = Decimal(1)
    source: str = ""


@dataclass(frozen=True, slots=True)
class TariffVersionPrices:
    """The components valid from a day until the next version, in the order of an invoice."""

    valid_from: date
    components: tuple[ChargeComponent, ...]


@dataclass(frozen=True, slots=True)
class Consumption:
    """What one meter measured between two readings, at most three places.

    A sub-meter's (garden) quantity is already inside its main meter's: it only lessens what RATIO shares.
    """

    commodity: str
    from_day: date
    to_day: date
    quantity: Decimal
    sub_meter: bool = False


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """A line to be. `from_day`/`until_day` are set only where the price covers a part of the billed days."""

    kind: ChargeKind
    name: str
    commodity: str
    unit: str
    quantity: Decimal
    price: Decimal
    vat_rate: str
    net: Money
    from_day: date | None = None
    until_day: date | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """A stretch of days with one component; `position` is its place in the version it began with."""

    component: ChargeComponent
    position: int
    from_day: date
    until_day: date


def charge_lines(
    *,
    period_from: date,
    period_until: date,
    consumptions: Sequence[Consumption],
    versions: Sequence[TariffVersionPrices],
) -> tuple[ChargeLine, ...]:
    """The lines of one period, in the order of the tariff, then by day.

    Refuses with `ChargesUnsound`, `UnknownVatRate`, and `NoPriceForDay` when a day before the first version
    is to be billed or nothing prices a metered commodity. A fixed component is billed for the part of the
    period in which it is in force.
    """
    _refuse_unsound(period_from, period_until, consumptions, versions)
    first_day = min([period_from, *(used.from_day for used in consumptions)])
    if not versions or first_day < min(version.valid_from for version in versions):
        raise NoPriceForDay(day=first_day.isoformat())
    priced = {_metered(component) for version in versions for component in version.components}
    for used in consumptions:
        if used.commodity not in priced:
            raise NoPriceForDay(day=used.from_day.isoformat(), commodity=used.commodity)

    lines = [
        (run.position, run.from_day, line)
        for run in _runs(versions)
        for line in _run_lines(run, consumptions, period_from, period_until)
    ]
    lines.sort(key=lambda entry: entry[:2])
    return tuple(line for _, _, line in lines)


def _refuse_unsound(
    period_from: date,
    period_until: date,
    consumptions: Sequence[Consumption],
    versions: Sequence[TariffVersionPrices],
) -> None:
    if period_until < period_from:
        raise ChargesUnsound("the period ends before it starts")
    for used in consumptions:
        if used.to_day < used.from_day:
            raise ChargesUnsound("a consumption ends before it starts")
        if used.quantity < 0 or used.quantity != rounded_quantity(used.quantity):
            raise ChargesUnsound("a quantity is negative or finer than three places")
    if len({version.valid_from for version in versions}) != len(versions):
        raise ChargesUnsound("two tariff versions start on one day")
    for version in versions:
        if len(set(version.components)) != len(version.components):
            raise ChargesUnsound("a tariff version names a component twice")
        for component in version.components:
            if component.price < 0 or component.ratio < 0:
                raise ChargesUnsound("a price or a ratio is negative")
            if component.vat_rate not in VAT_RATES:
                raise UnknownVatRate(rate=component.vat_rate)


def _runs(versions: Sequence[TariffVersionPrices]) -> list[_Run]:
    """Each component with the days it is in force, equal neighbours merged, by day."""
    ordered = sorted(versions, key=lambda version: version.valid_from)
    ends = [version.valid_from - ONE_DAY for version in ordered[1:]] + [date.max]
    runs: list[_Run] = []
    for version, until_day in zip(ordered, ends, strict=True):
        for position, component in enumerate(version.components):
            eve = version.valid_from - ONE_DAY
            open_run = next(
                (run for run in runs if run.component == component and run.until_day == eve), None
            )
            if open_run is None:
                runs.append(_Run(component, position, version.valid_from, until_day))
            else:
                runs[runs.index(open_run)] = replace(open_run, until_day=until_day)
    return runs


def _run_lines(
    run: _Run, consumptions: Sequence[Consumption], period_from: date, period_until: date
) -> list[ChargeLine]:
    """The line of a run, or none where its days are not billed."""
    component = run.component
    if component.kind is ChargeKind.FIXED:
        first, last = period_from, period_until
        billed: list[Consumption] = []
    else:
        billed = _billed(component, consumptions)
        first = min((used.from_day for used in billed), default=date.max)
        last = max((used.to_day for used in billed), default=date.min)
    from_day, until_day = max(first, run.from_day), min(last, run.until_day)
    if until_day < from_day:
        return []
    if component.kind is ChargeKind.FIXED:
        quantity = months_in(from_day, until_day)
    else:
        quantity = _used_share(component, billed, from_day, until_day)
    whole = (from_day, until_day) == (first, last)
    return [
        ChargeLine(
            kind=component.kind,
            name=component.name,
            commodity=component.commodity,
            unit=component.unit,
            quantity=quantity,
            price=component.price,
            vat_rate=component.vat_rate,
            net=Money.rounded(quantity * component.price),
            from_day=None if whole else from_day,
            until_day=None if whole else until_day,
        )
    ]


def _metered(component: ChargeComponent) -> str | None:
    """The commodity whose meters a component bills."""
    metered = {ChargeKind.PER_UNIT: component.commodity, ChargeKind.RATIO: component.source}
    return metered.get(component.kind)


def _billed(component: ChargeComponent, consumptions: Sequence[Consumption]) -> list[Consumption]:
    if component.kind is ChargeKind.PER_UNIT:
        return [used for used in consumptions if used.commodity == component.commodity and not used.sub_meter]
    return less_sub_meters(component.source, consumptions)


def _used_share(
    component: ChargeComponent, billed: Sequence[Consumption], from_day: date, until_day: date
) -> Decimal:
    """The quantity of the days, as the difference of two running totals; a ratio is taken of the totals."""
    ratio = component.ratio if component.kind is ChargeKind.RATIO else Decimal(1)
    before = rounded_quantity(ratio * _used_through(billed, from_day - ONE_DAY))
    return rounded_quantity(ratio * _used_through(billed, until_day)) - before


def _used_through(billed: Sequence[Consumption], day: date) -> Decimal:
    parts = (
        share(used.quantity, from_day=used.from_day, to_day=used.to_day, part_from=used.from_day, part_to=day)
        for used in billed
    )
    return sum(parts, start=NOTHING)


def less_sub_meters(commodity: str, consumptions: Sequence[Consumption]) -> list[Consumption]:
    """The main meters' consumptions of a commodity, each less what sub-meters took on its days.

    Never negative: what a sub-meter took beyond its main meter's interval lessens the neighbouring ones, and
    altogether the parts make the main total less the sub-meters' total, or nothing when that is negative.
    """
    ours = [used for used in consumptions if used.commodity == commodity]
    mains = sorted(
        (used for used in ours if not used.sub_meter), key=lambda used: (used.to_day, used.from_day)
    )
    subs = [used for used in ours if used.sub_meter]
    total = sum((used.quantity for used in mains), start=NOTHING)
    limit = max(total - sum((used.quantity for used in subs), start=NOTHING), NOTHING)

    result: list[Consumption] = []
    running, reached = NOTHING, NOTHING
    for index, used in enumerate(mains):
        running += used.quantity
        net = running - _used_through(subs, used.to_day)
        level = limit if index == len(mains) - 1 else min(max(net, reached), limit)
        result.append(replace(used, quantity=level - reached))
        reached = level
    return result
