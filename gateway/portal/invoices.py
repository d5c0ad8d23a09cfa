"""Issued invoices: the list, one of them in full, PDFs, one or many."""

import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from ebok.billing.v1 import invoices_pb2 as pb
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.payments.v1 import payments_pb2
from flask import Response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from gateway.portal import portal
from gateway.web import exports, notices
from gateway.web.calls import ahead, call, clients, document, documents
from gateway.web.charts import share_bars
from gateway.web.days import date_of, today
from gateway.web.exports import ROWS_MAX, Table, download, export, zloty_of
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import here, page_links, page_request

PDFS_MAX = 50
PAYMENTS_MAX = 10  # Of one invoice, the newest.
EXPORT_PAGE_SIZE = 100
STATES = {
    "do-zaplaty": (pb.PAID_STATE_DUE, _l("To pay")),
    "po-terminie": (pb.PAID_STATE_OVERDUE, _l("Overdue")),
    "w-czesci": (pb.PAID_STATE_PART_PAID, _l("Paid in part")),
    "oplacone": (pb.PAID_STATE_PAID, _l("Paid")),
}


def _state() -> str:
    wish = request.args.get("stan", "")
    return wish if wish in STATES else ""


def year_asked() -> int:
    """The year in the address; 0 for none or for what is no year."""
    wish = request.args.get("rok", "")
    return int(wish) if wish.isascii() and wish.isdigit() and 1990 <= int(wish[:5]) <= 2200 else 0


def _list_request(page: PageRequest) -> pb.ListInvoicesRequest:
    state = STATES[_state()][0] if _state() else pb.PAID_STATE_UNSPECIFIED
    return pb.ListInvoicesRequest(
        customer_id=current_user.customer_id, paid_state=state, year=year_asked(), page=page
    )


@portal.get("/faktury")
def invoices() -> str:
    """All of them by page, filtered by state and year."""
    answer = call(clients().billing.invoices.ListInvoices, _list_request(page_request()))
    return render_template(
        "portal/invoices/list.html",
        invoices=answer.invoices,
        year_tabs=[(str(year), here(rok=str(year)), year == year_asked()) for year in answer.years],
        links=page_links(answer.page),
        state=_state(),
        year=year_asked(),
        states={name: word for name, (_state_, word) in STATES.items()},
        filtered=bool(_state() or year_asked() or request.args.get("cursor")),
    )


@portal.get("/faktury.<any(csv, xlsx):kind>")
def invoices_export(kind: str) -> Response:
    """The filtered list as a file."""
    head = [
        _("Number"),
        _("Issued"),
        _("Period from"),
        _("Period until"),
        _("Due"),
        _("Net, zł"),
        _("VAT, zł"),
        _("Gross, zł"),
        _("Open, zł"),
        _("Paid on"),
    ]
    rows = (
        [
            one.number,
            date_of(one.issued_on),
            date_of(one.period_from),
            date_of(one.period_to),
            date_of(one.due_on),
            zloty_of(one.total_net),
            zloty_of(one.total_vat),
            zloty_of(one.total_gross),
            zloty_of(one.open_amount),
            date_of(one.paid_on),
        ]
        for one in _all_invoices()
    )
    table = Table(_("Invoices"), head, rows)
    return export([table], name=f"faktury-{_customer_number()}-{today()}", kind=kind)


def _all_invoices() -> Iterator[pb.Invoice]:
    """Page after page of the filtered list, up to the largest file."""
    asked = _list_request(PageRequest(page_size=EXPORT_PAGE_SIZE))
    for _page in range(ROWS_MAX // EXPORT_PAGE_SIZE):
        answer = call(clients().billing.invoices.ListInvoices, asked)
        yield from answer.invoices
        if not answer.page.next_cursor:
            return
        asked.page.cursor = answer.page.next_cursor


@portal.get("/faktury/<uuid:invoice_id>")
def invoice(invoice_id: UUID) -> str:
    """One invoice: what is open, why it differs, lines, VAT, readings, its way, transfer data."""
    asked = pb.GetInvoiceRequest(customer_id=current_user.customer_id, invoice_id=str(invoice_id))
    paid = payments_pb2.ListPaymentsRequest(
        customer_id=current_user.customer_id,
        invoice_id=str(invoice_id),
        page=PageRequest(page_size=PAYMENTS_MAX),
    )
    payments = ahead(clients().payments.payments.ListPayments, paid)
    detail = call(clients().billing.invoices.GetInvoice, asked).detail
    known = payments()
    return render_template(
        "portal/invoices/detail.html",
        detail=detail,
        invoice=detail.invoice,
        bars=_bars(detail.difference) if detail.HasField("difference") else [],
        cause=_cause(detail) if detail.HasField("difference") else "",
        payments=known.payments if known is not None else None,
    )


def _bars(difference: pb.InvoiceDifference) -> list[tuple[str, str]]:
    parts = (difference.previous_total, difference.by_volume, difference.by_price, difference.by_days)
    return share_bars([Decimal(part.grosze) for part in parts])


def _cause(detail: pb.InvoiceDetail) -> str:
    """Which step moved the bill most in its direction: volume, price, days; empty when nothing changed."""
    difference = detail.difference
    more = detail.invoice.total_gross.grosze > difference.previous_total.grosze
    if detail.invoice.total_gross.grosze == difference.previous_total.grosze:
        return ""
    steps = {
        "volume": difference.by_volume.grosze,
        "price": difference.by_price.grosze,
        "days": difference.by_days.grosze,
    }
    return max(steps, key=lambda name: steps[name] if more else -steps[name])


@portal.get("/faktury/<uuid:invoice_id>/pdf")
def invoice_pdf(invoice_id: UUID) -> Response:
    """The document itself."""
    asked = pb.GetInvoicePdfRequest(customer_id=current_user.customer_id, invoice_id=str(invoice_id))
    answer = document(clients().billing.invoices.GetInvoicePdf, asked)
    return download(answer.content, ascii_pdf_name(answer.file_name), "application/pdf")


@portal.get("/faktury/zip")
def invoices_zip() -> Response | AnyResponse:
    """The chosen invoices, or all of the page when the button says so, as one file of PDFs."""
    wanted = list(dict.fromkeys(request.args.getlist("id")))
    if not wanted or len(wanted) > PDFS_MAX:
        if wanted:
            notices.warn(
                _("These are too many at once."), _("Choose at most %(most)d invoices.", most=PDFS_MAX)
            )
        else:
            notices.warn(_("Choose at least one invoice."), _("Tick the ones you need, then press Download."))
        return redirect(url_for("portal.invoices"), code=303)
    asked = pb.GetInvoicePdfsRequest(customer_id=current_user.customer_id, invoice_ids=wanted)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for answer in documents(clients().billing.invoices.GetInvoicePdfs, asked):
            archive.writestr(ascii_pdf_name(answer.file_name), answer.content)
    name = exports.file_name("faktury", _customer_number(), today(), kind="zip")
    return download(out.getvalue(), name, "application/zip")


def ascii_pdf_name(name: str) -> str:
    """The service's file name, fit for a header and a folder."""
    return exports.file_name(name.removesuffix(".pdf"), kind="pdf")


def _customer_number() -> str:
    return current_user.grant.customer_number if current_user.grant else ""
