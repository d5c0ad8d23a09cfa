"""Rozliczenia: billing runs from the first date to the last invoice."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from ebok.billing.v1 import runs_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from flask import jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chassis import wire
from chassis.errors import Refusal
from gateway.console import console
from gateway.console.histograms import histogram
from gateway.console.inputs import refuse_at
from gateway.console.lists import moved
from gateway.console.parked import chosen_reason, parked_request, reason_tabs
from gateway.web import notices, reasons
from gateway.web.amounts import quantity
from gateway.web.brand import provider
from gateway.web.calls import at_once, call, clients
from gateway.web.days import month_year, today
from gateway.web.filters import capital
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import page_links, page_request

NAME_LENGTH_MAX = 120
PAYMENT_DAYS_DEFAULT = 14
PAYMENT_DAYS = range(1, 91)
UNDER_WAY = (runs_pb2.RUN_STATUS_CALCULATING, runs_pb2.RUN_STATUS_ISSUING)
COUNT_MAX = 10**12

reasons.say(
    {
        "RUN_OVERLAPS": _l(
            "Another open run, “%(name)s”, covers some of these days. Issue or discard it first."
        ),
        "INVOICE_COUNT_DIFFERS": _l("The number you typed is not the number of invoices in this run."),
        "PROVIDER_UNKNOWN": _l("The provider's settings are missing, so the invoices would name no seller."),
        "RUN_DIFFERS": _l("This form was already used for another run. Open it anew."),
    }
)


def _last_month() -> tuple[date, date]:
    end = today().replace(day=1) - timedelta(days=1)
    return end.replace(day=1), end


def _defaults(newest: Any) -> dict[str, str]:
    """Last month, called as people call it, with the payment days of the run before."""
    first, end = _last_month()
    line = capital(provider().provider_line or _("Billing run"))
    return {
        "name": f"{line}, {month_year(first)}"[:NAME_LENGTH_MAX],
        "od": first.isoformat(),
        "do": end.isoformat(),
        "dni": str(newest[0].payment_days if newest else PAYMENT_DAYS_DEFAULT),
    }


@console.route("/rozliczenia", methods=["GET", "POST"])
def runs() -> Response | tuple[str, int]:
    """All runs, and the form of a new one."""
    form = Form.of_request()
    if form.sent:
        run_id = _create(form)
        if run_id:
            return redirect(url_for("console.run", run_id=run_id), code=303)
    wanted = runs_pb2.ListBillingRunsRequest(page=page_request())
    found = call(clients().billing.runs.ListBillingRuns, wanted)
    if not form.sent:
        form = Form(initial={**_defaults(found.runs), **take_kept()})
    links = page_links(found.page)
    return render_template("console/runs/list.html", runs=found.runs, links=links, form=form), form.status


def _create(form: Form) -> str:
    """Start a run; answers its id, or marks the form."""
    name = form.text("name", length_max=NAME_LENGTH_MAX)
    first, end = form.day("od"), form.day("do")
    days = _whole(form, "dni")
    if days is not None and days not in PAYMENT_DAYS:
        form.fail("dni", _("Type a number of days from %(low)d to %(high)d.", low=1, high=90))
    if first and end and end < first:
        form.fail("do", _("This day is before the first one."))
    if not form.ok or first is None or end is None or days is None:
        return ""
    wanted = runs_pb2.CreateBillingRunRequest(
        run_id=form.request_id,
        name=name,
        period_from=wire.pack_date(first),
        period_to=wire.pack_date(end),
        payment_days=days,
    )
    try:
        run = call(clients().billing.runs.CreateBillingRun, wanted).run
    except Refusal as refusal:
        fields = {"period_from": "od", "period_to": "do", "payment_days": "dni"}
        refuse_at(form, refusal, {"PERIOD_IN_FUTURE": "do"}, fields=fields)
        return ""
    notices.ok(_("The run has started."), _("Nothing is issued until somebody issues it here."))
    return str(run.run_id)


def _whole(form: Form, name: str) -> int | None:
    number = form.number(name)
    if number is None:
        return None
    if number != number.to_integral_value() or abs(number) > COUNT_MAX:
        form.fail(name, _("Type a whole number."))
        return None
    return int(number)


@console.get("/rozliczenia/<uuid:run_id>")
def run(run_id: UUID) -> tuple[str, int]:
    """Where the run stands: steps, figures, progress, the parked, how bills change, the decision."""
    return _run_page(run_id, Form())


def _run_page(run_id: UUID, form: Form) -> tuple[str, int]:
    stub = clients().billing.runs
    filters = Form(request.args)
    reason = chosen_reason(filters)
    wanted = parked_request(run_id, reason)
    wanted.page.CopyFrom(PageRequest(page_size=20))
    found, listed = at_once(
        (stub.GetBillingRun, runs_pb2.GetBillingRunRequest(run_id=str(run_id))), (stub.ListParked, wanted)
    )
    page = render_template(
        "console/runs/run.html",
        run=found.run,
        under_way=found.run.status in UNDER_WAY,
        parked=listed.parked,
        tabs=reason_tabs(found.run, "console.run", reason),
        reason=reason,
        links=moved(listed.page, "console.run_parked", run_id=run_id, powod=reason or None),
        histogram=histogram(found.run.changes),
        form=form,
    )
    return page, form.status


@console.get("/rozliczenia/<uuid:run_id>/postep")
def run_progress(run_id: UUID) -> Response:
    """For the bar that moves by itself."""
    wanted = runs_pb2.GetBillingRunRequest(run_id=str(run_id))
    found = call(clients().billing.runs.GetBillingRun, wanted).run
    done, total = found.done_count, found.customer_count
    return jsonify(
        done=done,
        total=total,
        line=_("%(done)s of %(total)s", done=quantity(done), total=quantity(total)),
        finished=found.status not in UNDER_WAY,
    )


@console.route("/rozliczenia/<uuid:run_id>/wystaw", methods=["GET", "POST"])
def issue_run(run_id: UUID) -> Response | tuple[str, int]:
    """Issue all drafts, after the number was typed. Opened by itself it leads to the run."""
    back = redirect(url_for("console.run", run_id=run_id), code=303)
    form = Form.of_request()
    if not form.sent:
        return back
    count = _whole(form, "count")
    if count is not None and count < 1:
        form.fail("count", str(reasons.REASONS["INVOICE_COUNT_DIFFERS"]))
    if form.ok and count is not None:
        wanted = runs_pb2.IssueBillingRunRequest(run_id=str(run_id), invoice_count=count)
        try:
            call(clients().billing.runs.IssueBillingRun, wanted)
        except Refusal as refusal:
            refuse_at(form, refusal, {"INVOICE_COUNT_DIFFERS": "count"}, fields={"invoice_count": "count"})
        else:
            notices.ok(_("The invoices are being issued."), _("E-mails follow by themselves."))
            return back
    return _run_page(run_id, form)


@console.post("/rozliczenia/<uuid:run_id>/przelicz")
def recalculate_run(run_id: UUID) -> Response:
    """Calculate once more, after data were mended."""
    wanted = runs_pb2.RecalculateBillingRunRequest(run_id=str(run_id))
    call(clients().billing.runs.RecalculateBillingRun, wanted)
    notices.ok(_("The run is being calculated again."))
    return redirect(url_for("console.run", run_id=run_id), code=303)


@console.post("/rozliczenia/<uuid:run_id>/porzuc")
def discard_run(run_id: UUID) -> Response:
    """Throw the run and its drafts away."""
    call(clients().billing.runs.DiscardBillingRun, runs_pb2.DiscardBillingRunRequest(run_id=str(run_id)))
    notices.ok(_("The run is discarded."), _("No invoice was issued in it. These days can be billed anew."))
    return redirect(url_for("console.runs"), code=303)
