"""What changed at the source since an instant: which rows are passed over, and how a database is asked.

A row that does not say when it changed, or not so that it can be read, counts as changed: coming once too often changes
nothing, not coming loses it. So does one exactly at the boundary, and one whose time is written less exactly.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from connector.faults import CannotImport
from connector.mapping import Changed, Mapping, Table
from connector.rows import Source

DAY_LENGTH = len("2026-11-30")


class Boundary:
    """An instant, down to its minute, as the clocks of one source show it."""

    def __init__(self, since: datetime, changed: Changed) -> None:
        self._changed = changed
        self.instant = since.astimezone(changed.clocks).replace(second=0, microsecond=0)
        # In the hour after clocks went back they show what they showed an hour ago: the earlier of both counts.
        ahead = [self._offset(self.instant + hours) for hours in (timedelta(), timedelta(hours=1))]
        utc = self.instant.replace(tzinfo=None) - self._offset(self.instant)
        self.local = utc + min(ahead)

    def _offset(self, instant: datetime) -> timedelta:
        offset = instant.astimezone(self._changed.clocks).utcoffset()
        return offset if offset is not None else timedelta()

    def lets(self, value: object) -> bool:
        """Whether a row with this value counts as changed."""
        form = self._changed.format
        if isinstance(value, str) and value.strip():
            return self._lets_text(value.strip(), form)
        if isinstance(value, datetime):
            return value >= (self.local if value.tzinfo is None else self.instant)
        return value >= self.local.date() if isinstance(value, date) else True

    def _lets_text(self, text: str, form: str | None) -> bool:
        try:
            if form is None:
                written = datetime.fromisoformat(text)
                return self.lets(written.date() if len(text) <= DAY_LENGTH else written)
            written = datetime.strptime(text, form)  # noqa: DTZ007 - compared on the source's own clocks
            if written.tzinfo is not None:
                return self.lets(written)
            # As exact as the form is: of one with days only the whole day counts.
            return written >= datetime.strptime(self.local.strftime(form), form)  # noqa: DTZ007 - as above
        except ValueError:
            return True


def check_delta(mapping: Mapping) -> None:
    """Raises CannotImport when no table says when its rows changed."""
    if not any(table.changed for table in mapping.tables):
        raise CannotImport("since: no table of the mapping says with `changed` when its rows last changed")


def changed_rows(rows: Iterator[Source], table: Table, since: datetime | None) -> Iterator[Source]:
    """Those of a table's rows that count as changed; all of a table that does not say."""
    if since is None or table.changed is None:
        yield from rows
        return
    boundary, column = Boundary(since, table.changed), table.changed.column
    for row in rows:
        if boundary.lets(row.get(column)):
            yield row


def condition(table: Table, since: datetime, sample: object) -> sa.ColumnElement[bool] | None:
    """How a database is asked for the rows that changed, told by one of its own values; None when it cannot be.

    The boundary goes as a bound parameter. A text is compared by its day, as far as it sorts; the hours, which may be
    written in more ways than one, are looked at row by row.
    """
    changed = table.changed
    if changed is None or sample is None:
        return None
    boundary = Boundary(since, changed)
    column: sa.ColumnClause[Any] = sa.column(changed.column)
    bound: Any
    match sample:
        case datetime():
            bound = boundary.local if sample.tzinfo is None else boundary.instant
        case date():
            bound = boundary.local.date()
        case str() if _sorts_by_day(sample, changed):
            # A text may have an offset of its own: a day earlier is early enough for any.
            bound = (boundary.local - timedelta(days=1)).strftime(changed.format or "%Y-%m-%d")
            bound = bound[:DAY_LENGTH]
        case _:
            return None
    return sa.or_(column.is_(None), column >= sa.bindparam("since", bound))


def is_exact(sample: object) -> bool:
    """Whether the database's own comparison leaves nothing to be looked at."""
    return isinstance(sample, date)


def _sorts_by_day(sample: str, changed: Changed) -> bool:
    """`2026-11-30…` sorts as it is read; `30.11.2026` does not."""
    if changed.format is not None and not re.match(r"%Y(.)%m\1%d", changed.format):
        return False
    return re.match(r"[0-9]{4}([-./])[0-9]{2}\1[0-9]{2}", sample) is not None


def digest_rows(names: Sequence[str], rows: Iterator[Source]) -> Iterator[bytes]:
    """Rows as bytes that differ when any value does."""
    for row in rows:
        yield repr([_stable(row.get(name)) for name in names]).encode()


def _stable(value: object) -> object:
    return value.isoformat() if isinstance(value, date | time) else value
