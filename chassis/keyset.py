"""Pages by key: the next one starts after the last row seen, however many rows there are before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import Session

PAGE_SIZE_DEFAULT = 20
PAGE_SIZE_MAX = 100

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Window:
    """Which rows: `size` of them after a key, before a key, or from the start."""

    size: int = PAGE_SIZE_DEFAULT
    after: Key | None = None
    before: Key | None = None


@dataclass(frozen=True)
class Page:
    """Rows in the order of the list, and whether there are more on either side."""

    rows: Sequence[Any]
    more_after: bool
    more_before: bool


def fetch_page(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    *,
    keys: Sequence[Any],
    window: Window,
    descending: bool = False,
    scalars: bool = False,
) -> Page:
    """The rows of a window, ordered by `keys`, which together are unique and all run in one direction.

    `scalars` answers the first column (an entity) of each row instead of the rows.
    """
    backward = window.before is not None
    falling = descending != backward
    key = window.before if backward else window.after
    if key is not None:
        statement = statement.where(_beyond(keys, key, falling=falling))
    ordered = [one.desc() if falling else one.asc() for one in keys]
    found = session.execute(statement.order_by(*ordered).limit(window.size + 1))
    return cut(list(found.scalars() if scalars else found), window)


def cut(rows: list[Any], window: Window) -> Page:
    """The page of rows that were asked for with one more than the window holds, backward ones in falling order."""
    more = len(rows) > window.size
    rows = rows[: window.size]
    if window.before is not None:
        return Page(rows[::-1], more_after=True, more_before=more)
    return Page(rows, more_after=more, more_before=window.after is not None)


def _beyond(keys: Sequence[Any], key: Key, *, falling: bool) -> ColumnElement[bool]:
    left, right = tuple_(*keys), tuple_(*key, types=[one.type for one in keys])
    return left < right if falling else left > right
