"""Zwroty: giving a payment back, whole or in part, with a reason and the sum typed once more."""

from uuid import UUID

from ebok.common.v1.money_pb2 import Money
from ebok.payments.v1 import payments_pb2, refunds_pb2
from flask import abort, redirect, url_for
from werkzeug.wrappers import Response

from chassis.errors import (
    Conflict,
    Invalid,
    NotFound,
    PermissionDenied,
    Refusal,
    Unauthenticated,
    Unavailable,
)
from gateway.console import console
from gateway.console.payments import payment_page
from gateway.web import notices, reasons
from gateway.web.amounts import zloty_plain
from gateway.web.calls import call, clients, config
from gateway.web.forms import Form
from gateway.web.languages import gettext as _

WHOLE, PART = "calosc", "czesc"
REASON_LENGTH_MIN, REASON_LENGTH_MAX = 3, 500


@console.post("/klienci/<uuid:customer_id>/platnosci/<uuid:payment_id>/zwrot")
def refund_payment(customer_id: UUID, payment_id: UUID) -> Response | tuple[str, int]:
    """Order the refund; what is wrong is said in the form, with everything that was typed."""
    form = Form.of_request()
    if not form.has_sound_request_id:
        abort(400)
    asked = payments_pb2.GetPaymentRequest(customer_id=str(customer_id), payment_id=str(payment_id))
    payment = call(clients().payments.payments.GetPayment, asked).payment
    wanted = _read(form, payment)
    if wanted is None or not _order(form, wanted):
        return payment_page(customer_id, payment_id, form)
    return redirect(url_for("console.payment", customer_id=customer_id, payment_id=payment_id), code=303)


def _read(form: Form, payment: payments_pb2.Payment) -> refunds_pb2.RefundPaymentRequest | None:
    """What is to be given back; None when something in the form is wrong."""
    how = form.choice("ile", (WHOLE, PART))
    typed = form.money("kwota", required=how == PART)
    reason = form.text("powod", length_max=REASON_LENGTH_MAX)
    if reason and len(reason) < REASON_LENGTH_MIN:
        form.fail("powod", reasons.field_sentence("TOO_SHORT"))
    confirmed = form.money("suma")
    if not form.ok:
        return None
    left = payment.amount.grosze - payment.refunded.grosze
    grosze = typed if how == PART else left
    if confirmed != grosze:
        form.fail("suma", _("This is not the sum above: it is %(amount)s.", amount=zloty_plain(grosze)))
        return None
    return refunds_pb2.RefundPaymentRequest(
        payment_id=payment.payment_id,
        request_id=form.request_id,
        amount=Money(grosze=grosze),
        reason=reason,
    )


def _order(form: Form, wanted: refunds_pb2.RefundPaymentRequest) -> bool:
    try:
        refund = call(
            clients().payments.refunds.RefundPayment, wanted, timeout_s=config().document_timeout_s
        ).refund
    except Refusal as refusal:
        _refuse(form, refusal)
        return False
    amount = zloty_plain(refund.amount)
    if refund.status == refunds_pb2.REFUND_STATUS_FAILED:
        notices.bad(
            _("The operator refused the refund of %(amount)s.", amount=amount), _("Nothing was given back.")
        )
    elif refund.status == refunds_pb2.REFUND_STATUS_UNKNOWN:
        notices.warn(
            _("Nobody knows yet whether %(amount)s were given back.", amount=amount),
            _("The operator is asked until it is known. Do not order it a second time."),
        )
    else:
        notices.ok(
            _("The refund of %(amount)s is ordered.", amount=amount),
            _("The customer gets a mail when it is done."),
        )
    return True


def _refuse(form: Form, refusal: Refusal) -> None:
    """Say a refusal where it belongs; what is wrong with the person or the address becomes an error page."""
    if isinstance(refusal, PermissionDenied | NotFound | Unauthenticated):
        raise refusal
    if refusal.reason == "REFUND_TOO_LARGE":
        form.fail("kwota" if form.value("ile") == PART else "ile", reasons.sentence(refusal))
    elif isinstance(refusal, Unavailable):
        again = _(
            "The operator did not answer. You can press the button again, it will not be given back twice."
        )
        form.stop(again, status=503)
    elif isinstance(refusal, Conflict):
        form.renew()
        form.stop(
            _("This form ordered another refund before. To order this one as well, press the button again.")
        )
    elif isinstance(refusal, Invalid):
        form.refuse(refusal, fields={"amount": "kwota", "reason": "powod"})
    else:
        form.stop(reasons.sentence(refusal))
