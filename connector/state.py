"""What the connector remembers between two runs, in one file that a crash leaves either old or new.

Of each source: when its newest complete import began, what a database said then, and which files were brought.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from connector.faults import CannotImport

STATE_BYTES_MAX = 64 * 1024 * 1024
FILES_MAX = 10_000
# A row is stamped when its transaction begins and seen when that ends, and two machines' clocks differ: what `last`
# asks for begins somewhat earlier. Rows that come again change nothing.
OVERLAP = timedelta(minutes=10)


class KnownFile(BaseModel):
    """A file that was brought: what it held, and by what it is told that it still does."""

    model_config = ConfigDict(extra="forbid")

    content: str
    size: int
    modified_ns: int
    brought_at: AwareDatetime


class SourceState(BaseModel):
    """What is known of one source under one mapping."""

    model_config = ConfigDict(extra="forbid")

    began_at: AwareDatetime | None = Field(default=None, description="Of its newest complete import.")
    content: str = Field(default="", description="What a database said in that import.")
    under_way: str = Field(default="", description="Id of an import that has begun and not ended.")
    files: dict[str, KnownFile] = Field(default_factory=dict)


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    sources: dict[str, SourceState] = Field(default_factory=dict)


class State:
    """The file, held by one connector at a time."""

    def __init__(self, path: Path, plain: _Plain) -> None:
        self._path = path
        self._plain = plain

    def of(self, key: str) -> SourceState:
        """What is known of a source; change it and `save`."""
        return self._plain.sources.setdefault(key, SourceState())

    def last(self, key: str) -> datetime | None:
        """Since when to ask a source for what changed; None when it was never brought."""
        began_at = self.of(key).began_at
        return None if began_at is None else began_at - OVERLAP

    def save(self) -> None:
        """Write it so that whoever reads finds all of the old or all of the new. Raises CannotImport."""
        for source in self._plain.sources.values():
            newest = sorted(source.files, key=lambda name: source.files[name].brought_at)[-FILES_MAX:]
            source.files = {name: source.files[name] for name in newest}
        fresh = self._path.with_name(f"{self._path.name}.new")
        try:
            with fresh.open("w", encoding="utf-8") as file:
                file.write(self._plain.model_dump_json(indent=1))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
            directory = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as fault:
            raise CannotImport(f"{self._path}: cannot be written ({type(fault).__name__})") from None


@contextmanager
def open_state(path: Path) -> Iterator[State]:
    """The state in a file, or a fresh one. Raises CannotImport when another connector holds it, or it is no state."""
    try:
        lock = path.with_name(f"{path.name}.lock").open("w", encoding="utf-8")
    except OSError as fault:
        raise CannotImport(f"{path}: cannot be kept there ({type(fault).__name__})") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotImport(
                f"{path}: another connector is using it; give each a state of its own"
            ) from None
        yield State(path, _read(path))


def _read(path: Path) -> _Plain:
    try:
        if path.stat().st_size > STATE_BYTES_MAX:
            raise CannotImport(
                f"{path}: larger than {STATE_BYTES_MAX} bytes, this is no state of a connector"
            )
        return _Plain.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _Plain()
    except (OSError, UnicodeDecodeError) as fault:
        raise CannotImport(f"{path}: cannot be read ({type(fault).__name__})") from None
    except ValidationError:
        raise CannotImport(
            f"{path}: is no state of a connector; name another file, or remove it to bring everything again"
        ) from None
