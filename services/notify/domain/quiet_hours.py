"""Quiet hours: a time of the day in which nobody's telephone is to ring for our sake, and nobody is sent marketing."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from chassis.clock import WARSAW


@dataclass(frozen=True)
class QuietHours:
    """From when until when, Polish time; over midnight when the end is the earlier one. Equal: never quiet."""

    begin: time
    end: time

    def until(self, now: datetime) -> datetime | None:
        """When the quiet hours that it is in end; None outside of them."""
        local = now.astimezone(WARSAW)
        clock = local.time()
        over_midnight = self.begin > self.end
        inside = clock >= self.begin or clock < self.end if over_midnight else self.begin <= clock < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and clock >= self.begin else 0)
        return datetime.combine(day, self.end, tzinfo=WARSAW).astimezone(now.tzinfo)


NEVER = QuietHours(time(), time())


def read_quiet_hours(text: str) -> QuietHours:
    """`20:00-8:00`; empty: never. Raises ValueError."""
    if not text.strip():
        return NEVER
    begin, dash, end = text.partition("-")
    if not dash:
        raise ValueError("must be like 20:00-8:00")
    return QuietHours(_clock(begin), _clock(end))


def _clock(text: str) -> time:
    hours, colon, minutes = text.strip().partition(":")
    if not colon or not hours.isdecimal() or not minutes.isdecimal() or len(minutes) != 2:
        raise ValueError("must be like 20:00-8:00")
    return time(int(hours), int(minutes))
