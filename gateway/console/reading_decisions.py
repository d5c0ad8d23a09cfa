"""Decisions about readings: each is one form of a case; after it the next reading of the queue opens."""

from typing import Any
from uuid import UUID

from ebok.billing.v1 import meters_pb2, reading_checks_pb2, runs_pb2
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from chassis import wire
from chassis.errors import FailedPrecondition, Invalid, Refusal
from gateway.console import console
from gateway.console.inputs import id_of, refuse_at
from gateway.console.reading_queue import case_page, case_url, filters_of
from gateway.web import notices, reasons
from gateway.web.amounts import digits_grouped, quantity
from gateway.web.calls import call, clients
from gateway.web.days import day_short
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.languages import ngettext

NOTE_LENGTH_MAX = 300
SERIAL_LENGTH_MAX = 40
DIGITS = range(3, 10)
REPLACEMENT_FIELDS = {
    "replaced_on": "dzien_wymiany",
    "final_value": "stan_koncowy",
    "serial_number": "numer",
    "digits": "cyfry",
    "initial_value": "stan_poczatkowy",
}

reasons.say(
    {
        "READING_DECIDED": _l("Somebody has decided on this reading already."),
        "METER_RUNS_BACKWARDS": _l(
            "The meter cannot show this: a reading before is higher, or a later one lower. Correct it, or reject it."
        ),
        "READING_IN_FUTURE": _l("This day has not come, so the reading cannot count yet."),
        "READING_ABOVE_DIGITS": _l("The meter has not so many digits. Correct the value, or reject it."),
        "READING_OUTSIDE_METER_LIFE": _l(
            "The meter was not in use on this day. Correct the day, or reject it."
        ),
        "NOTHING_TO_ESTIMATE_FROM": _l("The meter was not read often enough to estimate from."),
        "METER_REMOVED": _l("This meter was taken away before, or another has taken its place already."),
        "METER_DIFFERS": _l("This form was already used for another meter. Open it anew."),
    }
)
reasons.say_fields({"TAKEN": _l("A meter of this number is at the point already.")})


def _carry_on(reading_id: UUID) -> Response:
    """The next reading opens; without one the queue, which says that nothing waits."""
    filters = filters_of(request.args)
    following = id_of(Form(request.args), "nastepny")
    if following and following != str(reading_id):
        return redirect(case_url(following, filters, kolejny="1"), code=303)
    return redirect(url_for("console.readings", **filters), code=303)


@console.post("/odczyty/<uuid:reading_id>/przyjmij")
def accept_reading(reading_id: UUID) -> Response | tuple[str, int]:
    """It counts."""
    form = Form.of_request()
    wanted = reading_checks_pb2.AcceptReadingRequest(reading_id=str(reading_id))
    try:
        reading = call(clients().billing.reading_checks.AcceptReading, wanted).reading
    except Refusal as refusal:
        refuse_at(form, refusal, {}, fields={})
        return case_page(reading_id, {"przyjmij": form})
    notices.ok(_("Accepted: %(value)s of %(day)s.", **_said(reading)))
    return _carry_on(reading_id)


@console.post("/odczyty/<uuid:reading_id>/odrzuc")
def reject_reading(reading_id: UUID) -> Response | tuple[str, int]:
    """It does not count; whoever handed it in reads why."""
    form = Form.of_request()
    note = form.text("dlaczego", length_max=NOTE_LENGTH_MAX)
    if form.ok:
        wanted = reading_checks_pb2.RejectReadingRequest(reading_id=str(reading_id), note=note)
        try:
            reading = call(clients().billing.reading_checks.RejectReading, wanted).reading
        except Refusal as refusal:
            refuse_at(form, refusal, {}, fields={"note": "dlaczego"})
        else:
            notices.ok(_("Rejected: %(value)s of %(day)s.", **_said(reading)))
            return _carry_on(reading_id)
    return case_page(reading_id, {"odrzuc": form})


@console.post("/odczyty/<uuid:reading_id>/popraw")
def correct_reading(reading_id: UUID) -> Response | tuple[str, int]:
    """Another value or day takes its place."""
    form = Form.of_request()
    value, read_on = form.number("stan"), form.day("dzien")
    if form.ok and value is not None and read_on is not None:
        wanted = reading_checks_pb2.CorrectReadingRequest(
            reading_id=str(reading_id), value=f"{value:f}", read_on=wire.pack_date(read_on)
        )
        try:
            reading = call(clients().billing.reading_checks.CorrectReading, wanted).reading
        except Refusal as refusal:
            refuse_at(form, refusal, {}, fields={"value": "stan", "read_on": "dzien"})
        else:
            notices.ok(_("Corrected: %(value)s of %(day)s counts.", **_said(reading)))
            return _carry_on(reading_id)
    return case_page(reading_id, {"popraw": form})


@console.post("/odczyty/<uuid:reading_id>/wymiana")
def replace_meter(reading_id: UUID) -> Response | tuple[str, int]:
    """The meter was replaced: what came later is the new one's."""
    form = Form.of_request()
    wanted = _replacement(form, reading_id)
    if wanted is None:
        return case_page(reading_id, {"wymiana": form})
    try:
        done = call(clients().billing.meters.ReplaceMeter, wanted)
    except Refusal as refusal:
        refuse_at(form, refusal, {}, fields=REPLACEMENT_FIELDS)
        return case_page(reading_id, {"wymiana": form})
    say_replaced(done)
    return _carry_on(reading_id)


def say_replaced(done: meters_pb2.ReplaceMeterResponse) -> None:
    """Tell which meter stands there now, and what became of the readings."""
    notices.ok(
        _(
            "Meter %(number)s is in the place of the old one.",
            number=digits_grouped(done.new_meter.serial_number),
        ),
        ngettext(
            "%(num)d reading is the new one's now.",
            "%(num)d readings are the new one's now.",
            done.moved_count,
        ),
    )


def _replacement(form: Form, reading_id: UUID) -> meters_pb2.ReplaceMeterRequest | None:
    wanted = read_replacement(form)
    if wanted is None:
        return None
    # Repeated after it was done, the reading is the new meter's: the address names the old one.
    wanted.meter_id = id_of(Form(request.args), "licznik")
    if not wanted.meter_id:
        asked = reading_checks_pb2.GetReadingCaseRequest(reading_id=str(reading_id))
        wanted.meter_id = call(clients().billing.reading_checks.GetReadingCase, asked).meter.meter_id
    return wanted


def read_replacement(form: Form) -> meters_pb2.ReplaceMeterRequest | None:
    """The form of a replacement, but for the old meter; None when something is marked."""
    replaced_on, final = form.day("dzien_wymiany"), form.number("stan_koncowy")
    serial, initial = form.text("numer", length_max=SERIAL_LENGTH_MAX), form.number("stan_poczatkowy")
    digits = form.number("cyfry")
    if digits is not None and digits not in DIGITS:
        form.fail(
            "cyfry", _("Type a number of digits from %(low)d to %(high)d.", low=DIGITS[0], high=DIGITS[-1])
        )
    if form.ok and not form.has_sound_request_id:
        form.stop(_("Open the page anew, please."), status=422)
    if not form.ok or replaced_on is None or final is None or initial is None or digits is None:
        return None
    return meters_pb2.ReplaceMeterRequest(
        replaced_on=wire.pack_date(replaced_on),
        final_value=f"{final:f}",
        new_meter_id=form.request_id,
        serial_number=serial,
        digits=int(digits),
        initial_value=f"{initial:f}",
    )


def _said(reading: Any) -> dict[str, str]:
    return {"value": quantity(reading.value, reading.unit), "day": day_short(reading.read_on)}


@console.post("/rozliczenia/<uuid:run_id>/oszacuj/<uuid:meter_id>")
def estimate_parked(run_id: UUID, meter_id: UUID) -> Response:
    """Estimate the last day of a run for a meter that nobody read."""
    found = call(clients().billing.runs.GetBillingRun, runs_pb2.GetBillingRunRequest(run_id=str(run_id)))
    _estimate(meter_id, found.run.period_to)
    return redirect(url_for("console.run_parked", run_id=run_id), code=303)


def _estimate(meter_id: UUID, read_on: Any) -> None:
    wanted = reading_checks_pb2.EstimateReadingRequest(meter_id=str(meter_id), read_on=read_on)
    try:
        reading = call(clients().billing.reading_checks.EstimateReading, wanted).reading
    except (FailedPrecondition, Invalid) as refusal:
        notices.bad(_("The reading was not estimated."), reasons.sentence(refusal))
        return
    notices.ok(_("Estimated: %(value)s on %(day)s.", **_said(reading)))
