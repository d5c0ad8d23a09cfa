"""Sharing a whole out over days so that the parts always make the whole again.

Both rules round a running total and take differences, never the parts themselves. So whatever way a stretch
of days is cut, neighbouring parts add up exactly, and no part is further than 0.001 from its true share. For
two parts this is the method of the largest remainder. Worked numbers: docs/algorithms/proration.md.
"""

from calendar import monthrange
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

QUANTITY_STEP = Decimal("0.001")
ONE_DAY = timedelta(days=1)


def rounded_quantity(quantity: Decimal) -> Decimal:
    """To three places, half up: what NUMERIC(14,3) and an invoice line hold."""
    return quantity.quantize(QUANTITY_STEP, rounding=ROUND_HALF_UP)


def days_in(from_day: date, to_day: date) -> int:
    """How many days, both included; 0 when the stretch is empty."""
    return max((to_day - from_day).days + 1, 0)


def share(quantity: Decimal, *, from_day: date, to_day: date, part_from: date, part_to: date) -> Decimal:
    """What of `quantity`, spread evenly over `from_day`…`to_day`, falls on `part_from`…`part_to`.

    All days are included; days of the part outside the whole get nothing. `quantity`: at most three places.
    """
    start, end = max(from_day, part_from), min(to_day, part_to)
    if end < start:
        return Decimal("0.000")
    if start == from_day and end == to_day:
        return rounded_quantity(quantity)  # What the lines below come to as well.
    whole = days_in(from_day, to_day)
    before = rounded_quantity(quantity * days_in(from_day, start - ONE_DAY) / whole)
    through = rounded_quantity(quantity * days_in(from_day, end) / whole)
    return through - before


def months_in(from_day: date, to_day: date) -> Decimal:
    """Months from the first to the last day, both included: a calendar month is 1, a day 1/28…1/31.

    The running total counts from the year 0, so consecutive invoices add up to whole months as well.
    """
    if to_day < from_day:
        return Decimal("0.000")
    return _months_through(to_day) - _months_through(from_day - ONE_DAY)


def _months_through(day: date) -> Decimal:
    length = monthrange(day.year, day.month)[1]
    return day.year * 12 + day.month - 1 + rounded_quantity(Decimal(day.day) / length)
