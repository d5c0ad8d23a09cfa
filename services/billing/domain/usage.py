"""Daily use and its buckets, from the accepted readings of the meters at one point: pure arithmetic.

Between two readings of a meter the use is spread evenly over the days (`proration.share`), so whatever is
asked for, neighbouring stretches add up to what the meter measured. A replaced meter is a series of its own;
the days of both add up. Nothing is ever negative: where a meter goes back and its digits are not known, the
use of that stretch is unknown, which is not the same as zero, and is told by `days_known`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from services.billing.domain.printed import PrintedUseBar
from services.billing.domain.proration import ONE_DAY, QUANTITY_STEP, days_in, rounded_quantity, share

NOTHING = Decimal("0.000")
MONTHS_PER_YEAR = 12


@dataclass(frozen=True, slots=True)
class MeterValue:
    """What one register showed at the end of a day. `digits` before the point: it may roll over."""

    series: str
    day: date
    value: Decimal
    digits: int | None = None


@dataclass(frozen=True, slots=True)
class UseStretch:
    """What one series used from the first to the last day, both included."""

    series: str
    from_day: date
    to_day: date
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Use:
    """Use within a stretch of days; on `days_known` of its days a meter measured."""

    from_day: date
    until_day: date
    quantity: Decimal
    days_known: int

    @property
    def average_per_day(self) -> Decimal | None:
        """Over the known days, three places; None where nothing is known."""
        return (self.quantity / self.days_known).quantize(QUANTITY_STEP) if self.days_known else None


def use_stretches(values: Iterable[MeterValue]) -> tuple[UseStretch, ...]:
    """The use between neighbouring readings of each series, by day. The later of two values of a day wins."""
    by_series: dict[str, dict[date, MeterValue]] = {}
    for value in values:
        by_series.setdefault(value.series, {})[value.day] = value
    stretches = []
    for series, by_day in by_series.items():
        for before, after in pairwise(sorted(by_day.values(), key=lambda value: value.day)):
            quantity = _difference(before, after)
            if quantity is not None:
                stretches.append(UseStretch(series, before.day + ONE_DAY, after.day, quantity))
    return tuple(sorted(stretches, key=lambda stretch: (stretch.from_day, stretch.series)))


def _difference(before: MeterValue, after: MeterValue) -> Decimal | None:
    if after.value >= before.value:
        return after.value - before.value
    digits = after.digits or before.digits
    if digits is None:
        return None
    rolled = after.value + Decimal(10) ** digits - before.value
    return rolled if rolled >= 0 else None


def use_between(stretches: Sequence[UseStretch], *, from_day: date, until_day: date) -> Use:
    """The use of some days, both included. `stretches` in the order of their first days, as `use_stretches` answers."""
    quantity, known = NOTHING, 0
    uncounted = from_day  # Two meters may have measured the same days, which are known once.
    for stretch in stretches:
        start, end = max(stretch.from_day, from_day), min(stretch.to_day, until_day)
        if end < start:
            continue
        quantity += share(
            stretch.quantity, from_day=stretch.from_day, to_day=stretch.to_day, part_from=start, part_to=end
        )
        if end >= uncounted:
            known += days_in(max(start, uncounted), end)
            uncounted = end + ONE_DAY
    return Use(from_day, until_day, quantity, known)


def daily_use(stretches: Sequence[UseStretch], *, from_day: date, until_day: date) -> dict[date, Decimal]:
    """The use of each day that is known; the days add up to `use_between` of the same days."""
    days: dict[date, Decimal] = {}
    for stretch in stretches:
        start, end = max(stretch.from_day, from_day), min(stretch.to_day, until_day)
        # As `share` of each day, with the running total carried on: a meter's years are thousands of days.
        whole = days_in(stretch.from_day, stretch.to_day)
        gone = days_in(stretch.from_day, start - ONE_DAY)
        before = rounded_quantity(stretch.quantity * gone / whole)
        for offset in range(days_in(start, end)):
            day = start + ONE_DAY * offset
            through = rounded_quantity(stretch.quantity * (gone + offset + 1) / whole)
            days[day] = days.get(day, NOTHING) + through - before
            before = through
    return dict(sorted(days.items()))


def use_bars(
    stretches: Sequence[UseStretch], *, last_month: date, months_per_bar: int, bars: int
) -> tuple[PrintedUseBar, ...]:
    """The chart of an invoice: `bars` stretches of months, the last ends with the month of `last_month`.

    Beside each stands the same months a year ago, None unless all of their days are known. Bars before the
    first known day are left out.
    """
    first = 1 - months_per_bar * bars
    result: list[PrintedUseBar] = []
    for index in range(bars):
        start = first + index * months_per_bar
        this_year = _months(stretches, last_month, start, months_per_bar)
        last_year = _months(stretches, last_month, start - MONTHS_PER_YEAR, months_per_bar)
        if not result and not this_year.days_known:
            continue
        whole = last_year.days_known == days_in(last_year.from_day, last_year.until_day)
        result.append(
            PrintedUseBar(
                from_day=this_year.from_day,
                until_day=this_year.until_day,
                this_year=this_year.quantity,
                last_year=last_year.quantity if whole else None,
            )
        )
    return tuple(result)


def _months(stretches: Sequence[UseStretch], anchor: date, start: int, count: int) -> Use:
    until_day = _month_start(anchor, start + count) - ONE_DAY
    return use_between(stretches, from_day=_month_start(anchor, start), until_day=until_day)


def _month_start(day: date, months_later: int) -> date:
    """The first day of the month that many months after the month of `day`."""
    year, month = divmod(day.year * MONTHS_PER_YEAR + day.month - 1 + months_later, MONTHS_PER_YEAR)
    return date(year, month + 1, 1)
