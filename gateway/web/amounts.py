"""Amounts as people read them: złoty, quantities, prices, percents, account numbers.

Numbers are grouped by thousands and carry a comma in Polish and Ukrainian, a point in English; every space
inside an amount is a non-breaking one, and a minus is a real minus. Nothing here reckons: a value is only
cut to its places.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from gateway.web.languages import language

NBSP = "\u00a0"
MINUS = "\u2212"
ABSENT = "–"
NRB_DIGITS = 26
QUANTITIES_MAX = 20_000  # Cubic metres with a place or two: the same numbers stand on everybody's pages.
PLACES = tuple(Decimal(1).scaleb(-places) for places in range(7))

# What the wire calls a unit, and what a bill calls it.
UNITS = {"m3": "m³", "m2": "m²", "dm3": "dm³", "pcs": "szt.", "month": "mies.", "day": "dni", "person": "os."}
UNITS_EN = {"szt.": "pcs", "mies.": "mo.", "dni": "days", "os.": "persons"}
UNITS_UK = {"szt.": "шт.", "mies.": "міс.", "dni": "дн.", "os.": "ос.", "zł": "зл"}


def unit_name(unit: str) -> str:
    """The printed form of a unit; one that is not known prints as it is."""
    name = UNITS.get(unit, unit)
    return {"en": UNITS_EN, "uk": UNITS_UK}.get(language(), {}).get(name, name)


def decimal_of(value: Any) -> Decimal | None:
    """A decimal string, an int or a Decimal as a Decimal; None for nothing or for what is no number."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def grosze_of(value: Any) -> int | None:
    """Grosze of a Money message, a Money or an int; None for nothing."""
    if value is None or isinstance(value, bool):
        return None
    return int(getattr(value, "grosze", value))


def number_text(value: Decimal, *, least: int = 0, most: int = 3, signed: bool = False) -> str:
    """A number with `least` to `most` decimal places, half a unit of the last place going away from zero."""
    point, thousands = (".", ",") if language() == "en" else (",", NBSP)
    rounded = value.quantize(PLACES[most], rounding=ROUND_HALF_UP)
    whole, _, fraction = f"{abs(rounded):,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    text = whole.replace(",", thousands) + (point + fraction if fraction else "")
    if rounded < 0:
        return MINUS + text
    return "+" + text if signed and rounded > 0 else text


def zloty_plain(value: Any, *, signed: bool = False) -> str:
    """`1 234,56 zł` as plain text, for titles and attributes."""
    grosze = grosze_of(value)
    if grosze is None:
        return ABSENT
    point, thousands = (".", ",") if language() == "en" else (",", NBSP)
    whole, fraction = divmod(abs(grosze), 100)
    sign = MINUS if grosze < 0 else "+" if signed and grosze else ""
    return f"{sign}{f'{whole:,}'.replace(',', thousands)}{point}{fraction:02}{NBSP}zł"


def zloty(value: Any, *, signed: bool = False) -> Markup:
    """An amount that never breaks across lines: `<span class="eb-money">1 234,56 zł</span>`."""
    # Digits, signs and spaces of our own making: nothing in it is to be escaped, and a page has dozens of them.
    return Markup(f'<span class="eb-money">{zloty_plain(value, signed=signed)}</span>')  # noqa: S704


def zloty_signed(value: Any) -> Markup:
    """A difference: `+15,03 zł`, `−4,10 zł`, `0,00 zł`."""
    return zloty(value, signed=True)


def zloty_hero(value: Any) -> Markup:
    """The one amount of a page, its unit set smaller; goes into `eb-amount`."""
    number, _, unit = zloty_plain(value).rpartition(NBSP)
    if not number:
        return escape(ABSENT)
    return Markup(f'{number}&nbsp;<span class="eb-amount-unit">{unit}</span>')  # noqa: S704 - as in `zloty`


def quantity(value: Any, unit: str = "", *, places: int | None = None, signed: bool = False) -> str:
    """`12,5 m³` of "12.500": at most three places and no idle zeros, or exactly `places`."""
    if value is None:
        return ABSENT
    plain = value if isinstance(value, Decimal) else str(value)
    return _quantity(plain, unit, places, signed, language())


@lru_cache(maxsize=QUANTITIES_MAX)
def _quantity(value: Decimal | str, unit: str, places: int | None, signed: bool, _language: str) -> str:
    number = decimal_of(value)
    if number is None:
        return ABSENT
    least, most = (0, 3) if places is None else (places, places)
    text = number_text(number, least=least, most=most, signed=signed)
    return text + NBSP + unit_name(unit) if unit else text


def price(value: Any, unit: str = "") -> str:
    """A unit price of "5.580000": `5,58 zł`, with a unit `5,58 zł/m³`; two to six places."""
    number = decimal_of(value)
    if number is None:
        return ABSENT
    text = number_text(number, least=2, most=6) + NBSP + "zł"
    return f"{text}/{unit_name(unit)}" if unit else text


def percent(value: Any, *, places: int = 2, signed: bool = False) -> str:
    """`8%` of "8" or "8.00"; the number is already in percents."""
    number = decimal_of(value)
    if number is None:
        return ABSENT
    return number_text(number, most=places, signed=signed) + "%"


def nrb(value: Any) -> str:
    """An account number as banks print it: two digits, then groups of four."""
    digits = "".join(character for character in str(value or "") if character.isdigit())
    if len(digits) != NRB_DIGITS:
        return str(value or "") or ABSENT
    return " ".join([digits[:2], *(digits[start : start + 4] for start in range(2, NRB_DIGITS, 4))])


def digits_grouped(value: Any, size: int = 3) -> str:
    """A long number as one reads it aloud: `204 118`, `88 104 612`, grouped from the right."""
    text = str(value or "")
    if not text.isdigit():
        return text or ABSENT
    head = len(text) % size
    groups = ([text[:head]] if head else []) + [text[i : i + size] for i in range(head, len(text), size)]
    return NBSP.join(groups)


def file_size(value: Any) -> str:
    """Bytes as people say them: `640 B`, `12 kB`, `1,2 MB`."""
    number = decimal_of(value)
    if number is None:
        return ABSENT
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            places = 1 if unit == "MB" and number < 10 else 0
            return number_text(number, most=places) + NBSP + unit
        number /= 1000
    return number_text(number, most=1) + NBSP + "GB"
