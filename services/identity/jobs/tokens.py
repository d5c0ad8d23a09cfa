"""What has run out is forgotten: links, sessions, counters, registrations nobody confirmed."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from chassis.database import Database
from chassis.jobs import Jobs
from chassis.telemetry import logger
from services.identity.config import IdentityConfig
from services.identity.domain.attempts import KEPT_FOR
from services.identity.storage import attempts, sessions, tokens, users

EVERY_S = 900
ROWS_AT_ONCE = 1000

jobs = Jobs()


@jobs.job("tokens.tidy", every_s=EVERY_S)
def tidy(database: Database, *, now: datetime, config: IdentityConfig) -> None:
    """Delete in small transactions, so that no log-in waits for a long one."""
    with database.transaction() as session:
        links = tokens.delete_expired_tokens(session, now=now)
    sessions_before = now - timedelta(days=config.sessions_kept_days)
    users_before = now - timedelta(days=config.unconfirmed_kept_days)
    gone = {
        "links": links,
        "sessions": _in_pieces(
            database,
            lambda session: sessions.delete_ended_sessions(
                session, before=sessions_before, limit=ROWS_AT_ONCE
            ),
        ),
        "attempts": _in_pieces(
            database,
            lambda session: attempts.delete_old_attempts(session, before=now - KEPT_FOR, limit=ROWS_AT_ONCE),
        ),
        "registrations": _in_pieces(
            database,
            lambda session: users.delete_unconfirmed_users(session, before=users_before, limit=ROWS_AT_ONCE),
        ),
    }
    if any(gone.values()):
        logger("tokens").info("tidied", **gone)


def _in_pieces(database: Database, delete: Callable[[Session], int]) -> int:
    total = 0
    while True:
        with database.transaction() as session:
            gone = delete(session)
        total += gone
        if gone < ROWS_AT_ONCE:
            return total
