"""The words that a case is found by. Pure functions."""

import re

from chassis.folding import fold

WORD_LENGTH_MAX = 40
ASKED_MAX = 8

_WORD = re.compile(r"[^\W_]+")


def words_of(*texts: str) -> set[str]:
    """Every word of the texts, folded: "ZG/2026/1187" has three."""
    return {word[:WORD_LENGTH_MAX] for text in texts for word in _WORD.findall(fold(text))}


def asked(query: str) -> list[str]:
    """The words of a search, in their order; of a long one the first few."""
    found = dict.fromkeys(word[:WORD_LENGTH_MAX] for word in _WORD.findall(fold(query)))
    return list(found)[:ASKED_MAX]
