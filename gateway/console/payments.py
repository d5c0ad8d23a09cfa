"""Płatności: every attempt to pay, the stuck ones first to be seen, and what was exchanged with the operator."""

from typing import Any
from uuid import UUID

from ebok.payments.v1 import payments_pb2 as pb
from ebok.payments.v1 import refunds_pb2
from flask import Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from chassis import wire
from chassis.errors import Invalid, Unavailable
from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.console.documents import pdf_file
from gateway.console.lists import every
from gateway.console.payment_words import STATUS_OPTIONS, payment_steps, status_words
from gateway.portal.payment_words import PROVIDERS, because, provider_word
from gateway.web import notices
from gateway.web.calls import at_once, call, clients, config, document
from gateway.web.days import instant_of, today
from gateway.web.exports import Table, export, zloty_of
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.languages import language
from gateway.web.paging import CURSOR, page_links, page_request

QUERY_LENGTH_MAX = 100


def search_request(form: Form) -> pb.SearchPaymentsRequest:
    """The filters of the address; a faulty one is marked in the form and left out."""
    since, until = form.day("od", required=False), form.day("do", required=False)
    if since and until and until < since:
        form.fail("do", _("This day is before the first one."))
    status = form.choice("stan", STATUS_OPTIONS, required=False)
    return pb.SearchPaymentsRequest(
        query=form.text("q", required=False, length_max=QUERY_LENGTH_MAX)[:QUERY_LENGTH_MAX],
        status=STATUS_OPTIONS.get(status, pb.PAYMENT_STATUS_UNSPECIFIED),
        stuck=form.ticked("utknely"),
        provider=form.choice("operator", PROVIDERS, required=False),
        until=wire.pack_date(until) if until else None,
        **{"from": wire.pack_date(since) if since else None},
    )


@console.get("/platnosci")
def payments() -> tuple[str, int]:
    """The newest first; what is stuck has a view of its own."""
    form = Form(request.args)
    wanted = search_request(form)
    wanted.page.CopyFrom(page_request())
    found = None
    if form.ok:
        try:
            found = call(clients().payments.payments.SearchPayments, wanted)
        except Invalid as refusal:
            if any(violation.field.endswith(CURSOR) for violation in refusal.violations):
                raise
            form.refuse(refusal, fields={"query": "q", "from": "od", "until": "do"})
    if found is not None:
        g.nav_counts = {"payments": found.stuck_count}
    page = render_template(
        "console/payments/list.html",
        form=form,
        found=found,
        links=page_links(found.page) if found else None,
        filtered=bool(request.args),
    )
    return page, form.status


@console.get("/platnosci.<any(csv, xlsx):kind>")
def payments_export(kind: str) -> Response:
    """The filtered list as a file, up to its largest size."""
    wanted = search_request(Form(request.args))
    head = [
        _("Number"),
        _("Started"),
        _("Customer number"),
        _("Amount, zł"),
        _("Given back, zł"),
        _("Status"),
        _("Why"),
        _("Operator"),
        _("Way"),
        _("Operator's number"),
        _("Paid"),
        _("Booked"),
    ]
    rows = (
        [
            one.number,
            _stamp(one.started_at),
            one.customer_number,
            zloty_of(one.amount),
            zloty_of(one.refunded),
            status_words(one),
            because(one.reason),
            provider_word(one.provider),
            one.method_name,
            one.provider_order_id,
            _stamp(one.settled_at),
            _stamp(one.booked_at),
        ]
        for one in every(clients().payments.payments.SearchPayments, wanted, "payments")
    )
    return export([Table(_("Payments"), head, rows)], name=f"platnosci-{today()}", kind=kind)


def _stamp(value: Any) -> str:
    instant = instant_of(value)
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else ""


@console.get("/klienci/<uuid:customer_id>/platnosci")
def customer_payments(customer_id: UUID) -> str:
    """Płatności of a customer, the newest first."""
    wanted = pb.ListPaymentsRequest(customer_id=str(customer_id), page=page_request())
    found, listed = at_once(get_customer(customer_id), (clients().payments.payments.ListPayments, wanted))
    return customer_page(
        "payments",
        found.customer,
        tab="payments",
        payments=listed.payments,
        links=page_links(listed.page),
    )


@console.get("/klienci/<uuid:customer_id>/platnosci/<uuid:payment_id>")
def payment(customer_id: UUID, payment_id: UUID) -> tuple[str, int]:
    """One attempt: how it stands, its way, the messages, refunds."""
    return payment_page(customer_id, payment_id, Form(initial={"ile": "calosc"}))


def payment_page(customer_id: UUID, payment_id: UUID, form: Form) -> tuple[str, int]:
    """The page with the form of a refund in it."""
    service, refunds = clients().payments.payments, clients().payments.refunds
    owned = {"customer_id": str(customer_id), "payment_id": str(payment_id)}
    found, got, exchanged, given = at_once(
        get_customer(customer_id),
        (service.GetPayment, pb.GetPaymentRequest(**owned)),
        (service.ListExchanges, pb.ListExchangesRequest(payment_id=str(payment_id))),
        (refunds.ListRefunds, refunds_pb2.ListRefundsRequest(**owned)),
    )
    one = got.payment
    page = render_template(
        "console/payments/payment.html",
        customer=found.customer,
        payment=one,
        steps=payment_steps(one, got.steps),
        exchanges=exchanged.exchanges,
        refunds=given.refunds,
        left=one.amount.grosze - one.refunded.grosze if one.HasField("settled_at") else 0,
        form=form,
    )
    return page, form.status


@console.post("/klienci/<uuid:customer_id>/platnosci/<uuid:payment_id>/sprawdz")
def check_payment(customer_id: UUID, payment_id: UUID) -> AnyResponse:
    """Ask the operator now."""
    asked = pb.CheckPaymentRequest(payment_id=str(payment_id))
    try:
        one = call(
            clients().payments.payments.CheckPayment, asked, timeout_s=config().document_timeout_s
        ).payment
    except Unavailable:
        notices.warn(
            _("The operator is not answering."),
            _("Nothing was changed. It is asked again by itself; you can try once more in a while."),
        )
    else:
        notices.ok(_("We asked the operator."), _("Status now: %(status)s.", status=status_words(one)))
    return redirect(url_for("console.payment", customer_id=customer_id, payment_id=payment_id), code=303)


@console.get("/klienci/<uuid:customer_id>/platnosci/<uuid:payment_id>/pdf")
def payment_pdf(customer_id: UUID, payment_id: UUID) -> AnyResponse:
    """The confirmation as the customer gets it."""
    wanted = pb.GetConfirmationPdfRequest(
        customer_id=str(customer_id), payment_id=str(payment_id), language=language()
    )
    answer = document(clients().payments.payments.GetConfirmationPdf, wanted)
    return pdf_file(answer.file_name, answer.pdf)
