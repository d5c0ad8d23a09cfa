"""Odczyty of a customer: what its meters showed and measured, what became of each reading, one more to write down."""

from uuid import UUID

from ebok.billing.v1 import meters_pb2, reading_checks_pb2, readings_pb2
from flask import redirect, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from chassis import wire
from chassis.errors import FailedPrecondition, Invalid, PermissionDenied, Refusal
from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.console.inputs import id_of
from gateway.console.usage import get_year, year_chart_of, year_pager
from gateway.web import notices
from gateway.web.amounts import quantity
from gateway.web.calls import at_once, call, clients
from gateway.web.days import day_short, today
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import page_links, page_request
from gateway.web.reading_forms import CONFIRM, intention, is_confirmed, refuse_reading

RECORD = "billing.readings.record"
CHECK = "billing.readings.check"
HOW = {
    "klient": (readings_pb2.READING_KIND_CUSTOMER, _l("told by the customer")),
    "my": (readings_pb2.READING_KIND_ACTUAL, _l("read by us")),
}


@console.route("/klienci/<uuid:customer_id>/odczyty", methods=["GET", "POST"])
def customer_readings(customer_id: UUID) -> tuple[str, int] | Response:
    """All readings, or those of one service point; beside them the form for one more."""
    if request.method == "POST":
        return _estimate(customer_id) if request.form.get("oszacuj") else _record(customer_id)
    return _page(customer_id, Form(initial={"dzien": today().isoformat(), **take_kept()}))


def _page(customer_id: UUID, recording: Form) -> tuple[str, int]:
    billing, one = clients().billing, str(customer_id)
    form = Form(request.args if request.method == "GET" else MultiDict())
    point = id_of(form, "punkt")
    found, points, readings, readable = at_once(
        get_customer(customer_id),
        (billing.meters.ListServicePoints, meters_pb2.ListServicePointsRequest(customer_id=one)),
        (
            billing.readings.ListReadings,
            readings_pb2.ListReadingsRequest(customer_id=one, service_point_id=point, page=page_request()),
        ),
        (billing.readings.ListReadableMeters, readings_pb2.ListReadableMetersRequest(customer_id=one)),
    )
    metered = any(place.meters for place in points.service_points if point in ("", place.service_point_id))
    use = get_year(customer_id, point) if metered else None
    page = customer_page(
        "readings",
        found.customer,
        tab="readings",
        form=form,
        points=points.service_points,
        readings=readings.readings,
        links=page_links(readings.page),
        use=use,
        chart=year_chart_of(use) if use else None,
        pager=year_pager(use) if use else None,
        recording=recording,
        readable=readable.meters,
        how=[(key, word) for key, (_kind, word) in HOW.items()],
        asked=_asked(recording),
    )
    return page, max(form.status, recording.status)


def _asked(form: Form) -> str:
    """What the box to tick stands for; empty when nothing is asked."""
    if CONFIRM not in form.errors:
        return ""
    value, read_on = form.number("stan"), form.day("dzien")
    return intention(value, read_on) if value is not None and read_on is not None else ""


def _record(customer_id: UUID) -> tuple[str, int] | Response:
    """Write a reading down; the page comes back with what is wrong."""
    if not current_user.may(RECORD):
        raise PermissionDenied
    form = Form.of_request()
    wanted = _read(form, customer_id)
    if wanted is None:
        return _page(customer_id, form)
    try:
        taken = call(clients().billing.readings.RecordReading, wanted).reading
    except Refusal as refusal:
        _refuse(form, refusal, wanted)
        return _page(customer_id, form)
    notices.ok(_("Reading saved: %(value)s.", value=quantity(taken.value, taken.unit)))
    return redirect(url_for("console.customer_readings", customer_id=customer_id), code=303)


def _estimate(customer_id: UUID) -> tuple[str, int] | Response:
    """Write down what a meter of the customer's should have shown on a day that nobody read it."""
    if not current_user.may(CHECK):
        raise PermissionDenied
    form = Form.of_request()
    meter_id, read_on = _meter_of(form), form.day("dzien")
    if not form.ok or read_on is None:
        return _page(customer_id, form)
    if _readable(customer_id, meter_id) is None:
        form.fail("licznik", _("This customer has no such meter."))
        return _page(customer_id, form)
    wanted = reading_checks_pb2.EstimateReadingRequest(meter_id=meter_id, read_on=wire.pack_date(read_on))
    try:
        reading = call(clients().billing.reading_checks.EstimateReading, wanted).reading
    except (FailedPrecondition, Invalid) as refusal:
        form.refuse(refusal, fields={"read_on": "dzien"})
        return _page(customer_id, form)
    said = {"value": quantity(reading.value, reading.unit), "day": day_short(reading.read_on)}
    notices.ok(_("Estimated: %(value)s on %(day)s.", **said))
    return redirect(url_for("console.customer_readings", customer_id=customer_id), code=303)


def _meter_of(form: Form) -> str:
    meter_id = id_of(form, "licznik")
    if not meter_id and "licznik" not in form.errors:
        form.text("licznik")
    return meter_id


def _readable(customer_id: UUID | str, meter_id: str) -> readings_pb2.ReadableMeter | None:
    asked = readings_pb2.ListReadableMetersRequest(customer_id=str(customer_id))
    meters = call(clients().billing.readings.ListReadableMeters, asked).meters
    return next((one for one in meters if one.meter.meter_id == meter_id), None)


def _read(form: Form, customer_id: UUID) -> readings_pb2.RecordReadingRequest | None:
    meter_id = _meter_of(form)
    value, read_on, how = form.number("stan"), form.day("dzien"), form.choice("jak", HOW)
    if not form.ok or value is None or read_on is None:
        return None
    return readings_pb2.RecordReadingRequest(
        customer_id=str(customer_id),
        meter_id=meter_id,
        read_on=wire.pack_date(read_on),
        value=f"{value:f}",
        kind=HOW[how][0],
        unusual_confirmed=is_confirmed(form, value, read_on),
    )


def _refuse(form: Form, refusal: Refusal, wanted: readings_pb2.RecordReadingRequest) -> None:
    if refusal.reason == "METER_NOT_FOUND":
        form.fail("licznik", _("This customer has no such meter."))
        return
    one = _readable(wanted.customer_id, wanted.meter_id)
    refuse_reading(
        form, refusal, one, wanted.value, fields={"value": "stan", "read_on": "dzien", "kind": "jak"}
    )
