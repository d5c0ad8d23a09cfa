"""A case's place in the queue, and when its clock is to be spoken of. Pure functions.

The place is one number, the smallest first, so that an index keeps the queue in order whatever the hour: the running
clocks by their end (the late ones are the oldest of them), then the cases without a clock by age, then those that wait
for the customer or for nobody's objection, and last the closed ones, the newest first.
"""

from datetime import datetime, timedelta

from services.tickets.domain import clocks
from services.tickets.storage.kinds import RUNNING, TicketStatus
from services.tickets.storage.queue import BAND, NO_CLOCK, NOT_OURS, OVER
from services.tickets.storage.tickets import Ticket

NEAR = timedelta(days=1)
HALF_GONE, NEAR_END, LATE = 1, 2, 3  # What was said of a clock last; 0: nothing yet.


def place_of(ticket: Ticket) -> int:
    """The place of a case as it is now."""
    if ticket.closed_at is not None:
        return OVER + BAND - _seconds(ticket.closed_at)
    if ticket.status not in RUNNING:
        return NOT_OURS + _seconds(ticket.changed_at)
    if ticket.due_at is not None and ticket.met_at is None:
        return _seconds(ticket.due_at)
    return NO_CLOCK + _seconds(ticket.opened_at)


def is_late(ticket: Ticket, *, now: datetime) -> bool:
    """Its clock runs, and its end has passed."""
    return runs(ticket) and ticket.due_at is not None and ticket.due_at < now


def runs(ticket: Ticket) -> bool:
    """It has a clock that neither stands still nor was met."""
    return (
        ticket.due_at is not None
        and ticket.met_at is None
        and ticket.paused_at is None
        and TicketStatus(ticket.status) in RUNNING
    )


def next_warning(ticket: Ticket) -> datetime | None:
    """When the clock is spoken of next: once when half is gone, once a day before its end, once when it is late."""
    if not runs(ticket) or ticket.due_at is None or ticket.warned >= LATE:
        return None
    return {
        HALF_GONE: _half(ticket, ticket.due_at),
        NEAR_END: ticket.due_at - NEAR,
        LATE: ticket.due_at,
    }[ticket.warned + 1]


def warning_due(ticket: Ticket, *, now: datetime) -> int:
    """The furthest of what is to be said by now; earlier ones that were missed are not made up for."""
    if ticket.due_at is None:
        return ticket.warned
    if ticket.due_at <= now:
        return LATE
    if ticket.due_at - NEAR <= now:
        return NEAR_END
    return max(ticket.warned, HALF_GONE if _half(ticket, ticket.due_at) <= now else 0)


def _half(ticket: Ticket, due_at: datetime) -> datetime:
    began = clocks.began_at(ticket)
    return began + (due_at - began) / 2


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
