"""The key figures beside a chart of use: together, a year before, on average."""

import calendar
from datetime import date
from decimal import Decimal

from ebok.billing.v1 import readings_pb2

from gateway.portal.usage_steps import Step
from gateway.web import chart_words
from gateway.web.amounts import quantity
from gateway.web.charts import Point
from gateway.web.days import date_of, day, day_short, hour, month_name, month_year
from gateway.web.languages import gettext as _

LITRES_PER_M3 = 1000
Figure = tuple[str, str, str]


def figures_of(
    usage: readings_pb2.GetUsageResponse, points: list[Point], step: Step, *, places: int = 1
) -> list[Figure]:
    """Label, number and unit of each."""
    if step is Step.MONTH:
        return _of_year(usage, points)
    if step is Step.DAY:
        return _of_month(usage, points, places)
    if step is Step.HOUR:
        return _of_day(usage, points, places)
    return _of_years(usage, points)


def _of_year(usage: readings_pb2.GetUsageResponse, points: list[Point]) -> list[Figure]:
    known = [index for index, point in enumerate(points) if point.now is not None and not point.partial]
    if not known:
        return []
    names = month_name(known[0] + 1)
    if len(known) > 1:
        names = f"{names}–{month_name(known[-1] + 1)}"
    total = _total(points)
    days = sum(calendar.monthrange(usage.year, index + 1)[1] for index in known)
    return [
        (names.capitalize(), quantity(total, places=1), usage.unit),
        *_before(points, total, usage.unit, 1),
        _average(total / days, usage.unit),
    ]


def _of_years(usage: readings_pb2.GetUsageResponse, points: list[Point]) -> list[Figure]:
    last = chart_words.latest_whole(points)
    if last is None or points[last].now is None:
        return []
    total = points[last].now or Decimal(0)
    figures = [(points[last].label, quantity(total, places=1), usage.unit)]
    before = points[last - 1] if last else None
    if before is not None and before.now is not None and not before.partial:
        figures.append((before.label, quantity(before.now, places=1), usage.unit))
    year, first = usage.buckets[last].year, date_of(usage.known_from)
    if first is not None and first <= date(year, 1, 1):
        figures.append(_average(total / (366 if calendar.isleap(year) else 365), usage.unit))
    return figures


def _of_month(usage: readings_pb2.GetUsageResponse, points: list[Point], places: int) -> list[Figure]:
    known = [index for index, point in enumerate(points) if point.now is not None]
    if not known:
        return []
    total = _total(points)
    first, last = (_day_of(usage.buckets[index]) for index in (known[0], known[-1]))
    whole = len(known) == len(points)
    label = month_year(first) if whole else f"{first.day}–{day_short(last)}" if first != last else day(first)
    shown = min(places, 2)
    return [
        (label.capitalize(), quantity(total, places=shown), usage.unit),
        *_before(points, total, usage.unit, shown),
        _average(total / len(known), usage.unit),
    ]


def _of_day(usage: readings_pb2.GetUsageResponse, points: list[Point], places: int) -> list[Figure]:
    known = [index for index, point in enumerate(points) if point.now is not None]
    if not known:
        return []
    total = _total(points)
    figures = [
        (_("Together"), quantity(total, places=places), usage.unit),
        *_before(points, total, usage.unit, places),
    ]
    most = chart_words.peak(points, places=places)
    if most is not None:
        label = _("The most, from %(hour)s", hour=hour(usage.buckets[most].starts_at))
        figures.append((label, quantity(points[most].now, places=places), usage.unit))
    return figures


def _day_of(bucket: readings_pb2.UsageBucket) -> date:
    return date(bucket.year, bucket.month, bucket.day)


def _total(points: list[Point]) -> Decimal:
    """Of what is over."""
    return sum((point.now for point in points if point.now is not None and not point.partial), Decimal(0))


def _before(points: list[Point], total: Decimal, unit: str, places: int) -> list[Figure]:
    now, before = chart_words.compared(points)
    if not before:
        return []
    label = _("A year before") if now == total else _("A year before, where known")
    return [(label, quantity(before, places=places), unit)]


def _average(per_day: Decimal, unit: str) -> Figure:
    if unit == "m3":
        return _("On average a day"), quantity(per_day * LITRES_PER_M3, places=0), _("litres")
    return _("On average a day"), quantity(per_day, places=1), unit
