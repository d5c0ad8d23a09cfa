"""Forms of rows that work without a script: rows are added, moved and taken away by sending the form.

A row's fields are `name-0`, `name-1` …, those of a row inside another `choice-2-0`; a hidden field says how many
there are: `fields`, and `choices-2`. What was typed stays, also in rows that move. The buttons are `add_fields=1`,
`up_fields=2`, `down_fields=2`, `remove_fields=2`; for rows inside a row `add_choices=2`, `remove_choices=2-0`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from gateway.web.forms import Form
from gateway.web.languages import DEFAULT_LANGUAGE, LANGUAGES
from gateway.web.languages import gettext as _

NEW = "(new)"  # In place of the key of a row that has none yet; no key looks like that.
VERBS = ("add", "remove", "up", "down")
_NUMBER = re.compile(r"[0-9]{1,3}\Z", re.ASCII)


@dataclass(frozen=True)
class Rows:
    """A kind of rows: the field that counts them, their columns, how many there may be, and the rows inside each."""

    count: str
    columns: tuple[str, ...]
    most: int
    inner: "Rows | None" = None


@dataclass
class Row:
    """What was typed in one row, and in the rows inside it."""

    values: dict[str, str]
    inner: list["Row"] = field(default_factory=list)


def places(form: Form, rows: Rows, outer: str = "") -> list[str]:
    """The ends of the names of the rows: "0", "1" …, inside row 2 "2-0" …; at most `most`, whatever the form claims."""
    said = form.value(rows.count + (f"-{outer}" if outer else ""))
    shown = min(int(said), rows.most) if _NUMBER.match(said) else 0
    return [f"{outer}-{number}" if outer else str(number) for number in range(shown)]


def check_counts(form: Form, rows: Rows) -> None:
    """Stop a form whose hidden counts were tampered with: rows would be lost by saving what is left."""
    for count in [rows.count, *(f"{rows.inner.count}-{one}" for one in places(form, rows) if rows.inner)]:
        said = form.value(count)
        if said and not (_NUMBER.match(said) and int(said) <= rows.most):
            stop(form)
    if not form.value(rows.count):
        stop(form)


def hidden_number(form: Form, name: str, most: int) -> int:
    """A whole number that the page itself has put there; anything else stops the form."""
    said = form.value(name)
    if not (said.isascii() and said.isdigit() and len(said) < 20 and int(said) <= most):
        stop(form)
        return 0
    return int(said)


def hidden_key(form: Form, name: str, known: Iterable[str]) -> str:
    """A key that the page itself has put there, empty for a row that is `NEW`; anything else stops the form."""
    said = form.value(name)
    if said != NEW and said not in set(known):
        stop(form)
    return "" if said == NEW else said


def stop(form: Form) -> None:
    """What no person typed is not what the page has put there."""
    form.stop(_("Open the page anew, please."), status=422)


def language_at(form: Form, column: str, end: str, place: str) -> str:
    """The language of a text that a refusal names: by its code, or by its number among those that were written."""
    written = sorted(code for code in LANGUAGES if form.value(f"{column}_{code}{end}").strip())
    if place.isdigit() and int(place) < len(written):
        return written[int(place)]
    return place if place in LANGUAGES else DEFAULT_LANGUAGE


def initial_of(rows: Rows, filled: Iterable[Row], outer: str = "") -> dict[str, str]:
    """Rows as the fields of a form."""
    found: dict[str, str] = {}
    number = 0
    for number, row in enumerate(filled, start=1):
        place = f"{outer}-{number - 1}" if outer else str(number - 1)
        found |= {f"{column}-{place}": row.values.get(column, "") for column in rows.columns}
        if rows.inner is not None:
            found |= initial_of(rows.inner, row.inner, place)
    return {rows.count + (f"-{outer}" if outer else ""): str(number), **found}


def rearranged(
    typed: MultiDict[str, str], kinds: Iterable[Rows], new: Mapping[str, Row] | None = None
) -> tuple[MultiDict[str, str], bool]:
    """What was typed, with rows added, moved or taken away as a button asked; and whether one was pressed.

    `new` holds what a new row of a kind begins with, by the name of its count.
    """
    changed, moved = typed, False
    for rows in kinds:
        for kind in (rows, rows.inner):
            for verb in VERBS:
                asked = typed.get(f"{verb}_{kind.count}") if kind is not None else None
                if kind is not None and asked is not None:
                    begin = (new or {}).get(kind.count) or Row({})
                    changed, moved = _carried_out(changed, rows, kind, (verb, asked), begin), True
    return changed, moved


def _carried_out(
    typed: MultiDict[str, str], rows: Rows, kind: Rows, button: tuple[str, str], begin: Row
) -> MultiDict[str, str]:
    """The form after one button; a button that names no row changes nothing."""
    verb, asked = button
    filled = _read(typed, rows)
    parts = asked.split("-")
    numbers = [int(part) for part in parts] if all(_NUMBER.match(part) for part in parts) else []
    if kind is not rows:
        outer = numbers.pop(0) if numbers else len(filled)
        own = filled[outer].inner if outer < len(filled) else []
    else:
        own = filled
    _move(own, verb, numbers[0] if numbers else len(own), begin, kind.most)
    names = {f"{act}_{one.count}" for act in VERBS for one in (rows, rows.inner) if one is not None}
    columns = set(rows.columns) | set(rows.inner.columns if rows.inner else ())
    counts = {rows.count} | ({rows.inner.count} if rows.inner else set())
    kept = MultiDict(
        (name, value)
        for name, value in typed.items(multi=True)
        if name not in names and name.partition("-")[0] not in columns | counts
    )
    kept.update(initial_of(rows, filled))
    return kept


def _move(own: list[Row], verb: str, number: int, begin: Row, most: int) -> None:
    if verb == "add":
        if len(own) < most:
            own.append(Row(dict(begin.values), list(begin.inner)))
        return
    if number >= len(own):
        return
    row = own.pop(number)
    if verb == "up":
        own.insert(max(number - 1, 0), row)
    elif verb == "down":
        own.insert(number + 1, row)


def _read(typed: MultiDict[str, str], rows: Rows, outer: str = "") -> list[Row]:
    return [
        Row(
            {column: typed.get(f"{column}-{place}", "") for column in rows.columns},
            _read(typed, rows.inner, place) if rows.inner is not None else [],
        )
        for place in places(Form(typed), rows, outer)
    ]
