"""Permits of windows that are over are forgotten."""

from datetime import datetime, timedelta

from chassis.database import Database
from chassis.jobs import Jobs
from services.identity.storage import permits

EVERY_S = 900
KEPT_FOR = timedelta(hours=1)
ROWS_AT_ONCE = 1000

jobs = Jobs()


@jobs.job("permits.tidy", every_s=EVERY_S)
def tidy(database: Database, *, now: datetime) -> None:
    """Delete in small transactions, so that nobody who asks for permits waits for a long one."""
    gone = ROWS_AT_ONCE
    while gone == ROWS_AT_ONCE:
        with database.transaction() as session:
            gone = permits.delete_old_permits(session, before=now - KEPT_FOR, limit=ROWS_AT_ONCE)
