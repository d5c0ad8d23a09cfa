"""Lists as files: CSV for Polish Excel (semicolons, commas, a byte-order mark) and XLSX with real numbers and days.

    table = Table(_("Invoices"), [_("Number"), _("Amount")], ([i.number, zloty_of(i.total_gross)] for i in …))
    return export([table], name="faktury", kind="xlsx")

A cell is a text, a Decimal, an int, a date or None. Texts that a spreadsheet would take for a formula are disarmed:
they come from customers and other systems.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from flask import Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from werkzeug.exceptions import NotFound

from gateway.web.amounts import grosze_of

Cell = str | Decimal | int | date | None
KINDS = ("csv", "xlsx")
MIMETYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ROWS_MAX = 10_000
WIDTH_MIN, WIDTH_MAX = 8, 48
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "|")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NOT_FOR_TITLES = re.compile(r"[\[\]:*?/\\]")
_NOT_FOR_NAMES = re.compile(r"[^a-z0-9]+")
_POLISH_L = str.maketrans("łŁ", "lL")


@dataclass(frozen=True)
class Table:
    """A title, the words of the head, and the rows."""

    title: str
    head: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def zloty_of(value: Any) -> Decimal | None:
    """Złoty of a Money message, for a cell."""
    grosze = grosze_of(value)
    return None if grosze is None else Decimal(grosze).scaleb(-2)


def file_name(*parts: object, kind: str) -> str:
    """`faktury-20411085.csv`: lower-case ASCII letters and digits with dashes between."""
    words = []
    for part in parts:
        plain = (
            unicodedata.normalize("NFKD", str(part).translate(_POLISH_L)).encode("ascii", "ignore").decode()
        )
        words.append(_NOT_FOR_NAMES.sub("-", plain.lower()).strip("-"))
    return "-".join(word for word in words if word)[:80] + f".{kind}"


def safe(text: str) -> str:
    """A text that no spreadsheet reckons with, without control characters."""
    clean = _CONTROL.sub("", text)
    return "'" + clean if clean.startswith(FORMULA_STARTS) else clean


def export(tables: Sequence[Table], *, name: str, kind: str) -> Response:
    """The file as a download. A CSV holds the first table only."""
    if kind not in KINDS:
        raise NotFound
    begun = [replace(table, rows=_begun(table.rows)) for table in tables]
    body = _csv(begun[0]) if kind == "csv" else _xlsx(begun)
    return download(body, file_name(name, kind=kind), MIMETYPES[kind])


def _begun(rows: Iterable[Sequence[Cell]]) -> Iterable[Sequence[Cell]]:
    """The same rows with the first one fetched: a refusal comes before a file is begun."""
    iterator = iter(rows)
    return chain(list(islice(iterator, 1)), iterator)


def download(body: bytes, name: str, mimetype: str) -> Response:
    """Bytes to keep, under an ASCII name."""
    response = Response(body, content_type=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _csv(table: Table) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([safe(word) for word in table.head])
    for row in table.rows:
        writer.writerow([_csv_cell(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}".replace(".", ",")
    return safe(cell) if isinstance(cell, str) else str(cell)


def _xlsx(tables: Sequence[Table]) -> bytes:
    book = Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet(_NOT_FOR_TITLES.sub(" ", safe(table.title))[:31])
        sheet.freeze_panes = "A2"
        for index, word in enumerate(table.head):
            letter = chr(ord("A") + index)
            sheet.column_dimensions[letter].width = min(max(len(word) + 4, WIDTH_MIN), WIDTH_MAX)
        sheet.append([_xlsx_cell(sheet, word, bold=True) for word in table.head])
        for row in table.rows:
            sheet.append([_xlsx_cell(sheet, cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _xlsx_cell(sheet: Any, value: Cell, *, bold: bool = False) -> Any:
    plain: Any = _CONTROL.sub("", value) if isinstance(value, str) else value
    cell = WriteOnlyCell(sheet, value=plain)
    if isinstance(value, str):
        cell.data_type = "s"  # A text stays a text, whatever it begins with.
    elif isinstance(value, Decimal):
        places = max(-int(value.as_tuple().exponent), 0)
        cell.number_format = "#,##0" + ("." + "0" * places if places else "")
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    if bold:
        cell.font = Font(bold=True)
    return cell
