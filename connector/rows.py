"""A row of the source as a row of the import, by the rules of the mapping."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ebok.billing.v1.imports_pb2 import ROW_DEFECT_TOO_MANY_CELLS, ImportRow

from connector import values
from connector.mapping import KINDS, Rule, Table

Source = Mapping[str, object]
EXCESS = "\0excess"  # Under this name a source puts the cells of a row that no column is named for.


def row_maker(table: Table) -> Callable[[int, Source], ImportRow]:
    """A function from (number of the row, the row by column) to the message."""
    carrier = KINDS[table.rows][0]
    row_class = table.row_class
    rules = list(table.columns.items())

    # Most fields are a cell as it is, or the same for every row; a file of readings has little else.
    constant: dict[str, Any] = {
        name: rule.constant for name, rule in rules if rule.constant is not None and rule.split is None
    }
    as_it_is = [(name, rule.column) for name, rule in rules if rule.column is not None and _is_plain(rule)]
    done = {*constant, *(name for name, _ in as_it_is)}
    others = [(name, rule) for name, rule in rules if name not in done]

    def make(row_number: int, source: Source) -> ImportRow:
        fields: dict[str, Any] = constant | {name: values.plain(source.get(at)) for name, at in as_it_is}
        for name, rule in others:
            fields[name] = _read(rule, source)
        defect = ROW_DEFECT_TOO_MANY_CELLS if EXCESS in source else None
        return ImportRow(row_number=row_number, defect=defect, **{carrier: row_class(**fields)})

    return make


def _is_plain(rule: Rule) -> bool:
    """Whether a rule names its column and says nothing else."""
    return rule == Rule(column=rule.column)


def _read(rule: Rule, source: Source) -> str | list[str]:
    if rule.constant is not None:
        text = rule.constant
    else:
        text = rule.join.join(filter(None, (_cell(rule, source.get(name)) for name in rule.origins)))
        text = _rewrite(rule, text)
    if rule.split is not None:
        return [element.strip() for element in text.split(rule.split) if element.strip()]
    return text


def _cell(rule: Rule, value: object) -> str:
    """A cell as text; where the mapping speaks of an instant, one that is a point in time keeps its hours."""
    if rule.instant is not None and isinstance(value, datetime):
        return values.placed(value, rule.instant.clocks) or str(value)
    return values.plain(value)


def _rewrite(rule: Rule, text: str) -> str:
    if rule.values:
        text = rule.values.get(text, text if rule.otherwise is None else rule.otherwise)
    elif not text and rule.otherwise is not None:
        text = rule.otherwise
    if rule.date is not None and text:
        text = values.day(text, rule.date)
    if rule.instant is not None and text:
        text = values.instant(text, rule.instant.format, rule.instant.clocks)
    if rule.decimal is not None:
        text = text.replace(" ", "").replace("\N{NO-BREAK SPACE}", "").replace(rule.decimal, ".")
    if rule.scale is not None:
        text = values.scaled(text, rule.scale)
    if rule.divide is not None:
        text = values.divided(text, rule.divide)
    return text
