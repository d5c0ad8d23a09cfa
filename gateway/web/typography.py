"""Polish and Ukrainian line ends: a one-letter word stays with the next, a number with its unit, a day with
its month.

The catalogues are treated once when compiled; `|nbsp` does it for text that comes from data.
"""

import re

NBSP = "\u00a0"
_MONTHS = (
    "stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia|"
    "січня|лютого|березня|квітня|травня|червня|липня|серпня|вересня|жовтня|листопада|грудня"
)
_UNITS = (
    "zł|gr|m³|m²|kWh|MWh|GJ|kW|MW|kB|MB|GB|godz|min|s|dni|dzień|dnia|mies|lat|lata|rok|cyfr|cyfry|znaków|znaki|"
    "днів|дні|день|год|хв|зл|цифр|цифри|знаків|знаки"
)
_SHORT_WORD = {
    "pl": re.compile(r"(?<![^\s(„”\"'«\u00a0>])([aiouwzAIOUWZ]) (?=\S)"),
    "uk": re.compile(r"(?<![^\s(„”\"'«\u00a0>])([авзйіоуяАВЗІОУЯ]) (?=\S)"),
}
_NUMBER_UNIT = re.compile(rf"(\d|%\(\w+\)[sd]) (?=(?:{_UNITS}|{_MONTHS})\b)")


def bind_spaces(text: str, language: str) -> str:
    """The same text with non-breaking spaces where a line must not end; English is left as it is."""
    short_word = _SHORT_WORD.get(language)
    if short_word is None:
        return text
    return _NUMBER_UNIT.sub(rf"\1{NBSP}", short_word.sub(rf"\1{NBSP}", text))
