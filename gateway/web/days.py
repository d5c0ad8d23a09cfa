"""Days and moments as people read them, in Polish, English and Ukrainian.

Takes what the wire and Python have: `google.type.Date`, `google.protobuf.Timestamp`, `date`, aware
`datetime`, an ISO string. Moments are shown in Polish time. The day and its month never part: the space
between them does not break.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any

from babel.dates import format_date
from flask import current_app, has_app_context
from google.type.date_pb2 import Date

from chassis.clock import WARSAW, Clock, SystemClock, warsaw_date
from gateway.web.languages import language
from gateway.web.once import once_a_request

NBSP = "\u00a0"
ABSENT = "–"
CLOCK_EXTENSION = "ebok_clock"
DAYS_MAX = 20_000  # Days and their words that are kept: the same few hundred days stand on everybody's pages.
JOINERS = {"pl": f" i{NBSP}", "en": " and ", "uk": f" і{NBSP}"}
SHORT_MONTHS = {
    "pl": ["sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru"],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "uk": ["січ", "лют", "бер", "кві", "тра", "чер", "лип", "сер", "вер", "жов", "лис", "гру"],
}


def now() -> datetime:
    """The present instant by the suite's clock."""
    clock: Clock = current_app.extensions[CLOCK_EXTENSION] if has_app_context() else SystemClock()
    return clock.now()


@once_a_request
def today() -> date:
    """The present day in Poland by the suite's clock; one and the same for the whole of a page."""
    return warsaw_date(now())


def date_of(value: Any) -> date | None:
    """The calendar day in a value; None for nothing and for an unset or partial message."""
    if type(value) is Date:
        return _date(value.year, value.month, value.day)
    return _date_of_other(value) if value else None


def _date_of_other(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(WARSAW).date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return date.fromisoformat(value)
    instant = instant_of(value)
    return None if instant is None else instant.date()


def instant_of(value: Any) -> datetime | None:
    """The instant in a Timestamp or an aware datetime, in Polish time; None for nothing and for an unset message."""
    if value is None or value == "":
        return None
    if hasattr(value, "ToDatetime"):
        if not value.seconds and not value.nanos:
            return None
        value = value.ToDatetime(tzinfo=UTC)
    return value.astimezone(WARSAW) if isinstance(value, datetime) else None


@cache
def _names(pattern: str, code: str) -> tuple[str, ...]:
    """The names of months (`LLLL`, or `d MMMM` as they follow a day) or of days from Monday (`EEEE`)."""
    days = [date(2024, 1, number) for number in range(1, 8)]  # A year that began on a Monday.
    months = [date(2024, number, 1) for number in range(1, 13)]
    texts = [format_date(on, pattern, locale=code) for on in (days if pattern == "EEEE" else months)]
    return tuple(text.removeprefix("1 ") for text in texts)


@lru_cache(maxsize=DAYS_MAX)
def _date(year: int, month: int, day: int) -> date | None:
    return date(year, month, day) if year and month and day else None


def _day_month(on: date) -> str:
    return f"{on.day}{NBSP}{_names('d MMMM', language())[on.month - 1]}"


def day(value: Any) -> str:
    """`12 grudnia 2026`."""
    on = date_of(value)
    return ABSENT if on is None else f"{_day_month(on)} {on.year}"


def day_short(value: Any) -> str:
    """`12 grudnia`, with the year when it is not this year's."""
    on = date_of(value)
    if on is None:
        return ABSENT
    return _day_month(on) if on.year == today().year else day(on)


def day_brief(value: Any) -> str:
    """`12 gru` for dense tables, `12 gru 2025` when it is not this year's."""
    on = date_of(value)
    if on is None:
        return ABSENT
    brief = f"{on.day}{NBSP}{SHORT_MONTHS[language()][on.month - 1]}"
    return brief if on.year == today().year else f"{brief}{NBSP}{on.year}"


def day_weekday(value: Any) -> str:
    """`wtorek 1 grudnia`."""
    on = date_of(value)
    return ABSENT if on is None else f"{_names('EEEE', language())[on.weekday()]} {day_short(on)}"


def iso(value: Any) -> str:
    """For `datetime=` attributes and date inputs; empty for nothing."""
    if hasattr(value, "ToDatetime") or isinstance(value, datetime):
        instant = instant_of(value)
        return "" if instant is None else instant.isoformat(timespec="minutes")
    on = date_of(value)
    return "" if on is None else on.isoformat()


def hour(value: Any) -> str:
    """`8:16` in Polish time."""
    instant = instant_of(value)
    return ABSENT if instant is None else f"{instant.hour}:{instant.minute:02d}"


def moment(value: Any) -> str:
    """`16 listopada 2026, 8:16` in Polish time."""
    instant = instant_of(value)
    return ABSENT if instant is None else f"{day(instant)}, {hour(instant)}"


def moment_short(value: Any) -> str:
    """`16 listopada, 8:16`, with the year when it is not this year's."""
    instant = instant_of(value)
    return ABSENT if instant is None else f"{day_short(instant)}, {hour(instant)}"


def days_until(value: Any) -> int | None:
    """Days from today to a day; negative when it has passed, None for nothing."""
    on = date_of(value)
    return None if on is None else (on - today()).days


def _month_of(value: Any) -> int:
    """The number of a month; 0 for nothing."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 1 <= value <= 12:
            raise ValueError(f"{value} is no month")
        return value
    on = date_of(value)
    return 0 if on is None else on.month


def month_name(value: Any) -> str:
    """`wrzesień`, of a month's number or a day in it."""
    month = _month_of(value)
    return _names("LLLL", language())[month - 1] if month else ABSENT


def month_short(value: Any) -> str:
    """`wrz`, of a month's number or a day in it."""
    month = _month_of(value)
    return SHORT_MONTHS[language()][month - 1] if month else ABSENT


def month_names() -> tuple[Sequence[str], Sequence[str]]:
    """The twelve names, `wrzesień` and `wrz`, in order."""
    code = language()
    return _names("LLLL", code), SHORT_MONTHS[code]


def month_year(value: Any) -> str:
    """`wrzesień 2026`."""
    on = date_of(value)
    return ABSENT if on is None else f"{month_name(on)} {on.year}"


def period(start: Any, end: Any) -> str:
    """`1 września – 31 października 2026`; what both ends share is said once."""
    first, last = date_of(start), date_of(end)
    if first is None or last is None:
        return day(first or last)
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    if first.year == last.year:
        return f"{_day_month(first)} – {day(last)}"
    return f"{day(first)} – {day(last)}"


def months(start: Any, end: Any) -> str:
    """`wrzesień i październik` of a period of whole months, with the year when it is not this year's.

    Three months and more become `lipiec–wrzesień`; a period that is not of whole months prints its days.
    """
    first, last = date_of(start), date_of(end)
    if first is None or last is None or first > last or not _whole_months(first, last):
        return period(start, end)
    return _months(first, last, today().year, language())


@lru_cache(maxsize=DAYS_MAX)
def _months(first: date, last: date, this_year: int, code: str) -> str:
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    if first.year != last.year:
        joiner = JOINERS[code] if count == 2 else " – "
        return f"{month_year(first)}{joiner}{month_year(last)}"
    year = "" if first.year == this_year else f" {first.year}"
    if count == 1:
        return month_name(first) + year
    joiner = JOINERS[code] if count == 2 else "–"
    return f"{month_name(first)}{joiner}{month_name(last)}{year}"


def _whole_months(first: date, last: date) -> bool:
    return first.day == 1 and date.fromordinal(last.toordinal() + 1).day == 1
