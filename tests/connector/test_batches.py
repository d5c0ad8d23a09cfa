"""How rows are put into batches: large where rows are small, never larger than a message may be."""

from dataclasses import dataclass
from typing import Any

import pytest

from connector import sending
from connector.mapping import Mapping


@dataclass
class Source:
    """As many rows of each table, each with a cell of a length."""

    rows_each: int
    length: int = 1

    def rows(self, _table):
        for number in range(self.rows_each):
            yield {"id": f"{number}", "x": "x" * self.length}


def batches_of(kind: str, columns: dict, source: Source, *, done: int = 0) -> list[list]:
    mapping = Mapping.model_validate({"version": 1, "tables": [{"rows": kind, "columns": columns}]})
    tables: Any = source
    order = sending.Order(
        source=tables, mapping=mapping, import_id=None, dry_run=False, batch_rows=5_000, as_of=None
    )
    return list(sending._batches(order, done))


READINGS = {"meter_external_id": "id", "read_on": "x", "value": "x"}
PREMISES = {"external_id": "id", "building": "x", "town": "x"}


@pytest.mark.parametrize(
    ("kind", "columns", "sizes"),
    [("readings", READINGS, [5_000, 5_000, 1_000]), ("premises", PREMISES, [1_000] * 11)],
)
def test_batches_are_large_where_rows_are_small(kind, columns, sizes):
    assert [len(batch) for batch in batches_of(kind, columns, Source(11_000))] == sizes


def test_no_batch_is_larger_than_a_message_and_no_row_is_lost():
    batches = batches_of("readings", READINGS, Source(5_000, length=1_000), done=3)

    assert [row.row_number for batch in batches for row in batch] == list(range(4, 5_001))
    assert max(sum(row.ByteSize() for row in batch) for batch in batches) <= sending.BATCH_BYTES_MAX
    assert len(batches) > 1


def test_a_row_that_is_too_large_stays_alone():
    batches = batches_of("readings", READINGS, Source(3, length=sending.BATCH_BYTES_MAX))

    assert [len(batch) for batch in batches] == [1, 1, 1]
