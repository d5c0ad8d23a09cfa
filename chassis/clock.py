"""The one clock. Only doors ask it; everything behind a door gets the instant as `now=`.

In demo and test mode all parts add the same offset, a number of seconds in a file (`make clock D=+30` writes
it), so that due dates and reminders can be lived through. Configuration refuses the file in production.
"""

import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

WARSAW = ZoneInfo("Europe/Warsaw")
OFFSET_DAYS_MAX = 3660
LOOKS_EVERY_S = 0.02  # Each request asks several times; whoever moves the clock waits so long.


class Clock(Protocol):
    """Whoever can say what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


def machine_now() -> datetime:
    """The machine's own time, whatever the offset: log lines, and rows that the database itself has dated."""
    return datetime.now(UTC)


class SystemClock:
    """The machine's time plus the shared offset; the file is read again when it was modified, which is looked at every
    `LOOKS_EVERY_S`.
    """

    def __init__(self, offset_file: Path | None = None) -> None:
        self._offset_file = offset_file
        self._offset = timedelta()
        self._mtime_ns = -1
        self._looks_at = 0.0

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        instant = machine_now()
        return instant if self._offset_file is None else instant + self._read_offset(self._offset_file)

    def _read_offset(self, path: Path) -> timedelta:
        looked_at = time.monotonic()
        if looked_at < self._looks_at:
            return self._offset
        try:
            mtime_ns = path.stat().st_mtime_ns
        except FileNotFoundError:
            mtime_ns, self._offset = -1, timedelta()
        if mtime_ns not in (-1, self._mtime_ns):
            offset = timedelta(seconds=int(path.read_text().strip() or "0"))
            if abs(offset) > timedelta(days=OFFSET_DAYS_MAX):
                raise ValueError(f"the clock offset in {path} exceeds {OFFSET_DAYS_MAX} days")
            self._offset = offset
        self._mtime_ns, self._looks_at = mtime_ns, looked_at + LOOKS_EVERY_S
        return self._offset


class FixedClock:
    """For tests: stands still until told to advance."""

    def __init__(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("FixedClock needs an aware instant")
        self._instant = instant.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The instant it stands at."""
        return self._instant

    def advance(self, by: timedelta) -> datetime:
        """Move on (or back, when negative) and answer the new instant."""
        with self._lock:
            self._instant += by
            return self._instant

    def set(self, instant: datetime) -> None:
        """Jump to an instant."""
        if instant.tzinfo is None:
            raise ValueError("FixedClock needs an aware instant")
        with self._lock:
            self._instant = instant.astimezone(UTC)


def warsaw_date(now: datetime) -> date:
    """The calendar day in Poland at an instant."""
    return now.astimezone(WARSAW).date()
