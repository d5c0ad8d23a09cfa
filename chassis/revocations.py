"""Revoked access: tokens that were given to somebody before an instant count no more.

`table(Base)` makes the table and `keep` writes what identity announced. The gate asks the process's own copy, which is
read again once a second: a call costs no query, and what was revoked is refused within seconds.
"""

import threading
import time
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from chassis.actors import Actor
from chassis.clock import Clock
from chassis.database import Database, Transaction, asking_in
from chassis.rpc.tokens import LIFETIME_MAX

READ_EVERY_S = 1.0
STALE_AFTER_S = 2.0

_READ = """
    SELECT subject_id, extract(epoch FROM revoked_before)::float8 AS before
      FROM revocations WHERE revoked_before > %(since)s
"""


def table(base: Any) -> Any:
    """The model of `revocations` on a service's metadata."""

    class Revocation(base):
        """Whose tokens, or those given for which log-in, secret or personal token, count only from when on."""

        __tablename__ = "revocations"

        subject_id: Mapped[str] = mapped_column(primary_key=True)
        revoked_before: Mapped[datetime]

    return Revocation


_FORGET = "DELETE FROM revocations WHERE revoked_before < %(ended)s"
_KEEP = """
    INSERT INTO revocations AS r (subject_id, revoked_before) VALUES (%(subject_id)s, %(before)s)
    ON CONFLICT (subject_id) DO UPDATE SET revoked_before = greatest(r.revoked_before, excluded.revoked_before)
"""


def keep(transaction: Transaction, subject_id: str, *, revoked_before: datetime, now: datetime) -> None:
    """Write it unless a later one is known, and forget those of tokens that have all ended."""
    writing = asking_in(transaction)
    writing.run(_FORGET, {"ended": now - LIFETIME_MAX})
    writing.run(_KEEP, {"subject_id": subject_id, "before": revoked_before})


class Revocations:
    """The process's copy of the table."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._before: dict[str, float] = {}

    def covers(self, actor: Actor, issued: float) -> bool:
        """Whether a token that was issued to the actor at this instant, in seconds, counts no more."""
        age = time.monotonic() - self._read_at
        # One caller reads; the others go on with the copy unless nobody has looked for a while.
        if age > READ_EVERY_S and self._lock.acquire(blocking=age > STALE_AFTER_S):
            try:
                self._refresh()
            finally:
                self._lock.release()
        before = self._before
        return bool(before) and (
            issued < before.get(actor.actor_id, 0.0) or issued < before.get(actor.session_id, 0.0)
        )

    def _refresh(self) -> None:
        if time.monotonic() - self._read_at <= READ_EVERY_S:
            return  # Somebody else has, while this caller waited.
        with self._database.asking() as reader:
            rows = reader.rows(_READ, {"since": self._clock.now() - LIFETIME_MAX})
        self._before = {row.subject_id: row.before for row in rows}
        self._read_at = time.monotonic()
