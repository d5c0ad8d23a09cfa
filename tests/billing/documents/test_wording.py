"""Polish figures, days and plural forms."""

from datetime import date
from decimal import Decimal

import pytest

from chassis.money import Money
from services.billing.documents import wording


def plain(text: str) -> str:
    return text.replace(wording.NBSP, " ")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("12.000", "12"),
        ("12.340", "12,34"),
        ("1234567.5", "1 234 567,5"),
        ("-3.5", "−3,5"),
        ("0", "0"),
        ("1E+3", "1 000"),
    ],
)
def test_figures(number, text):
    assert plain(wording.figure(Decimal(number))) == text


@pytest.mark.parametrize(
    ("grosze", "text"),
    [(24378, "243,78 zł"), (123456789, "1 234 567,89 zł"), (-5, "−0,05 zł"), (0, "0,00 zł")],
)
def test_amounts(grosze, text):
    assert plain(wording.zloty(Money(grosze))) == text


def test_prices_keep_their_places():
    assert plain(wording.price(Decimal("6.530000"))) == "6,53 zł"
    assert plain(wording.price(Decimal("0.6212"))) == "0,6212 zł"
    assert plain(wording.price(Decimal(7))) == "7,00 zł"


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ("2026-09-01", "2026-10-31", "1 września – 31 października 2026"),
        ("2026-09-01", "2026-09-15", "1 – 15 września 2026"),
        ("2025-12-01", "2026-01-31", "1 grudnia 2025 – 31 stycznia 2026"),
        ("2026-09-05", "2026-09-05", "5 września 2026"),
    ],
)
def test_ranges_of_days(first, last, text):
    assert plain(wording.day_range(date.fromisoformat(first), date.fromisoformat(last))) == text


@pytest.mark.parametrize(
    ("first", "last", "months", "named", "short"),
    [
        ("2026-09-01", "2026-10-31", 2, "wrzesień i październik", "wrz–paź"),
        ("2026-02-01", "2026-02-28", 1, "luty", "lut"),
        ("2025-12-01", "2026-01-31", 2, "grudzień i styczeń", "gru–sty"),
        ("2025-02-01", "2026-02-28", 13, "1 lutego 2025 – 28 lutego 2026", "lut–lut"),
        ("2026-09-03", "2026-10-12", 0, "3 września – 12 października", "3.09–12.10"),
    ],
)
def test_months_are_named(first, last, months, named, short):
    days = date.fromisoformat(first), date.fromisoformat(last)

    assert wording.whole_months(*days) == months
    assert plain(wording.months_named(*days)) == named
    assert wording.months_short(*days) == short


@pytest.mark.parametrize(
    ("count", "form"),
    [
        (1, "miesiąc"),
        (2, "miesiące"),
        (5, "miesięcy"),
        (12, "miesięcy"),
        (22, "miesiące"),
        (112, "miesięcy"),
        (0, "miesięcy"),
    ],
)
def test_nouns_after_numbers(count, form):
    assert wording.plural(count, "miesiąc", "miesiące", "miesięcy") == form


def test_numbers_are_grouped_as_people_read_them():
    assert plain(wording.account_number("58109010140000000311085261")) == "58 1090 1014 0000 0003 1108 5261"
    assert wording.tax_number("1234563218") == "123-456-32-18"
    assert plain(wording.grouped("77410233")) == "77 410 233"
    assert wording.grouped("00123") == "00123"
    assert wording.grouped("A-12345") == "A-12345"


def test_the_weekday_stands_in_the_genitive():
    assert [wording.weekday_of(date(2026, 11, 23 + day)) for day in (0, 2, 6)] == [
        "poniedziałku",
        "środy",
        "niedzieli",
    ]
