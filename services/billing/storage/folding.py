"""Columns that the database folds by itself for searching and sorting, whatever its locale knows.

As `chassis.folding.fold` does for Polish. They are written with the row: to fold a table of two hundred thousand rows
for each look took half a second and more.
"""

from typing import Any

from sqlalchemy import Computed, Text
from sqlalchemy.orm import mapped_column

SORT_LENGTH_MAX = 96  # The key travels in cursors, which are bounded.
POLISH = "ĄĆĘŁŃÓŚŹŻąćęłńóśźż"
PLAIN = "acelnoszzacelnoszz"


def _folded(text: str) -> str:
    return f"lower(translate({text}, '{POLISH}', '{PLAIN}'))"


def search_column(text: str) -> Any:
    """The words of a row, folded; `text` in SQL of its own columns."""
    return mapped_column(Text, Computed(_folded(text), persisted=True))


def sort_column(text: str) -> Any:
    """What a row is sorted by, folded; likewise."""
    return mapped_column(
        Text(collation="C"), Computed(f"left({_folded(text)}, {SORT_LENGTH_MAX})", persisted=True)
    )
