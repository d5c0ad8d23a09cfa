"""Reading windows by the calendar: the next one planned, customers told, passed ones closed."""

from datetime import datetime

from chassis import acts
from chassis.clock import warsaw_date
from chassis.database import Database
from chassis.jobs import Jobs
from services.billing.domain import reading_windows
from services.billing.storage import reading_windows as stored

jobs = Jobs()


@jobs.job("reading_windows.open", every_s=60.0)
def open_reading_windows(database: Database, *, now: datetime) -> None:
    """Bring every window that has begun to where the calendar says it stands; some customers at a time.

    Killed anywhere it goes on where it was: each part is one transaction that says itself what is done.
    """
    today = warsaw_date(now)
    with database.reading() as session:
        at_work = [
            (
                window.window_id,
                window.repeat_months and window.next_window_id is None,
                reading_windows.has_to_tell(window, today=today),
                window.closes_on,
            )
            for window in stored.list_at_work(session, today=today)
        ]
    for window_id, wants_next, wants_telling, closes_on in at_work:
        if wants_next:
            with database.transaction() as session:
                reading_windows.plan_next(session, window_id, today=today)
        moved = wants_telling
        while moved:
            with database.transaction() as session:
                moved = reading_windows.tell_some(session, window_id, now=now, today=today)
        if closes_on < today:
            with database.transaction() as session:
                reading_windows.close(session, window_id, now=now, today=today)


@jobs.job("reading_windows.count", every_s=60.0)
def count_reading_windows(database: Database, *, now: datetime) -> None:
    """Count what is read in windows that are not over, each some minutes after the last time."""
    acts.pend(None)  # Nothing is changed that was not an act already: of whoever handed the readings in.
    with database.reading() as session:
        windows = stored.list_to_count(session, before=now - reading_windows.COUNT_EVERY)
        counts = reading_windows.count(session, windows, now=now)
    for window in windows:
        with database.transaction() as session:
            reading_windows.keep_counts(session, window, counts[window.window_id], now=now)
