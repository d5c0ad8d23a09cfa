"""What was used, as a chart, its sentence and its table: the same on the first page and on the page of use."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ebok.billing.v1 import meters_pb2, readings_pb2
from markupsafe import Markup

from gateway.web import chart_words
from gateway.web.amounts import decimal_of, quantity
from gateway.web.charts import Chart, Point, year_chart
from gateway.web.days import date_of, month_name, month_names, today
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l


@dataclass(frozen=True)
class UsageChart:
    """Everything the chart's macros want."""

    points: list[Point]
    chart: Chart
    say: str
    title: str
    unit: str
    subject: str
    now_name: str
    before_name: str
    partial_name: str
    partial_note: str
    caption: str
    first: str  # Head of the table's first column.
    now_head: str  # Heads of its other columns.
    before_head: str
    places: int = 1

    @property
    def is_empty(self) -> bool:
        """Nothing is known to draw."""
        return all(point.now is None and point.before is None for point in self.points)


USES = {
    meters_pb2.COMMODITY_WATER: _l("Water use"),
    meters_pb2.COMMODITY_SEWAGE: _l("Sewage"),
    meters_pb2.COMMODITY_HEAT: _l("Heat use"),
    meters_pb2.COMMODITY_HOT_WATER: _l("Hot water use"),
    meters_pb2.COMMODITY_ELECTRICITY: _l("Electricity use"),
    meters_pb2.COMMODITY_GAS: _l("Gas use"),
}


def use_of(commodity: "meters_pb2.Commodity") -> str:
    """What the chart is of, in words."""
    return str(USES.get(commodity, _("Use")))


def chart_of(
    usage: readings_pb2.GetUsageResponse, *, height: int = 216, whole_year: bool = False
) -> UsageChart:
    """The months of a year with the year before behind them; `whole_year` tells of the year, else of its last month."""
    points = _months(usage.buckets)
    strong = chart_words.latest_whole(points)
    subject = use_of(usage.service_point.commodity)
    compared = any(point.before is not None for point in points)
    now_name, before_name = str(usage.year), str(usage.year - 1) if compared else ""
    say = chart_words.month_sentence(points, usage.unit)
    if whole_year or usage.year != today().year:
        say = Markup.escape(_year_sentence(points, usage.unit, usage.year))
    partial = next((bucket for bucket in usage.buckets if bucket.HasField("known_until")), None)
    until = date_of(partial.known_until) if partial is not None else None
    return UsageChart(
        points=points,
        chart=year_chart(points, height=height, strong=strong, unit=usage.unit),
        say=say,
        title=chart_words.year_title(
            subject, points, usage.unit, now_name=now_name, before_name=str(usage.year - 1)
        ),
        unit=usage.unit,
        subject=subject,
        now_name=now_name,
        before_name=before_name,
        partial_name=""
        if until is None
        else _("%(month)s until day %(day)d", month=month_name(until), day=until.day),
        partial_note="" if until is None else _("until %(day)s", day=f"{until.day}.{until.month:02d}"),
        caption=_("%(what)s by month", what=subject),
        first=_("Month"),
        now_head=now_name,
        before_head=before_name,
    )


def months_chart_of(usage: readings_pb2.GetUsageResponse) -> UsageChart:
    """The months of a year as the page of use shows them."""
    return chart_of(usage, height=288, whole_year=True)


def years_chart_of(usage: readings_pb2.GetUsageResponse, *, height: int = 288) -> UsageChart:
    """All years side by side."""
    points = [
        Point(
            str(bucket.year),
            str(bucket.year),
            decimal_of(bucket.used),
            partial=bucket.HasField("known_until") or bucket.year >= today().year,
        )
        for bucket in usage.buckets
    ]
    strong = chart_words.latest_whole(points)
    subject = use_of(usage.service_point.commodity)
    return UsageChart(
        points=points,
        chart=year_chart(points, height=height, strong=strong, unit=usage.unit),
        say=_years_sentence(points, strong, usage.unit),
        title=_("%(subject)s by year.", subject=subject),
        unit=usage.unit,
        subject=subject,
        now_name=_("Whole year"),
        before_name="",
        partial_name=_("Not the whole year yet") if any(point.partial for point in points) else "",
        partial_note="",
        caption=_("%(what)s by year", what=subject),
        first=_("Year"),
        now_head=_("Used"),
        before_head="",
    )


def _months(buckets: Iterable[readings_pb2.UsageBucket]) -> list[Point]:
    names, shorts = month_names()
    return [
        Point(
            names[one.month - 1],
            shorts[one.month - 1],
            Decimal(one.used) if one.used else None,
            Decimal(one.used_year_before) if one.used_year_before else None,
            one.HasField("known_until"),
        )
        for one in buckets
    ]


def _year_sentence(points: list[Point], unit: str, year: int) -> str:
    if year == today().year:
        return chart_words.year_sentence(points, unit)
    total = sum((point.now for point in points if point.now is not None), Decimal(0))
    return _("In %(year)d you used %(used)s.", year=year, used=quantity(total, unit, places=1))


def _years_sentence(points: list[Point], strong: int | None, unit: str) -> str:
    if strong is None:
        return _("There is no whole year in this chart yet.")
    used = quantity(points[strong].now, unit, places=1)
    return _("In %(year)s you used %(used)s.", year=points[strong].label, used=used)
