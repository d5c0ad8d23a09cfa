"""A row of the source as a row of the import, by the rules of the mapping."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ebok.billing.v1.imports_pb2 import ROW_DEFECT_TOO_MANY_CELLS, ImportRow

from connector.mapping import KINDS, Rule, Table, scaled

Source = Mapping[str, object]
EXCESS = "\0excess"  # Under this name a source puts the cells of a row that no column is named for.


def row_maker(table: Table) -> Callable[[int, Source], ImportRow]:
    """A function from (number of the row, the row by column) to the message."""
    carrier = KINDS[table.rows][0]
    row_class = table.row_class
    rules = list(table.columns.items())

    def make(row_number: int, source: Source) -> ImportRow:
        fields: dict[str, Any] = {name: _read(rule, source) for name, rule in rules}
        defect = ROW_DEFECT_TOO_MANY_CELLS if EXCESS in source else None
        return ImportRow(row_number=row_number, defect=defect, **{carrier: row_class(**fields)})

    return make


def _read(rule: Rule, source: Source) -> str | list[str]:
    if rule.constant is not None:
        text = rule.constant
    else:
        text = rule.join.join(filter(None, (_plain(source.get(name)) for name in rule.origins)))
        text = _rewrite(rule, text)
    if rule.split is not None:
        return [element.strip() for element in text.split(rule.split) if element.strip()]
    return text


def _rewrite(rule: Rule, text: str) -> str:
    if rule.values:
        text = rule.values.get(text, text if rule.otherwise is None else rule.otherwise)
    elif not text and rule.otherwise is not None:
        text = rule.otherwise
    if rule.date is not None and text:
        text = _day(text, rule.date)
    if rule.decimal is not None:
        text = text.replace(" ", "").replace("\N{NO-BREAK SPACE}", "").replace(rule.decimal, ".")
    if rule.scale is not None:
        text = scaled(text, rule.scale)
    return text


def _day(text: str, form: str) -> str:
    try:
        return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return text


def _plain(value: object) -> str:
    """What a cell holds, as text: days ISO 8601, numbers with a point and without an exponent."""
    match value:
        case None:
            text = ""
        case bool():
            text = "true" if value else "false"
        case datetime():
            text = value.date().isoformat()
        case date():
            text = value.isoformat()
        case Decimal():
            text = format(value, "f")
        case float():
            text = format(Decimal(repr(value)).normalize(), "f")
        case _:
            text = str(value).strip()
    return text
