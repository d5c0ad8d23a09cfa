"""A tariff in words, as its customer will read it, with an example; and what changed against the version before.

The example is arithmetic of its own, for nobody's bill: net lines rounded to the grosz, VAT on the sum of each rate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ebok.billing.v1 import meters_pb2
from ebok.billing.v1.tariffs_pb2 import (
    CHARGE_BASIS_FIXED,
    CHARGE_BASIS_PER_UNIT,
    CHARGE_BASIS_RATIO,
    TARIFF_VERSION_STATUS_PUBLISHED,
    Tariff,
    TariffComponent,
    TariffVersion,
)

from chassis.money import Money, sum_money
from gateway.console.words import commodity_word
from gateway.web.amounts import percent, price, quantity, zloty_plain
from gateway.web.days import date_of, today
from gateway.web.languages import gettext as _

# What a household may use in a month; the example of a tariff stands on these.
EXAMPLE_USE: Mapping[int, Decimal] = {
    meters_pb2.COMMODITY_WATER: Decimal(9),
    meters_pb2.COMMODITY_HOT_WATER: Decimal(3),
    meters_pb2.COMMODITY_HEAT: Decimal(4),
    meters_pb2.COMMODITY_ELECTRICITY: Decimal(170),
    meters_pb2.COMMODITY_GAS: Decimal(150),
}
EXEMPT = "ZW"
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Compared:
    """A component beside the one of the version before: its price then, and the change in percent; None when new."""

    component: TariffComponent
    before: str | None
    change: Decimal | None


def version_before(version: TariffVersion, versions: Sequence[TariffVersion]) -> TariffVersion | None:
    """The newest published version that counts before this one."""
    own = date_of(version.valid_from)
    earlier = [
        other
        for other in versions
        if other.status == TARIFF_VERSION_STATUS_PUBLISHED
        and other.tariff_version_id != version.tariff_version_id
        and (day := date_of(other.valid_from))
        and own
        and day < own
    ]
    return max(earlier, key=lambda other: str(date_of(other.valid_from)), default=None)


def standing(version: TariffVersion, tariff: Tariff) -> str:
    """`draft`, `coming`, `in_force` or `ended`."""
    if version.status != TARIFF_VERSION_STATUS_PUBLISHED:
        return "draft"
    day = date_of(version.valid_from)
    if day is None or day > today():
        return "coming"
    later = [
        other
        for other in tariff.versions
        if other.status == TARIFF_VERSION_STATUS_PUBLISHED
        and (start := date_of(other.valid_from))
        and day < start <= today()
    ]
    return "ended" if later else "in_force"


def compare(
    version: TariffVersion, before: TariffVersion | None
) -> tuple[list[Compared], list[TariffComponent]]:
    """Each component against its namesake, and those that are gone."""
    known = {_key(one): one for one in before.components} if before else {}
    rows = [compare_one(one, known.get(_key(one))) for one in version.components]
    kept = {_key(one) for one in version.components}
    return rows, [one for key, one in known.items() if key not in kept]


def _key(component: TariffComponent) -> tuple[str, int, int]:
    return component.name.strip().casefold(), component.commodity, component.basis


def compare_one(component: TariffComponent, before: TariffComponent | None) -> Compared:
    """The price against that of the same component before."""
    if before is None:
        return Compared(component, None, None)
    was, now = Decimal(before.price), Decimal(component.price)
    change = ((now - was) * HUNDRED / was).quantize(Decimal("0.1")) if was else None
    return Compared(component, before.price, change)


def sentences(version: TariffVersion) -> list[str]:
    """What is paid for, a sentence for each component, and how VAT comes on top."""
    said = [_component_sentence(one) for one in version.components]
    rates = list(dict.fromkeys(one.vat_rate for one in version.components if one.vat_rate != EXEMPT))
    if len(rates) == 1:
        said.append(_("VAT of %(rate)s comes on top of these prices.", rate=percent(rates[0])))
    elif rates:
        said.append(_("VAT comes on top of these prices: %(rates)s.", rates=", ".join(map(percent, rates))))
    return said


def _component_sentence(one: TariffComponent) -> str:
    if one.basis == CHARGE_BASIS_FIXED:
        return _("%(name)s: %(price)s for each month.", name=one.name, price=price(one.price))
    if one.basis == CHARGE_BASIS_RATIO:
        return _(
            "%(name)s: %(price)s, counted for %(share)s of the use of: %(other)s.",
            name=one.name,
            price=price(one.price, one.unit),
            share=share_in_percent(one.ratio),
            other=commodity_word(one.ratio_of).lower(),
        )
    return _("%(name)s: %(price)s.", name=one.name, price=price(one.price, one.unit))


def share_in_percent(ratio: str) -> str:
    """`60%` of "0.6"."""
    return percent(Decimal(ratio or 0) * HUNDRED)


def example_total(components: Sequence[TariffComponent]) -> Money:
    """Gross for a month of the example's use. VAT is taken once for each rate on the summed net."""
    nets: dict[str, list[Money]] = {}
    for one in components:
        net = Money.rounded(Decimal(one.price) * _example_quantity(one))
        nets.setdefault(one.vat_rate, []).append(net)
    total = Money.zero()
    for rate, parts in nets.items():
        net = sum_money(parts)
        vat = Money.zero() if rate == EXEMPT else Money.rounded(net.decimal * Decimal(rate) / HUNDRED)
        total = total + net + vat
    return total


def _example_quantity(one: TariffComponent) -> Decimal:
    if one.basis == CHARGE_BASIS_FIXED:
        return Decimal(1)
    if one.basis == CHARGE_BASIS_RATIO:
        return EXAMPLE_USE.get(one.ratio_of, Decimal(0)) * Decimal(one.ratio or 0)
    return EXAMPLE_USE.get(one.commodity, Decimal(0))


def example(version: TariffVersion, before: TariffVersion | None) -> str:
    """„Przykład: 9 m³ to 183,33 zł brutto za miesiąc, dotychczas 176,41 zł.” Empty where there is nothing to count."""
    metered = {
        one.ratio_of if one.basis == CHARGE_BASIS_RATIO else one.commodity: one.unit
        for one in version.components
        if one.basis in (CHARGE_BASIS_PER_UNIT, CHARGE_BASIS_RATIO)
    }
    uses = [quantity(EXAMPLE_USE[what], unit) for what, unit in metered.items() if what in EXAMPLE_USE]
    if not uses:
        return ""
    use, total = ", ".join(uses), zloty_plain(example_total(version.components))
    if before is None:
        return _("For example %(use)s a month cost %(total)s with VAT.", use=use, total=total)
    return _(
        "For example %(use)s a month cost %(total)s with VAT, so far %(before)s.",
        use=use,
        total=total,
        before=zloty_plain(example_total(before.components)),
    )
