"""Odczyty: the queue of readings that wait for a clerk, and beside it one with everything a decision needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from ebok.billing.v1 import meters_pb2, reading_checks_pb2, readings_pb2
from flask import g, redirect, render_template, request, url_for
from flask_babel import LazyString
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from chassis.ids import new_id
from gateway.console import console
from gateway.console.words import COMMODITIES
from gateway.web import chart_words
from gateway.web.amounts import decimal_of, quantity
from gateway.web.calls import at_once, call, clients, document
from gateway.web.charts import Chart, Point, year_chart
from gateway.web.days import date_of, iso, month_short, month_year
from gateway.web.filters import capital
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import PageLinks, page_links, page_request

REASONS = (
    "BELOW_PREVIOUS",
    "UNUSUAL",
    "SECOND_OF_DAY",
    "ABOVE_DIGITS",
    "IN_FUTURE",
    "OUTSIDE_METER_LIFE",
)
MEDIA = {
    "woda": meters_pb2.COMMODITY_WATER,
    "scieki": meters_pb2.COMMODITY_SEWAGE,
    "cieplo": meters_pb2.COMMODITY_HEAT,
    "ciepla-woda": meters_pb2.COMMODITY_HOT_WATER,
    "prad": meters_pb2.COMMODITY_ELECTRICITY,
    "gaz": meters_pb2.COMMODITY_GAS,
}
MONTHS_SHOWN = 12

# What is wrong, in the words of a chip, and in a sentence.
MARKS: dict[str, LazyString] = {
    "BELOW_PREVIOUS": _l("lower than before"),
    "UNUSUAL": _l("unusually high"),
    "SECOND_OF_DAY": _l("second of the day"),
    "ABOVE_DIGITS": _l("too many digits"),
    "IN_FUTURE": _l("in the future"),
    "OUTSIDE_METER_LIFE": _l("meter not in use"),
}
FLAGS: dict[str, LazyString] = {
    "BELOW_PREVIOUS": _l("The meter shows less than before."),
    "UNUSUAL": _l("More than three times the usual use."),
    "SECOND_OF_DAY": _l("Another reading of this day counts already."),
    "ABOVE_DIGITS": _l("The meter has not so many digits."),
    "IN_FUTURE": _l("This day has not come."),
    "OUTSIDE_METER_LIFE": _l("The meter was not in use on this day."),
}
# What the customer reads when a clerk does not write anything else.
REFUSALS: dict[str, LazyString] = {
    "BELOW_PREVIOUS": _l("The value is lower than the reading before."),
    "UNUSUAL": _l("The value is far above the usual use."),
    "SECOND_OF_DAY": _l("We have another reading of this day."),
    "ABOVE_DIGITS": _l("The meter has not so many digits."),
    "IN_FUTURE": _l("The day of the reading has not come yet."),
    "OUTSIDE_METER_LIFE": _l("The meter was not in use on this day."),
}


@dataclass(frozen=True)
class History:
    """The months before, as chart, sentence and table."""

    points: list[Point]
    chart: Chart
    say: str
    title: str
    now_name: str
    before_name: str


def filters_of(values: MultiDict[str, str]) -> dict[str, Any]:
    """Reason and commodity in an address; what is neither is left out."""
    reason, medium = values.get("powod", ""), values.get("medium", "")
    chosen = {"powod": reason if reason in REASONS else "", "medium": medium if medium in MEDIA else ""}
    return {name: value for name, value in chosen.items() if value}


def _queue(filters: Mapping[str, Any]) -> reading_checks_pb2.ListWaitingReadingsRequest:
    return reading_checks_pb2.ListWaitingReadingsRequest(
        reason=filters.get("powod", ""),
        commodity=MEDIA.get(filters.get("medium", "")),
        page=page_request(),
    )


def case_url(reading_id: str, filters: Mapping[str, Any], **more: Any) -> str:
    """One reading, with the filters of the queue it was opened from."""
    return url_for("console.reading_case", reading_id=reading_id, **filters, **more)


@console.get("/odczyty")
def readings() -> Response | str:
    """The queue; `kolejny` opens its first reading."""
    filters = filters_of(request.args)
    found = call(clients().billing.reading_checks.ListWaitingReadings, _queue(filters))
    if request.args.get("kolejny") and found.readings:
        return redirect(case_url(found.readings[0].reading.reading_id, filters), code=303)
    return render_template("console/readings/queue.html", case=None, **_queue_context(found, filters))


@console.get("/odczyty/<uuid:reading_id>")
def reading_case(reading_id: UUID) -> Response | tuple[str, int]:
    """One reading; `kolejny`: somebody may have decided on it meanwhile, then the first that waits."""
    return case_page(reading_id, {})


@console.get("/klienci/<uuid:customer_id>/odczyty/zdjecie/<uuid:reading_id>")
def reading_photo(customer_id: UUID, reading_id: UUID) -> Response:
    """The photo that a customer sent with a reading."""
    asked = readings_pb2.GetReadingPhotoRequest(customer_id=str(customer_id), reading_id=str(reading_id))
    content = document(clients().billing.readings.GetReadingPhoto, asked).content
    return Response(content, content_type="image/jpeg")


def case_page(reading_id: UUID, typed: Mapping[str, Form]) -> Response | tuple[str, int]:
    """The queue and a reading. `typed`: the form that was sent and refused, by its name."""
    filters = filters_of(request.args)
    stub = clients().billing.reading_checks
    wanted = reading_checks_pb2.GetReadingCaseRequest(reading_id=str(reading_id))
    found, case = at_once((stub.ListWaitingReadings, _queue(filters)), (stub.GetReadingCase, wanted))
    waits = case.waiting.reading.status == readings_pb2.READING_STATUS_SUBMITTED
    if request.args.get("kolejny") and not waits:
        return redirect(url_for("console.readings", kolejny="1", **filters), code=303)
    page = render_template(
        "console/readings/queue.html",
        case=case,
        waits=waits,
        decidable=case.waiting.reading.status
        in (readings_pb2.READING_STATUS_SUBMITTED, readings_pb2.READING_STATUS_ACCEPTED),
        forms=_forms(case, typed),
        history=_history(case),
        next_id=_next_of(found, case),
        **_queue_context(found, filters),
    )
    return page, max((form.status for form in typed.values()), default=200)


def _queue_context(
    found: reading_checks_pb2.ListWaitingReadingsResponse, filters: Mapping[str, Any]
) -> dict[str, Any]:
    total = sum(found.counts.values())
    g.nav_counts = {"readings": total}
    medium: dict[str, Any] = {"medium": filters["medium"]} if "medium" in filters else {}
    tabs = [(_("All"), url_for("console.readings", **medium), "powod" not in filters, quantity(total))]
    for reason in sorted(found.counts, key=lambda one: (-found.counts[one], one)):
        address = url_for("console.readings", powod=reason, **medium)
        tabs.append(
            (
                capital(str(MARKS.get(reason, reason))),
                address,
                filters.get("powod") == reason,
                quantity(found.counts[reason]),
            )
        )
    links: PageLinks | None = page_links(found.page)
    return {
        "queue": found.readings,
        "total": total,
        "tabs": tabs,
        "filters": dict(filters),
        "filter_form": Form(initial={"medium": filters.get("medium", "")}),
        "media": [(key, COMMODITIES[number]) for key, number in MEDIA.items()],
        "links": links,
        "flags": FLAGS,
        "marks": MARKS,
        "case_url": case_url,
    }


def _next_of(
    found: reading_checks_pb2.ListWaitingReadingsResponse, case: reading_checks_pb2.GetReadingCaseResponse
) -> str:
    """The reading after this one in the list as it is filtered; else the one the service names."""
    ids = [one.reading.reading_id for one in found.readings]
    present = case.waiting.reading.reading_id
    place = ids.index(present) + 1 if present in ids else 0
    others = [one for one in ids[place:] + ids[:place] if one != present]
    return others[0] if others else case.next_reading_id


def _forms(case: reading_checks_pb2.GetReadingCaseResponse, typed: Mapping[str, Form]) -> dict[str, Form]:
    """The forms of the decisions with what is likely already in them."""
    waiting = case.waiting
    reading, previous = waiting.reading, waiting.previous
    initial: dict[str, dict[str, str]] = {
        "odrzuc": {"dlaczego": str(REFUSALS.get(reading.reason, ""))},
        "popraw": {"stan": _plain(reading.value), "dzien": iso(reading.read_on)},
        "wymiana": {
            "dzien_wymiany": iso(previous.read_on) if waiting.HasField("previous") else iso(reading.read_on),
            "stan_koncowy": _plain(previous.value),
            "stan_poczatkowy": _plain(case.replacement_hint) or "0",
            "cyfry": str(case.meter.digits),
            "request_id": str(new_id()),
        },
    }
    forms = {name: typed.get(name) or Form(initial=values) for name, values in initial.items()}
    return forms | {"przyjmij": typed.get("przyjmij") or Form()}


def _plain(value: str) -> str:
    """A decimal as people type it: without zeros that only fill places, with a comma."""
    number = decimal_of(value)
    return "" if number is None else f"{number.normalize():f}".replace(".", ",")


def _history(case: reading_checks_pb2.GetReadingCaseResponse) -> History | None:
    """The last twelve months with the year before beside them; None where nothing is known."""
    months = list(case.months)[-MONTHS_SHOWN:]
    points = [
        Point(
            label=month_year(date(one.year, one.month, 1)),
            short=month_short(one.month),
            now=decimal_of(one.used),
            before=decimal_of(one.used_year_before),
            partial=one.HasField("known_until"),
        )
        for one in months
    ]
    if all(point.now is None and point.before is None for point in points):
        return None
    unit = case.meter.unit
    now_name, before_name = _("the last twelve months"), _("a year before")
    subject = _("Use by month")
    return History(
        points=points,
        chart=year_chart(points, strong=chart_words.latest_whole(points), unit=unit),
        say=months_sentence(points, unit),
        title=chart_words.year_title(subject, points, unit, now_name=now_name, before_name=before_name),
        now_name=now_name,
        before_name=before_name if any(point.before is not None for point in points) else "",
    )


def months_sentence(points: Sequence[Point], unit: str) -> str:
    """What the months took together, where all were read; else the most of one."""
    now = [point.now for point in points if point.now is not None]
    if not now:
        return _("Nothing is known of the last twelve months.")
    average, most = sum(now) / len(now), max(now)
    return _(
        "%(average)s a month on average, %(most)s at the most.",
        average=quantity(average, unit, places=1),
        most=quantity(most, unit, places=1),
    )


def days_since(waiting: reading_checks_pb2.WaitingReading) -> int:
    """Days from the reading before."""
    first, last = date_of(waiting.previous.read_on), date_of(waiting.reading.read_on)
    return (last - first).days if first and last else 0


console.add_app_template_filter(days_since, "days_since")
