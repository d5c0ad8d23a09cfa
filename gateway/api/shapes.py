"""How a message becomes JSON, and what the document says of it: one table of keys for both.

::

    BALANCE = Shape("Balance", "What a customer owes.", ledger_pb2.Balance, {
        "balance": Key(AMOUNT, "Owed when positive, credit when negative."),
        "next_due_on": Key(maybe(DAY), "The nearest due day."),
    })
    BALANCE.present(message)   # {"balance": "123.45", "next_due_on": None}
    BALANCE.schema()           # its OpenAPI schema

A key is read from the field of the same name, or from the one that `of` names. A shape whose message has no such field
does not load: a renamed field stops the gateway and never changes the public API.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

Reader = Callable[[Any], Any]


@dataclass(frozen=True)
class Kind:
    """A kind of value: its schema, and how it is read.

    `is_message`: presence is told by `HasField`. `part`: the shape in it.
    """

    schema: Mapping[str, Any]
    write: Callable[[Any], Any] | None = None
    is_message: bool = False
    part: "Shape | None" = None

    def reader(self, name: str) -> Reader:
        """Reads the field of a message."""
        read, write = attrgetter(name), self.write
        if write is None:
            return read
        return lambda message: write(read(message))


@dataclass(frozen=True)
class Key:
    """A key of a shape: its kind, what it means, and the field behind it if that is called otherwise."""

    kind: Kind
    text: str
    of: str = ""


class _Maybe(Kind):
    """As another kind; null for a message that is unset and for an empty string or list."""

    def __init__(self, kind: Kind) -> None:
        object.__setattr__(self, "kind", kind)
        super().__init__(_nullable(kind.schema), kind.write, kind.is_message, kind.part)

    def reader(self, name: str) -> Reader:
        kind: Kind = self.kind  # type: ignore[attr-defined]
        read = kind.reader(name)
        if kind.is_message:
            owner, _, field = name.rpartition(".")
            holder = attrgetter(owner) if owner else None
            return lambda message: (
                read(message) if (holder(message) if holder else message).HasField(field) else None
            )
        return lambda message: read(message) or None


def maybe(kind: Kind) -> Kind:
    """A value that may be null; the key itself is always there."""
    return _Maybe(kind)


def _nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    if "type" not in schema:
        return {"anyOf": [dict(schema), {"type": "null"}]}
    found = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        found["enum"] = [*schema["enum"], None]
    return found


def _amount(money: Any) -> str:
    grosze: int = money.grosze
    sign, grosze = ("-", -grosze) if grosze < 0 else ("", grosze)
    return f"{sign}{grosze // 100}.{grosze % 100:02d}"


def _day(day: Any) -> str:
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}"


def _instant(instant: Any) -> str:
    text: str = instant.ToJsonString()
    return text


TEXT = Kind({"type": "string"})
ID = Kind({"type": "string", "format": "uuid"})
FLAG = Kind({"type": "boolean"})
NUMBER = Kind({"type": "integer"})
DECIMAL = Kind({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"})
AMOUNT = Kind({"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$"}, _amount, is_message=True)
DAY = Kind({"type": "string", "format": "date"}, _day, is_message=True)
INSTANT = Kind({"type": "string", "format": "date-time"}, _instant, is_message=True)
TEXTS = Kind({"type": "object", "additionalProperties": {"type": "string"}}, dict)
COUNTS = Kind({"type": "object", "additionalProperties": {"type": "integer"}}, dict)
ALL_TEXT = Kind({"type": "array", "items": {"type": "string"}}, list)


class _Always(Kind):
    """A value that is the same in every answer."""

    def reader(self, name: str) -> Reader:  # noqa: ARG002
        value = self.schema["const"]
        return lambda _message: value


CURRENCY = Key(
    _Always({"type": "string", "const": "PLN"}), "The currency of all amounts beside it, ISO 4217."
)


def words(enum: Any) -> dict[int, str]:
    """The values of an enum in lower case and without what they have in common; 0, which says nothing, is left out."""
    common = enum.Name(0).removesuffix("UNSPECIFIED")
    return {number: name.removeprefix(common).lower() for name, number in enum.items() if number}


def one_of(enum: Any) -> Kind:
    """A word of an enum. One that this gateway does not know yet is "unknown"."""
    known = words(enum)
    return Kind({"type": "string", "enum": [*known.values()]}, lambda number: known.get(number, "unknown"))


def maybe_one_of(enum: Any) -> Kind:
    """A word of an enum; null when none was given."""
    known = words(enum)
    return Kind(_nullable({"type": "string", "enum": [*known.values()]}), known.get)


class Shape:
    """A JSON object that is made of a message."""

    def __init__(self, name: str, text: str, message: Any, keys: Mapping[str, Key]) -> None:
        self.name, self.text, self.keys = name, text, keys
        for key, one in keys.items():
            if not isinstance(one.kind, _Always):
                _check(name, message, one.of or key)
        self._readers = [(key, one.kind.reader(one.of or key)) for key, one in keys.items()]

    def present(self, message: Any) -> dict[str, Any]:
        """The JSON object of a message."""
        return {key: read(message) for key, read in self._readers}

    def schema(self) -> dict[str, Any]:
        """Its OpenAPI schema: every key is always there."""
        return {
            "type": "object",
            "description": self.text,
            "properties": {key: _described(one) for key, one in self.keys.items()},
            "required": [*self.keys],
        }

    @property
    def ref(self) -> dict[str, str]:
        """Where the document keeps the schema."""
        return {"$ref": f"#/components/schemas/{self.name}"}

    @property
    def parts(self) -> "list[Shape]":
        """The shapes in it."""
        return [one.kind.part for one in self.keys.values() if one.kind.part is not None]


class Page:
    """A part of a list: its items and the cursors of its neighbours."""

    def __init__(self, of: Shape, *, paged: bool = True) -> None:
        self.of, self.paged = of, paged
        self.name = f"{of.name}{'Page' if paged else 'List'}"

    def schema(self) -> dict[str, Any]:
        """Its OpenAPI schema."""
        properties: dict[str, Any] = {"items": {"type": "array", "items": self.of.ref, "maxItems": ITEMS_MAX}}
        if self.paged:
            for cursor, text in CURSORS.items():
                properties[cursor] = {"type": ["string", "null"], "description": text}
        return {"type": "object", "properties": properties, "required": [*properties]}

    @property
    def ref(self) -> dict[str, str]:
        """Where the document keeps the schema."""
        return {"$ref": f"#/components/schemas/{self.name}"}

    @property
    def parts(self) -> list[Shape]:
        """The shape of its items."""
        return [self.of]


ITEMS_MAX = 2_000
CURSORS = {
    "next_cursor": "`cursor` of the page after this one; null on the last.",
    "previous_cursor": "`cursor` of the page before this one; null on the first.",
}


def nested(shape: Shape) -> Kind:
    """An object in an object."""
    return Kind(shape.ref, shape.present, is_message=True, part=shape)


def listed(shape: Shape) -> Kind:
    """A list of objects in an object."""
    present = shape.present
    schema = {"type": "array", "items": shape.ref}
    return Kind(schema, lambda messages: [present(one) for one in messages], part=shape)


def _described(key: Key) -> dict[str, Any]:
    return {**key.kind.schema, "description": key.text}


def _check(shape: str, message: Any, path: str) -> None:
    descriptor = message.DESCRIPTOR
    for name in path.split("."):
        field = descriptor.fields_by_name.get(name)
        if field is None:
            raise TypeError(f"{shape}: {message.DESCRIPTOR.full_name} has no field {path}")
        descriptor = field.message_type
