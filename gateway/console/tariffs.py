"""Taryfy: price lists and their versions, drafted, compared, published."""

from typing import Any
from uuid import UUID

from ebok.billing.v1 import tariffs_pb2
from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from chassis import wire
from chassis.errors import NotFound, PermissionDenied, Refusal
from gateway.console import console
from gateway.console import tariff_forms as forms
from gateway.console.inputs import refuse_at
from gateway.console.tariff_words import (
    compare,
    example,
    sentences,
    share_in_percent,
    standing,
    version_before,
)
from gateway.console.words import COMMODITIES
from gateway.web import notices, reasons
from gateway.web.calls import at_once, call, clients
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

CODE_LENGTH_MAX = 20
TARIFF_NAME_LENGTH_MAX = 120
CHANGE = "billing.tariffs.change"

reasons.say_fields(
    {
        "ONLY_FOR_RATIO": _l(
            "This is for a share of another commodity only: clear it, or choose that way of charging."
        ),
        "SAME": _l("Choose another commodity than the component's own."),
        "REPEATED": _l("The same component is there twice."),
        "TOO_PRECISE": _l("At most six decimal places."),
    }
)


@console.get("/taryfy")
def tariffs() -> str:
    """All tariffs with their versions."""
    found = call(clients().billing.tariffs.ListTariffs, tariffs_pb2.ListTariffsRequest())
    return render_template("console/tariffs/list.html", tariffs=found.tariffs, standing=standing)


@console.route("/taryfy/nowa", methods=["GET", "POST"])
def new_tariff() -> Response | tuple[str, int]:
    """A draft: the next version of a tariff, copied from the one before, or the first of a new tariff."""
    if not current_user.may(CHANGE):
        raise PermissionDenied
    stub = clients().billing.tariffs
    form = Form.of_request(initial={"code": request.args.get("kod", "")[:CODE_LENGTH_MAX], **take_kept()})
    if form.sent:
        wanted = _read_new(form)
        if wanted is not None:
            try:
                version = call(stub.CreateTariffVersion, wanted).tariff_version
            except Refusal as refusal:
                fields = {"tariff_code": "code", "tariff_name": "name"}
                refuse_at(form, refusal, {"TARIFF_VERSION_EXISTS": "valid_from"}, fields=fields)
            else:
                notices.ok(_("The draft is there."), _("Nobody is charged by it until it is published."))
                address = url_for("console.tariff", tariff_version_id=version.tariff_version_id)
                return redirect(address, code=303)
    known = call(stub.ListTariffs, tariffs_pb2.ListTariffsRequest()).tariffs
    chosen = next((one for one in known if one.code == form.value("code")), None)
    page = render_template("console/tariffs/new.html", form=form, tariffs=known, chosen=chosen)
    return page, form.status


def _read_new(form: Form) -> tariffs_pb2.CreateTariffVersionRequest | None:
    code = form.text("code", length_max=CODE_LENGTH_MAX)
    name = form.text("name", required=False, length_max=TARIFF_NAME_LENGTH_MAX)
    day = form.day("valid_from")
    decision = form.text("decision", required=False, length_max=forms.DECISION_LENGTH_MAX)
    source = form.text("source", required=False, length_max=forms.SOURCE_LENGTH_MAX)
    if not form.ok or day is None:
        return None
    return tariffs_pb2.CreateTariffVersionRequest(
        tariff_version_id=form.request_id,
        tariff_code=code,
        tariff_name=name,
        valid_from=wire.pack_date(day),
        decision=decision,
        source=source,
    )


@console.route("/taryfy/<uuid:tariff_version_id>", methods=["GET", "POST"])
def tariff(tariff_version_id: UUID) -> Response | tuple[str, int]:
    """A version: a draft to change, a published one to read."""
    if request.method == "GET":
        kept = take_kept()
        return _version_page(tariff_version_id, Form(MultiDict(kept)) if kept else None, Form())
    typed, moved = forms.rearranged(request.form)
    form = Form(typed)
    if not moved:
        wanted = forms.read_draft(form, str(tariff_version_id))
        if wanted is not None:
            try:
                call(clients().billing.tariffs.UpdateTariffVersion, wanted)
            except Refusal as refusal:
                forms.refuse_draft(form, refusal)
            else:
                notices.ok(_("The draft is saved."))
                address = url_for("console.tariff", tariff_version_id=tariff_version_id)
                return redirect(address, code=303)
    return _version_page(tariff_version_id, form, Form())


def _version_page(tariff_version_id: UUID, form: Form | None, publishing: Form) -> tuple[str, int]:
    """The page with the draft's form as typed, or as it is kept."""
    stub = clients().billing.tariffs
    found, known = at_once(
        (
            stub.GetTariffVersion,
            tariffs_pb2.GetTariffVersionRequest(tariff_version_id=str(tariff_version_id)),
        ),
        (stub.ListTariffs, tariffs_pb2.ListTariffsRequest()),
    )
    version = found.tariff_version
    own = next((one for one in known.tariffs if one.tariff_id == version.tariff_id), None)
    if own is None:
        raise NotFound
    before = version_before(version, own.versions)
    draft = version.status == tariffs_pb2.TARIFF_VERSION_STATUS_DRAFT
    form = form or Form(initial=forms.initial_of(version))
    rows, gone = compare(version, before)
    page = render_template(
        "console/tariffs/version.html",
        version=version,
        tariff=own,
        before=before,
        standing=standing,
        editable=draft and current_user.may(CHANGE),
        draft=draft,
        form=form,
        publishing=publishing,
        rows=rows,
        gone=gone,
        sentences=sentences(version),
        example=example(version, before),
        percent_of=share_in_percent,
        **_form_rows(form, before),
    )
    return page, max(form.status, publishing.status)


def _form_rows(form: Form, before: Any) -> dict[str, Any]:
    """What the table of the form shows beside its fields."""
    numbers = range(forms.row_count(form))
    prices = (
        {(one.name.strip().casefold(), str(one.commodity)): one for one in before.components}
        if before
        else {}
    )
    return {
        "numbers": numbers,
        "before_of": {
            number: prices.get(
                (form.value(f"name-{number}").strip().casefold(), form.value(f"commodity-{number}"))
            )
            for number in numbers
        },
        "bad_rows": forms.bad_rows(form, numbers),
        "commodities": [(str(number), word) for number, word in COMMODITIES.items()],
        "vat_rates": forms.VAT_RATES,
        "units": forms.UNITS,
    }


@console.route("/taryfy/<uuid:tariff_version_id>/opublikuj", methods=["GET", "POST"])
def publish_tariff(tariff_version_id: UUID) -> Response | tuple[str, int]:
    """Let the saved draft count, after its code was typed. Opened by itself it leads to the version."""
    back = redirect(url_for("console.tariff", tariff_version_id=tariff_version_id), code=303)
    form = Form.of_request()
    if not form.sent:
        return back
    stub = clients().billing.tariffs
    code = form.text("code", length_max=CODE_LENGTH_MAX)
    wanted = tariffs_pb2.GetTariffVersionRequest(tariff_version_id=str(tariff_version_id))
    version = call(stub.GetTariffVersion, wanted).tariff_version
    if form.ok and code.casefold() != version.tariff_code.casefold():
        form.fail("code", _("This is not the code of this tariff."))
    if form.ok:
        asked = tariffs_pb2.PublishTariffVersionRequest(tariff_version_id=str(tariff_version_id))
        try:
            call(stub.PublishTariffVersion, asked)
        except Refusal as refusal:
            refuse_at(form, refusal, {}, fields={})
        else:
            notices.ok(_("The version is published."), _("From now on it is only read."))
            return back
    return _version_page(tariff_version_id, None, form)


@console.post("/taryfy/<uuid:tariff_version_id>/usun")
def delete_tariff(tariff_version_id: UUID) -> Response:
    """Throw a draft away."""
    wanted = tariffs_pb2.DeleteTariffVersionRequest(tariff_version_id=str(tariff_version_id))
    call(clients().billing.tariffs.DeleteTariffVersion, wanted)
    notices.ok(_("The draft is deleted."))
    return redirect(url_for("console.tariffs"), code=303)
