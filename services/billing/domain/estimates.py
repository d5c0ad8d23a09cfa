"""What a meter shows on a day that nobody read it: pure rules. Worked numbers: docs/algorithms/estimates.md."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from services.billing.domain.proration import ONE_DAY, QUANTITY_STEP, days_in, share
from services.billing.domain.usage import MeterValue, use_between, use_stretches
from services.billing.domain.usual_use import usual_of, usual_use

YEAR_DAYS = 365
LEAP_DAY = (2, 29)


def estimated_value(values: Sequence[MeterValue], day: date, *, garden: bool) -> Decimal | None:
    """What one meter showed, from its accepted values; not cut to its digits. None where nothing tells.

    Between two readings the use is spread evenly. After the last, it went on as in the same days a year before where
    all of them are known. Else a garden's went on as in its season a year before (`usual_use`), and any other's, and
    that of a garden whose season is not known, as on average over the year before its last reading, or over as much of
    it as is known.
    """
    by_day = {value.day: value for value in values}
    before = max((one for one in by_day if one < day), default=None)
    if before is None:
        return None
    stretches = use_stretches(values)
    last = by_day[before]
    after = min((one for one in by_day if one > day), default=None)
    first = before + ONE_DAY
    if after is not None:
        between = [one for one in stretches if (one.from_day, one.to_day) == (first, after)]
        parts = [
            share(one.quantity, from_day=first, to_day=after, part_from=first, part_to=day) for one in between
        ]
        return last.value + sum(parts, start=Decimal("0.000")) if parts else None
    same_days = use_between(stretches, from_day=_year_before(first), until_day=_year_before(day))
    if same_days.days_known == days_in(same_days.from_day, same_days.until_day):
        return last.value + same_days.quantity
    days = days_in(first, day)
    season = usual_of(days, usual_use(values, first=first, last=day, garden=True)) if garden else None
    if season is not None:
        return last.value + season
    year = use_between(stretches, from_day=before - timedelta(days=YEAR_DAYS - 1), until_day=before)
    if not year.days_known:
        return None
    return last.value + (year.quantity * days / year.days_known).quantize(QUANTITY_STEP)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == LEAP_DAY else day.day)
