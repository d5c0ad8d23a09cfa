"""What a customer used, on the tab of readings: the months of a year with the year before behind them."""

from dataclasses import replace
from uuid import UUID

from ebok.billing.v1 import readings_pb2
from flask import request
from markupsafe import Markup, escape

from gateway.console.reading_queue import months_sentence
from gateway.portal.usage_charts import UsageChart, chart_of
from gateway.web.calls import call, clients
from gateway.web.languages import gettext as _
from gateway.web.paging import here

Leaf = tuple[str, str]


def year_asked() -> int:
    """The year in the address; 0 for none or for what is no year."""
    wish = request.args.get("rok", "")
    return (
        int(wish) if wish.isascii() and wish.isdigit() and len(wish) == 4 and 1990 <= int(wish) <= 2200 else 0
    )


def get_year(customer_id: UUID, point: str) -> readings_pb2.GetUsageResponse:
    """The months of the year asked for, else of the newest with data; of one point, else of the first with a meter."""
    wanted = readings_pb2.GetUsageRequest(
        customer_id=str(customer_id),
        service_point_id=point,
        step=readings_pb2.USAGE_STEP_MONTH,
        year=year_asked(),
    )
    answer: readings_pb2.GetUsageResponse = call(clients().billing.readings.GetUsage, wanted)
    return answer


def year_chart_of(use: readings_pb2.GetUsageResponse) -> UsageChart | None:
    """The chart in a clerk's words; None where nothing is known of either year."""
    chart = chart_of(use, whole_year=True)
    return None if chart.is_empty else replace(chart, say=_sentence(chart, use.unit))


def _sentence(chart: UsageChart, unit: str) -> Markup:
    whole = [point for point in chart.points if point.now is not None and not point.partial]
    return escape(months_sentence(whole, unit) if whole else _("No whole month of this year is known."))


def year_pager(use: readings_pb2.GetUsageResponse) -> tuple[Leaf | None, str, Leaf | None]:
    """The years with data before and after, around the one shown."""
    before = max((year for year in use.years if year < use.year), default=None)
    after = min((year for year in use.years if year > use.year), default=None)
    return _leaf(before), str(use.year), _leaf(after)


def _leaf(year: int | None) -> Leaf | None:
    return None if year is None else (str(year), here(rok=str(year)))
