"""What was once on the wire: `golden_events.json`. Rows are only added: their bytes wait in somebody's queue.

A new event, or one with a new field, gets a row with empty `bytes`; `python -m tests.contracts.golden` fills
them in and never touches bytes that are there.
"""

import base64
import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

PATH = Path(__file__).parent / "golden_events.json"


@dataclass(frozen=True)
class Golden:
    """One event as it was published: its type, its bytes, what they say."""

    event: str
    says: dict[str, Any]
    payload: bytes

    def __str__(self) -> str:
        return self.event.removeprefix("ebok.")


def golden_events() -> list[Golden]:
    """Every row, the oldest of an event first."""
    return [
        Golden(row["event"], row["says"], base64.b64decode(row["bytes"]))
        for row in json.loads(PATH.read_text("utf-8"))
    ]


def newest(event: str) -> Golden:
    """The last row of an event, which has all its fields."""
    return [one for one in golden_events() if one.event == event][-1]


def class_of(event: str) -> type[Message]:
    """The generated class of an event, by its full name."""
    package, _, name = event.rpartition(".")
    file = "acts" if package == "ebok.common.v1" else "events"
    found: type[Message] = getattr(importlib.import_module(f"{package}.{file}_pb2"), name)
    return found


def what_it_says(message: Message) -> dict[str, Any]:
    """A message by the names of its fields; those that are not set are left out."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def main() -> None:
    """Fill in the bytes of new rows."""
    rows = json.loads(PATH.read_text("utf-8"))
    for row in rows:
        if not row["bytes"]:
            message = json_format.ParseDict(row["says"], class_of(row["event"])())
            row["bytes"] = base64.b64encode(message.SerializeToString(deterministic=True)).decode()
    PATH.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
