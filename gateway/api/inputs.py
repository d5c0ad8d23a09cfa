"""What the REST API takes: fields and objects that all modules use. A fault is named by its reason, as services do.

Fields are as strict as the document: what JSON Schema would not pass is refused, though marshmallow would read it.
"""

import re
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from google.type import date_pb2
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from chassis import wire
from gateway.api.shapes import words

Query = dict[str, Any]
COMMODITIES = ("water", "sewage", "heat", "hot_water", "electricity", "gas")
_DECIMAL = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"
_PLAIN = r"^[^\x00-\x1f\x7f-\x9f]*$"
_PLAIN_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def _fitting(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValidationError("MALFORMED")
    return value


class Whole(fields.Integer):
    """A whole number: of JSON a number, of a query its digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:  # noqa: ARG002
        if isinstance(value, str) == isinstance(data, dict) or isinstance(value, bool):
            raise ValidationError("MALFORMED")
        if isinstance(value, float) and value.is_integer():  # 5.0 is a whole number to JSON Schema.
            return int(value)
        return int(_fitting(_WHOLE, str(value)))


class Flag(fields.Boolean):
    """true or false and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:  # noqa: ARG002
        if isinstance(value, str) and not isinstance(data, dict):
            value = {"true": True, "false": False}.get(value)
        if not isinstance(value, bool):
            raise ValidationError("MALFORMED")
        return value


class Day(fields.Date):
    """A calendar day, `2026-11-30`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        return super()._deserialize(_fitting(_DAY, value), attr, data, **options)


class Instant(fields.AwareDateTime):
    """A moment with its offset, RFC 3339."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        return super()._deserialize(_fitting(_INSTANT, value).upper(), attr, data, **options)


class Id(fields.UUID):
    """An id with its hyphens."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> UUID:  # noqa: ARG002
        return UUID(_fitting(_ID, value))


class Input(Schema):
    """An object of a request: keys that the document does not name are refused."""

    class Meta:
        """Nothing unknown."""

        unknown = RAISE


def text(
    most: int, description: str, *, least: int = 0, lines: bool = False, **options: Any
) -> fields.String:
    """A text without control characters; `lines`: line breaks are allowed."""
    checks = [
        validate.Length(least or None, most, error="OUT_OF_RANGE" if least else "TOO_LONG"),
        validate.Regexp(_PLAIN_LINES if lines else _PLAIN, error="MALFORMED"),
    ]
    return fields.String(validate=checks, metadata={"description": description}, **options)


def number(least: int, most: int, description: str, **options: Any) -> Whole:
    """A whole number between two bounds."""
    check = validate.Range(least, most, error="OUT_OF_RANGE")
    return Whole(validate=check, metadata={"description": description}, **options)


def flag(description: str, **options: Any) -> Flag:
    """True or false."""
    return Flag(metadata={"description": description}, **options)


def identifier(description: str, **options: Any) -> Id:
    """An id."""
    return Id(metadata={"description": description}, **options)


def day(description: str, **options: Any) -> Day:
    """A calendar day."""
    return Day(metadata={"description": description}, **options)


def instant(description: str, **options: Any) -> Instant:
    """A moment."""
    return Instant(metadata={"description": description}, **options)


def decimal(description: str, **options: Any) -> fields.String:
    """A decimal number as a string."""
    check = validate.Regexp(_DECIMAL, error="MALFORMED")
    return fields.String(validate=check, metadata={"description": description}, **options)


def amount(description: str, **options: Any) -> fields.String:
    """Złoty with two places, as a string."""
    check = validate.Regexp(r"^[0-9]{1,9}\.[0-9]{2}$", error="MALFORMED")
    return fields.String(validate=check, metadata={"description": description}, **options)


def one_of(enum: Any, description: str, **options: Any) -> fields.String:
    """A word of an enum."""
    return word_of(tuple(words(enum).values()), description, **options)


def word_of(choices: tuple[str, ...], description: str, **options: Any) -> fields.String:
    """One of some words."""
    check = validate.OneOf(choices, error="UNKNOWN")
    return fields.String(validate=check, metadata={"description": description}, **options)


class Paged(Input):
    """Which part of a list is wanted."""

    page_size = number(1, 100, "How many at most.", load_default=20)
    cursor = text(500, "`next_cursor` or `previous_cursor` of another page of this list.")


@cache
def _numbers(enum: Any) -> dict[str, int]:
    return {word: number for number, word in words(enum).items()}


def number_of(enum: Any, word: str | None) -> Any:
    """The number of an enum's word; 0 for none."""
    return _numbers(enum)[word] if word else 0


def pack_day(value: date | None) -> date_pb2.Date | None:
    """A day as services take it; None stays None."""
    return None if value is None else wire.pack_date(value)


def packed(value: UUID | None) -> str:
    """An id as services take it; empty for None."""
    return "" if value is None else str(value)
