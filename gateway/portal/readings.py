"""Handing in a reading: which meter, what it should show by now, the value with an optional photo."""

from datetime import date, timedelta
from uuid import UUID

from ebok.billing.v1 import reading_windows_pb2, readings_pb2
from ebok.identity.v1 import grants_pb2
from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from chassis import wire
from chassis.errors import NotFound, PermissionDenied, Refusal
from gateway.portal import portal
from gateway.web import notices
from gateway.web.amounts import quantity
from gateway.web.calls import call, clients, document
from gateway.web.days import date_of, day, day_weekday, today
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import gettext as _
from gateway.web.reading_forms import CONFIRM, intention, is_confirmed, refuse_reading, window_digits
from gateway.web.sessions import person
from gateway.web.uploads import takes_file

PHOTO_BYTES_MAX = 10 * 1024 * 1024
PHOTO_KINDS = "image/jpeg,image/png,image/webp"
DAYS_TO_CHOOSE_MAX = 14  # Of a longer window the day is typed.


@portal.get("/odczyt")
def readings() -> str | AnyResponse:
    """The meters one can read; where there is but one, straight to it."""
    meters = _meters()
    if len(meters) == 1:
        return redirect(url_for("portal.reading", meter_id=meters[0].meter.meter_id), code=303)
    wanted = [one for one in meters if one.can_submit]
    return render_template(
        "portal/readings/list.html",
        wanted=wanted,
        others=[one for one in meters if not one.can_submit],
        missing=sum(not one.HasField("submitted") for one in wanted),
    )


@portal.route("/odczyt/<uuid:meter_id>", methods=["GET", "POST"])
@takes_file(PHOTO_BYTES_MAX)
def reading(meter_id: UUID) -> tuple[str, int] | AnyResponse:
    """The form of one meter; after it was sent, what became of it."""
    meters = _meters()
    meter = next((one for one in meters if one.meter.meter_id == str(meter_id)), None)
    if meter is None:
        raise NotFound
    form = Form.of_request(initial={"read_on": today().isoformat(), **take_kept()})
    if form.sent:
        if not may_hand_in():
            raise PermissionDenied
        done = _hand_in(form, meter)
        if done is not None:
            return done
    page = render_template(
        "portal/readings/reading.html",
        form=form,
        one=meter,
        days=_days_of(meter.window),
        window_digits=window_digits(meter),
        asked=_asked(form),
        next_one=next(
            (
                other
                for other in meters
                if other.can_submit and not other.HasField("submitted") and other != meter
            ),
            None,
        ),
        photo_kinds=PHOTO_KINDS,
        photo_again=any(one.filename for one in request.files.getlist("photo")),
        several=len(meters) > 1,
    )
    return page, form.status


@portal.get("/odczyt/zdjecie/<uuid:reading_id>")
def reading_photo(reading_id: UUID) -> Response:
    """The photo that came with an own reading."""
    asked = readings_pb2.GetReadingPhotoRequest(customer_id=person().customer_id, reading_id=str(reading_id))
    content = document(clients().billing.readings.GetReadingPhoto, asked).content
    return Response(content, content_type="image/jpeg")


@portal.app_template_global()
def may_hand_in() -> bool:
    """Whether the person may hand in for the selected customer. The service decides; pages leave the form out."""
    grant = person().grant
    return grant is not None and grant.scope == grants_pb2.SCOPE_MANAGE


def _meters() -> list[readings_pb2.ReadableMeter]:
    asked = readings_pb2.ListReadableMetersRequest(customer_id=person().customer_id)
    return list(call(clients().billing.readings.ListReadableMeters, asked).meters)


def _days_of(window: reading_windows_pb2.ReadingWindow) -> list[tuple[str, str]]:
    """The days of a short window up to today, the newest first: `dzisiaj, 24 listopada`; none of a long one."""
    first, last = date_of(window.opens_on), today()
    if first is None or not 0 <= (last - first).days < DAYS_TO_CHOOSE_MAX:
        return []
    days = [last - timedelta(days=back) for back in range((last - first).days + 1)]
    return [(one.isoformat(), _day_word(one)) for one in days]


def _day_word(one: date) -> str:
    if one == today():
        return _("today, %(day)s", day=day(one))
    if one == today() - timedelta(days=1):
        return _("yesterday, %(day)s", day=day(one))
    return day_weekday(one)


def _asked(form: Form) -> str:
    """What the box to tick stands for; empty when nothing is asked."""
    if CONFIRM not in form.errors:
        return ""
    value, read_on = form.number("value"), form.day("read_on")
    return intention(value, read_on) if value is not None and read_on is not None else ""


def _hand_in(form: Form, meter: readings_pb2.ReadableMeter) -> AnyResponse | None:
    """Send what was typed; None when the form comes back with what is wrong."""
    value, read_on = form.number("value"), form.day("read_on")
    photo = form.file("photo", size_max=PHOTO_BYTES_MAX)
    if not form.ok or value is None or read_on is None:
        return None
    wanted = readings_pb2.SubmitReadingRequest(
        customer_id=person().customer_id,
        meter_id=meter.meter.meter_id,
        read_on=wire.pack_date(read_on),
        value=f"{value:f}",
        unusual_confirmed=is_confirmed(form, value, read_on),
        photo=photo[1] if photo else b"",
    )
    try:
        taken = document(clients().billing.readings.SubmitReading, wanted).reading
    except Refusal as refusal:
        refuse_reading(form, refusal, meter, wanted.value, fields={})
        return None
    _tell(taken)
    return redirect(url_for("portal.reading", meter_id=meter.meter.meter_id), code=303)


def _tell(taken: readings_pb2.Reading) -> None:
    value = quantity(taken.value, taken.unit)
    if taken.status == readings_pb2.READING_STATUS_SUBMITTED:
        notices.warn(
            _("Reading saved: %(value)s.", value=value), _("It says more than usual, so we check it first.")
        )
    else:
        notices.ok(_("Reading saved: %(value)s.", value=value), _("We will use it for the next invoice."))
