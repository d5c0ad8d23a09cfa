"""Odłożeni: customers that get no invoice in a run, with the facts in words and the shortest way on."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ebok.billing.v1 import meters_pb2, runs_pb2
from flask import render_template, request, url_for
from flask_babel import LazyString
from flask_login import current_user
from werkzeug.wrappers import Response

from gateway.console import console
from gateway.console.lists import every, moved
from gateway.console.words import commodity_word
from gateway.web.amounts import digits_grouped, quantity, zloty_plain
from gateway.web.calls import at_once, call, clients
from gateway.web.days import day_short
from gateway.web.exports import Table, export
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import page_request
from gateway.web.reasons import words as reason_words

REASONS = (
    "NO_READING",
    "READING_WAITS",
    "USE_UNUSUAL",
    "NO_METER",
    "NO_TARIFF",
    "NO_PRICE",
    "ALREADY_BILLED",
    "TOTALS_DIFFER",
    "NO_ADDRESS",
    "CONTRACT_BROKEN",
)
# A fault of ours rather than of the data: shown as late.
ALARMING = frozenset({"TOTALS_DIFFER"})

FACTS: dict[str, LazyString] = {
    "meter": _l("meter %(value)s"),
    "last_read_on": _l("last reading %(value)s"),
    "read_on": _l("reading of %(value)s"),
    "value": _l("value %(value)s"),
    "tariff": _l("tariff %(value)s"),
    "day": _l("for %(value)s"),
    "point": _l("point %(value)s"),
    "commodity": _l("%(value)s"),
    "invoice": _l("invoice %(value)s"),
    "contract": _l("contract %(value)s"),
    "lines": _l("lines together %(value)s"),
    "total": _l("total %(value)s"),
    "fault": _l("fault %(value)s"),
}
DAYS = frozenset({"last_read_on", "read_on", "day"})
AMOUNTS = frozenset({"lines", "total"})

# Where the clerk mends it: an endpoint of the customer's page, or the tariffs.
WAYS: dict[str, tuple[str, LazyString, str]] = {
    "NO_READING": ("console.customer_readings", _l("Readings"), "speedometer2"),
    "READING_WAITS": ("console.customer_readings", _l("Readings"), "speedometer2"),
    "USE_UNUSUAL": ("console.customer_readings", _l("Readings"), "speedometer2"),
    "NO_METER": ("console.customer_contracts", _l("Contracts"), "file-earmark-text"),
    "CONTRACT_BROKEN": ("console.customer_contracts", _l("Contracts"), "file-earmark-text"),
    "NO_TARIFF": ("console.tariffs", _l("Tariffs"), "tags"),
    "NO_PRICE": ("console.tariffs", _l("Tariffs"), "tags"),
    "ALREADY_BILLED": ("console.customer_invoices", _l("Invoices"), "receipt"),
    "TOTALS_DIFFER": ("console.customer_contracts", _l("Contracts"), "file-earmark-text"),
    "NO_ADDRESS": ("console.customer", _l("Customer's data"), "person-vcard"),
}


def facts_in_words(reason: str, facts: Mapping[str, str]) -> str:
    """„wodomierz 88 104 612, ostatni odczyt 31 sierpnia”; for unusual use what was used against what is usual."""
    if reason == "USE_UNUSUAL" and {"used", "usual", "unit"} <= facts.keys():
        return _(
            "%(used)s, usually %(usual)s, meter %(meter)s",
            used=quantity(facts["used"], facts["unit"]),
            usual=quantity(facts["usual"], facts["unit"]),
            meter=digits_grouped(facts.get("meter")),
        )
    if reason == "NO_READING" and "last_read_on" not in facts:
        return _("meter %(meter)s, never read", meter=digits_grouped(facts.get("meter")))
    said = [str(FACTS[name]) % {"value": _value(name, facts[name])} for name in FACTS if facts.get(name)]
    return ", ".join(said)


def _value(name: str, value: str) -> str:
    if name in DAYS:
        said = day_short(value)
        return value if said == "–" else said
    if name in AMOUNTS and value.lstrip("-").isdigit():
        return zloty_plain(int(value))
    if name == "commodity":
        number = getattr(meters_pb2, f"COMMODITY_{value.upper()}", None)
        return commodity_word(number).lower() if number else value
    if name == "meter":
        return digits_grouped(value)
    return quantity(value) if name == "value" else value


def way_on(parked: runs_pb2.Parked) -> tuple[str, str, str] | None:
    """Address, word and icon of the page where it is mended."""
    found = WAYS.get(parked.reason)
    if found is None:
        return None
    endpoint, word, icon = found
    if parked.facts.get("reading_id") and current_user.may("billing.readings.check"):
        return url_for("console.reading_case", reading_id=parked.facts["reading_id"]), _("Decide"), icon
    about: dict[str, Any] = {} if endpoint == "console.tariffs" else {"customer_id": parked.customer_id}
    return url_for(endpoint, **about), str(word), icon


def reason_tabs(run: runs_pb2.BillingRun, endpoint: str, chosen: str) -> list[tuple[Any, ...]]:
    """The views by reason with their counts, all first, the most frequent next."""
    counts = sorted(run.parked_by_reason.items(), key=lambda pair: (-pair[1], pair[0]))
    tabs: list[tuple[Any, ...]] = [
        (_("Everybody"), url_for(endpoint, run_id=run.run_id), not chosen, quantity(run.parked_count))
    ]
    for reason, count in counts:
        address = url_for(endpoint, run_id=run.run_id, powod=reason)
        tabs.append((reason_words(reason), address, chosen == reason, quantity(count), reason in ALARMING))
    return tabs


def chosen_reason(form: Form) -> str:
    """The reason in the address, when it is one."""
    return form.choice("powod", REASONS, required=False)


def parked_request(run_id: UUID, reason: str) -> runs_pb2.ListParkedRequest:
    """The parked of a run, for one reason or all."""
    return runs_pb2.ListParkedRequest(run_id=str(run_id), reason=reason)


@console.get("/rozliczenia/<uuid:run_id>/odlozeni")
def run_parked(run_id: UUID) -> tuple[str, int]:
    """The whole list, page by page."""
    form = Form(request.args)
    reason = chosen_reason(form)
    wanted = parked_request(run_id, reason)
    wanted.page.CopyFrom(page_request())
    stub = clients().billing.runs
    found, listed = at_once(
        (stub.GetBillingRun, runs_pb2.GetBillingRunRequest(run_id=str(run_id))), (stub.ListParked, wanted)
    )
    page = render_template(
        "console/runs/parked.html",
        run=found.run,
        parked=listed.parked,
        tabs=reason_tabs(found.run, "console.run_parked", reason),
        reason=reason,
        links=moved(listed.page, "console.run_parked", run_id=run_id, powod=reason or None),
        form=form,
    )
    return page, form.status


@console.get("/rozliczenia/<uuid:run_id>/odlozeni.<any(csv, xlsx):kind>")
def run_parked_export(run_id: UUID, kind: str) -> Response:
    """The parked, for one reason or all, as a file."""
    form = Form(request.args)
    stub = clients().billing.runs
    found = call(stub.GetBillingRun, runs_pb2.GetBillingRunRequest(run_id=str(run_id))).run
    listed = every(stub.ListParked, parked_request(run_id, chosen_reason(form)), "parked")
    head = [_("Customer number"), _("Customer"), _("Reason"), _("Facts")]
    rows = (
        [
            one.customer_number,
            one.customer_name,
            reason_words(one.reason),
            facts_in_words(one.reason, one.facts),
        ]
        for one in listed
    )
    return export([Table(_("Parked"), head, rows)], name=f"odlozeni-{found.name}", kind=kind)


for _words in (facts_in_words, way_on):
    console.add_app_template_global(_words)
