"""The days of a month and the hours of a day as a chart: the companions of `usage_charts`."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from ebok.billing.v1 import readings_pb2
from markupsafe import Markup, escape

from gateway.portal.usage_charts import UsageChart, use_of
from gateway.web import chart_words
from gateway.web.amounts import decimal_of, quantity, unit_name
from gateway.web.charts import Point, year_chart
from gateway.web.days import date_of, day, day_short, hour, instant_of, month_year, today
from gateway.web.languages import gettext as _

HEIGHT = 288


def places_for(points: Sequence[Point]) -> int:
    """As many places as tell one bar from another: a day's water is less than a cubic metre."""
    most = max(
        (value for point in points for value in (point.now, point.before) if value is not None),
        default=Decimal(0),
    )
    return 1 if most >= 10 else 2 if most >= 1 else 3


def days_chart_of(usage: readings_pb2.GetUsageResponse) -> UsageChart:
    """The days of a month, with the same days of the year before behind them."""
    first = date(usage.year, usage.month, 1)
    points = [_day(bucket) for bucket in usage.buckets]
    return _chart(
        usage,
        points,
        say=_days_sentence(usage, points, places_for(points)),
        title=_("%(subject)s in %(unit)s by day, %(time)s."),
        names=(month_year(first), month_year(first.replace(year=first.year - 1))),
        heads=(_("Day"), _("%(what)s by day")),
    )


def hours_chart_of(usage: readings_pb2.GetUsageResponse) -> UsageChart:
    """The hours of a day, with the same day of the year before behind them."""
    on = date(usage.year, usage.month, usage.day)
    points = [_hour(bucket) for bucket in usage.buckets]
    compared = any(point.before is not None for point in points)
    return _chart(
        usage,
        points,
        say=_hours_sentence(usage, points, places_for(points)),
        title=_("%(subject)s in %(unit)s by hour, %(time)s."),
        names=(day(on), day(on.replace(year=on.year - 1)) if compared else ""),
        heads=(_("Hour"), _("%(what)s by hour")),
    )


def _chart(
    usage: readings_pb2.GetUsageResponse,
    points: list[Point],
    *,
    say: Markup,
    title: str,
    names: tuple[str, str],
    heads: tuple[str, str],
) -> UsageChart:
    places, subject = places_for(points), use_of(usage.service_point.commodity)
    compared = any(point.before is not None for point in points)
    most = chart_words.peak(points, places=places)
    told = title % {"subject": subject, "unit": unit_name(usage.unit), "time": names[0]}
    if most is not None:
        told += " " + _(
            "The most: %(label)s, %(value)s.",
            label=points[most].label,
            value=quantity(points[most].now, places=places),
        )
    first, caption = heads
    return UsageChart(
        points=points,
        chart=year_chart(points, height=HEIGHT, strong=most, unit=usage.unit),
        say=say,
        title=told,
        unit=usage.unit,
        subject=subject,
        now_name=names[0],
        before_name=names[1] if compared else "",
        partial_name="",
        partial_note="",
        caption=caption % {"what": subject},
        first=first,
        now_head=str(usage.year),
        before_head=str(usage.year - 1) if compared else "",
        places=places,
    )


def _day(bucket: readings_pb2.UsageBucket) -> Point:
    on = date(bucket.year, bucket.month, bucket.day)
    return Point(
        day_short(on) if on.year == today().year else day(on).removesuffix(f" {on.year}"),
        str(on.day),
        decimal_of(bucket.used),
        decimal_of(bucket.used_year_before),
    )


def _hour(bucket: readings_pb2.UsageBucket) -> Point:
    """Where the clocks go back, the hour that comes twice is told from the first."""
    at = instant_of(bucket.starts_at)
    label = hour(at)
    if at is not None and at.fold:
        label = _("%(hour)s once more", hour=label)
    short = "" if at is None or at.fold else str(at.hour)
    return Point(label, short, decimal_of(bucket.used), decimal_of(bucket.used_year_before))


def _days_sentence(usage: readings_pb2.GetUsageResponse, points: list[Point], places: int) -> Markup:
    known = [point for point in points if point.now is not None]
    if not known:
        return escape(_("Nothing is known of this month."))
    when = chart_words.in_month(usage.month)
    if usage.year != today().year:
        when = f"{when} {usage.year}"
    last = date_of(usage.read_until)
    if last is not None and (last.year, last.month) == (usage.year, usage.month) and last.day < len(points):
        when = _("%(month)s until day %(day)d", month=when, day=last.day)
    said = _compared_sentence(when, points, usage.unit, min(places, 2))
    most = chart_words.peak(points, places=places)
    if most is None:
        return said
    used = quantity(points[most].now, usage.unit, places=places)
    return said + " " + _("The most on %(day)s: %(used)s.", day=points[most].label, used=used)


def _hours_sentence(usage: readings_pb2.GetUsageResponse, points: list[Point], places: int) -> Markup:
    if not any(point.now is not None for point in points):
        return escape(_("Nothing is known of the hours of this day."))
    on = date(usage.year, usage.month, usage.day)
    said = _compared_sentence(_("on %(day)s", day=day_short(on)), points, usage.unit, places)
    most = chart_words.peak(points, places=places)
    if most is None:
        return said
    begins = instant_of(usage.buckets[most].starts_at)
    used = quantity(points[most].now, usage.unit, places=places)
    until = (begins.hour + 1) if begins is not None else 0
    return (
        said
        + " "
        + _(
            "The most from %(hour)s to %(until)s: %(used)s.",
            hour=hour(begins),
            until=f"{until}:00",
            used=used,
        )
    )


def _compared_sentence(when: str, points: list[Point], unit: str, places: int) -> Markup:
    """The sum of what is known, against the year before where that knows as much."""
    total = sum((point.now for point in points if point.now is not None), Decimal(0))
    now, before = chart_words.compared(points)
    return chart_words.used_sentence(
        when, total, before if before and now == total else None, unit, places=places
    )
