"""Sends what is due, a few at a time, and again by the provider's schedule. After a restart it goes on."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import requests

from sandbox.providers import notifications
from sandbox.providers.books import Books
from sandbox.providers.notifications import ANSWER_CHARS_MAX, Notification, Try
from sandbox.providers.seconds import seconds_now

log = logging.getLogger(__name__)
AT_ONCE = 8
TIMEOUT_S = 10.0
IDLE_S = 0.25
OK = 200


class Notifier:
    """A thread that looks what is due, and a small pool that sends it.

    `schedule` is the provider's own: minutes since the first sending, beginning with 0. `is_settled` says
    whether an answer of 200 ends it; `chore` is done in each round (refunds that are due, times to pay that
    are over).
    """

    def __init__(
        self,
        books: Books,
        *,
        schedule: Sequence[float],
        speed: float,
        is_settled: Callable[[sqlite3.Connection, Notification], bool],
        chore: Callable[[float], None],
        now: Callable[[], datetime],
    ) -> None:
        self.speed = speed
        self._books = books
        self._schedule = schedule
        self._is_settled = is_settled
        self._chore = chore
        self._now = now
        self._in_flight: set[int] = set()
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notify")
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier process left."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being sent; the rest stays in the books."""
        self._stopped.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def wake(self) -> None:
        """Something may be due now."""
        self._wanted.set()

    def deliver_due(self, at: float) -> int:
        """Send everything that is due at an instant (seconds) and wait for it; answers how many there were."""
        self._chore(at)
        due = self._claim(at, limit=10_000)
        for notification in due:
            self._deliver(notification, at)
        return len(due)

    def next_try(self, tries: int, at: float) -> float | None:
        """When a message that was sent `tries` times is sent again; None: never."""
        if tries >= len(self._schedule):
            return None
        minutes = self._schedule[tries] - self._schedule[tries - 1]
        return at + minutes * 60 / self.speed

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wanted.clear()
            try:
                self._look(seconds_now())
            except Exception:
                log.exception("a round of the notifier failed; the next one tries again")
                self._stopped.wait(IDLE_S)
            self._wanted.wait(IDLE_S)

    def _look(self, at: float) -> None:
        self._chore(at)
        for notification in self._claim(at, limit=AT_ONCE * 4):
            self._pool.submit(self._deliver, notification, None)

    def _claim(self, at: float, *, limit: int) -> list[Notification]:
        with self._books.transaction() as db:
            due = notifications.list_due(db, at, limit=limit)
        with self._lock:
            claimed = [one for one in due if one.id not in self._in_flight]
            self._in_flight.update(one.id for one in claimed)
        return claimed

    def _deliver(self, notification: Notification, at: float | None) -> None:
        try:
            tried = self._send(notification)
            sent_at = seconds_now() if at is None else at
            with self._books.transaction() as db:
                if tried.status == OK and self._is_settled(db, notification):
                    notifications.finish(db, notification.id)
                notifications.keep_try(
                    db, notification, tried, self.next_try(notification.tries + 1, sent_at)
                )
        except Exception:
            log.exception("notification %s could not be dealt with; it stays due", notification.id)
            raise
        finally:
            with self._lock:
                self._in_flight.discard(notification.id)

    def _send(self, notification: Notification) -> Try:
        tried_at = self._now().isoformat()
        started = time.monotonic()
        try:
            with requests.Session() as session:
                session.trust_env = (
                    False  # Straight there: a proxy of the environment is for the world outside.
                )
                answer = session.post(
                    notification.url,
                    data=notification.body,
                    headers=notification.headers,
                    timeout=TIMEOUT_S,
                    allow_redirects=False,
                    stream=True,
                )
                content = next(answer.iter_content(ANSWER_CHARS_MAX), b"")
            status: int | None = answer.status_code
            text = content.decode("utf-8", "replace")
        except (requests.RequestException, OSError) as away:
            status, text = None, f"{type(away).__name__}: {away}"
        return Try(tried_at, status, text, round((time.monotonic() - started) * 1000))
