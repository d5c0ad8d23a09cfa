"""What was used at a service point, by months with the year before or by years; and the readings behind it."""

from collections.abc import Iterator, Sequence

from ebok.billing.v1 import meters_pb2, readings_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from flask import Response, render_template, request
from flask_login import current_user

from gateway.portal import portal
from gateway.portal.invoices import year_asked
from gateway.portal.usage_charts import chart_of, figures_of, years_chart_of
from gateway.portal.words import commodity_word
from gateway.web.amounts import decimal_of
from gateway.web.calls import at_once, call, clients
from gateway.web.days import date_of, today
from gateway.web.exports import ROWS_MAX, Cell, Table, export
from gateway.web.languages import gettext as _
from gateway.web.paging import page_links, page_request

STEPS = {"miesiac": readings_pb2.USAGE_STEP_MONTH, "rok": readings_pb2.USAGE_STEP_YEAR}
READINGS_SHOWN = 6
EXPORT_PAGE_SIZE = 100
ICONS = {
    meters_pb2.COMMODITY_WATER: "droplet",
    meters_pb2.COMMODITY_HOT_WATER: "thermometer-half",
    meters_pb2.COMMODITY_HEAT: "fire",
    meters_pb2.COMMODITY_ELECTRICITY: "lightning-charge",
    meters_pb2.COMMODITY_GAS: "fire",
}


def _step() -> str:
    wish = request.args.get("krok", "")
    return wish if wish in STEPS else "miesiac"


def _point() -> str:
    return request.args.get("punkt", "")[:200]


def _usage_request() -> readings_pb2.GetUsageRequest:
    return readings_pb2.GetUsageRequest(
        customer_id=current_user.customer_id,
        service_point_id=_point(),
        step=STEPS[_step()],
        year=year_asked(),
    )


def _readings_request(point: str, page: PageRequest) -> readings_pb2.ListReadingsRequest:
    return readings_pb2.ListReadingsRequest(
        customer_id=current_user.customer_id, service_point_id=point, page=page
    )


@portal.get("/zuzycie")
def usage() -> str:
    """Chart, figures, table, readings. Which of several points comes first is known afterwards: then its readings."""
    points, use, readings = at_once(
        (
            clients().billing.meters.ListServicePoints,
            meters_pb2.ListServicePointsRequest(customer_id=current_user.customer_id),
        ),
        (clients().billing.readings.GetUsage, _usage_request()),
        (clients().billing.readings.ListReadings, _readings_request(_point(), page_request(READINGS_SHOWN))),
    )
    metered = [point for point in points.service_points if point.meters]
    chosen = use.service_point.service_point_id
    if not _point() and len(metered) > 1:
        asked = _readings_request(chosen, page_request(READINGS_SHOWN))
        readings = call(clients().billing.readings.ListReadings, asked)
    by_year = _step() == "rok"
    chart = years_chart_of(use) if by_year else chart_of(use, height=288, whole_year=True)
    years = list(use.years)
    return render_template(
        "portal/usage/index.html",
        metered=[
            (point, label_of(point, metered), ICONS.get(point.commodity, "speedometer2")) for point in metered
        ],
        point=use.service_point,
        chosen=chosen,
        use=use,
        chart=chart,
        figures=[] if by_year else figures_of(use, chart.points),
        readings=readings.readings,
        links=page_links(readings.page),
        by_year=by_year,
        year_before=max((year for year in years if year < use.year), default=None),
        year_after=min((year for year in years if year > use.year), default=None),
    )


def label_of(point: meters_pb2.ServicePoint, all_points: list[meters_pb2.ServicePoint]) -> str:
    """`Woda, ul. Lipowa 7/2`; the meter's number too where that would not tell two apart."""
    label = f"{commodity_word(point.commodity)}, {point.premises.address_line}"
    twins = [
        other
        for other in all_points
        if other.commodity == point.commodity and other.premises.address_line == point.premises.address_line
    ]
    return f"{label} ({point.meters[0].serial_number})" if len(twins) > 1 else label


@portal.get("/zuzycie.<any(csv, xlsx):kind>")
def usage_export(kind: str) -> Response:
    """What the chart shows, as a file; in XLSX all readings on a second sheet, in CSV instead with `?co=odczyty`."""
    use = call(clients().billing.readings.GetUsage, _usage_request())
    point = use.service_point
    use_table = Table(
        _("Use"),
        [
            _("Year"),
            _("Month"),
            _("Used, %(unit)s", unit=use.unit),
            _("A year before, %(unit)s", unit=use.unit),
            _("Known until"),
        ],
        (
            [
                bucket.year,
                bucket.month or None,
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


def _reading_rows(point: str) -> Iterator[Sequence[Cell]]:
    asked = _readings_request(point, PageRequest(page_size=EXPORT_PAGE_SIZE))
    for _page in range(ROWS_MAX // EXPORT_PAGE_SIZE):
        answer = call(clients().billing.readings.ListReadings, asked)
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
        asked.page.cursor = answer.page.next_cursor
