"""What a database is asked: for tests of how much work is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from chassis.database import Database, Reader


@contextmanager
def heard(*databases: Database) -> Iterator[list[str]]:
    """The statements that Sessions of these databases, and all Readers, ask meanwhile.

    What is revoked is looked up once a second, by whoever comes: that is left out.
    """
    statements: list[str] = []

    def note(*values: Any) -> None:
        statements.append(values[2])

    def noted(ask: Any) -> Any:
        def call(reader: Reader, statement: str, values: Any) -> Any:
            if "FROM revocations" not in statement:
                statements.append(statement)
            return ask(reader, statement, values)

        return call

    engines = [one.engine for one in databases]
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    try:
        with patch.multiple(Reader, rows=noted(Reader.rows), run=noted(Reader.run)):
            yield statements
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", note)
