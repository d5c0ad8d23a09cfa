"""Reading windows: planned by staff, opened and closed by the calendar, repeated by themselves.

A window is open from the start of its first day to the end of its last. Those with a meter that does not send its
readings by itself are told once that it is open, and once, shortly before the end, when nothing of theirs came in.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from chassis.errors import FailedPrecondition, Invalid, Violation
from chassis.ids import new_id
from services.billing.domain.proration import days_in
from services.billing.outbox import reading_windows as announce
from services.billing.storage import reading_windows as stored
from services.billing.storage.reading_windows import NOBODY, ReadingWindow, WindowNotice
from services.billing.storage.service_points import Commodity

WINDOW_DAYS_MAX = 92
TOLD_AT_ONCE_MAX = 500
MONTHS_PER_YEAR = 12
COUNT_EVERY = timedelta(minutes=5)
COUNTS_AGE_MAX = timedelta(
    minutes=15
)  # Older ones, where the worker stands, are counted anew for whoever looks.


class ReadingWindowNotPlanned(FailedPrecondition):
    """The window has opened, or is over: too late for this change."""

    reason = "READING_WINDOW_NOT_PLANNED"


class WindowStatus(StrEnum):
    """Where a window stands on a day."""

    PLANNED = "PLANNED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"


def status_of(window: ReadingWindow, *, today: date) -> WindowStatus:
    """By the calendar alone: whether anybody was told of it yet does not matter."""
    if today < window.opens_on:
        return WindowStatus.PLANNED
    return WindowStatus.OPEN if today <= window.closes_on else WindowStatus.CLOSED


def save(
    session: Session,
    window_id: UUID,
    *,
    commodity: Commodity,
    opens_on: date,
    closes_on: date,
    remind_days: int,
    repeat_months: int,
    today: date,
) -> ReadingWindow:
    """Plan a window or change one; of an open one only the last day and what comes after."""
    stored.lock_windows(session)
    wanted = ReadingWindow(
        window_id=window_id,
        commodity=commodity,
        opens_on=opens_on,
        closes_on=closes_on,
        remind_days=remind_days,
        repeat_months=repeat_months,
    )
    there = stored.lock_window(session, window_id)
    if there is not None and _says(there) == _says(wanted):
        return there
    _check_change(there, wanted, today=today)
    _check_days(session, wanted, today=today, is_open=there is not None and there.opens_on <= today)
    if there is None:
        session.add(wanted)
        return wanted
    there.commodity, there.opens_on, there.closes_on = commodity, opens_on, closes_on
    there.remind_days, there.repeat_months = remind_days, repeat_months
    there.counted_at = None  # What was counted is of other days.
    return there


def cancel(session: Session, window_id: UUID, *, today: date) -> None:
    """Take a planned window back; one that is not there was taken back before."""
    stored.lock_windows(session)
    window = stored.lock_window(session, window_id)
    if window is None:
        return
    if window.opens_on <= today:
        raise ReadingWindowNotPlanned(window_id=str(window_id))
    stored.delete_window(session, window_id)


def _says(window: ReadingWindow) -> tuple[object, ...]:
    return (
        window.commodity,
        window.opens_on,
        window.closes_on,
        window.remind_days,
        window.repeat_months,
    )


def _check_change(there: ReadingWindow | None, wanted: ReadingWindow, *, today: date) -> None:
    if there is None or today < there.opens_on:
        return
    if today > there.closes_on:
        raise ReadingWindowNotPlanned(window_id=str(there.window_id))
    faults = [
        Violation(name, "OPEN_ALREADY")
        for name in ("commodity", "opens_on")
        if getattr(there, name) != getattr(wanted, name)
    ]
    if faults:
        raise Invalid(violations=faults)


def _check_days(session: Session, wanted: ReadingWindow, *, today: date, is_open: bool) -> None:
    faults = []
    if not is_open and wanted.opens_on < today:
        faults.append(Violation("opens_on", "IN_PAST"))
    if wanted.closes_on < wanted.opens_on:
        faults.append(Violation("closes_on", "BEFORE_START"))
    elif is_open and wanted.closes_on < today:
        faults.append(Violation("closes_on", "IN_PAST"))
    elif days_in(wanted.opens_on, wanted.closes_on) > WINDOW_DAYS_MAX:
        faults.append(Violation("closes_on", "TOO_LONG"))
    elif wanted.repeat_months and months_later(wanted.opens_on, wanted.repeat_months) <= wanted.closes_on:
        faults.append(Violation("repeat_months", "OVERLAPS"))
    else:
        other = stored.find_overlapping(
            session,
            wanted.commodity,
            opens_on=wanted.opens_on,
            closes_on=wanted.closes_on,
            without=wanted.window_id,
        )
        if other is not None:
            # Said where it can be mended: of an open window only the end may move.
            faults.append(Violation("closes_on" if is_open else "opens_on", "OVERLAPS"))
    if faults:
        raise Invalid(violations=faults)


def months_later(day: date, months: int) -> date:
    """The same day of a later month; the last day of a month stays the last, and one that is not there becomes it."""
    year, month = divmod(day.year * MONTHS_PER_YEAR + day.month - 1 + months, MONTHS_PER_YEAR)
    last = monthrange(year, month + 1)[1]
    is_last = day.day == monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if is_last else min(day.day, last))


def remind_on(window: ReadingWindow) -> date | None:
    """The day on which those are told of whom nothing came in; None when nobody is.

    Never the first day: then everybody is told that the window is open.
    """
    if not window.remind_days:
        return None
    day = max(window.closes_on - timedelta(days=window.remind_days), window.opens_on + timedelta(days=1))
    return day if day <= window.closes_on else None


# by the calendar


def plan_next(session: Session, window_id: UUID, *, today: date) -> UUID | None:
    """Plan the window that follows one, once; answers its id.

    The months that passed unseen are left out. Where a manager has planned another in those days, that one follows.
    """
    stored.lock_windows(session)
    window = stored.lock_window(session, window_id)
    if window is None or not window.repeat_months or window.next_window_id is not None:
        return None
    months = window.repeat_months
    while months_later(window.closes_on, months) < today:
        months += window.repeat_months
    following = ReadingWindow(
        window_id=new_id(),
        commodity=window.commodity,
        opens_on=months_later(window.opens_on, months),
        closes_on=months_later(window.closes_on, months),
        remind_days=window.remind_days,
        repeat_months=window.repeat_months,
    )
    other = stored.find_overlapping(
        session,
        window.commodity,
        opens_on=following.opens_on,
        closes_on=following.closes_on,
        without=following.window_id,
    )
    if other is None:
        session.add(following)
    window.next_window_id = (other or following).window_id
    return window.next_window_id


def tell_some(session: Session, window_id: UUID, *, now: datetime, today: date) -> bool:
    """Tell the next customers what is to be told of a window today; false when there is nothing more to tell."""
    window = stored.lock_window(session, window_id)
    kind = None if window is None else _to_tell(window, today=today)
    if window is None or kind is None:
        return False
    chunk = stored.list_customers_to_tell(
        session, window, day=today, after=window.told_after or NOBODY, limit=TOLD_AT_ONCE_MAX
    )
    counts = {
        row.customer_id: row.meter_count if kind is WindowNotice.OPENED else row.missing_count
        for row in chunk
    }
    meant = {customer_id for customer_id, meters in counts.items() if meters}
    for customer_id in sorted(stored.add_notices(session, window_id, kind, meant, now=now)):
        if kind is WindowNotice.OPENED:
            announce.reading_window_opened(session, window, customer_id, meter_count=counts[customer_id])
        else:
            announce.reading_missing(session, window, customer_id, meter_count=counts[customer_id])
    if len(chunk) == TOLD_AT_ONCE_MAX:
        window.told_after = chunk[-1].customer_id
    else:
        _note_told(window, kind, now=now)
    return True


def has_to_tell(window: ReadingWindow, *, today: date) -> bool:
    """Whether customers are to be told something of a window, or to be told further."""
    return _to_tell(window, today=today) is not None


def _to_tell(window: ReadingWindow, *, today: date) -> WindowNotice | None:
    if status_of(window, today=today) is not WindowStatus.OPEN:
        return None
    if window.opened_at is None:
        return WindowNotice.OPENED
    day = remind_on(window)
    return WindowNotice.MISSING if window.reminded_at is None and day is not None and day <= today else None


def _note_told(window: ReadingWindow, kind: WindowNotice, *, now: datetime) -> None:
    window.told_after = None
    if kind is WindowNotice.OPENED:
        window.opened_at = now
    else:
        window.reminded_at = now


def close(session: Session, window_id: UUID, *, now: datetime, today: date) -> None:
    """A window is over: what was read in its days is counted for good."""
    window = stored.lock_window(session, window_id)
    if window is None or window.closed_at is not None or status_of(window, today=today) != "CLOSED":
        return
    asked = (window.commodity, window.opens_on, window.closes_on, window.closes_on)
    [(window.meter_count, window.read_count)] = stored.count_meters(session, [asked])
    window.told_after, window.closed_at, window.counted_at = None, now, now


def keep_counts(session: Session, counted: ReadingWindow, counts: tuple[int, int], *, now: datetime) -> None:
    """What was counted of a window just now, unless it was closed or given other days meanwhile."""
    window = stored.lock_window(session, counted.window_id)
    if window is not None and window.closed_at is None and _says(window) == _says(counted):
        window.meter_count, window.read_count = counts
        window.counted_at = now


def _is_counted(window: ReadingWindow, *, now: datetime) -> bool:
    if window.closed_at is not None:
        return True
    return window.counted_at is not None and now - window.counted_at <= COUNTS_AGE_MAX


def counts_of(
    session: Session, windows: Sequence[ReadingWindow], *, now: datetime
) -> dict[UUID, tuple[int, int]]:
    """Meters that customers read, and those with a reading of the window's days; of closed windows as it was then.

    Of others as the worker counted them, where that is not long ago: of a hundred thousand meters it takes a second.
    """
    return count(session, [window for window in windows if not _is_counted(window, now=now)], now=now) | {
        window.window_id: (window.meter_count or 0, window.read_count or 0)
        for window in windows
        if _is_counted(window, now=now)
    }


def count(
    session: Session, windows: Sequence[ReadingWindow], *, now: datetime
) -> dict[UUID, tuple[int, int]]:
    """Count the meters of windows, those of the same days at once."""
    today = warsaw_date(now)
    asked = {
        window.window_id: (window.commodity, window.opens_on, window.closes_on, min(today, window.closes_on))
        for window in windows
    }
    different = list(dict.fromkeys(asked.values()))
    counted = dict(zip(different, stored.count_meters(session, different), strict=True))
    return {window_id: counted[one] for window_id, one in asked.items()}
