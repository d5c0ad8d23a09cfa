"""The worker behind use charts: each second it derives the daily use of meters whose readings changed."""

import time
from datetime import datetime

from chassis import acts
from chassis.database import Database
from chassis.jobs import Jobs
from services.billing.domain import deriving_use, imports

WORK_S = 8.0  # Then the job ends, so that a stop is heeded; a second later it goes on.

jobs = Jobs()


@jobs.job("use.derive", every_s=1.0)
def derive_use(database: Database, *, now: datetime) -> None:
    """Derive what is marked until nothing is, or the time of this turn is over. A step is one transaction: killed,
    it leaves the marks. While an import brings rows it waits: each batch would have the same meters derived again."""
    acts.pend(None)  # Nothing is changed that was not an act already: of whoever brought the readings.
    until = time.monotonic() + WORK_S
    while time.monotonic() < until:
        with database.transaction() as session:
            if imports.is_coming(session, now=now) or not deriving_use.derive_step(session):
                return
