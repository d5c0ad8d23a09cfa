"""Płatności: what is to pay, what was paid, and each payment's way, told honestly while it is under way."""

from typing import Any
from uuid import UUID

from ebok.billing.v1 import invoices_pb2, ledger_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.payments.v1 import payments_pb2 as pb
from ebok.payments.v1 import refunds_pb2
from flask import Response, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from gateway.portal import portal
from gateway.portal.invoices import ascii_pdf_name
from gateway.portal.payment_words import is_under_way, payment_timeline, unused_of
from gateway.web.calls import ahead, at_once, call, clients, document
from gateway.web.exports import download
from gateway.web.languages import language
from gateway.web.paging import page_links, page_request

# The waiting page looks again after 3, 4, 5 … 15 seconds, and gives up after about four minutes.
LOOK_AGAIN_FIRST_S, LOOK_AGAIN_MOST_S = 3, 15
LOOKS_MAX = 22
PAGE_SIZE = 100  # As many invoices as one answer holds.


@portal.get("/platnosci")
def payments() -> str:
    """What is open, and every payment made here, the newest first."""
    customer_id = current_user.customer_id
    balance, listed = at_once(
        (clients().billing.ledger.GetBalance, ledger_pb2.GetBalanceRequest(customer_id=customer_id)),
        (
            clients().payments.payments.ListPayments,
            pb.ListPaymentsRequest(customer_id=customer_id, page=page_request()),
        ),
    )
    return render_template(
        "portal/payments/list.html",
        balance=balance.balance,
        payments=listed.payments,
        links=page_links(listed.page),
        later_page=bool(request.args.get("cursor")),
    )


@portal.get("/platnosci/<uuid:payment_id>")
def payment(payment_id: UUID) -> str:
    """How it stands, its way, what it paid for, what was given back."""
    return _page(_get(payment_id))


@portal.get("/platnosci/<uuid:payment_id>/dalej")
def payment_onward(payment_id: UUID) -> AnyResponse:
    """On to the operator's page.

    A page of its own and not a redirect of the form: a form may not end at a host that its page's policy does not
    name, however many redirects later, and operators send payers on to hundreds of banks. A page that refreshes at
    once is left by everybody, and the browser's Back skips it.
    """
    found = _get(payment_id)
    if not found.payment.redirect_url:
        return redirect(url_for("portal.payment_return", payment_id=payment_id), code=303)
    if _is_paid_otherwise(found.payment):
        return redirect(url_for("portal.payment", payment_id=payment_id), code=303)
    response = make_response(_page(found, leaving=True))
    response.headers["Refresh"] = f"0; url={found.payment.redirect_url}"
    return response


@portal.get("/platnosci/<uuid:payment_id>/powrot")
def payment_return(payment_id: UUID) -> AnyResponse:
    """Where the operator sends the payer back to; it proves nothing, so the page waits until we know."""
    found = _get(payment_id)
    if not is_under_way(found.payment):
        return redirect(url_for("portal.payment", payment_id=payment_id), code=303)
    look = _look()
    response = make_response(_page(found, waiting=look < LOOKS_MAX))
    if look < LOOKS_MAX:
        again = url_for("portal.payment_return", payment_id=payment_id, raz=look + 1)
        response.headers["Refresh"] = f"{min(LOOK_AGAIN_FIRST_S + look, LOOK_AGAIN_MOST_S)}; url={again}"
    return response


def _look() -> int:
    """How often this page has looked already."""
    wish = request.args.get("raz", "")
    return min(int(wish), LOOKS_MAX) if wish.isascii() and wish.isdigit() and len(wish) < 4 else 0


def _get(payment_id: UUID) -> pb.GetPaymentResponse:
    asked = pb.GetPaymentRequest(customer_id=current_user.customer_id, payment_id=str(payment_id))
    found: pb.GetPaymentResponse = call(clients().payments.payments.GetPayment, asked)
    return found


def _is_paid_otherwise(payment: pb.Payment) -> bool:
    """Whether nothing is open any more of what a payment half-way is for. Billing away, or too many to ask: no."""
    if not payment.redirect_url or unused_of(payment) > 0:
        return False
    if len(payment.shares) > PAGE_SIZE:
        return False
    invoice_ids = {share.invoice_id for share in payment.shares}
    asked = invoices_pb2.ListInvoicesRequest(
        customer_id=current_user.customer_id, invoice_ids=invoice_ids, page=PageRequest(page_size=PAGE_SIZE)
    )
    listed = ahead(clients().billing.invoices.ListInvoices, asked)()
    if listed is None:
        return False
    return {one.invoice_id for one in listed.invoices if one.open_amount.grosze <= 0} == invoice_ids


def _page(found: pb.GetPaymentResponse, **context: Any) -> str:
    refunds = []
    if found.payment.refunded.grosze or any(step.step.startswith("REFUND") for step in found.steps):
        asked = refunds_pb2.ListRefundsRequest(
            customer_id=current_user.customer_id, payment_id=found.payment.payment_id
        )
        refunds = list(call(clients().payments.refunds.ListRefunds, asked).refunds)
    return render_template(
        "portal/payments/payment.html",
        payment=found.payment,
        timeline=payment_timeline(found.payment, found.steps),
        refunds=refunds,
        paid_otherwise=not context.get("leaving") and _is_paid_otherwise(found.payment),
        **context,
    )


@portal.get("/platnosci/<uuid:payment_id>/pdf")
def payment_pdf(payment_id: UUID) -> Response:
    """The confirmation of a payment that was made."""
    asked = pb.GetConfirmationPdfRequest(
        customer_id=current_user.customer_id, payment_id=str(payment_id), language=language()
    )
    answer = document(clients().payments.payments.GetConfirmationPdf, asked)
    return download(answer.pdf, ascii_pdf_name(answer.file_name), "application/pdf")
