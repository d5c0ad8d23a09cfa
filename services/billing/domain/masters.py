"""Master data out of an import or staff's hands: one way for every noun that the provider knows by an id of its own.

Staff may change what the provider's system owns where the settings say so. What it said then is kept by field: as long
as it says that, our value stands; its next other word goes before ours, and the field is the provider's again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.ids import new_id
from services.billing.domain.rows import (
    OFFICE_PREFIX,
    Batch,
    Office,
    Outcome,
    RowFault,
    RowKind,
    RowReader,
    SourceRow,
    shown,
)
from services.billing.storage import bulk
from services.billing.storage.origins import RecordOrigin

Values = dict[str, Any]
LIST_SEPARATOR = "\n"  # between the ids of a field that is a list: no id has one


def _always(values: Values) -> bool:  # noqa: ARG001 - the shape of all checks
    return True


@dataclass(frozen=True)
class Noun:
    """How the rows of one kind become rows of a table.

    `read` answers the columns that the provider decides, with references resolved from the batch. `columns` names
    those that are not called like the row's field. `derive` answers further columns out of a line; `prepare` makes
    what lines refer to. `fits` says whether values that stand for one another's sake still do, when some are ours.
    """

    kind: RowKind
    model: Any
    identity: str
    read: Callable[[RowReader, Batch], Values]
    unique: str = ""  # a further column that no two may share
    changed_at: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    fits: Callable[[Values], bool] = _always
    derive: Callable[[Values, Row[Any] | None], Values] | None = None
    prepare: "Callable[[Session, Sequence[Taken]], None] | None" = None


@dataclass(frozen=True)
class Taken:
    """A good row on its way: what was known before, and what is to be written.

    `standing` are the fields in which staff's word stands against the row's.
    """

    row: SourceRow
    before: Row[Any] | None
    thing_id: UUID
    values: Values
    standing: Collection[str] = frozenset()


@dataclass(frozen=True)
class Written:
    """What a round wrote, by external id, and what it looked at."""

    taken: Sequence[Taken]
    rows: Mapping[str, Row[Any]]


@dataclass(frozen=True)
class _Read:
    """A row as it was read, with what is known of the thing."""

    row: SourceRow
    before: Row[Any] | None
    values: Values
    standing: Collection[str]
    faults: list[RowFault]


def take_round(session: Session, noun: Noun, rows: Sequence[SourceRow], batch: Batch) -> Written:
    """Bring in rows of one kind, no id twice. Counts or refuses each; `known` and `touched` are kept up."""
    before = bulk.find_by(session, noun.model, "external_id", {row.external_id for row in rows} - {""})
    read = [_read(noun, row, before.get(row.external_id), batch) for row in rows]
    owners = _owners(session, noun, [one.values for one in read])
    taken: list[Taken] = []
    for one in read:
        faults = one.faults or _claim(noun, one.row, one.values, owners)
        if faults:
            batch.refuse(one.row, faults)
        else:
            thing_id = _id_of(noun, one.before, batch)
            taken.append(Taken(one.row, one.before, thing_id, one.values, one.standing))
    return _write(session, noun, taken, batch)


def _read(noun: Noun, row: SourceRow, before: Row[Any] | None, batch: Batch) -> _Read:
    reader = RowReader(row)
    external_id = reader.key("external_id")
    values = noun.read(reader, batch) | {"external_id": external_id}
    if reader.faults:
        return _Read(row, before, values, (), reader.faults)
    if batch.office is not None:
        marked, faults = _mark(noun, row, values, before, batch.office)
        return _Read(row, before, marked, (), faults)
    if external_id.startswith(OFFICE_PREFIX):
        return _Read(
            row, before, values, (), [RowFault("external_id", "OWNED_BY_OFFICE", shown(external_id))]
        )
    laid, standing = _lay_over(noun, row, values, before)
    return _Read(row, before, laid, standing, [])


def _id_of(noun: Noun, before: Row[Any] | None, batch: Batch) -> UUID:
    if before is not None:
        known: UUID = before._mapping[noun.identity]
        return known
    return new_id() if batch.office is None else batch.office.record_id


# what staff changed


def _lay_over(
    noun: Noun, row: SourceRow, values: Values, before: Row[Any] | None
) -> tuple[Values, Collection[str]]:
    """The provider's row with what of ours still stands, and the names of those fields."""
    origin = RecordOrigin.PROVIDER if before is None else before.origin
    plain = values | {"origin": origin, "office_fields": {}}
    if before is None or not before.office_fields:
        return plain, ()
    standing = {
        name: said for name, said in before.office_fields.items() if said_by(row, values, noun, name) == said
    }
    ours = {
        column: before._mapping[column] for column in map(noun_column(noun), standing) if column in values
    }
    laid = plain | ours | {"office_fields": standing}
    # Its word in one field may leave no room for ours in another: then ours goes, too.
    return (laid, standing.keys()) if noun.fits(laid) else (plain, ())


def _mark(
    noun: Noun, row: SourceRow, values: Values, before: Row[Any] | None, office: Office
) -> tuple[Values, list[RowFault]]:
    """Staff's row with the marks of what it changes of the provider's; refuses OWNED_BY_PROVIDER where it may not."""
    origin = RecordOrigin.OFFICE if before is None else before.origin
    marks: dict[str, str] = {} if before is None else dict(before.office_fields)
    faults = []
    for name, text in office.texts.items() if origin is RecordOrigin.PROVIDER else ():
        wanted = said_by(row, values, noun, name)
        if wanted == text:
            continue
        if not office.editable and name not in marks:
            faults.append(RowFault(name, "OWNED_BY_PROVIDER", shown(wanted)))
        elif marks.setdefault(name, text) == wanted:
            del marks[name]
    return values | {"origin": origin, "office_fields": marks}, faults


def noun_column(noun: Noun) -> Callable[[str], str]:
    """The column of a row's field."""
    return lambda name: noun.columns.get(name, name)


def said_by(row: SourceRow, values: Values, noun: Noun, name: str) -> str:
    """What a row says in a field, in the one form in which such words are kept and compared."""
    value = values.get(noun_column(noun)(name), row.points if name not in row.fields else None)
    if isinstance(value, tuple):
        return list_text(value)
    # A thing that is referred to has the provider's id as its name.
    return RowReader(row).key(name, required=False) if isinstance(value, UUID) else text_of(value)


def text_of(value: Any) -> str:
    """A column's value as a row would say it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, StrEnum):
        return value.value.lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def list_text(ids: Collection[str]) -> str:
    """A list of ids in one text, in whatever order it came."""
    return LIST_SEPARATOR.join(sorted({one.strip() for one in ids}))


# what is written


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
        line = {noun.identity: one.thing_id, **one.values, "as_of": _as_of(one, batch)}
        if noun.changed_at:
            line["changed_at"] = batch.now
        if noun.derive is not None:
            line |= noun.derive(line, one.before)
        lines.append(line)
    written = bulk.upsert(session, noun.model, lines, raising="version" if noun.changed_at else "")
    rows = {row._mapping["external_id"]: row for row in written}
    if batch.office is None:
        same = [one.thing_id for one in taken if one.values["external_id"] not in rows]
        bulk.refresh_as_of(session, noun.model, noun.identity, same, as_of=batch.as_of)
    known = batch.known.setdefault(noun.kind, {})
    for one in taken:
        external_id = one.values["external_id"]
        known[external_id] = rows.get(external_id, one.before)
        if external_id in rows:
            batch.touch(noun.kind, one.thing_id)
    return Written(taken, rows)


def _as_of(one: Taken, batch: Batch) -> datetime:
    """Staff's hand makes nothing younger that the provider's system said."""
    given_here = batch.office is not None and one.before is not None
    return one.before.as_of if given_here and one.before is not None else batch.as_of


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
