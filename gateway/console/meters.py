"""Wymiana licznika: another meter takes the place of one, from the meter's own page."""

from uuid import UUID

from ebok.billing.v1 import records_pb2
from flask import redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import PermissionDenied, Refusal
from gateway.console import console
from gateway.console.inputs import refuse_at
from gateway.console.reading_decisions import REPLACEMENT_FIELDS, read_replacement, say_replaced
from gateway.web.calls import call, clients
from gateway.web.days import iso, today
from gateway.web.forms import Form
from gateway.web.kept import take_kept

REPLACE = "billing.meters.replace"


@console.route("/kartoteka/liczniki/<uuid:meter_id>/wymiana", methods=["GET", "POST"])
def exchange_meter(meter_id: UUID) -> Response | tuple[str, int]:
    """The last value of the old one, the number and the first value of the new one."""
    if not current_user.may(REPLACE):
        raise PermissionDenied
    asked = records_pb2.GetRecordRequest(kind=records_pb2.RECORD_KIND_METER, record_id=str(meter_id))
    record = call(clients().billing.records.GetRecord, asked).record
    usual = {"dzien_wymiany": iso(today()), "stan_poczatkowy": "0", "cyfry": record.row.meter.digits}
    form = Form.of_request(initial={**usual, **take_kept()})
    wanted = read_replacement(form) if form.sent else None
    if wanted is not None:
        wanted.meter_id = str(meter_id)
        try:
            done = call(clients().billing.meters.ReplaceMeter, wanted)
        except Refusal as refusal:
            refuse_at(form, refusal, {}, fields=REPLACEMENT_FIELDS)
        else:
            say_replaced(done)
            return redirect(url_for("console.meter", meter_id=done.new_meter.meter_id), code=303)
    return render_template("console/records/exchange.html", form=form, record=record), form.status
