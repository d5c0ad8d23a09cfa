"""Amounts in three languages, as tables of examples."""

import pytest
from ebok.common.v1.money_pb2 import Money as MoneyMessage

from chassis.money import Money
from gateway.web import amounts

N = "\u00a0"


@pytest.mark.parametrize(
    ("grosze", "pl", "en"),
    [
        (0, f"0,00{N}zł", f"0.00{N}zł"),
        (5, f"0,05{N}zł", f"0.05{N}zł"),
        (18420, f"184,20{N}zł", f"184.20{N}zł"),
        (123456, f"1{N}234,56{N}zł", f"1,234.56{N}zł"),
        (214640577, f"2{N}146{N}405,77{N}zł", f"2,146,405.77{N}zł"),
        (-1982, f"−19,82{N}zł", f"−19.82{N}zł"),
    ],
)
def test_zloty_groups_thousands_and_never_breaks(site, grosze, pl, en):
    for language, expected in (("pl", pl), ("uk", pl), ("en", en)):
        with site.app.test_request_context(headers={"Accept-Language": language}):
            for value in (grosze, Money(grosze), MoneyMessage(grosze=grosze)):
                assert amounts.zloty_plain(value) == expected
                assert str(amounts.zloty(value)) == f'<span class="eb-money">{expected}</span>'


def test_absent_amount_is_a_dash_and_zero_is_not_absent(every_language):
    assert amounts.zloty_plain(None) == "–"
    assert amounts.quantity("") == "–"
    assert amounts.quantity("0") == "0"
    assert amounts.price(None) == "–"


def test_hero_amount_sets_its_unit_smaller(site):
    with site.app.test_request_context():
        assert amounts.zloty_hero(18420) == '184,20&nbsp;<span class="eb-amount-unit">zł</span>'


def test_signed_amounts_say_their_direction(site):
    with site.app.test_request_context():
        assert amounts.zloty_plain(1503, signed=True) == f"+15,03{N}zł"
        assert amounts.zloty_plain(-479, signed=True) == f"−4,79{N}zł"
        assert amounts.zloty_plain(0, signed=True) == f"0,00{N}zł"


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("12.500", "m3", f"12,5{N}m³"),
        ("12.000", "m3", f"12{N}m³"),
        ("0.1", "GJ", f"0,1{N}GJ"),
        ("1234.5678", "kWh", f"1{N}234,568{N}kWh"),
        ("0.0005", "m3", f"0,001{N}m³"),
        ("-0.0001", "m3", f"0{N}m³"),
        ("-3", "", "−3"),
        ("2", "month", f"2{N}mies."),
        (7, "os.", f"7{N}os."),
        ("nonsense", "m3", "–"),
    ],
)
def test_quantity_trims_zeros_and_keeps_three_places(site, value, unit, expected):
    with site.app.test_request_context():
        assert amounts.quantity(value, unit) == expected


def test_quantity_with_places_keeps_them(site):
    with site.app.test_request_context():
        assert amounts.quantity("6", places=1) == "6,0"
        assert amounts.quantity("0.8", "m3", places=1, signed=True) == f"+0,8{N}m³"
        assert amounts.quantity("-0.04", places=1) == "0,0"


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("5.580000", "", f"5,58{N}zł"),
        ("5.9", "m3", f"5,90{N}zł/m³"),
        ("0.4128", "kWh", f"0,4128{N}zł/kWh"),
        ("0.412865", "kWh", f"0,412865{N}zł/kWh"),
    ],
)
def test_price_has_two_to_six_places(site, value, unit, expected):
    with site.app.test_request_context():
        assert amounts.price(value, unit) == expected


@pytest.mark.parametrize(("value", "expected"), [("8", "8%"), ("8.00", "8%"), ("5.5", "5,5%"), (23, "23%")])
def test_percent(site, value, expected):
    with site.app.test_request_context():
        assert amounts.percent(value) == expected


def test_long_numbers_are_grouped_as_one_reads_them():
    assert amounts.nrb("61109010140000071219812874") == "61 1090 1014 0000 0712 1981 2874"
    assert amounts.nrb("PL61 1090 1014 0000 0712 1981 2874") == "61 1090 1014 0000 0712 1981 2874"
    assert amounts.nrb("123") == "123"
    assert amounts.digits_grouped("204118") == f"204{N}118"
    assert amounts.digits_grouped("88104612") == f"88{N}104{N}612"
    assert amounts.digits_grouped("A12") == "A12"


def test_file_sizes(site):
    with site.app.test_request_context():
        assert amounts.file_size(640) == f"640{N}B"
        assert amounts.file_size(12_400) == f"12{N}kB"
        assert amounts.file_size(1_240_000) == f"1,2{N}MB"
