"""Plain values ⇄ protobuf. `pack_` goes outward, `unpack_` inward.

An `unpack_` that cannot is an `Invalid` with the violation of the field named; `unpack_optional_` answers
None for what is absent: an empty string, an unset message.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from ebok.common.v1 import money_pb2
from google.protobuf import timestamp_pb2
from google.type import date_pb2

from chassis.errors import Invalid, Violation
from chassis.money import GROSZE_MAX, Money

DECIMAL_DIGITS_MAX = 20  # What NUMERIC(14,6) holds, with room for sums.
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
YEARS = range(1900, 2201)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fault(field: str, reason: str, description: str = "") -> Invalid:
    """An `Invalid` for one field."""
    return Invalid(violations=[Violation(field, reason, description)])


# ids


def pack_id(value: UUID | None) -> str:
    """The canonical form; empty for None."""
    return "" if value is None else str(value)


def is_id(value: str) -> bool:
    """Whether it is an id in canonical form."""
    return _ID.fullmatch(value) is not None


def unpack_id(value: str, *, field: str = "id") -> UUID:
    """A UUID in canonical lower-case form. Refuses REQUIRED, MALFORMED."""
    if not value:
        raise fault(field, "REQUIRED")
    if not _ID.fullmatch(value):
        raise fault(field, "MALFORMED", "not an id")
    return UUID(value)


def unpack_optional_id(value: str, *, field: str = "id") -> UUID | None:
    """As `unpack_id`; None for an empty string."""
    return unpack_id(value, field=field) if value else None


# money


def pack_money(value: Money) -> money_pb2.Money:
    """An amount as a message."""
    return money_pb2.Money(grosze=value.grosze)


def pack_optional_money(value: Money | None) -> money_pb2.Money | None:
    """An amount as a message; None leaves the field unset."""
    return None if value is None else pack_money(value)


def unpack_money(message: money_pb2.Money, *, field: str = "amount") -> Money:
    """The amount. An unset message reads as zero: where absence matters, use `required` or the optional
    form.
    """
    if not -GROSZE_MAX <= message.grosze <= GROSZE_MAX:
        raise fault(field, "OUT_OF_RANGE")
    return Money(message.grosze)


def unpack_optional_money(message: money_pb2.Money | None, *, field: str = "amount") -> Money | None:
    """The amount; None for None. Pass `request.x if request.HasField("x") else None`."""
    return None if message is None else unpack_money(message, field=field)


# calendar days


def pack_date(value: date) -> date_pb2.Date:
    """A calendar day as a message."""
    return date_pb2.Date(year=value.year, month=value.month, day=value.day)


def pack_optional_date(value: date | None) -> date_pb2.Date | None:
    """A calendar day as a message; None leaves the field unset."""
    return None if value is None else pack_date(value)


def unpack_date(message: date_pb2.Date, *, field: str = "date") -> date:
    """A full calendar day. Refuses REQUIRED when all is zero, MALFORMED when there is no such day.

    Refuses OUT_OF_RANGE outside the years 1900–2200: nobody means such a day, and a year before or a day after it may
    lie outside the calendar.
    """
    if not (message.year or message.month or message.day):
        raise fault(field, "REQUIRED")
    try:
        day = date(message.year, message.month, message.day)
    except ValueError:
        raise fault(field, "MALFORMED", "there is no such day") from None
    if day.year not in YEARS:
        raise fault(field, "OUT_OF_RANGE", "no year of ours")
    return day


def unpack_optional_date(message: date_pb2.Date, *, field: str = "date") -> date | None:
    """As `unpack_date`; None when all is zero."""
    if not (message.year or message.month or message.day):
        return None
    return unpack_date(message, field=field)


# instants


def pack_instant(value: datetime) -> timestamp_pb2.Timestamp:
    """An aware datetime as a Timestamp; microseconds are kept."""
    if value.tzinfo is None:
        raise ValueError("an instant must be aware")
    since = value - _EPOCH  # As FromDatetime counts, at a quarter of its cost.
    return timestamp_pb2.Timestamp(
        seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1_000
    )


def pack_optional_instant(value: datetime | None) -> timestamp_pb2.Timestamp | None:
    """An aware datetime as a Timestamp; None leaves the field unset."""
    return None if value is None else pack_instant(value)


def unpack_instant(message: timestamp_pb2.Timestamp, *, field: str = "instant") -> datetime:
    """An aware datetime in UTC. Refuses REQUIRED when unset, OUT_OF_RANGE outside the years 1–9999."""
    if not (message.seconds or message.nanos):
        raise fault(field, "REQUIRED")
    try:
        return message.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise fault(field, "OUT_OF_RANGE") from None


def unpack_optional_instant(message: timestamp_pb2.Timestamp, *, field: str = "instant") -> datetime | None:
    """As `unpack_instant`; None when unset."""
    if not (message.seconds or message.nanos):
        return None
    return unpack_instant(message, field=field)


# decimals


def pack_decimal(value: Decimal) -> str:
    """A plain decimal string, never with an exponent."""
    return format(value, "f")


def pack_optional_decimal(value: Decimal | None) -> str:
    """A plain decimal string; empty for None."""
    return "" if value is None else pack_decimal(value)


def unpack_decimal(text: str, *, field: str = "value") -> Decimal:
    """A decimal with a point and without an exponent. Refuses REQUIRED, MALFORMED, TOO_LONG."""
    if not text:
        raise fault(field, "REQUIRED")
    if len(text) > DECIMAL_DIGITS_MAX + 2:
        raise fault(field, "TOO_LONG")
    if not _DECIMAL.fullmatch(text):
        raise fault(field, "MALFORMED", "not a decimal number")
    return Decimal(text)


def unpack_optional_decimal(text: str, *, field: str = "value") -> Decimal | None:
    """As `unpack_decimal`; None for an empty string."""
    return unpack_decimal(text, field=field) if text else None
