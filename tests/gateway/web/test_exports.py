"""Files of lists: what a spreadsheet gets."""

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from werkzeug.exceptions import NotFound

from gateway.web.exports import Cell, Table, export, file_name, safe

ROW: list[Cell] = ['Żółć; "a"', Decimal("1234.50"), 7, date(2026, 11, 22), None, "=1+1", "-5", "@x", "\tx"]


def table() -> Table:
    return Table("Lista [a/b]", ["a", "b", "c", "d", "e", "f", "g", "h", "i"], [ROW])


def test_csv_is_what_polish_excel_opens():
    answer = export([table()], name="lista", kind="csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    lines = answer.data.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "a;b;c;d;e;f;g;h;i"
    assert lines[1] == '"Żółć; ""a""";1234,50;7;2026-11-22;;\'=1+1;\'-5;\'@x;\'\tx'
    assert answer.mimetype == "text/csv"


def test_xlsx_has_numbers_days_and_texts_that_stay_texts():
    answer = export([table(), Table("Druga", ["x"], [])], name="lista", kind="xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    first = book.worksheets[0]
    values = [cell.value for cell in first[2]]
    assert values[0] == ROW[0]
    assert (values[1], values[2]) == (1234.5, 7)
    assert str(values[3]).startswith("2026-11-22")
    assert [first[2][place].data_type for place in (5, 6, 7)] == ["s", "s", "s"]
    assert first.title == "Lista  a b "
    assert len(book.worksheets) == 2


@pytest.mark.parametrize(
    ("text", "kept"), [("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), ("a\x00b", "ab"), ("Anna", "Anna")]
)
def test_formulas_are_disarmed(text: str, kept: str):
    assert safe(text) == kept


def test_names_are_ascii():
    assert file_name("Zużycie", "ul. Łąkowa 3", kind="csv") == "zuzycie-ul-lakowa-3.csv"
    assert file_name("../../etc", '"x"\r\n', kind="pdf") == "etc-x.pdf"


def test_another_kind_does_not_exist():
    with pytest.raises(NotFound):
        export([table()], name="x", kind="exe")
