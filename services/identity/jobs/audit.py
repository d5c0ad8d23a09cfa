"""The audit log is sealed once a day is over, and the seals are looked at."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import Jobs
from chassis.telemetry import logger
from services.identity.domain import audit_chain

SEAL_EVERY_S = 3600
VERIFY_EVERY_S = 86400

jobs = Jobs()


class ChainBroken(Exception):
    """Days of the audit log are not as they were sealed; the days are the message."""


@jobs.job("audit.seal", every_s=SEAL_EVERY_S)
def seal(database: Database, *, now: datetime) -> None:
    """Seal every day that is over, one by one. The log of this process keeps each hash outside the database."""
    while True:
        with database.reading() as session:
            day = audit_chain.find_next(session, now=now)
        if day is None:
            return
        with database.transaction() as session:
            sealed = audit_chain.seal(session, day, now=now)
        if sealed is not None:
            logger("audit").info(
                "day sealed", day=day.isoformat(), entries=sealed.entries, hash=sealed.hash.hex()
            )


@jobs.job("audit.verify", every_s=VERIFY_EVERY_S)
def verify(database: Database, *, now: datetime) -> None:
    """Calculate every seal again. Raises ChainBroken, which names the days; the page of the log shows them, too."""
    with database.transaction() as session:
        checked = audit_chain.verify(session, now=now)
    if checked.broken:
        raise ChainBroken(", ".join(day.isoformat() for day in checked.broken))
    logger("audit").info("seals are whole", days=checked.days)
