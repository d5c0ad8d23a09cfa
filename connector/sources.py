"""Where rows come from: a CSV file, a directory of them, a workbook, a database. Rows are streamed, never all held.

Columns are checked before the first row leaves: one that the mapping has no word for is refused.
"""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid5

import sqlalchemy as sa
from python_calamine import CalamineError, CalamineWorkbook

from connector.deltas import changed_rows, condition, digest_rows, is_exact
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


def open_source(text: str, *, since: datetime | None = None) -> Tables:
    """The source that a path or a database URL names, on request only what changed there. Raises CannotImport."""
    if is_url(text):
        return Database(text, since)
    path = Path(text)
    if not path.exists():
        raise CannotImport(f"{text}: no such file or directory")
    files: Tables = Workbook(path) if path.suffix.lower() in WORKBOOKS else CsvFiles(path)
    return files if since is None else ChangedOf(files, since)


def is_url(text: str) -> bool:
    """Whether a source is a database rather than a path."""
    return "://" in text


def name_of(text: str) -> str:
    """A source as it may be written down: a whole path, a URL without its password."""
    if not is_url(text):
        return str(Path(text).resolve())
    try:
        return sa.make_url(text).render_as_string(hide_password=True)
    except sa.exc.ArgumentError as fault:
        raise CannotImport(f"the source is no database URL that can be used here: {fault}") from None


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


class ChangedOf:
    """What changed in files since an instant, row by row."""

    def __init__(self, files: Tables, since: datetime) -> None:
        self._files = files
        self._since = since
        self.label = files.label

    def columns(self, table: Table) -> Sequence[str]:
        """Those of the files."""
        return self._files.columns(table)

    def rows(self, table: Table) -> Iterator[Source]:
        """Those that count as changed."""
        return changed_rows(self._files.rows(table), table, self._since)

    def count(self, table: Table) -> int | None:
        """Not known before they are read."""
        return self._files.count(table) if table.changed is None else None

    def fingerprint(self) -> str:
        """Over the files and the instant."""
        return f"{self._files.fingerprint()}:{self._since.isoformat()}"


class Database:
    """A database by its SQLAlchemy URL; a table or view for each table, or a SELECT."""

    def __init__(self, url: str, since: datetime | None = None) -> None:
        self._since = since
        self._samples: dict[tuple[str, str, str], object] = {}
        try:
            parsed = sa.make_url(url)
            self._engine = sa.create_engine(parsed)
        except (sa.exc.ArgumentError, ImportError) as fault:
            raise CannotImport(f"the source is no database URL that can be used here: {fault}") from None
        self.label = f"{parsed.get_backend_name()}: {parsed.database or ''}"

    def _select(self, table: Table) -> Any:
        changed = self._changed(table)
        if table.query and changed is None:
            return sa.text(table.query)
        # An import that broke off goes on at the same row only when rows come in the same order.
        order: list[sa.ColumnClause[Any]] = [sa.column(name) for name in table.key_columns]
        select = sa.select(sa.text("*")).select_from(self._from(table)).order_by(*order)
        return select if changed is None else select.where(changed)

    def _changed(self, table: Table) -> sa.ColumnElement[bool] | None:
        if self._since is None or table.changed is None:
            return None
        return condition(table, self._since, self._sample(table))

    def _sample(self, table: Table) -> object:
        """One of the values that say when a row changed: the database's type decides how it is compared."""
        if table.changed is None:
            return None
        key = (table.origin, table.query, table.changed.column)
        if key not in self._samples:
            column: sa.ColumnClause[Any] = sa.column(table.changed.column)
            asked = sa.select(column).select_from(self._from(table)).where(column.is_not(None)).limit(1)
            self._samples[key] = self._one(table, asked)
        return self._samples[key]

    def _from(self, table: Table) -> sa.TextClause:
        return sa.text(f"({table.query}) AS source" if table.query else self._name(table))

    def _one(self, table: Table, statement: Any) -> Any:
        try:
            with self._engine.connect() as connection:
                return connection.execute(statement).scalar()
        except sa.exc.SQLAlchemyError as fault:
            raise CannotImport(f"{table.origin or table.rows}: {_first_line(fault)}") from None

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
        rows = self._stream(table)
        if self._since is None or table.changed is None or is_exact(self._sample(table)):
            return rows
        return changed_rows(rows, table, self._since)

    def _stream(self, table: Table) -> Iterator[Source]:
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
        if table.query or (self._since is not None and table.changed is not None):
            return None
        return int(self._one(table, sa.select(sa.func.count()).select_from(self._from(table))))

    def fingerprint(self) -> str:
        """Not knowable: a database changes under one's hands."""
        return ""

    def digest(self, mapping: Mapping) -> str:
        """What all rows say now, read once through; empty when there are none."""
        total, count = hashlib.sha256(), 0
        for table in mapping.in_order():
            total.update(f"\n{table.rows}\n".encode())
            for row in digest_rows(sorted(table.known_columns), self.rows(table)):
                total.update(row)
                count += 1
        return total.hexdigest() if count else ""


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
