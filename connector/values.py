"""One cell rewritten by a rule: numbers, days and instants as billing reads them.

What cannot be read stays as it is: billing refuses its row with the reason, and the good rows come in.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MAGNITUDE_MAX = 40  # Digits before or behind the point of a number that is worth calculating with.
DIVIDED_PLACES = Decimal("0.000001")
_EXACT = Context(prec=3 * MAGNITUDE_MAX, rounding=ROUND_HALF_UP)
_OFFSET = re.compile(r"([+-])([01][0-9]):([0-5][0-9])", re.ASCII)
_DAYS_REMEMBERED = 4_096  # A file of readings has few days and many rows.


def zone_of(name: str) -> tzinfo:
    """`Europe/Warsaw`, `UTC` or `+01:00`. Raises ValueError."""
    if offset := _OFFSET.fullmatch(name):
        ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-ahead if offset[1] == "-" else ahead)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'zone: {name} is neither a place such as Europe/Warsaw nor "+01:00"') from None


def scaled(text: str, scale: Decimal) -> str:
    """A decimal times the scale, without an exponent."""
    number = _number(text)
    return text if number is None else format((number * scale).normalize(), "f")


def divided(text: str, divisor: Decimal) -> str:
    """A decimal by the divisor, rounded to six places, half away from zero; exact before that."""
    number = _number(text)
    if number is None:
        return text
    share = _EXACT.divide(number, divisor).quantize(DIVIDED_PLACES, context=_EXACT)
    return format(share.normalize(_EXACT), "f") if share else "0"


def _number(text: str) -> Decimal | None:
    if len(text) > 2 * MAGNITUDE_MAX:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= MAGNITUDE_MAX else None


@lru_cache(maxsize=_DAYS_REMEMBERED)
def day(text: str, form: str) -> str:
    """A day written by a strptime form, as `2026-11-30`."""
    try:
        return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return text


def instant(text: str, form: str, zone: tzinfo | None) -> str:
    """An instant written by a strptime form on the clocks of a zone, as `2026-11-30T13:00+01:00`.

    Of the hour that an autumn's clocks show twice it is the first, unless the form has an offset: which one is meant
    is not in the text. The hour that a spring's clocks leave out is no instant and stays as it is.
    """
    try:
        written = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is given beside it
    except ValueError:
        return text
    return placed(written, zone) or text


def placed(written: datetime, zone: tzinfo | None) -> str:
    """The same of what is a point in time already; empty for one that the zone's clocks never show."""
    if written.tzinfo is None:
        if zone is None:
            return ""
        written = written.replace(tzinfo=zone)
        if written.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != written.replace(tzinfo=None):
            return ""
    exact = bool(written.second or written.microsecond)
    return written.isoformat() if exact else written.isoformat(timespec="minutes")


def plain(value: object) -> str:
    """What a cell holds, as text: days ISO 8601, numbers with a point and without an exponent."""
    match value:
        case str():
            text = value.strip()
        case None:
            text = ""
        case bool():
            text = "true" if value else "false"
        case datetime():
            text = value.date().isoformat()
        case date():
            text = value.isoformat()
        case Decimal():
            text = format(value, "f")
        case float():
            text = format(Decimal(repr(value)).normalize(), "f")
        case _:
            text = str(value).strip()
    return text
