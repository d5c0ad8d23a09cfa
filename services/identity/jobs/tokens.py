"""What has run out is forgotten: links, challenges, sessions, counters, browsers, registrations nobody confirmed."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from chassis.database import Database
from chassis.jobs import Jobs
from chassis.telemetry import logger
from services.identity.config import IdentityConfig
from services.identity.domain.attempts import KEPT_FOR
from services.identity.domain.links import DENIAL_LIFETIME
from services.identity.storage import (
    attempts,
    challenges,
    devices,
    email_changes,
    invitations,
    sessions,
    tokens,
    users,
)

EVERY_S = 900
ROWS_AT_ONCE = 1000
DEVICES_KEPT_FOR = timedelta(days=400)  # As long as browsers keep a cookie at most.

jobs = Jobs()


@jobs.job("tokens.tidy", every_s=EVERY_S)
def tidy(database: Database, *, now: datetime, config: IdentityConfig) -> None:
    """Delete in small transactions, so that no log-in waits for a long one."""
    with database.transaction() as session:
        links = tokens.delete_expired_tokens(session, now=now)
        asked = challenges.delete_expired_challenges(session, now=now)
        changes = email_changes.delete_old_changes(session, before=now - DENIAL_LIFETIME)
    sessions_before = now - timedelta(days=config.sessions_kept_days)
    users_before = now - timedelta(days=config.unconfirmed_kept_days)
    gone = {
        "links": links,
        "challenges": asked,
        "email_changes": changes,
        "sessions": _in_pieces(
            database,
            lambda session: sessions.delete_ended_sessions(
                session, before=sessions_before, limit=ROWS_AT_ONCE
            ),
        ),
        "invitations": _in_pieces(
            database,
            lambda session: invitations.delete_dead(session, before=sessions_before, limit=ROWS_AT_ONCE),
        ),
        "attempts": _in_pieces(
            database,
            lambda session: attempts.delete_old_attempts(session, before=now - KEPT_FOR, limit=ROWS_AT_ONCE),
        ),
        "devices": _in_pieces(
            database,
            lambda session: devices.delete_old_devices(
                session, before=now - DEVICES_KEPT_FOR, limit=ROWS_AT_ONCE
            ),
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
