"""Prices of MWiK Piła, decision for 2024-09-10 … 2027-09-09, from its public bulletin; net, VAT 8 %.

Groups 1 to 4 of the published list for households; other users have their own unit prices.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from ebok.billing.v1 import meters_pb2, tariffs_pb2

SOURCE = "https://bip.mwik.pila.pl/index.php?option=com_govarticle&view=category&id=59&Itemid=223"
DECISION = "MWiK Piła 2024-09-10/2027-09-09"
VAT = "8"  # percent
VALID_FROM = (date(2024, 9, 10), date(2025, 9, 10), date(2026, 9, 10))

WATER = ("5.95", "6.24", "6.53")
SEWAGE = ("7.79", "8.82", "9.30")
WATER_OTHERS = ("5.98", "6.27", "6.55")
SEWAGE_OTHERS = ("10.14", "11.62", "12.33")


@dataclass(frozen=True)
class DemoTariff:
    """A price list in its three years; `subscription` is per month, `sewage` empty without sewage."""

    code: str
    name: str
    water: tuple[str, ...]
    sewage: tuple[str, ...] = ()
    subscription: tuple[str, ...] = ()

    def components(self, year: int) -> Iterator[tariffs_pb2.TariffComponent]:
        """The lines of one of the three years."""
        return components(
            water=self.water[year],
            sewage=self.sewage[year] if self.sewage else "",
            subscription=self.subscription[year] if self.subscription else "",
        )


TARIFFS = (
    DemoTariff(
        "WS-P", "Woda i ścieki, gospodarstwa domowe, faktura papierowa", WATER, SEWAGE, ("18.78", "19.58", "20.31")
    ),
    DemoTariff("WS-E", "Woda i ścieki, gospodarstwa domowe, e-faktura", WATER, SEWAGE, ("16.45", "17.20", "17.88")),
    DemoTariff("W-P", "Woda, gospodarstwa domowe, faktura papierowa", WATER, (), ("16.25", "16.75", "17.25")),
    DemoTariff("W-E", "Woda, gospodarstwa domowe, e-faktura", WATER, (), ("13.92", "14.37", "14.82")),
    DemoTariff("WS-F", "Woda i ścieki, pozostałe cele", WATER_OTHERS, SEWAGE_OTHERS),
)  # fmt: skip


def components(
    *, water: str, sewage: str = "", subscription: str = ""
) -> Iterator[tariffs_pb2.TariffComponent]:
    """The lines of a price list, net prices in złoty; without a price there is no line."""
    of_water, of_sewage = meters_pb2.COMMODITY_WATER, meters_pb2.COMMODITY_SEWAGE
    per_unit, fixed = tariffs_pb2.CHARGE_BASIS_PER_UNIT, tariffs_pb2.CHARGE_BASIS_FIXED
    per_water = {"basis": tariffs_pb2.CHARGE_BASIS_RATIO, "ratio": "1", "ratio_of": of_water}
    lines: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("Woda", water, {"commodity": of_water, "basis": per_unit, "unit": "m3"}),
        ("Odprowadzenie ścieków", sewage, {"commodity": of_sewage, **per_water, "unit": "m3"}),
        ("Abonament", subscription, {"commodity": of_water, "basis": fixed, "unit": "month"}),
    )
    for name, price, more in lines:
        if price:
            yield tariffs_pb2.TariffComponent(name=name, price=price, vat_rate=VAT, **more)
