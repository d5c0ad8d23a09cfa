"""What a worker handed over and has not reported yet, in a file: many mails are reported at once, and none sent twice.

A line for each mail that the server took, written the moment it said so; the file is emptied when the report is in the
database. A process that is killed leaves its file behind, unlocked: the next one reports what stands there before it
sends anything. Without a directory there is no journal, and each mail is reported by itself.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from chassis.ids import new_id
from chassis.wire import is_id

SUFFIX = ".sent"


class Journal:
    """The file of one worker, locked while the process lives."""

    def __init__(self, path: Path) -> None:
        self._path = path
        unseen = path.with_suffix("")
        self._file = os.open(unseen, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unseen.rename(path)  # Whoever looks for files that were left behind finds it locked.

    def note(self, message_id: UUID) -> None:
        """The server took it. From here on it survives the death of this process."""
        os.write(self._file, f"{message_id}\n".encode())

    def clear(self) -> None:
        """All that was noted is reported."""
        os.ftruncate(self._file, 0)

    def leave(self) -> None:
        """What is noted is for somebody else to report."""
        os.close(self._file)

    def close(self) -> None:
        """Nothing is left to report."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)


@contextmanager
def journal_in(directory: Path | None) -> Iterator[Journal | None]:
    """A worker's journal; None without a directory. One that ends with an exception is left for the next process."""
    if directory is None:
        yield None
        return
    directory.mkdir(parents=True, exist_ok=True)
    journal = Journal(directory / f"{new_id()}{SUFFIX}")
    try:
        yield journal
    except BaseException:
        journal.leave()
        raise
    journal.close()


@contextmanager
def left_behind(directory: Path | None) -> Iterator[list[UUID]]:
    """What workers that died had handed over and not reported; their files go when the block ends well."""
    found, taken = [], []
    for path in sorted(directory.glob(f"*{SUFFIX}")) if directory is not None else ():
        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue  # Its process has reported all, or another one has for it.
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)  # Its process lives.
            continue
        taken.append((path, file))
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
        found += [UUID(line) for line in lines if is_id(line)]
    try:
        yield found
    except BaseException:
        for _path, file in taken:
            os.close(file)
        raise
    for path, file in taken:
        path.unlink(missing_ok=True)
        os.close(file)
