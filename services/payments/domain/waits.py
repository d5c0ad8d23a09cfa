"""How long we wait before we ask a provider again, and when we stop believing that somebody will pay."""

from datetime import datetime, timedelta

FIRST = timedelta(seconds=10)
# After so many checks in vain; the last one for good.
WAITS = (
    FIRST,
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=60),
)
GRACE = timedelta(minutes=15)  # A start that the provider does not know may still be on its way to it.
LIFE = timedelta(hours=24)  # Nobody pays a payment that is older.
STILL = timedelta(minutes=15)  # Without a step for so long a payment is stuck.


def next_check(checks: int, *, now: datetime) -> datetime:
    """When to ask again after `checks` questions that moved nothing."""
    return now + WAITS[min(checks, len(WAITS) - 1)]
