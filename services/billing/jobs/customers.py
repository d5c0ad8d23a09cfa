"""Telling the others of all customers once more, when somebody asks for it."""

from datetime import datetime
from uuid import UUID

from chassis.database import Database
from chassis.jobs import Jobs
from services.billing.domain import customers

TOLD_AT_ONCE = 500

jobs = Jobs()


@jobs.job("customers.announce")
def announce_customers(database: Database, *, now: datetime) -> None:
    """For a service that is new here and has heard of nobody: each customer as they are now, in pieces."""
    after: UUID | None = None
    while True:
        with database.transaction() as session:
            after = customers.announce_again(session, after=after, size=TOLD_AT_ONCE, now=now)
        if after is None:
            return
