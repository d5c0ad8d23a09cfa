"""Many rows in one statement: what an import looks up and writes. Things are known by the provider's own ids."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Text, Uuid, any_, cast, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

_DIALECT = postgresql.dialect()


def is_any(column: Any, values: Collection[str]) -> ColumnElement[bool]:
    """`column = ANY(values)`: one parameter, however many values. What no text can hold is not there: U+0000."""
    storable = sorted(value for value in values if "\x00" not in value)
    return column == any_(cast(storable, postgresql.ARRAY(Text)))


def as_array(values: Iterable[str]) -> str:
    """An array in PostgreSQL's text form, of words that need no quotes: ids, days. The driver's own way is slow."""
    return f"{{{','.join(values)}}}"


def plan_once(session: Session) -> None:
    """Before many rows are written: what their foreign keys look up is planned once, and not anew for each row."""
    session.execute(text("SET LOCAL plan_cache_mode = auto"))


def find_by(session: Session, model: Any, column: str, values: Collection[str]) -> dict[str, Row[Any]]:
    """Whole rows by the values of a unique text column."""
    if not values:
        return {}
    statement = select(model.__table__).where(is_any(model.__table__.c[column], values))
    place = list(model.__table__.c.keys()).index(column)
    return {row[place]: row for row in session.execute(statement)}


def upsert(
    session: Session,
    model: Any,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str = "external_id",
    raising: str = "",
) -> Sequence[Row[Any]]:
    """Insert the rows, or change those whose key is known; answers them as they are now.

    The id of a known row stays. `raising` names a column that grows by one with each change.
    """
    if not rows:
        return ()
    table = model.__table__
    names = list(rows[0])
    [identity] = [column.name for column in table.primary_key]
    columns = ", ".join(names)
    types = ", ".join(f"{name} {table.c[name].type.compile(dialect=_DIALECT)}" for name in names)
    changes = [f"{name} = excluded.{name}" for name in names if name not in (key, identity)]
    if raising:
        changes.append(f"{raising} = {table.name}.{raising} + 1")
    returned = ", ".join(f"{table.name}.{column.name}" for column in table.c)
    statement = text(
        f"INSERT INTO {table.name} ({columns}) "  # noqa: S608 - names of our own model, no input
        f"SELECT {columns} FROM json_to_recordset(CAST(:rows AS json)) AS given({types}) "
        f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(changes)} RETURNING {returned}"
    ).columns(*table.c)
    return session.execute(statement, {"rows": json.dumps([dict(row) for row in rows], default=str)}).all()


def refresh_as_of(
    session: Session, model: Any, identity: str, ids: Collection[UUID], *, as_of: datetime
) -> None:
    """The provider said again what was known: its age is new, nothing else is."""
    if ids:
        table = model.__table__
        listed = cast(list(ids), postgresql.ARRAY(Uuid))
        session.execute(
            update(table).where(table.c[identity] == any_(listed), table.c.as_of < as_of).values(as_of=as_of)
        )
