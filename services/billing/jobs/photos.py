"""Photos of meters are forgotten after a while: what they were to prove is settled by then."""

from datetime import datetime, timedelta

from chassis.database import Database
from chassis.jobs import Jobs
from services.billing.config import BillingConfig
from services.billing.storage import photos as stored

FORGOTTEN_AT_ONCE_MAX = 200

jobs = Jobs()


@jobs.job("photos.forget", every_s=3600.0)
def forget_photos(database: Database, *, now: datetime, config: BillingConfig) -> None:
    """Delete those that are older than the configuration says, some at a time."""
    before = now - timedelta(days=config.photos_kept_days)
    gone = FORGOTTEN_AT_ONCE_MAX
    while gone == FORGOTTEN_AT_ONCE_MAX:
        with database.transaction() as session:
            gone = stored.delete_before(session, before, limit=FORGOTTEN_AT_ONCE_MAX)
