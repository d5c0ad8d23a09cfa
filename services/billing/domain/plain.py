"""Frozen dataclasses to plain JSON values and back, exactly: nothing is guessed, rounded or dropped.

How a class is read and written is worked out once and kept: a run turns thousands of documents over.
"""

import types
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from chassis.errors import FailedPrecondition
from chassis.money import Money

T = TypeVar("T")
Reader = Callable[[Any, str], Any]  # a plain value and where it stands
AS_IT_IS = frozenset((str, int, bool, type(None)))


class UnreadableDocument(FailedPrecondition):
    """A frozen document has a shape this version of the code cannot print faithfully."""

    reason = "UNREADABLE_DOCUMENT"


def to_plain(value: Any) -> Any:
    """A value as JSON: money → grosze, decimal → string without exponent, day → ISO 8601, tuple → list."""
    kind = type(value)
    if kind in AS_IT_IS:
        return value
    writer = _WRITERS.get(kind)
    if writer is not None:
        return writer(value)
    if is_dataclass(value):
        return {name: to_plain(getattr(value, name)) for name in _names(cast(Any, kind))}
    return value


_WRITERS: dict[type, Callable[[Any], Any]] = {
    Money: lambda money: money.grosze,
    Decimal: lambda number: format(number, "f"),
    date: date.isoformat,
    tuple: lambda items: [to_plain(item) for item in items],
}


def from_plain(kind: type[T], plain: Any) -> T:
    """A `kind` from its plain form. Absent fields take their default; unknown ones are refused."""
    if not isinstance(plain, dict):
        raise UnreadableDocument(f"{kind.__name__}: an object is needed")
    readers, needed = _plan(cast(Any, kind))
    unknown = plain.keys() - readers.keys()
    if unknown:
        raise UnreadableDocument(f"{kind.__name__}: unknown field {min(unknown)}")
    absent = needed - plain.keys()
    if absent:
        raise UnreadableDocument(f"{kind.__name__}: field {min(absent)} is absent")
    return kind(**{name: readers[name](value, f"{kind.__name__}.{name}") for name, value in plain.items()})


@lru_cache(maxsize=256)
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cast(Any, kind)))


@lru_cache(maxsize=256)
def _plan(kind: type) -> tuple[dict[str, Reader], frozenset[str]]:
    """The readers of a class's fields, and which fields must be there."""
    hints = get_type_hints(kind)
    own = fields(cast(Any, kind))
    readers = {field.name: _reader(hints[field.name]) for field in own}
    return readers, frozenset(field.name for field in own if not _has_default(field))


def _has_default(field: "Field[Any]") -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _reader(hint: Any) -> Reader:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        [inner] = [_reader(part) for part in get_args(hint) if part is not type(None)]
        return lambda plain, where: None if plain is None else inner(plain, where)
    if origin is tuple:
        return _list_reader(_reader(get_args(hint)[0]))
    if is_dataclass(hint) and hint is not Money:
        return lambda plain, _: from_plain(cast(type, hint), plain)
    return lambda plain, where: _read_leaf(hint, plain, where)


def _list_reader(inner: Reader) -> Reader:
    def read(plain: Any, where: str) -> Any:
        if not isinstance(plain, list):
            raise UnreadableDocument(f"{where}: a list is needed")
        return tuple(inner(item, where) for item in plain)

    return read


def _read_leaf(hint: Any, plain: Any, where: str) -> Any:
    try:
        if hint is Money and type(plain) is int:
            return Money(plain)
        if hint is Decimal and isinstance(plain, str):
            number = Decimal(plain)
            if number.is_finite():
                return number
        if hint is date and isinstance(plain, str):
            return date.fromisoformat(plain)
        if hint in (str, int, bool) and type(plain) is hint:
            return plain
    except (ValueError, InvalidOperation, OverflowError) as fault:
        raise UnreadableDocument(f"{where}: malformed") from fault
    # The value itself is not repeated: it may be somebody's name.
    raise UnreadableDocument(f"{where}: {type(plain).__name__} is no {getattr(hint, '__name__', hint)}")
