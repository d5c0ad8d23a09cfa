"""Okna odczytów: the days on which customers may hand in readings; managers plan them, clerks see them."""

from decimal import Decimal
from uuid import UUID

from ebok.billing.v1 import reading_windows_pb2
from flask import redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis import wire
from chassis.errors import NotFound, PermissionDenied, Refusal
from gateway.console import console
from gateway.console.inputs import refuse_at
from gateway.console.words import COMMODITIES
from gateway.web import notices, reasons
from gateway.web.calls import call, clients
from gateway.web.days import date_of, iso
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

PLAN = "billing.readings.plan"
REMIND_DAYS_MAX = 30
REMIND_DAYS_USUAL = "3"
REPEATS = (
    ("0", _l("never")),
    ("1", _l("every month")),
    ("2", _l("every two months")),
    ("3", _l("every quarter")),
    ("6", _l("every half year")),
    ("12", _l("every year")),
)
FIELDS = {
    "commodity": "medium",
    "opens_on": "od",
    "closes_on": "do",
    "remind_days": "przypomnij",
    "repeat_months": "powtarzaj",
}

reasons.say({"READING_WINDOW_NOT_PLANNED": _l("This window has opened or is over, so it stays as it is.")})
reasons.say_fields(
    {
        "BEFORE_START": _l("The last day is before the first one."),
        "OVERLAPS": _l("Another window of the same meters has these days."),
        "OPEN_ALREADY": _l("The window is open: only its end and what comes after can change."),
    }
)


@console.route("/odczyty/okna", methods=["GET", "POST"])
def reading_windows() -> Response | tuple[str, int]:
    """All windows with what was read in them; beside them a new one."""
    usual = {"przypomnij": REMIND_DAYS_USUAL, "powtarzaj": "0"}
    form = Form.of_request(initial={**usual, **take_kept()})
    if form.sent:
        if not current_user.may(PLAN):
            raise PermissionDenied
        if not form.has_sound_request_id:
            form.stop(_("Open the page anew, please."), status=422)
        elif _save(form, form.request_id):
            notices.ok(_("The window is planned."), _("Customers are told on its first day."))
            return redirect(url_for("console.reading_windows"), code=303)
    page = render_template("console/reading_windows/list.html", windows=_windows(), form=form, **_choices())
    return page, form.status


@console.route("/odczyty/okna/<uuid:window_id>", methods=["GET", "POST"])
def reading_window(window_id: UUID) -> Response | tuple[str, int]:
    """Change a window: of an open one the end and what comes after."""
    if not current_user.may(PLAN):
        raise PermissionDenied
    window = next((one for one in _windows() if one.window_id == str(window_id)), None)
    if window is None:
        raise NotFound
    form = Form.of_request(initial={**_initial(window), **take_kept()})
    if form.sent and _save(form, window.window_id, window):
        notices.ok(_("The window is saved."))
        return redirect(url_for("console.reading_windows"), code=303)
    page = render_template("console/reading_windows/window.html", window=window, form=form, **_choices())
    return page, form.status


@console.post("/odczyty/okna/<uuid:window_id>/usun")
def cancel_reading_window(window_id: UUID) -> Response:
    """Take a planned window back."""
    asked = reading_windows_pb2.CancelReadingWindowRequest(window_id=str(window_id))
    call(clients().billing.reading_windows.CancelReadingWindow, asked)
    notices.ok(_("The window is taken back."))
    return redirect(url_for("console.reading_windows"), code=303)


@console.app_template_filter("repeat_word")
def repeat_word(months: int) -> str:
    """How often a window comes again."""
    return next(
        (str(word) for key, word in REPEATS if key == str(months)), _("every %(num)d months", num=months)
    )


def _windows() -> list[reading_windows_pb2.ReadingWindow]:
    stub = clients().billing.reading_windows
    return list(call(stub.ListReadingWindows, reading_windows_pb2.ListReadingWindowsRequest()).windows)


def _choices() -> dict[str, object]:
    return {
        "commodities": [(str(number), word) for number, word in COMMODITIES.items()],
        "repeats": REPEATS,
    }


def _initial(window: reading_windows_pb2.ReadingWindow) -> dict[str, str]:
    return {
        "medium": str(int(window.commodity)),
        "od": iso(window.opens_on),
        "do": iso(window.closes_on),
        "przypomnij": str(window.remind_days),
        "powtarzaj": str(window.repeat_months),
    }


def _save(form: Form, window_id: str, present: reading_windows_pb2.ReadingWindow | None = None) -> bool:
    """Whether it is saved; else the form says why not. Of an open window the meters and the first day stay."""
    if present is not None and present.status != reading_windows_pb2.READING_WINDOW_STATUS_PLANNED:
        commodity, opens_on = str(int(present.commodity)), date_of(present.opens_on)
    else:
        commodity, opens_on = form.choice("medium", {str(number) for number in COMMODITIES}), form.day("od")
    closes_on = form.day("do")
    remind = form.number("przypomnij", required=False) or Decimal(0)
    repeat = form.choice("powtarzaj", {key for key, _word in REPEATS})
    if remind not in range(REMIND_DAYS_MAX + 1):
        form.fail("przypomnij", reasons.field_sentence("OUT_OF_RANGE"))
    if not form.ok or opens_on is None or closes_on is None:
        return False
    wanted = reading_windows_pb2.SaveReadingWindowRequest(
        window_id=window_id,
        commodity=int(commodity),  # type: ignore[arg-type]
        opens_on=wire.pack_date(opens_on),
        closes_on=wire.pack_date(closes_on),
        remind_days=int(remind),
        repeat_months=int(repeat),
    )
    try:
        call(clients().billing.reading_windows.SaveReadingWindow, wanted)
    except Refusal as refusal:
        refuse_at(form, refusal, {}, fields=FIELDS)
        return False
    return True
