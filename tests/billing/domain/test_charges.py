"""From use and prices to lines. The numbers are those of docs/algorithms/proration.md."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.money import Money, sum_money
from services.billing.domain.charges import (
    ChargeComponent,
    ChargeKind,
    ChargesUnsound,
    Consumption,
    NoPriceForDay,
    TariffVersionPrices,
    charge_lines,
    less_sub_meters,
)
from services.billing.domain.vat import UnknownVatRate, vat_totals

WATER = ChargeComponent(ChargeKind.PER_UNIT, "Woda", "water", "m³", Decimal("6.53"), "8")
DEARER = ChargeComponent(ChargeKind.PER_UNIT, "Woda", "water", "m³", Decimal("6.80"), "8")
SEWAGE = ChargeComponent(
    ChargeKind.RATIO, "Ścieki", "sewage", "m³", Decimal("9.30"), "8", Decimal(1), "water"
)
STANDING = ChargeComponent(ChargeKind.FIXED, "Abonament", "water", "mies.", Decimal("17.88"), "8")
ELECTRICITY = ChargeComponent(ChargeKind.PER_UNIT, "Energia", "electricity", "kWh", Decimal("0.62"), "23")
W2 = TariffVersionPrices(date(2026, 1, 1), (WATER, SEWAGE, STANDING))
FROM, UNTIL = date(2026, 9, 1), date(2026, 10, 31)


def used(quantity: str, from_day: date = FROM, to_day: date = UNTIL, *, garden: bool = False) -> Consumption:
    return Consumption("water", from_day, to_day, Decimal(quantity), sub_meter=garden)


def lines_of(consumptions, versions, period_from=FROM, period_until=UNTIL):
    return charge_lines(
        period_from=period_from, period_until=period_until, consumptions=consumptions, versions=versions
    )


def sewage_of(consumptions, *, ratio: str = "1") -> list[Decimal]:
    part = ChargeComponent(
        ChargeKind.RATIO, "Ścieki", "sewage", "m³", Decimal("9.30"), "8", Decimal(ratio), "water"
    )
    lines = lines_of(consumptions, [TariffVersionPrices(date(2026, 1, 1), (part,))])
    return [line.quantity for line in lines]


def test_a_plain_period_has_a_line_for_each_component():
    lines = lines_of([used("12")], [W2])

    assert [(line.name, line.quantity, line.net.grosze) for line in lines] == [
        ("Woda", Decimal(12), 7836),
        ("Ścieki", Decimal(12), 11160),
        ("Abonament", Decimal(2), 3576),
    ]
    assert all(line.from_day is None and line.until_day is None for line in lines)
    assert vat_totals((line.vat_rate, line.net) for line in lines).gross == Money(24378)


def test_a_price_change_splits_only_what_changed():
    later = TariffVersionPrices(date(2026, 9, 16), (DEARER, SEWAGE, STANDING))
    lines = lines_of([used("12")], [W2, later])

    assert [
        (line.name, str(line.quantity), line.net.grosze, line.from_day, line.until_day) for line in lines
    ] == [
        ("Woda", "2.951", 1927, date(2026, 9, 1), date(2026, 9, 15)),
        ("Woda", "9.049", 6153, date(2026, 9, 16), date(2026, 10, 31)),
        ("Ścieki", "12.000", 11160, None, None),
        ("Abonament", "2.000", 3576, None, None),
    ]


def test_a_reading_on_the_eve_of_the_change_leaves_nothing_to_guess():
    readings = [used("2", FROM, date(2026, 9, 15)), used("10", date(2026, 9, 16), UNTIL)]
    lines = lines_of(readings, [W2, TariffVersionPrices(date(2026, 9, 16), (DEARER, SEWAGE, STANDING))])

    assert [line.quantity for line in lines if line.name == "Woda"] == [2, 10]


def test_use_before_the_period_is_billed_at_its_own_days_price():
    lines = lines_of(
        [used("12", date(2026, 8, 1), date(2026, 8, 31))],
        [W2, TariffVersionPrices(date(2026, 9, 1), (DEARER, SEWAGE, STANDING))],
    )

    assert [(line.price, line.quantity) for line in lines if line.name == "Woda"] == [(Decimal("6.53"), 12)]


def test_a_standing_charge_changes_by_the_day():
    dearer = ChargeComponent(ChargeKind.FIXED, "Abonament", "water", "mies.", Decimal("20.00"), "8")
    versions = [
        TariffVersionPrices(date(2026, 1, 1), (STANDING,)),
        TariffVersionPrices(date(2026, 10, 11), (dearer,)),
    ]

    assert [(str(line.quantity), line.net.grosze) for line in lines_of([], versions)] == [
        ("1.323", 2366),
        ("0.677", 1354),
    ]


@pytest.mark.parametrize(
    ("garden", "ratio", "sewage"),
    [([], "1", "12"), (["2"], "1", "10"), (["2"], "0.95", "9.500"), (["13"], "1", "0")],
)
def test_garden_water_does_not_reach_the_sewer(garden, ratio, sewage):
    consumptions = [used("12"), *(used(quantity, garden=True) for quantity in garden)]

    assert sewage_of(consumptions, ratio=ratio) == [Decimal(sewage)]


def test_garden_water_beyond_its_interval_lessens_the_neighbour():
    consumptions = [
        used("10", date(2026, 9, 1), date(2026, 9, 15)),
        used("8", date(2026, 9, 16), date(2026, 9, 30)),
        used("12", date(2026, 9, 16), date(2026, 9, 30), garden=True),
    ]

    assert [base.quantity for base in less_sub_meters("water", consumptions)] == [6, 0]
    assert sewage_of(consumptions) == [6]


def test_a_sub_meter_is_not_billed_as_water_again():
    [line] = lines_of([used("12"), used("5", garden=True)], [TariffVersionPrices(date(2026, 1, 1), (WATER,))])

    assert line.quantity == 12


def test_a_component_that_starts_later_is_billed_from_then():
    versions = [
        TariffVersionPrices(date(2026, 1, 1), (WATER,)),
        TariffVersionPrices(date(2026, 10, 1), (WATER, STANDING)),
    ]
    water, standing = lines_of([used("12")], versions)

    assert (water.quantity, water.from_day) == (12, None)
    assert (standing.quantity, standing.from_day) == (1, date(2026, 10, 1))


def test_a_day_without_a_price_is_refused():
    with pytest.raises(NoPriceForDay):
        lines_of([used("12")], [TariffVersionPrices(date(2026, 9, 2), (WATER,))])
    with pytest.raises(NoPriceForDay):
        lines_of([used("12")], [])
    with pytest.raises(NoPriceForDay) as refusal:
        lines_of([used("12")], [TariffVersionPrices(date(2026, 1, 1), (STANDING, ELECTRICITY))])
    assert refusal.value.metadata["day"] == "2026-09-01"


@pytest.mark.parametrize(
    ("consumptions", "component"),
    [
        ([used("-1")], WATER),
        ([used("1.0001")], WATER),
        ([used("1", UNTIL, FROM)], WATER),
        ([], ChargeComponent(ChargeKind.PER_UNIT, "Woda", "water", "m³", Decimal("-1"), "8")),
    ],
)
def test_what_contradicts_itself_is_refused(consumptions, component):
    with pytest.raises(ChargesUnsound):
        lines_of(consumptions, [TariffVersionPrices(date(2026, 1, 1), (component,))])


def test_an_unknown_rate_and_twin_versions_are_refused():
    wrong = ChargeComponent(ChargeKind.FIXED, "Abonament", "water", "mies.", Decimal(1), "7")
    with pytest.raises(UnknownVatRate):
        lines_of([], [TariffVersionPrices(date(2026, 1, 1), (wrong,))])
    with pytest.raises(ChargesUnsound):
        lines_of([], [W2, W2])
    with pytest.raises(ChargesUnsound):
        lines_of([], [W2], period_from=UNTIL, period_until=FROM)


quantities = st.decimals(min_value=0, max_value=999, places=3)
prices = st.decimals(min_value=0, max_value=100, places=2)
priced_versions = st.lists(
    st.tuples(st.integers(0, 90), prices, prices, st.sampled_from(["1", "0.95", "0.8"])),
    min_size=1,
    max_size=5,
    unique_by=lambda entry: entry[0],
)
measured = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.integers(0, 60),
        st.decimals(min_value=0, max_value=999, places=3),
        st.booleans(),
    ),
    max_size=5,
)


def version_of(start: date, water: Decimal, sewage: Decimal, ratio: str) -> TariffVersionPrices:
    return TariffVersionPrices(
        start,
        (
            ChargeComponent(ChargeKind.PER_UNIT, "Woda", "water", "m³", water, "8"),
            ChargeComponent(ChargeKind.RATIO, "Ścieki", "sewage", "m³", sewage, "8", Decimal(ratio), "water"),
            ChargeComponent(ChargeKind.FIXED, "Abonament", "water", "mies.", water, "23"),
        ),
    )


@given(measured, priced_versions)
def test_lines_make_the_whole_and_none_is_negative(metered, priced):
    consumptions = [
        used(
            str(quantity), FROM + timedelta(days=start), FROM + timedelta(days=start + length), garden=garden
        )
        for start, length, quantity, garden in metered
    ]
    ratio = priced[0][3]  # One ratio throughout: only then is there one whole to compare with.
    versions = [version_of(date(2026, 1, 1), Decimal(5), Decimal(6), ratio)]
    versions += [version_of(FROM + timedelta(days=day), a, b, ratio) for day, a, b, _ in priced]
    lines = lines_of(consumptions, versions)

    mains = sum((part.quantity for part in consumptions if not part.sub_meter), start=Decimal(0))
    gardens = sum((part.quantity for part in consumptions if part.sub_meter), start=Decimal(0))
    assert sum(line.quantity for line in lines if line.name == "Woda") == mains
    assert sum(line.quantity for line in lines if line.name == "Abonament") == 2
    base = max(mains - gardens, Decimal(0)) * Decimal(ratio)
    assert sum(line.quantity for line in lines if line.name == "Ścieki") == round_half_up(base)
    assert all(line.quantity >= 0 and line.net >= Money.zero() for line in lines)
    totals = vat_totals((line.vat_rate, line.net) for line in lines)
    assert totals.net == sum_money(line.net for line in lines)
    assert lines == lines_of(consumptions, list(reversed(versions)))


def round_half_up(quantity: Decimal) -> Decimal:
    return quantity.quantize(Decimal("0.001"), rounding="ROUND_HALF_UP")
