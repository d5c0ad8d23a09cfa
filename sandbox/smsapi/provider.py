"""How SMSAPI behaves: a message is taken, goes its way, and is reported until the report is answered with OK."""

import logging
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import requests

from chassis.clock import SystemClock
from sandbox.providers.faults import FaultSwitch
from sandbox.providers.seconds import seconds_now
from sandbox.smsapi import books as stored
from sandbox.smsapi.books import Books, Text
from sandbox.smsapi.config import SmsApiConfig
from sandbox.smsapi.reading import Refused, Wish

POINTS_A_PART = 0.16
ID_REMEMBERED_S = 24 * 3600
REPORT_TRIES_MAX = 8
REPORT_TIMEOUT_S = 5.0
REPORT_ANSWER_BYTES = 100
LOOK_EVERY_S = 0.05
REPORTED_AT_ONCE = 20
FINAL = {
    "DELIVERED": 404,
    "UNDELIVERED": 405,
    "EXPIRED": 402,
    "FAILED": 406,
    "REJECTED": 407,
    "UNKNOWN": 408,
    "STOP": 412,
}
CALLS = ("send", "status", "report")
log = logging.getLogger(__name__)


@dataclass
class Manners:
    """What tests may set: when messages arrive, how they end by number, whether it is reported, what is left to pay."""

    deliver_s: float
    reports: bool = True
    points: float = 1_000_000.0


class SmsApiProvider:
    """The account of one customer of SMSAPI's."""

    calls = CALLS

    def __init__(self, config: SmsApiConfig) -> None:
        self.config = config
        self.books = Books(config.store)
        self.faults = FaultSwitch()
        self.manners = Manners(config.deliver_s)
        self.fates: dict[str, str] = {}
        self.errors: list[int] = []
        self._clock = SystemClock(config.clock_file)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)

    def open(self) -> None:
        """Messages begin to move."""
        self._thread.start()

    def close(self) -> None:
        """Nothing moves any more."""
        self._stop.set()
        self.faults.stop()
        self._thread.join()
        self.books.close()

    def now_s(self) -> float:
        """The suite's time, which may be moved by hand; waiting follows the machine's."""
        return self._clock.now().timestamp()

    # what is asked

    def send(self, wish: Wish) -> list[Text]:
        """Take a message for each number. Raises Refused."""
        if self.errors:
            raise Refused(self.errors.pop(0), "Error on request")
        points = wish.parts * POINTS_A_PART
        with self.books.transaction() as db:
            since = self.now_s() - ID_REMEMBERED_S
            if wish.check_idx and any(stored.is_known(db, idx, since=since) for idx in wish.idx):
                raise Refused(53, "Not unique IDX")
            if points * len(wish.numbers) > self.manners.points:
                raise Refused(103, "Insufficient credits on Your account")
            ids = [secrets.token_hex(12).upper() for _ in wish.numbers]
            if not wish.is_test:
                self.manners.points -= points * len(wish.numbers)
                for place, (submitted, number) in enumerate(wish.numbers):
                    stored.add(db, self._row(wish, ids[place], place, submitted, number))
            return [found for one in ids for found in stored.select(db, "id = ?", one)]

    def _row(
        self, wish: Wish, provider_id: str, place: int, submitted: str, number: str
    ) -> dict[str, object]:
        return {
            "id": provider_id,
            "number": number,
            "submitted_number": submitted,
            "sender": wish.sender,
            "message": wish.message,
            "parts": wish.parts,
            "points": wish.parts * POINTS_A_PART,
            "idx": wish.idx[place] if wish.idx else "",
            "taken_at": self.now_s(),
            "status": "QUEUE",
            "moves_at": seconds_now() + self.manners.deliver_s,
            "notify_url": wish.notify_url,
        }

    def find(self, provider_id: str) -> Text:
        """A message by SMSAPI's id. Raises Refused."""
        with self.books.transaction() as db:
            found = stored.select(db, "id = ?", provider_id)
        if not found:
            raise Refused(301, "ID does not exist")
        return found[0]

    # what happens by itself

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            try:
                self._move()
                self._report()
            except Exception:
                log.exception("a look at the messages failed; the next one follows")

    def _move(self) -> None:
        now = seconds_now()
        with self.books.transaction() as db:
            for text in stored.select(db, "moves_at <= ?", now):
                status = self.fates.get(text.number, "DELIVERED")
                report_at = now if text.notify_url and self.manners.reports else None
                stored.update(
                    db,
                    text.seq,
                    status=status,
                    done_at=self.now_s(),
                    moves_at=None,
                    report_at=report_at if status in FINAL else None,
                )

    def _report(self) -> None:
        with self.books.transaction() as db:
            due = stored.select(db, "report_at <= ?", seconds_now(), limit=REPORTED_AT_ONCE)
        for text in due:
            is_heard = self._tell(text)
            tries = text.report_tries + 1
            again = None if is_heard or tries >= REPORT_TRIES_MAX else self.config.retry_s * 2 ** (tries - 1)
            with self.books.transaction() as db:
                stored.update(
                    db,
                    text.seq,
                    report_tries=tries,
                    report_at=None if again is None else seconds_now() + again,
                    reported_at=seconds_now() if is_heard else None,
                )

    def _tell(self, text: Text) -> bool:
        """One report; heard when it is answered with OK and nothing else."""
        if self.faults.take("report") is not None:
            return False  # Lost on its way.
        join = "&" if "?" in text.notify_url else "?"
        url = text.notify_url + join + urlencode(self.report_of(text))
        try:
            with requests.Session() as session:
                session.trust_env = False  # Straight there: a proxy is for the world outside.
                answer = session.get(url, timeout=REPORT_TIMEOUT_S, allow_redirects=False, stream=True)
                content = next(answer.iter_content(REPORT_ANSWER_BYTES), b"")
        except (requests.RequestException, OSError):
            return False
        return answer.ok and content.strip() == b"OK"

    @staticmethod
    def report_of(text: Text) -> Mapping[str, str]:
        """What a report says."""
        return {
            "MsgId": text.id,
            "status": str(FINAL[text.status]),
            "status_name": text.status,
            "idx": text.idx,
            "donedate": str(int(text.done_at or 0)),
            "username": "sandbox",
            "points": f"{text.points:.2f}",
            "from": text.sender,
            "to": text.number,
        }
