"""Import: what came from the provider's own systems, how far it is, and the rows that were refused."""

from uuid import UUID

from ebok.billing.v1 import imports_pb2
from flask import jsonify, redirect, render_template, request, url_for
from google.protobuf.duration_pb2 import Duration
from werkzeug.wrappers import Response

from gateway.console import console
from gateway.console.lists import every, moved
from gateway.console.reject_words import field_word, kind_word, reject_status_word, reject_word
from gateway.web import notices
from gateway.web.amounts import quantity
from gateway.web.calls import at_once, call, clients
from gateway.web.exports import Table, export
from gateway.web.languages import gettext as _
from gateway.web.languages import ngettext
from gateway.web.paging import page_links, page_request

RUNNING = imports_pb2.IMPORT_STATUS_RUNNING


@console.get("/import")
def imports() -> str:
    """All imports, the newest first; above them the watched sources."""
    stub = clients().billing.imports
    found, watched = at_once(
        (stub.ListImports, imports_pb2.ListImportsRequest(page=page_request())),
        (stub.ListFeeds, imports_pb2.ListFeedsRequest()),
    )
    return render_template(
        "console/imports/list.html",
        imports=found.imports,
        feeds=watched.feeds,
        links=page_links(found.page),
    )


@console.get("/import/<uuid:import_id>")
def import_(import_id: UUID) -> str:
    """One import with its counts and its refused rows, all or those that wait."""
    stub = clients().billing.imports
    open_only = request.args.get("wiersze") == "otwarte"
    wanted = imports_pb2.ListRejectsRequest(
        import_id=str(import_id), page=page_request(), open_only=open_only
    )
    found, rejects = at_once(
        (stub.GetImport, imports_pb2.GetImportRequest(import_id=str(import_id))),
        (stub.ListRejects, wanted),
    )
    return render_template(
        "console/imports/import.html",
        import_=found.import_state,
        running=found.import_state.status == RUNNING,
        rejects=rejects.rejects,
        open_only=open_only,
        links=moved(
            rejects.page, "console.import_", import_id=import_id, wiersze="otwarte" if open_only else None
        ),
    )


@console.get("/import/<uuid:import_id>/postep")
def import_progress(import_id: UUID) -> Response:
    """For the bar that moves by itself."""
    wanted = imports_pb2.GetImportRequest(import_id=str(import_id))
    found = call(clients().billing.imports.GetImport, wanted).import_state
    return jsonify(
        done=found.done_count,
        total=found.row_count or found.done_count,
        line=progress_line(found),
        finished=found.status != RUNNING,
    )


def progress_line(found: imports_pb2.Import) -> str:
    """How many of how many; only how many where the connector did not say."""
    done = quantity(found.done_count)
    if not found.row_count:
        return _("%(done)s rows so far", done=done)
    return _("%(done)s of %(total)s", done=done, total=quantity(found.row_count))


@console.get("/import/<uuid:import_id>/odrzucone.<any(csv, xlsx):kind>")
def import_rejects_export(import_id: UUID, kind: str) -> Response:
    """The refused rows with their reasons and the row as it came, to be mended at the source."""
    stub = clients().billing.imports
    found = call(stub.GetImport, imports_pb2.GetImportRequest(import_id=str(import_id))).import_state
    listed = every(stub.ListRejects, imports_pb2.ListRejectsRequest(import_id=str(import_id)), "rejects")
    head = [
        _("Row"),
        _("Kind"),
        _("Id at the provider"),
        _("What is wrong"),
        _("The row as it came"),
        _("What came of it"),
    ]
    rows = (
        [
            one.row_number,
            kind_word(one.kind),
            one.external_id,
            "; ".join(reason_sentence(reason) for reason in one.reasons),
            "; ".join(f"{name}={value}" for name, value in sorted(one.row.items())),
            reject_status_word(one.status),
        ]
        for one in listed
    )
    return export([Table(_("Refused rows"), head, rows)], name=f"odrzucone-{found.source}", kind=kind)


def span_words(span: Duration) -> str:
    """`15 minut`, the largest unit that goes without a rest."""
    seconds = span.seconds
    if seconds % 86_400 == 0:
        return ngettext("%(num)d day", "%(num)d days", seconds // 86_400)
    if seconds % 3_600 == 0:
        return ngettext("%(num)d hour", "%(num)d hours", seconds // 3_600)
    if seconds % 60 == 0:
        return ngettext("%(num)d minute", "%(num)d minutes", seconds // 60)
    return ngettext("%(num)d second", "%(num)d seconds", seconds)


def reason_sentence(reason: imports_pb2.RejectReason) -> str:
    """„dzień odczytu: nie da się odczytać (2026-13-40)”."""
    said = reject_word(reason.reason)
    if reason.field:
        said = f"{field_word(reason.field)}: {said}"
    return f"{said} ({reason.value})" if reason.value else said


@console.post("/import/<uuid:import_id>/przerwij")
def cancel_import(import_id: UUID) -> Response:
    """Stop it after the batch under way."""
    call(clients().billing.imports.CancelImport, imports_pb2.CancelImportRequest(import_id=str(import_id)))
    notices.ok(_("The import is stopped."), _("What came in before stays."))
    return redirect(url_for("console.import_", import_id=import_id), code=303)


for _words in (kind_word, reject_word, field_word, reject_status_word, span_words):
    console.add_app_template_global(_words)
