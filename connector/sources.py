"""Where rows come from: a CSV file, a directory of them, a workbook, a database. Rows are streamed, never all held.

Columns are checked before the first row leaves: one that the mapping has no word for is refused.
"""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid5

import sqlalchemy as sa
from python_calamine import CalamineError, CalamineWorkbook

from connector.faults import CannotImport
from connector.mapping import Mapping, Table
from connector.rows import EXCESS, Source

FIELD_BYTES_MAX = 1024 * 1024
ROWS_AT_ONCE = 2_000
NAMESPACE = UUID("5c0f3a52-7f0d-4c39-9d3e-0b6f1f7a2f10")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")


class Tables(Protocol):
    """A source."""

    label: str

    def columns(self, table: Table) -> Sequence[str]:
        """The columns the table has."""
        ...

    def rows(self, table: Table) -> Iterator[Source]:
        """The rows in a stable order."""
        ...

    def count(self, table: Table) -> int | None:
        """How many rows there are, when that is cheap to know."""
        ...

    def fingerprint(self) -> str:
        """Changes with the content; empty when that cannot be known."""
        ...


def open_source(text: str) -> Tables:
    """The source that a path or a database URL names. Raises CannotImport."""
    if "://" in text:
        return Database(text)
    path = Path(text)
    if not path.exists():
        raise CannotImport(f"{text}: no such file or directory")
    return Workbook(path) if path.suffix.lower() in WORKBOOKS else CsvFiles(path)


def check_columns(source: Tables, mapping: Mapping) -> None:
    """Refuse the import when a table lacks a column or has one the mapping does not know."""
    faults = []
    for table in mapping.in_order():
        present = list(source.columns(table))
        twice = sorted({name for name in present if present.count(name) > 1})
        missing = sorted(table.known_columns - set(present) - set(table.ignore))
        unknown = sorted(set(present) - table.known_columns)
        name = table.origin or table.rows
        if twice:
            faults.append(f"{name}: columns that occur twice: {', '.join(twice)}")
        if missing:
            faults.append(f"{name}: columns of the mapping that are not there: {', '.join(missing)}")
        if unknown:
            faults.append(
                f"{name}: columns the mapping does not know: {', '.join(unknown)} – map them or list them under ignore"
            )
    if faults:
        raise CannotImport("\n".join(faults))


def import_id_of(source: Tables, mapping_text: bytes) -> UUID | None:
    """The same for the same content and mapping, so that a broken import is found again; None when unknowable."""
    content = source.fingerprint()
    if not content:
        return None
    return uuid5(NAMESPACE, f"{source.label}:{content}:{hashlib.sha256(mapping_text).hexdigest()}")


class CsvFiles:
    """One CSV file for all tables, or a directory with a file for each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.label = _name_of(path)
        csv.field_size_limit(FIELD_BYTES_MAX)

    def _file(self, table: Table) -> Path:
        file = self._path / table.origin if self._path.is_dir() else self._path
        if not file.is_file():
            raise CannotImport(f"{file}: no such file; `from` names a file of the source directory")
        return file

    def columns(self, table: Table) -> Sequence[str]:
        """The first line."""
        for line in self._lines(table):
            return [name.strip() for name in line]
        raise CannotImport(f"{self._file(table)}: is empty; the first line must name the columns")

    def rows(self, table: Table) -> Iterator[Source]:
        """Every further line; one with more cells than names comes with them under EXCESS, unless they are empty."""
        lines = self._lines(table)
        names = [name.strip() for name in next(lines)]
        for cells in lines:
            if cells:
                row: dict[str, object] = dict(zip(names, cells, strict=False))
                if any(cell.strip() for cell in cells[len(names) :]):
                    row[EXCESS] = cells[len(names) :]
                yield row

    def _lines(self, table: Table) -> Iterator[list[str]]:
        file = self._file(table)
        try:
            with file.open(encoding=table.encoding, newline="") as lines:
                yield from csv.reader(lines, delimiter=table.delimiter)
        except (UnicodeDecodeError, LookupError) as fault:
            raise CannotImport(
                f"{file}: is not {table.encoding} ({type(fault).__name__}); say `encoding` in the mapping"
            ) from None
        except csv.Error as fault:
            raise CannotImport(f"{file}: {fault}") from None
        except OSError as fault:
            raise CannotImport(f"{file}: cannot be read ({type(fault).__name__})") from None

    def count(self, table: Table) -> int | None:
        """Rows without the first; a cell may have several lines."""
        return max(sum(1 for cells in self._lines(table) if cells) - 1, 0)

    def fingerprint(self) -> str:
        """Over all files."""
        files = sorted(self._path.iterdir()) if self._path.is_dir() else [self._path]
        return _fingerprint([file for file in files if file.is_file()])


class Workbook:
    """A workbook with a sheet for each table."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.label = _name_of(path)
        try:
            self._book = CalamineWorkbook.from_path(str(path))
        except (CalamineError, OSError) as fault:
            raise CannotImport(f"{path}: cannot be read as a workbook ({fault})") from None

    def _cells(self, table: Table) -> Iterator[Sequence[object]]:
        name = table.origin or self._book.sheet_names[0]
        if name not in self._book.sheet_names:
            raise CannotImport(f"{self._path}: no sheet {name}; it has {', '.join(self._book.sheet_names)}")
        yield from self._book.get_sheet_by_name(name).iter_rows()

    def columns(self, table: Table) -> Sequence[str]:
        """The first row."""
        for cells in self._cells(table):
            return [str(cell).strip() for cell in cells]
        raise CannotImport(f"{self._path}: the sheet {table.origin} is empty")

    def rows(self, table: Table) -> Iterator[Source]:
        """Every further row that is not empty."""
        cells = self._cells(table)
        names = [str(cell).strip() for cell in next(cells)]
        for row in cells:
            if any(cell not in ("", None) for cell in row):
                yield dict(zip(names, row, strict=False))

    def count(self, table: Table) -> int | None:
        """Rows without the first."""
        return max(sum(1 for _ in self._cells(table)) - 1, 0)

    def fingerprint(self) -> str:
        """Over the file."""
        return _fingerprint([self._path])


class Database:
    """A database by its SQLAlchemy URL; a table or view for each table, or a SELECT."""

    def __init__(self, url: str) -> None:
        try:
            parsed = sa.make_url(url)
            self._engine = sa.create_engine(parsed)
        except (sa.exc.ArgumentError, ImportError) as fault:
            raise CannotImport(f"the source is no database URL that can be used here: {fault}") from None
        self.label = f"{parsed.get_backend_name()}: {parsed.database or ''}"

    def _select(self, table: Table) -> sa.TextClause:
        if table.query:
            return sa.text(table.query)
        order = ", ".join(self._quoted(name) for name in table.key_columns)
        # An import that broke off goes on at the same row only when rows come in the same order.
        ordered = f" ORDER BY {order}" if order else ""
        return sa.text(f"SELECT * FROM {self._name(table)}{ordered}")  # noqa: S608 - quoted; the mapping is the operator's

    def _name(self, table: Table) -> str:
        return ".".join(self._quoted(part) for part in table.origin.split("."))

    def _quoted(self, name: str) -> str:
        return str(self._engine.dialect.identifier_preparer.quote(name))

    def columns(self, table: Table) -> Sequence[str]:
        """What the table or SELECT answers."""
        # Without an order: a column of the mapping that is not there is told with all other faults of columns.
        any_order = sa.text(table.query or f"SELECT * FROM {self._name(table)} WHERE 1 = 0")  # noqa: S608 - quoted
        try:
            with self._engine.connect() as connection:
                return list(connection.execute(any_order).keys())
        except sa.exc.SQLAlchemyError as fault:
            raise CannotImport(f"{table.origin or table.rows}: {_first_line(fault)}") from None

    def rows(self, table: Table) -> Iterator[Source]:
        """Streamed from a server-side cursor where the database has one."""
        try:
            with self._engine.connect() as connection:
                result = connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE).execute(
                    self._select(table)
                )
                for row in result.mappings():
                    yield dict(row)
        except sa.exc.SQLAlchemyError as fault:
            raise CannotImport(f"{table.origin or table.rows}: {_first_line(fault)}") from None

    def count(self, table: Table) -> int | None:
        """Of a table or view; a SELECT would have to be run twice."""
        if table.query:
            return None
        counting = sa.text(f"SELECT count(*) FROM {self._name(table)}")  # noqa: S608 - quoted
        try:
            with self._engine.connect() as connection:
                return int(connection.execute(counting).scalar_one())
        except sa.exc.SQLAlchemyError as fault:
            raise CannotImport(f"{table.origin or table.rows}: {_first_line(fault)}") from None

    def fingerprint(self) -> str:
        """Not knowable: a database changes under one's hands."""
        return ""


def _name_of(path: Path) -> str:
    """The name of a file or directory, also of one that is given as `.`."""
    return path.name or path.resolve().name or str(path)


def _fingerprint(files: Sequence[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(file.name.encode())
        try:
            with file.open("rb") as content:
                total.update(hashlib.file_digest(content, "sha256").digest())
        except OSError as fault:
            raise CannotImport(f"{file}: cannot be read ({type(fault).__name__})") from None
    return total.hexdigest()


def _first_line(fault: Exception) -> str:
    return str(fault).splitlines()[0]
