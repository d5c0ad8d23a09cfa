"""Kartoteka: customers, premises, service points, meters and contracts made and changed, each step leading to the next.

What the provider's own system owns is marked with it and with its age, and is only read unless the settings say so.
"""

import re
from typing import Any
from uuid import UUID, uuid5

from ebok.billing.v1 import records_pb2 as pb
from ebok.common.v1.paging_pb2 import PageRequest
from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Conflict, OutsideArea, PermissionDenied, Refusal
from gateway.console import console
from gateway.console import record_forms as forms
from gateway.console.customers import customer_page, get_customer
from gateway.console.inputs import refuse_at
from gateway.console.record_forms import CONTRACT, CUSTOMER, METER, NOUNS, PREMISES, SERVICE_POINT, Noun
from gateway.console.words import phone_words
from gateway.web import notices, reasons
from gateway.web.amounts import nrb
from gateway.web.calls import at_once, call, clients
from gateway.web.days import day as day_words
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

READ, CHANGE = "billing.records.read", "billing.records.change"
LISTED_MAX = 50
CONFLICT = 409
_REVISION = re.compile(r"[0-9a-f]{64}", re.ASCII)
# Fields of a new record that the page before knows, by their names in the address.
PRESETS = {
    SERVICE_POINT.kind: (("premises_external_id", "lokal"),),
    METER.kind: (("service_point_external_id", "punkt"),),
    CONTRACT.kind: (("customer_external_id", "klient"), ("service_point_external_ids", "punkt")),
}
# The step after each, and the name in its address of what was just made.
NEXT: dict[int, tuple[Noun, str]] = {
    CUSTOMER.kind: (PREMISES, "klient"),
    PREMISES.kind: (SERVICE_POINT, "lokal"),
    SERVICE_POINT.kind: (METER, "punkt"),
    METER.kind: (CONTRACT, "punkt"),
}

reasons.say(
    {
        "RECORD_NOT_FOUND": _l("We cannot find this record."),
        "RECORD_CHANGED": _l(
            "Somebody, or an import, changed it since this page was opened. Look where the fields differ, "
            "and save once more."
        ),
    }
)
reasons.say_fields(
    {
        "OWNED_BY_PROVIDER": _l("The provider's own system decides this. Change it there."),
        "UNKNOWN_PREMISES": _l("There are no such premises."),
        "UNKNOWN_SERVICE_POINT": _l("There is no such service point."),
        "UNKNOWN_TARIFF": _l("There is no such tariff. A manager starts a new one."),
        "ONLY_FOR_COMPANIES": _l("Only companies have a tax number."),
        "BILLED": _l("An issued invoice stands on this. Leave it as it was."),
        "HAS_READINGS": _l(
            "The meter's accepted readings stand on this. Leave it as it was, or replace the meter."
        ),
        "IN_USE": _l("The point has meters or contracts: what it delivers stays."),
    }
)


@console.route("/klienci/nowy", methods=["GET", "POST"])
def new_customer() -> Response | tuple[str, int]:
    """The first step."""
    return _new(CUSTOMER)


@console.route("/klienci/<uuid:customer_id>/dane", methods=["GET", "POST"])
def customer_data(customer_id: UUID) -> Response | tuple[str, int]:
    """A customer's own data, and all that belongs to it."""
    return _record(CUSTOMER, customer_id)


@console.route("/kartoteka/lokale/nowy", methods=["GET", "POST"])
def new_premises() -> Response | tuple[str, int]:
    """An address."""
    return _new(PREMISES)


@console.route("/kartoteka/lokale/<uuid:premises_id>", methods=["GET", "POST"])
def premises(premises_id: UUID) -> Response | tuple[str, int]:
    """An address that is there."""
    return _record(PREMISES, premises_id)


@console.route("/kartoteka/punkty/nowy", methods=["GET", "POST"])
def new_service_point() -> Response | tuple[str, int]:
    """A point at an address."""
    return _new(SERVICE_POINT)


@console.route("/kartoteka/punkty/<uuid:service_point_id>", methods=["GET", "POST"])
def service_point(service_point_id: UUID) -> Response | tuple[str, int]:
    """A point that is there."""
    return _record(SERVICE_POINT, service_point_id)


@console.route("/kartoteka/liczniki/nowy", methods=["GET", "POST"])
def new_meter() -> Response | tuple[str, int]:
    """A meter at a point."""
    return _new(METER)


@console.route("/kartoteka/liczniki/<uuid:meter_id>", methods=["GET", "POST"])
def meter(meter_id: UUID) -> Response | tuple[str, int]:
    """A meter that is there."""
    return _record(METER, meter_id)


@console.route("/kartoteka/umowy/nowa", methods=["GET", "POST"])
def new_contract() -> Response | tuple[str, int]:
    """Who is billed, for what, by which tariff."""
    return _new(CONTRACT)


@console.route("/kartoteka/umowy/<uuid:contract_id>", methods=["GET", "POST"])
def contract(contract_id: UUID) -> Response | tuple[str, int]:
    """A contract that is there."""
    return _record(CONTRACT, contract_id)


def _new(noun: Noun) -> Response | tuple[str, int]:
    if not current_user.may(CHANGE):
        raise PermissionDenied
    if current_user.is_limited:
        raise OutsideArea  # What is new is in no area yet.
    customer_id = _id_in_address("klient")
    form = Form.of_request(initial={**forms.USUAL, **_presets(noun), **take_all_kept()})
    choices = forms.load_choices(form, noun, None, customer_id=customer_id)
    if form.sent and forms.FIND not in request.form:
        row = forms.read_row(form, noun, None, choices)
        if not form.has_sound_request_id:
            form.stop(_("Open the page anew, please."), status=422)
        if form.ok and (saved := _save(form, _id_of(form, noun), "", row)) is not None:
            notices.ok(_("Saved: %(what)s.", what=forms.title_of(saved)))
            return redirect(_way_on(noun, saved, customer_id), code=303)
    page = render_template(
        "console/records/record.html",
        form=form,
        noun=noun,
        record=None,
        customer=_customer(customer_id),
        following=NEXT.get(noun.kind),
        **_words(noun, choices),
    )
    return page, form.status


def _record(noun: Noun, record_id: UUID) -> Response | tuple[str, int]:
    record = _get(noun, record_id)
    customer_id = _id_in_address("klient") or record.customer_id
    form = Form.of_request(
        initial={**forms.initial_of(record), "revision": record.revision, **take_all_kept()}
    )
    may_change = current_user.may(CHANGE) and bool(forms.open_fields(noun, record))
    may_change = may_change and not (noun is CONTRACT and current_user.is_limited)
    choices = forms.load_choices(form, noun, record, customer_id=customer_id) if may_change else {}
    theirs: dict[str, str] = {}
    if form.sent and forms.FIND not in request.form:
        if not may_change:
            raise PermissionDenied
        row = forms.read_row(form, noun, record, choices)
        revision = request.form.get("revision", "")
        if not _REVISION.fullmatch(revision):
            form.stop(_("Open the page anew, please."), status=422)
        if form.ok and _save(form, str(record_id), revision, row) is not None:
            notices.ok(_("Saved: %(what)s.", what=forms.title_of(record)))
            about: dict[str, Any] = {"klient": customer_id} if _id_in_address("klient") else {}
            return redirect(url_for(noun.page, **{noun.argument: record_id, **about}), code=303)
        theirs = _theirs(form, noun, record) if form.status == CONFLICT else {}
    context = {"form": form, "noun": noun, "record": record, "may_change": may_change, "theirs": theirs}
    return _page(noun, record, customer_id, context | _words(noun, choices)), form.status


def _theirs(form: Form, noun: Noun, record: pb.Record) -> dict[str, str]:
    """What is saved now, in the fields in which the form says something else."""
    kept = forms.initial_of(record)
    return {
        one.name: shown(one, record)
        for one in forms.open_fields(noun, record)
        if not one.of and form.value(one.name) != kept[one.name]
    }


def _page(noun: Noun, record: pb.Record, customer_id: str, context: dict[str, Any]) -> str:
    if noun is not CUSTOMER:
        return render_template("console/records/record.html", customer=_customer(customer_id), **context)
    stub, one = clients().billing.records, record.record_id
    kinds = [kind for kind in NOUNS if kind != CUSTOMER.kind]
    found, *listed = at_once(
        get_customer(UUID(one)),
        *(
            (
                stub.SearchRecords,
                pb.SearchRecordsRequest(kind=kind, customer_id=one, page=PageRequest(page_size=LISTED_MAX)),  # type: ignore[arg-type]
            )
            for kind in kinds
        ),
    )
    groups = [(NOUNS[kind], answer.records) for kind, answer in zip(kinds, listed, strict=True)]
    return customer_page("data", found.customer, tab="data", groups=groups, **context)


def _get(noun: Noun, record_id: UUID) -> pb.Record:
    wanted = pb.GetRecordRequest(kind=noun.kind, record_id=str(record_id))  # type: ignore[arg-type]
    record: pb.Record = call(clients().billing.records.GetRecord, wanted).record
    return record


def _save(form: Form, record_id: str, revision: str, row: Any) -> pb.Record | None:
    wanted = pb.SaveRecordRequest(record_id=record_id, revision=revision, row=row)
    try:
        saved: pb.Record = call(clients().billing.records.SaveRecord, wanted).record
    except Conflict as refusal:
        form.stop(reasons.sentence(refusal), status=CONFLICT)
    except Refusal as refusal:
        refuse_at(form, refusal, {}, fields={})
    else:
        return saved
    return None


def _way_on(noun: Noun, saved: pb.Record, customer_id: str) -> str:
    """The next step when that button was pressed; else the record's own page."""
    about: dict[str, Any] = {"klient": customer_id} if customer_id else {}
    following = NEXT.get(noun.kind)
    if "next" in request.form and following is not None:
        step, name = following
        made = saved.references[0].record_id if noun is METER else saved.record_id
        return url_for(step.new, **{**about, name: made})
    if noun is CONTRACT:
        return url_for("console.customer_contracts", customer_id=saved.customer_id)
    if noun is CUSTOMER:
        about = {}
    return url_for(noun.page, **{noun.argument: saved.record_id, **about})


def _id_of(form: Form, noun: Noun) -> str:
    """The id of the record that a form makes, however often it is sent: its own for each kind."""
    return str(uuid5(UUID(form.request_id), noun.message))


def _id_in_address(name: str) -> str:
    """An id of the address, empty when there is none that could be one."""
    try:
        return str(UUID(request.args.get(name, "")))
    except ValueError:
        return ""


def _presets(noun: Noun) -> dict[str, list[str]]:
    return {
        field: request.args.getlist(name)[: forms.CHOSEN_MAX] for field, name in PRESETS.get(noun.kind, ())
    }


def _customer(customer_id: str) -> Any:
    """For the trail; None when it is nobody's page."""
    if not customer_id:
        return None
    method, wanted = get_customer(UUID(customer_id))
    return call(method, wanted).customer


def _words(noun: Noun, choices: dict[str, forms.Choices]) -> dict[str, Any]:
    tariffs = forms.tariff_options() if noun is CONTRACT else []
    return {"choices": choices, "tariffs": tariffs, "shown": shown, "title_of": forms.title_of}


def shown(one: forms.Field, record: pb.Record, text: str | None = None) -> str:
    """A field's value as people read it; `text` for another one than the record's."""
    if one.of and text is None:
        named = [
            f"{other.label} {other.sub_label}".strip()
            for other in record.references
            if other.field == one.name
        ]
        return "; ".join(named) or "–"
    value = getattr(forms.message_of(record), one.name) if text is None else text
    return _value_words(one, value) if value else "–"


def _value_words(one: forms.Field, value: str) -> str:
    if one.of:
        return ", ".join(value.split("\n"))
    if one.kind == "select":
        return str(dict(one.options).get(value, value))
    if one.kind == "date":
        return day_words(value)
    if one.kind == "phone":
        return phone_words(value)
    return nrb(value) if one.name == "account_number" else value
