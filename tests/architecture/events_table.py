"""The table of docs/architecture.md, "Who hears what", as data."""

import re
from dataclasses import dataclass

from tests.architecture import protos
from tests.architecture.sources import ROOT, SERVICES

NOBODY = "–"
EVERY = "every service"


@dataclass(frozen=True)
class Row:
    """One event: who publishes it and who hears it."""

    event: str  # The full message name.
    publishers: frozenset[str]
    readers: frozenset[str]


def rows() -> list[Row]:
    """Every event of the table, in its order; a row may name several."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    section = text.partition("## Who hears what")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return [
        Row(_full(name, publisher), _publishers(publisher), _readers(heard))
        for names, publisher, heard, _ in lines
        for name in re.findall(r"`([\w.]+)`", names)
    ]


def heard_by(service: str) -> set[str]:
    """What the table says a service hears."""
    return {row.event for row in rows() if service in row.readers}


def _full(name: str, publisher: str) -> str:
    return name if "." in name else f"ebok.{publisher}.v1.{name}"


def _publishers(text: str) -> frozenset[str]:
    return frozenset(SERVICES) if text == EVERY else frozenset({text})


def _readers(text: str) -> frozenset[str]:
    return frozenset() if text == NOBODY else frozenset(text.split(", "))


def by_comment(event: "protos.Commented") -> frozenset[str]:
    """Who hears it, as its comment in the proto says: "Heard by billing and notify."."""
    found = re.search(r"Heard by ([\w, ]+)\.", event.comment)
    return frozenset(re.split(r", | and ", found.group(1))) if found else frozenset()
