"""What is usual: the use of a year before that days are judged by, wherever they are. Pure rules, no database.

A garden drinks in summer: its usual is that of its season a year ago, not of the year.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from services.billing.domain.proration import ONE_DAY, QUANTITY_STEP
from services.billing.domain.usage import MeterValue, Use, use_between, use_stretches

UNUSUAL_TIMES = 3  # Above so many times the usual daily use a person looks first.
USUAL_DAYS = 365  # The usual is that of the year before …
USUAL_DAYS_KNOWN_MIN = 60  # … where at least so many of its days are known.
# A garden's usual is that of the same days a year before, and of so many before and after them.
SEASON_DAYS = 30


def usual_use(
    values: Iterable[MeterValue], *, first: date, last: date, garden: bool, since: date = date.min
) -> Use:
    """What the use of the days from `first` to `last` is compared with: nothing that was before `since`."""
    stretches = use_stretches(value for value in values if value.day < first)
    from_day, until_day = first - timedelta(days=USUAL_DAYS), first - ONE_DAY
    if garden:
        from_day -= timedelta(days=SEASON_DAYS)
        until_day = min(until_day, last - timedelta(days=USUAL_DAYS - SEASON_DAYS))
    return use_between(stretches, from_day=max(from_day, since), until_day=until_day)


def usual_of(days: int, usual: Use) -> Decimal | None:
    """What is usual for so many days; None where too little is known to call anything usual."""
    if usual.days_known < USUAL_DAYS_KNOWN_MIN:
        return None
    return (usual.quantity * days / usual.days_known).quantize(QUANTITY_STEP)


def exceeded(used: Decimal, days: int, *, usual: Use) -> Decimal | None:
    """What is usual for so many days, where more than three times as much was used.

    None where it was not, and where nothing is usual.
    """
    if not usual.quantity or used * usual.days_known <= UNUSUAL_TIMES * usual.quantity * days:
        return None
    return usual_of(days, usual)
