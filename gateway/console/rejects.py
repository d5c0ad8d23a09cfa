"""A refused row: its fields with what is wrong, to be mended and sent again, or set aside."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ebok.billing.v1 import imports_pb2
from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Invalid, NotFound, PermissionDenied, Refusal
from gateway.console import console
from gateway.console.reject_words import field_word, reject_word
from gateway.web import notices, reasons
from gateway.web.calls import call, clients
from gateway.web.filters import capital
from gateway.web.forms import Form
from gateway.web.languages import gettext as _

MEND = "billing.imports.mend"
VALUE_LENGTH_MAX = 500
OPEN = imports_pb2.REJECT_STATUS_OPEN

# Which message a kind of row is; its fields are the form's, in its order.
ROWS: dict[str, Any] = {
    "customers": imports_pb2.CustomerRow,
    "premises": imports_pb2.PremisesRow,
    "service_points": imports_pb2.ServicePointRow,
    "meters": imports_pb2.MeterRow,
    "contracts": imports_pb2.ContractRow,
    "readings": imports_pb2.ReadingRow,
    "intervals": imports_pb2.IntervalRow,
    "payments": imports_pb2.PaymentRow,
}
# What a row may leave out. Billing judges; this only says so beside the label.
MAY_BE_EMPTY: dict[str, frozenset[str]] = {
    "customers": frozenset(
        {
            "nip",
            "email",
            "phone",
            "address_line",
            "postcode",
            "town",
            "language",
            "e_invoice",
            "account_number",
        }
    ),
    "premises": frozenset({"street", "flat", "postcode"}),
    "service_points": frozenset({"code"}),
    "meters": frozenset({"removed_on", "digits", "unit", "purpose"}),
    "contracts": frozenset({"ends_on", "signed_on"}),
    "readings": frozenset({"external_id", "kind"}),
    "intervals": frozenset({"minutes"}),
    "payments": frozenset({"title", "invoice_number"}),
}


@console.route("/import/<uuid:import_id>/wiersze/<uuid:reject_id>", methods=["GET", "POST"])
def import_row(import_id: UUID, reject_id: UUID) -> tuple[str, int] | Response:
    """The row with its faults at their fields; what was typed stays until it comes in."""
    found = _load(import_id, reject_id)
    if request.method == "GET":
        return _page(found, _refused_form(found.reject))
    if not current_user.may(MEND):
        raise PermissionDenied
    return _settled_before(found) if found.reject.status != OPEN else _resubmit(found, Form.of_request())


def _resubmit(found: imports_pb2.GetRejectResponse, form: Form) -> tuple[str, int] | Response:
    names = _fields(found.reject)
    row = {name: form.text(name, required=False, length_max=VALUE_LENGTH_MAX) for name in names}
    if not form.ok:
        return _page(found, form)
    wanted = imports_pb2.ResubmitRejectRequest(reject_id=found.reject.reject_id, row=row)
    try:
        mended = call(clients().billing.imports.ResubmitReject, wanted).reject
    except Invalid as refusal:
        _say_at_fields(form, refusal)
        return _page(found, form)
    except Refusal as refusal:
        if refusal.reason != "REJECT_SETTLED":
            raise
        return _settled_before(found)
    # Whoever was first has decided what came in.
    if dict(mended.mended_row) != {name: value for name, value in row.items() if value}:
        return _settled_before(found)
    return _next(found, _("The row came in."))


@console.post("/import/<uuid:import_id>/wiersze/<uuid:reject_id>/odloz")
def dismiss_row(import_id: UUID, reject_id: UUID) -> Response:
    """Set the row aside: it is mended at the source, or was never one of ours."""
    found = _load(import_id, reject_id)
    try:
        call(
            clients().billing.imports.DismissReject,
            imports_pb2.DismissRejectRequest(reject_id=str(reject_id)),
        )
    except Refusal as refusal:
        if refusal.reason != "REJECT_SETTLED":
            raise
        return _settled_before(found)
    return _next(found, _("The row is set aside."))


def _load(import_id: UUID, reject_id: UUID) -> imports_pb2.GetRejectResponse:
    """The row, when it is one of this import."""
    wanted = imports_pb2.GetRejectRequest(reject_id=str(reject_id))
    found: imports_pb2.GetRejectResponse = call(clients().billing.imports.GetReject, wanted)
    if found.import_state.import_id != str(import_id):
        raise NotFound
    return found


def _fields(reject: imports_pb2.Reject) -> list[str]:
    """The names of its fields; none of a row whose kind nobody knows."""
    row = ROWS.get(reject.kind)
    return [field.name for field in row.DESCRIPTOR.fields] if row is not None else []


def _refused_form(reject: imports_pb2.Reject) -> Form:
    """As it came, with each fault at its field."""
    form = Form(initial=dict(reject.row))
    names = _fields(reject)
    for reason in reject.reasons:
        if reason.field in names:
            form.errors.setdefault(reason.field, fault_sentence(reason.reason))
        else:
            form.problem = form.problem or fault_sentence(reason.reason)
    return form


def _say_at_fields(form: Form, refusal: Invalid) -> None:
    """Why it would be refused again; what belongs to no field is said above them."""
    for violation in refusal.violations:
        name = violation.field.removeprefix("row.")
        if violation.field.startswith("row.") and name in request.form:
            form.fail(name, fault_sentence(violation.reason))
        else:
            form.stop(fault_sentence(violation.reason), status=422)
    if form.ok:
        form.stop(reasons.sentence(refusal))


def fault_sentence(reason: str) -> str:
    """„Nie da się odczytać.”"""
    return f"{capital(reject_word(reason))}."


def _page(found: imports_pb2.GetRejectResponse, form: Form) -> tuple[str, int]:
    reject = found.reject
    names = _fields(reject)
    page = render_template(
        "console/imports/row.html",
        import_=found.import_state,
        reject=reject,
        next_url=_row_url(found, found.next_reject_id) if found.next_reject_id else "",
        form=form,
        names=names,
        labels={name: field_word(name) for name in names},
        optional=MAY_BE_EMPTY.get(reject.kind, frozenset()),
        waits=reject.status == OPEN and not found.import_state.dry_run,
        length_max=VALUE_LENGTH_MAX,
    )
    return page, form.status


def _row_url(found: imports_pb2.GetRejectResponse, reject_id: str) -> str:
    return url_for("console.import_row", import_id=found.import_state.import_id, reject_id=reject_id)


def _settled_before(found: imports_pb2.GetRejectResponse) -> Response:
    """Somebody else was first: the page says what came of it."""
    notices.info(_("Somebody has dealt with this row already."), _("Below is what came of it."))
    return redirect(_row_url(found, found.reject.reject_id), code=303)


def _next(found: imports_pb2.GetRejectResponse, said: str) -> Response:
    """On to the next one that waits; after the last, back to the import."""
    if found.next_reject_id:
        notices.ok(said, _("This is the next one."))
        return redirect(_row_url(found, found.next_reject_id), code=303)
    notices.ok(said, _("No refused row of this import waits any more."))
    return redirect(url_for("console.import_", import_id=found.import_state.import_id), code=303)


def named(row: Mapping[str, str], kind: str) -> list[tuple[str, str]]:
    """A row's fields in words, in their order; what is none of them at the end."""
    known = ROWS.get(kind)
    order = [field.name for field in known.DESCRIPTOR.fields] if known is not None else []
    names = sorted(row, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [(field_word(name), row[name]) for name in names]


console.add_app_template_global(named, "named_row")
