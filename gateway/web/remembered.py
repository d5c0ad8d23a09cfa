"""What every page shows and hardly ever changes: asked for once in a while, remembered in between."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from chassis.errors import Refusal

Answer = TypeVar("Answer")


class Remembered(Generic[Answer]):
    """Asks at most every `seconds`; while whoever is asked is away, the last answer holds."""

    def __init__(
        self, ask: Callable[[], Answer], *, seconds: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._seconds = seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._answer: Answer | None = None
        self._asked_at = 0.0

    def current(self) -> Answer:
        """The answer in force. Raises the refusal when there never was one."""
        now = self._monotonic()
        answer = self._answer
        if answer is not None and now - self._asked_at < self._seconds:
            return answer
        with self._lock:
            if self._answer is not None and self._monotonic() - self._asked_at < self._seconds:
                return self._answer
            try:
                self._answer = self._ask()
            except Refusal:
                if self._answer is None:
                    raise
            self._asked_at = self._monotonic()
            return self._answer
