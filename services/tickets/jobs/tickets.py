"""What time does to cases: it takes steps of the workflow, and speaks of clocks that run out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis.database import Database
from chassis.jobs import Jobs
from services.tickets.domain import waiting
from services.tickets.storage import tickets as stored
from services.tickets.storage.tickets import Ticket

AT_ONCE_MAX = 100

jobs = Jobs()


@jobs.job("tickets.advance", every_s=60.0)
def advance_tickets(database: Database, *, now: datetime) -> None:
    """Cases whose days in a state are over go on, some in each transaction."""
    done = AT_ONCE_MAX
    while done == AT_ONCE_MAX:
        with database.transaction() as session:
            done = _each(session, Ticket.advance_at, waiting.advance, now=now)


@jobs.job("tickets.deadlines", every_s=60.0)
def warn_of_deadlines(database: Database, *, now: datetime) -> None:
    """Clocks are spoken of: once when half is gone, once a day before the end, once when they are late."""
    done = AT_ONCE_MAX
    while done == AT_ONCE_MAX:
        with database.transaction() as session:
            done = _each(session, Ticket.warn_at, waiting.warn, now=now)


def _each(session: Session, column: Any, act: Callable[..., None], *, now: datetime) -> int:
    tickets = stored.lock_due(session, column, now=now, limit=AT_ONCE_MAX)
    for ticket in tickets:
        act(session, ticket, now=now)
    return len(tickets)
