"""What a request's fields may hold, from the `(ebok.common.v1.field)` options, checked before the servicer
sees it.

Without a rule: strings up to 200 characters, lists and maps up to 100 elements; bytes must declare a bound.
Control characters are refused, line breaks and tabs unless the field is multiline. Every violation of a
request is reported at once, with paths such as `rows[3].value`. The rules of a message are compiled once into
closures.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from ebok.common.v1 import fields_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from chassis.errors import Invalid, Violation

STRING_LENGTH_MAX = 200
ITEMS_MAX = 100
VIOLATIONS_MAX = 100
ADDRESSES_MAX = 10_000  # Remembered: each page that somebody opens comes from the same one.
LANGUAGES = frozenset({"pl", "en", "uk"})

Found = list[Violation]
Check = Callable[[Any, str, Found], None]
Descriptor = Any  # protobuf has two families of descriptors, with the same attributes.
Field = Any

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@lru_cache(maxsize=ADDRESSES_MAX)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_FORMATS: dict[int, Callable[[str], object]] = {
    fields_pb2.FORMAT_ID: re.compile(
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII
    ).fullmatch,
    fields_pb2.FORMAT_EMAIL: re.compile(
        r"[^@\s<>\"',;:\\]{1,64}@[^@\s<>\"',;:\\]+\.[^@\s<>\"',;:\\.]{2,}"
    ).fullmatch,
    fields_pb2.FORMAT_DECIMAL: re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,6})?", re.ASCII).fullmatch,
    fields_pb2.FORMAT_LANGUAGE: LANGUAGES.__contains__,
    fields_pb2.FORMAT_COLOUR: re.compile(r"#[0-9a-fA-F]{6}", re.ASCII).fullmatch,
    fields_pb2.FORMAT_ADDRESS: _is_address,
}


class RuleMissing(Exception):
    """A request message cannot be checked: bytes without a bound, or a rule that does not fit its field."""


class FieldChecker:
    """Compiled rules by message type; `prepare` at start, `check` at each request."""

    def __init__(self) -> None:
        self._compiled: dict[str, list[Check]] = {}

    def prepare(self, descriptor: Descriptor) -> None:
        """Compile the rules of a request and of everything in it. Raises RuleMissing."""
        self._checks(descriptor)

    def check(self, message: Message) -> None:
        """Raise one `Invalid` with all violations, or return."""
        found: Found = []
        for check in self._checks(message.DESCRIPTOR):
            check(message, "", found)
        if found:
            raise Invalid(violations=found[:VIOLATIONS_MAX])

    def _checks(self, descriptor: Descriptor) -> list[Check]:
        known = self._compiled.get(descriptor.full_name)
        if known is None:
            # Registered before it is filled, so that a message may contain itself.
            known = self._compiled[descriptor.full_name] = []
            known.extend(self._compile(descriptor))
        return known

    def _compile(self, descriptor: Descriptor) -> Iterator[Check]:
        if descriptor.full_name.startswith("google."):
            return
        for field in descriptor.fields:
            rule = field.GetOptions().Extensions[fields_pb2.field]
            if _is_map(field):
                yield from self._map_checks(field, rule)
            elif field.is_repeated:
                yield from self._list_checks(field, rule)
            else:
                yield from self._single_checks(field, rule)

    def _single_checks(self, field: Field, rule: fields_pb2.FieldRule) -> Iterator[Check]:
        name = field.name
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            yield _nested(name, self._checks(field.message_type), required=rule.required)
            return
        value_check = _value_check(field, rule)
        if rule.required:
            yield _required(name, value_check)
        elif value_check is not None:
            yield _optional(name, value_check)

    def _list_checks(self, field: Field, rule: fields_pb2.FieldRule) -> Iterator[Check]:
        if rule.elements_unchecked:
            yield _list(field.name, rule.items_max or ITEMS_MAX, rule.required, None, None)
            return
        is_message = field.type == FieldDescriptor.TYPE_MESSAGE
        if rule.elements_unchecked and not is_message:
            raise RuleMissing(f"{field.full_name}: only elements that are messages may go unchecked")
        nested = self._checks(field.message_type) if is_message and not rule.elements_unchecked else None
        value_check = None if is_message else _value_check(field, rule)
        yield _list(field.name, rule.items_max or ITEMS_MAX, rule.required, nested, value_check)

    def _map_checks(self, field: Field, rule: fields_pb2.FieldRule) -> Iterator[Check]:
        key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
        empty = fields_pb2.FieldRule()
        nested = self._checks(value.message_type) if value.type == FieldDescriptor.TYPE_MESSAGE else None
        key_check = _value_check(key, empty)
        item_check = None if nested is not None else _value_check(value, rule)
        yield _map(
            field.name,
            rule.items_max or ITEMS_MAX,
            rule.required,
            key_check=key_check,
            nested=nested,
            value_check=item_check,
        )


def _is_map(field: Field) -> bool:
    return field.type == FieldDescriptor.TYPE_MESSAGE and bool(field.message_type.GetOptions().map_entry)


def _value_check(field: Field, rule: fields_pb2.FieldRule) -> Check | None:
    """The check of one value that is there; None when anything goes."""
    if field.type == FieldDescriptor.TYPE_STRING:
        return _string(rule)
    if field.type == FieldDescriptor.TYPE_BYTES:
        if not rule.length_max:
            raise RuleMissing(f"{field.full_name} has bytes without length_max")
        return _bytes(rule.length_min, rule.length_max)
    if rule.length_min or rule.length_max or rule.format:
        raise RuleMissing(f"{field.full_name} is not a string, its rule is one of strings")
    if field.type == FieldDescriptor.TYPE_ENUM:
        return _enum(frozenset(field.enum_type.values_by_number))
    if rule.HasField("number_min") or rule.HasField("number_max"):
        low = rule.number_min if rule.HasField("number_min") else None
        high = rule.number_max if rule.HasField("number_max") else None
        return _number(low, high)
    return None


def _string(rule: fields_pb2.FieldRule) -> Check:
    low, high = rule.length_min, rule.length_max or STRING_LENGTH_MAX
    forbidden = (_CONTROL_BUT_LINES if rule.multiline else _CONTROL).search
    form = _FORMATS.get(rule.format)

    def check(value: str, path: str, found: Found) -> None:
        if not value:
            return
        if len(value) > high:
            found.append(Violation(path, "TOO_LONG", f"at most {high} characters"))
        elif len(value) < low:
            found.append(Violation(path, "TOO_SHORT", f"at least {low} characters"))
        elif forbidden(value):
            found.append(Violation(path, "MALFORMED", "control characters are not allowed"))
        elif form is not None and not form(value):
            found.append(Violation(path, "MALFORMED", ""))

    return check


def _bytes(low: int, high: int) -> Check:
    def check(value: bytes, path: str, found: Found) -> None:
        if len(value) > high:
            found.append(Violation(path, "TOO_LONG", f"at most {high} bytes"))
        elif value and len(value) < low:
            found.append(Violation(path, "TOO_SHORT", f"at least {low} bytes"))

    return check


def _enum(known: frozenset[int]) -> Check:
    def check(value: int, path: str, found: Found) -> None:
        if value not in known:
            found.append(Violation(path, "UNKNOWN", ""))

    return check


def _number(low: int | None, high: int | None) -> Check:
    words = f"from {low} to {high}" if low is not None and high is not None else f"bound: {low or high or 0}"

    def check(value: float, path: str, found: Found) -> None:
        # Written so that a NaN is out of range.
        if (low is not None and not value >= low) or (high is not None and not value <= high):
            found.append(Violation(path, "OUT_OF_RANGE", words))

    return check


def _required(name: str, value_check: Check | None) -> Check:
    def check(message: Any, path: str, found: Found) -> None:
        value = getattr(message, name)
        if not value:
            found.append(Violation(path + name, "REQUIRED"))
        elif value_check is not None:
            value_check(value, path + name, found)

    return check


def _optional(name: str, value_check: Check) -> Check:
    def check(message: Any, path: str, found: Found) -> None:
        value_check(getattr(message, name), path + name, found)

    return check


def _nested(name: str, checks: list[Check], *, required: bool) -> Check:
    def check(message: Any, path: str, found: Found) -> None:
        if message.HasField(name):
            inner = getattr(message, name)
            for each in checks:
                each(inner, f"{path}{name}.", found)
        elif required:
            found.append(Violation(path + name, "REQUIRED"))

    return check


def _list(
    name: str, items_max: int, required: bool, nested: list[Check] | None, value_check: Check | None
) -> Check:
    def check(message: Any, path: str, found: Found) -> None:
        items = getattr(message, name)
        if not items:
            if required:
                found.append(Violation(path + name, "REQUIRED"))
            return
        if len(items) > items_max:
            found.append(Violation(path + name, "TOO_MANY", f"at most {items_max}"))
            return
        if nested is None and value_check is None:
            return
        for index, item in enumerate(items):
            if nested is not None:
                for each in nested:
                    each(item, f"{path}{name}[{index}].", found)
            elif value_check is not None:
                value_check(item, f"{path}{name}[{index}]", found)
            if len(found) >= VIOLATIONS_MAX:
                return

    return check


def _map(
    name: str,
    items_max: int,
    required: bool,
    *,
    key_check: Check | None,
    nested: list[Check] | None,
    value_check: Check | None,
) -> Check:
    def check(message: Any, path: str, found: Found) -> None:
        items = getattr(message, name)
        if not items and required:
            found.append(Violation(path + name, "REQUIRED"))
        if len(items) > items_max:
            found.append(Violation(path + name, "TOO_MANY", f"at most {items_max}"))
            return
        # A key is somebody's input: the path counts the elements, sorted, and does not quote it.
        for index, key in enumerate(sorted(items)):
            place = f"{path}{name}[{index}]"
            if key_check is not None:
                key_check(key, f"{place}.key", found)
            if nested is not None:
                for each in nested:
                    each(items[key], f"{place}.", found)
            elif value_check is not None:
                value_check(items[key], place, found)

    return check
