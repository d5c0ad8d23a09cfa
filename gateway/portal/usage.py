"""What was used at a service point, by years, months, days or hours, with the year before; and its readings."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date

from ebok.billing.v1 import meters_pb2, readings_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from flask import Response, render_template, request
from flask_login import current_user

from gateway.api.presenting import USAGE
from gateway.portal import portal
from gateway.portal.reading_rows import reading_rows
from gateway.portal.usage_charts import UsageChart, months_chart_of, years_chart_of
from gateway.portal.usage_figures import figures_of
from gateway.portal.usage_fine_charts import days_chart_of, hours_chart_of
from gateway.portal.usage_steps import STEPS, Step, asked, pager, shown_arguments, step_url, usage_url
from gateway.portal.words import commodity_word
from gateway.web.amounts import decimal_of
from gateway.web.calls import call, clients
from gateway.web.days import date_of, hour, today
from gateway.web.exports import ROWS_MAX, Cell, Table, download, export, file_name
from gateway.web.green_button import MIMETYPE, green_button
from gateway.web.languages import gettext as _
from gateway.web.paging import page_links, page_request

CHARTS: dict[Step, Callable[[readings_pb2.GetUsageResponse], UsageChart]] = {
    Step.YEAR: years_chart_of,
    Step.MONTH: months_chart_of,
    Step.DAY: days_chart_of,
    Step.HOUR: hours_chart_of,
}
READINGS_SHOWN = 6
EXPORT_PAGE_SIZE = 100
ICONS = {
    meters_pb2.COMMODITY_WATER: "droplet",
    meters_pb2.COMMODITY_HOT_WATER: "thermometer-half",
    meters_pb2.COMMODITY_HEAT: "fire",
    meters_pb2.COMMODITY_ELECTRICITY: "lightning-charge",
    meters_pb2.COMMODITY_GAS: "fire",
}


def _readings_request(point: str, page: PageRequest) -> readings_pb2.ListReadingsRequest:
    return readings_pb2.ListReadingsRequest(
        customer_id=current_user.customer_id, service_point_id=point, page=page
    )


@portal.get("/zuzycie")
def usage() -> str:
    """Chart, figures, table, readings: one call."""
    wish = asked()
    question = wish.request(current_user.customer_id, page_request(READINGS_SHOWN))
    use = call(clients().billing.readings.GetUsage, question)
    chosen = use.service_point.service_point_id
    chart = CHARTS[wish.step](use)
    return render_template(
        "portal/usage/index.html",
        points=_points(use, chosen),
        point=use.service_point,
        chosen=chosen,
        use=use,
        chart=chart,
        figures=figures_of(use, chart.points, wish.step, places=chart.places),
        readings=use.readings,
        reading_rows=reading_rows,
        links=page_links(use.page),
        steps=_steps(use, wish.step, chosen),
        pager=pager(use, wish.step, chosen),
        spread=wish.step is Step.DAY and not use.has_hours,
        files=shown_arguments(use, wish.step, chosen),
    )


def _steps(use: readings_pb2.GetUsageResponse, present: Step, chosen: str) -> list[tuple[str, str, bool]]:
    """The tabs: hours only where the meter tells them."""
    words = {Step.YEAR: _("Years"), Step.MONTH: _("Months"), Step.DAY: _("Days"), Step.HOUR: _("Hours")}
    return [
        (word, step_url(use, step, chosen), step is present)
        for step, word in words.items()
        if step is not Step.HOUR or use.has_hours or step is present
    ]


def _points(use: readings_pb2.GetUsageResponse, chosen: str) -> list[tuple[str, str, bool, str]]:
    """The tabs of several points; none for the only one."""
    if len(use.metered_points) < 2:
        return []
    labels = Counter((point.commodity, point.address_line) for point in use.metered_points)
    return [
        (
            _label_of(point, twins=labels[point.commodity, point.address_line] > 1),
            usage_url({"punkt": point.service_point_id}),
            point.service_point_id == chosen,
            ICONS.get(point.commodity, "speedometer2"),
        )
        for point in use.metered_points
    ]


def _label_of(point: readings_pb2.MeteredPoint, *, twins: bool) -> str:
    """`Woda, ul. Lipowa 7/2`; the meter's number too where that would not tell two apart."""
    label = f"{commodity_word(point.commodity)}, {point.address_line}"
    return f"{label} ({point.meter_serial_number})" if twins else label


@portal.get("/zuzycie.<any(csv, xlsx):kind>")
def usage_export(kind: str) -> Response:
    """What the chart shows, as a file; in XLSX all readings on a second sheet, in CSV instead with `?co=odczyty`."""
    wish = asked()
    use = call(clients().billing.readings.GetUsage, wish.request(current_user.customer_id))
    point = use.service_point
    use_table = Table(
        _("Use"),
        [
            *_bucket_heads(wish.step),
            _("Used, %(unit)s", unit=use.unit),
            _("A year before, %(unit)s", unit=use.unit),
            _("Known until"),
        ],
        (
            [
                *_bucket_cells(bucket, wish.step),
                decimal_of(bucket.used),
                decimal_of(bucket.used_year_before),
                date_of(bucket.known_until) if bucket.HasField("known_until") else None,
            ]
            for bucket in use.buckets
        ),
    )
    head = [_("Day"), _("Meter"), _("Value"), _("Unit"), _("Used")]
    readings = Table(_("Readings"), head, _reading_rows(point.service_point_id))
    first = readings if request.args.get("co") == "odczyty" else use_table
    second = use_table if first is readings else readings
    tables = [first] if kind == "csv" else [first, second]
    what = "odczyty" if first is readings else "zuzycie"
    return export(tables, name=f"{what}-{point.premises.address_line}-{today()}", kind=kind)


@portal.get("/zuzycie.xml")
def usage_green_button() -> Response:
    """What the chart shows, as Green Button."""
    wish = asked()
    use = call(clients().billing.readings.GetUsage, wish.request(current_user.customer_id))
    name = file_name("zuzycie", use.service_point.premises.address_line, today(), kind="xml")
    return download(green_button(use, STEPS[wish.step]), name, MIMETYPE)


@portal.get("/zuzycie.json")
def usage_json() -> Response:
    """What the chart shows, as the REST API tells it."""
    use = call(clients().billing.readings.GetUsage, asked().request(current_user.customer_id))
    name = file_name("zuzycie", use.service_point.premises.address_line, today(), kind="json")
    body = json.dumps(USAGE.present(use), ensure_ascii=False, indent=1).encode()
    return download(body, name, "application/json")


def _bucket_heads(step: Step) -> list[str]:
    if step in (Step.YEAR, Step.MONTH):
        return [_("Year"), _("Month")]
    return [_("Day")] if step is Step.DAY else [_("Day"), _("Hour"), _("Hour in UTC")]


def _bucket_cells(bucket: readings_pb2.UsageBucket, step: Step) -> list[Cell]:
    """Where the bucket lies. An hour that the clock strikes twice is told by the one in UTC."""
    if step in (Step.YEAR, Step.MONTH):
        return [bucket.year, bucket.month or None]
    on = date(bucket.year, bucket.month, bucket.day)
    if step is Step.DAY:
        return [on]
    return [on, hour(bucket.starts_at), f"{bucket.starts_at.ToDatetime(tzinfo=UTC):%Y-%m-%dT%H:%MZ}"]


def _reading_rows(point: str) -> Iterator[Sequence[Cell]]:
    question = _readings_request(point, PageRequest(page_size=EXPORT_PAGE_SIZE))
    for _page in range(ROWS_MAX // EXPORT_PAGE_SIZE):
        answer = call(clients().billing.readings.ListReadings, question)
        for reading in answer.readings:
            yield [
                date_of(reading.read_on),
                reading.meter_serial_number,
                decimal_of(reading.value),
                reading.unit,
                decimal_of(reading.used),
            ]
        if not answer.page.next_cursor:
            return
        question.page.cursor = answer.page.next_cursor
