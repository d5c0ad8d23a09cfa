"""Amounts, days, moments and account numbers as people read them, in three languages. Spaces inside do not break."""

import functools
import re
from datetime import date, datetime
from decimal import Decimal

from chassis.clock import WARSAW

NBSP = "\u00a0"
MINUS = "\u2212"
_MARKS = {
    True: (".", ","),
    False: (",", NBSP),
}  # The decimal point and what stands between thousands; in English or not.
NRB_DIGITS = 26
NIP_DIGITS = 10
PHONE_DIGITS_SHOWN = 3
MONTHS = {
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "en": "January February March April May June July August September October November December",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
}
# In the case that "until" asks for: do soboty, by Saturday, до суботи.
WEEKDAYS = {
    "pl": "poniedziałku wtorku środy czwartku piątku soboty niedzieli",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "uk": "понеділка вівторка середи четверга п’ятниці суботи неділі",
}
SHORT_WORDS = {"pl": "aiouwz", "en": "a", "uk": "аійовузя"}
UNITS = {"m3": "m³", "m2": "m²", "dm3": "dm³"}
LANGUAGES = tuple(MONTHS)


def zloty(grosze: int, language: str) -> str:
    """`1 234,56 zł`; in English `1,234.56 zł`."""
    point, thousands = _MARKS[language == "en"]
    whole, rest = divmod(abs(grosze), 100)
    sign = MINUS if grosze < 0 else ""
    return f"{sign}{whole:,}".replace(",", thousands) + f"{point}{rest:02}{NBSP}zł"


def number(value: Decimal, language: str, *, places: int | None = None) -> str:
    """Grouped by thousands; without `places` as many as it has, without idle zeros."""
    point, thousands = _MARKS[language == "en"]
    whole, _, fraction = f"{abs(value):f}".partition(".")
    fraction = fraction.rstrip("0") if places is None else fraction.ljust(places, "0")[:places]
    text = f"{int(whole):,}".replace(",", thousands) + (point + fraction if fraction else "")
    return MINUS + text if value < 0 else text


def quantity(value: str, unit: str, language: str) -> str:
    """`12,5 m³` of "12.500" and "m3"."""
    return number(Decimal(value), language) + NBSP + UNITS.get(unit, unit)


def day_short(on: date, language: str) -> str:
    """`12 grudnia`."""
    return f"{on.day}{NBSP}{MONTHS[language].split()[on.month - 1]}"


def day(on: date, language: str) -> str:
    """`12 grudnia 2026`."""
    return f"{day_short(on, language)} {on.year}"


def day_weekday(on: date, language: str) -> str:
    """`soboty, 12 grudnia 2026`, to be put after "until"; English `Saturday, 12 December 2026`."""
    return f"{WEEKDAYS[language].split()[on.weekday()]}, {day(on, language)}"


def period(first: date, last: date, language: str) -> str:
    """`1 września – 31 października 2026`; the year twice only when it changes."""
    begin = day_short(first, language) if first.year == last.year else day(first, language)
    return f"{begin} – {day(last, language)}"


def moment(instant: datetime, language: str) -> str:
    """`23 listopada 2026, 17:05`, Polish time."""
    local = instant.astimezone(WARSAW)
    return f"{day(local.date(), language)},{NBSP}{local:%H:%M}"


def account(digits: str) -> str:
    """`58 1090 1014 0000 0003 1108 5261`: two digits, then groups of four."""
    plain = "".join(character for character in digits if character.isdigit())
    if len(plain) != NRB_DIGITS:
        return digits
    return " ".join([plain[:2], *(plain[start : start + 4] for start in range(2, NRB_DIGITS, 4))])


def nip(digits: str) -> str:
    """`123-456-32-18`."""
    if len(digits) != NIP_DIGITS or not digits.isdigit():
        return digits
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:8]}-{digits[8:]}"


def unbroken(text: str) -> str:
    """A telephone number, or anything else that is to stay on one line."""
    return text.replace(" ", NBSP)


def shorten(address: str) -> str:
    """`a…@poczta.example`, `… 123` of a telephone: enough to recognise, too little to use; empty when there is none."""
    local, at, domain = address.rpartition("@")
    if at:
        return f"{local[:1]}…@{domain}"
    return f"… {address[-PHONE_DIGITS_SHOWN:]}" if address else ""


def bind(text: str, language: str) -> str:
    """One-letter words stay with the next word, as in print."""
    return _after_short_word(language).sub(NBSP, text)


@functools.cache
def _after_short_word(language: str) -> re.Pattern[str]:
    letters = SHORT_WORDS[language]
    # The space first: what a pattern begins with is found several times as fast as what stands before it.
    return re.compile(rf" (?<=(?<![^\s(„“])[{letters}{letters.upper()}] )")


# What the alphabet of text messages lacks and every telephone shows another way for less.
FOR_PHONES = str.maketrans(
    {NBSP: " ", "–": "-", "−": "-", "’": "'", "„": '"', "”": '"', "“": '"', "…": "...", "³": "3"}
)


def for_phones(text: str, length_max: int = 600) -> str:
    """One line for a text message, without the print that would make it longer."""
    return one_line(text.translate(FOR_PHONES), length_max)


def one_line(text: str, length_max: int = 200) -> str:
    """What somebody typed, fit for a header or a line: no control characters, no line breaks, not too long."""
    plain = (
        text
        if text.isprintable()
        else "".join(character if character.isprintable() else " " for character in text)
    )
    return " ".join(plain.split())[:length_max]
