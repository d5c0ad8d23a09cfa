"""Whom something is for, as plain values: the conditions of a `Segment`, checked wherever one comes in.

Nobody is looked up here: a town that nobody lives in is a condition like any other, and a segment may be empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ebok.common.v1 import segments_pb2 as pb
from google.protobuf import json_format

from chassis import wire
from chassis.errors import Violation, refuse_if
from chassis.money import Money

VALUE_LENGTH_MAX = 200
STREET_SEPARATOR = ", "  # "Zdrój, ul. Lipowa": a street is one of a town


class Field(StrEnum):
    """What a condition looks at."""

    COMMODITY = "COMMODITY"
    TOWN = "TOWN"
    STREET = "STREET"
    TARIFF_GROUP = "TARIFF_GROUP"
    KIND = "KIND"
    ARREARS = "ARREARS"
    E_INVOICE = "E_INVOICE"
    CUSTOMER = "CUSTOMER"


class Operator(StrEnum):
    """How it compares."""

    IS = "IS"
    IS_NOT = "IS_NOT"
    ABOVE = "ABOVE"


# The values of the fields that have only these.
CHOICES: dict[Field, frozenset[str]] = {
    Field.COMMODITY: frozenset({"water", "sewage", "heat", "hot_water", "electricity", "gas"}),
    Field.KIND: frozenset({"person", "company"}),
    Field.E_INVOICE: frozenset({"yes", "no"}),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: any of the `values`, or none of them; above the `amount`, of arrears alone."""

    field: Field
    operator: Operator
    values: tuple[str, ...] = ()
    amount: Money | None = None


def unpack_segment(segment: pb.Segment, *, field: str = "segment") -> tuple[Condition, ...]:
    """The conditions, of whom all must hold; none: everybody.

    Refuses at `segment.conditions[n]` with REQUIRED (no field, operator, value or amount), NOT_COMPARABLE (operator and
    field do not fit), NOT_A_CHOICE (a value that the field cannot have), OUT_OF_RANGE (an amount below zero).
    """
    found: list[Violation] = []
    conditions = []
    for place, message in enumerate(segment.conditions):
        condition, reason = _unpack(message)
        if condition is None:
            found.append(Violation(f"{field}.conditions[{place}]", reason))
        else:
            conditions.append(condition)
    refuse_if(found)
    return tuple(conditions)


def _unpack(message: pb.SegmentCondition) -> tuple[Condition | None, str]:
    if not message.field or not message.operator:
        return None, "REQUIRED"
    field = Field(pb.SegmentField.Name(message.field).removeprefix("SEGMENT_FIELD_"))
    operator = Operator(pb.SegmentOperator.Name(message.operator).removeprefix("SEGMENT_OPERATOR_"))
    if (field is Field.ARREARS) != (operator is Operator.ABOVE):
        return None, "NOT_COMPARABLE"
    if field is Field.ARREARS:
        return _unpack_arrears(message)
    if not message.values:
        return None, "REQUIRED"
    if not all(_can_be(field, value) for value in message.values):
        return None, "NOT_A_CHOICE"
    return Condition(field, operator, tuple(message.values)), ""


def _unpack_arrears(message: pb.SegmentCondition) -> tuple[Condition | None, str]:
    if not message.HasField("amount"):
        return None, "REQUIRED"
    amount = wire.unpack_money(message.amount)
    if amount < Money(0):
        return None, "OUT_OF_RANGE"
    return Condition(Field.ARREARS, Operator.ABOVE, amount=amount), ""


def _can_be(field: Field, value: str) -> bool:
    if not value.strip() or len(value) > VALUE_LENGTH_MAX:
        return False
    if field is Field.CUSTOMER:
        return wire.is_id(value)
    if field is Field.STREET:
        return len(split_street(value)) > 0
    return field not in CHOICES or value in CHOICES[field]


def split_street(value: str) -> Sequence[tuple[str, str]]:
    """Town and street of "Zdrój, ul. Lipowa"; several where either may hold a comma itself, none without one."""
    parts = value.split(STREET_SEPARATOR)
    splits = [
        (STREET_SEPARATOR.join(parts[:at]), STREET_SEPARATOR.join(parts[at:])) for at in range(1, len(parts))
    ]
    return [(town, street) for town, street in splits if town.strip() and street.strip()]


def to_stored(segment: pb.Segment) -> dict[str, Any]:
    """A segment as JSON for a column."""
    return json_format.MessageToDict(segment)


def from_stored(stored: dict[str, Any]) -> pb.Segment:
    """The segment of a column."""
    return json_format.ParseDict(stored, pb.Segment(), ignore_unknown_fields=True)
