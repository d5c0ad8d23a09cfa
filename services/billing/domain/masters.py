"""Master data out of an import: one way for every noun that the provider knows by an id of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.ids import new_id
from services.billing.domain.rows import Batch, Outcome, RowFault, RowKind, RowReader, SourceRow, shown
from services.billing.storage import bulk

Values = dict[str, Any]


@dataclass(frozen=True)
class Noun:
    """How the rows of one kind become rows of a table.

        `read` answers the columns that the provider decides, with references resolved from the batch; what it answers
    XX"""

    kind: RowKind
    model: Any
    identity: str
    read: Callable[[RowReader, Batch], Values]
    unique: str = ""  # a further column that no two may share
    changed_at: bool = False
    derive: Callable[[Values, Row[Any] | None], Values] | None = None
    prepare: "Callable[[Session, Sequence[Taken]], None] | None" = None


@dataclass(frozen=True)
class Taken:
    """A good row on its way: what was known before, and what is to be written; None where nothing is to be."""

    row: SourceRow
    before: Row[Any] | None
    thing_id: UUID
    values: Values


@dataclass(frozen=True)
class Written:
    """What a round wrote, by external id, and what it looked at."""

    taken: Sequence[Taken]
    rows: Mapping[str, Row[Any]]


def take_round(session: Session, noun: Noun, rows: Sequence[SourceRow], batch: Batch) -> Written:
    """Bring in rows of one kind, no id twice. Counts or refuses each; `known` and `touched` are kept up."""
    read = [_read(noun, row, batch) for row in rows]
    before = bulk.find_by(session, noun.model, "external_id", {row.external_id for row in rows} - {""})
    owners = _owners(session, noun, [values for _, values in read])
    taken: list[Taken] = []
    for row, (reader, values) in zip(rows, read, strict=True):
        faults = reader.faults or _claim(noun, row, values, owners)
        if faults:
            batch.refuse(row, faults)
        else:
            known = before.get(row.external_id)
            thing_id = new_id() if known is None else known._mapping[noun.identity]
            taken.append(Taken(row, known, thing_id, values))
    return _write(session, noun, taken, batch)


def _read(noun: Noun, row: SourceRow, batch: Batch) -> tuple[RowReader, Values]:
    reader = RowReader(row)
    external_id = reader.key("external_id")
    return reader, noun.read(reader, batch) | {"external_id": external_id}


def _owners(session: Session, noun: Noun, values: Sequence[Values]) -> dict[str, str]:
    """Who has the numbers that these rows claim: number → external id."""
    if not noun.unique:
        return {}
    claimed = {one[noun.unique] for one in values if one.get(noun.unique)}
    found = bulk.find_by(session, noun.model, noun.unique, claimed)
    return {number: row._mapping["external_id"] for number, row in found.items()}


def _claim(noun: Noun, row: SourceRow, values: Values, owners: dict[str, str]) -> list[RowFault]:
    """The first to claim a number has it."""
    if not noun.unique:
        return []
    number = values[noun.unique]
    if owners.setdefault(number, values["external_id"]) != values["external_id"]:
        return [RowFault(noun.unique, "NUMBER_TAKEN", shown(row.fields.get(noun.unique, "")))]
    return []


def _write(session: Session, noun: Noun, taken: Sequence[Taken], batch: Batch) -> Written:
    if noun.prepare is not None:
        noun.prepare(session, taken)
    lines = []
    for one in taken:
        if not _differs(one):
            continue
        line = {noun.identity: one.thing_id, **one.values, "as_of": batch.as_of}
        if noun.changed_at:
            line["changed_at"] = batch.now
        if noun.derive is not None:
            line |= noun.derive(line, one.before)
        lines.append(line)
    written = bulk.upsert(session, noun.model, lines, raising="version" if noun.changed_at else "")
    rows = {row._mapping["external_id"]: row for row in written}
    known = batch.known.setdefault(noun.kind, {})
    for one in taken:
        external_id = one.values["external_id"]
        known[external_id] = rows.get(external_id, one.before)
        if external_id in rows:
            batch.touch(noun.kind, one.thing_id)
    return Written(taken, rows)


def _differs(one: Taken) -> bool:
    return one.before is None or any(one.before._mapping[name] != value for name, value in one.values.items())


def count(batch: Batch, written: Written, *, also_changed: frozenset[str] = frozenset()) -> None:
    """Count what a round did; `also_changed` are the ids of rows that changed beside their own table."""
    for one in written.taken:
        if one.before is None:
            outcome = Outcome.CREATED
        elif one.values["external_id"] in written.rows or one.values["external_id"] in also_changed:
            outcome = Outcome.CHANGED
        else:
            outcome = Outcome.UNCHANGED
        batch.count(one.row, outcome)


def look_up(session: Session, model: Any, kind: RowKind, external_ids: set[str], batch: Batch) -> None:
    """Make known what the rows of a batch refer to, with one query for what is not known yet."""
    known = batch.known.setdefault(kind, {})
    missing = {one for one in external_ids if one and "\x00" not in one and one not in known}
    known.update(bulk.find_by(session, model, "external_id", missing))


def refer(reader: RowReader, batch: Batch, name: str, kind: RowKind, *, unknown: str) -> Row[Any] | None:
    """The thing that a field refers to; a fault when there is no such thing."""
    external_id = reader.key(name)
    found: Row[Any] | None = batch.known[kind].get(external_id)
    if found is None and external_id:
        reader.fault(name, unknown)
    return found
