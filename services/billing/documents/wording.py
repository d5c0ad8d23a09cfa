"""Polish words and figures of documents: days, months, amounts, quantities and their grammar."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from chassis.money import Money

NBSP = "\u00a0"
MONTHS = (
    *("styczeń", "luty", "marzec", "kwiecień", "maj", "czerwiec"),
    *("lipiec", "sierpień", "wrzesień", "październik", "listopad", "grudzień"),
)
MONTHS_OF = (
    *("stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca"),
    *("lipca", "sierpnia", "września", "października", "listopada", "grudnia"),
)
MONTHS_SHORT = ("sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru")
WEEKDAYS_OF = ("poniedziałku", "wtorku", "środy", "czwartku", "piątku", "soboty", "niedzieli")
COUNTS_IN = {2: "dwóch", 3: "trzech", 4: "czterech", 6: "sześciu"}

# commodity: (its name, of what: "12 m³ wody", what its meter is called)
COMMODITIES = {
    "water": ("woda", "wody", "Wodomierz"),
    "sewage": ("ścieki", "ścieków", "Licznik ścieków"),
    "hot_water": ("ciepła woda", "ciepłej wody", "Wodomierz ciepłej wody"),
    "heat": ("ciepło", "ciepła", "Ciepłomierz"),
    "electricity": ("energia elektryczna", "energii", "Licznik energii"),
    "gas": ("gaz", "gazu", "Gazomierz"),
}
READING_KINDS = {
    "ACTUAL": "rzeczywisty",
    "CUSTOMER": "podany",
    "REMOTE": "zdalny",
    "ESTIMATED": "szacowany",
    "FINAL": "końcowy",
}
VAT_NAMES = {"ZW": "zw."}


def figure(number: Decimal, *, places_min: int = 0) -> str:
    """A number the Polish way: comma, thousands apart, no idle zeros beyond `places_min`."""
    sign, digits = ("−" if number < 0 else ""), format(abs(number), "f")
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0").ljust(places_min, "0")
    return f"{sign}{_thousands(whole)}" + (f",{fraction}" if fraction else "")


def _thousands(whole: str) -> str:
    groups = []
    while len(whole) > 3:
        groups.append(whole[-3:])
        whole = whole[:-3]
    return NBSP.join([whole, *reversed(groups)])


def amount(money: Money) -> str:
    """An amount without its currency: "1 243,78"."""
    return figure(money.decimal, places_min=2)


def zloty(money: Money) -> str:
    """An amount: "243,78 zł"."""
    return f"{amount(money)}{NBSP}zł"


def price(unit_price: Decimal) -> str:
    """A unit price, as many places as it has, at least two: "6,53 zł", "0,6212 zł"."""
    return f"{figure(unit_price, places_min=2)}{NBSP}zł"


def measure(quantity: Decimal, unit: str) -> str:
    """A quantity with its unit: "12 m³"."""
    return f"{figure(quantity)}{NBSP}{unit}"


def vat_name(rate: str) -> str:
    """The rate as printed: "8 %", "zw."."""
    return VAT_NAMES.get(rate, f"{rate}{NBSP}%")


def long_day(day: date) -> str:
    """ "12 listopada 2026" """
    return f"{day.day}{NBSP}{MONTHS_OF[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """ "12.11.2026" """
    return f"{day.day}.{day.month:02}.{day.year}"


def weekday_of(day: date) -> str:
    """The weekday in the genitive: "soboty"."""
    return WEEKDAYS_OF[day.weekday()]


def day_range(from_day: date, until_day: date, *, year: bool = True) -> str:
    """ "1 września – 31 października 2026"; the first year only where it differs, neither without `year`."""
    first = f"{from_day.day}{NBSP}{MONTHS_OF[from_day.month - 1]}"
    last = f"{until_day.day}{NBSP}{MONTHS_OF[until_day.month - 1]}"
    if (from_day.year, from_day.month) == (until_day.year, until_day.month):
        first = str(from_day.day)
    if from_day == until_day:
        first = ""
    if from_day.year != until_day.year:
        first = f"{first} {from_day.year}"
    ends = f"{last} {until_day.year}" if year or from_day.year != until_day.year else last
    return f"{first} – {ends}" if first else ends


def whole_months(from_day: date, until_day: date) -> int:
    """How many calendar months the days make up; 0 when they are no whole months."""
    if from_day.day != 1 or (until_day + timedelta(days=1)).day != 1:
        return 0
    return (until_day.year - from_day.year) * 12 + until_day.month - from_day.month + 1


def months_named(from_day: date, until_day: date) -> str:
    """ "wrzesień i październik" for one or two whole months, else the days without the year."""
    count = whole_months(from_day, until_day)
    if count == 1:
        return MONTHS[from_day.month - 1]
    if count == 2:
        return f"{MONTHS[from_day.month - 1]} i{NBSP}{MONTHS[until_day.month - 1]}"
    return day_range(from_day, until_day, year=False)


def months_short(from_day: date, until_day: date) -> str:
    """A label under a bar: "wrz", "wrz–paź"; with the days where they are no whole months: "3.09–12.10"."""
    if not whole_months(from_day, until_day):
        return f"{from_day.day}.{from_day.month:02}–{until_day.day}.{until_day.month:02}"
    first, last = MONTHS_SHORT[from_day.month - 1], MONTHS_SHORT[until_day.month - 1]
    return first if (from_day.year, first) == (until_day.year, last) else f"{first}–{last}"


def plural(count: int, one: str, few: str, many: str) -> str:
    """The form of a noun after a whole number: 1 miesiąc, 2 miesiące, 5 miesięcy, 12 miesięcy, 22 miesiące."""
    if count == 1:
        return one
    return few if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else many


def listed(parts: Sequence[str]) -> str:
    """ "a, b i c" """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} i{NBSP}{parts[-1]}"


def commodity_name(commodity: str) -> str:
    """The commodity: "woda"; its own code where we know no word."""
    return COMMODITIES.get(commodity.lower(), (commodity,))[0]


def commodity_of(commodity: str) -> str:
    """The commodity in the genitive, after a quantity: "wody"."""
    return COMMODITIES.get(commodity.lower(), ("", commodity))[1]


def meter_name(commodity: str) -> str:
    """What its meter is called: "Wodomierz"."""
    return COMMODITIES.get(commodity.lower(), ("", "", "Licznik"))[2]


def grouped(number: str) -> str:
    """A long number of digits in threes from the right, as people read it out; anything else stays as it is."""
    return _thousands(number) if number.isdecimal() and not number.startswith("0") else number


def account_number(nrb: str) -> str:
    """An account as banks print it: two digits, then fours."""
    digits = "".join(nrb.split()).removeprefix("PL")
    fours = [digits[:2], *(digits[start : start + 4] for start in range(2, len(digits), 4))]
    return NBSP.join(fours)


def tax_number(nip: str) -> str:
    """ "123-456-32-18" """
    digits = nip.replace("-", "").replace(" ", "")
    if len(digits) != 10:
        return nip
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:8]}-{digits[8:]}"
