"""Zapłać: which invoices, how much, how; looked over once more, then on to the operator.

One form is one payment, however often it is sent: its `request_id` goes with it. After Back the page is drawn anew, so
the id of a payment that is still under way is remembered in the session and put into the form again.
"""

from ebok.common.v1.money_pb2 import Money
from ebok.payments.v1 import payments_pb2 as pb
from flask import abort, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from chassis.errors import Conflict, Invalid, PermissionDenied, Refusal, Unavailable
from gateway.portal import portal
from gateway.portal.pay_desks import PayDesk, open_desk
from gateway.portal.payment_words import may_pay
from gateway.web import reasons
from gateway.web.amounts import zloty_plain
from gateway.web.calls import call, clients, config
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import language
from gateway.web.sessions import address

ALL, OWN = "calosc", "inna"
AMOUNTS = (ALL, OWN)
TRANSFER = "przelew"
AMOUNT_LENGTH_MAX = 20
SESSION_KEY = "paying"


class PayingNotGranted(PermissionDenied):
    """Who may only look at an account does not pay for it."""

    reason = "PAYING_NOT_GRANTED"


@portal.route("/zaplac", methods=["GET", "POST"])
def pay() -> Response | tuple[str, int]:
    """The form; sent, it starts a payment and leads on to the operator."""
    if not may_pay():
        raise PayingNotGranted
    if request.method == "GET":
        desk = open_desk()
        return _draw(_opened(desk), desk)
    form = Form.of_request()
    if not form.has_sound_request_id:
        abort(400)
    desk = open_desk()
    ended = _ended_payment(form, desk)
    if ended:
        return redirect(url_for("portal.payment", payment_id=ended), code=303)
    wish = _read(form, desk)
    if wish is None:
        return _draw(form, desk)
    return _start(form, wish) or _draw(form, desk)


def _draw(form: Form, desk: PayDesk) -> tuple[str, int]:
    picked = [one for one in desk.invoices if one.invoice_id in form.values("faktura")]
    total = sum(one.open_amount.grosze for one in picked)
    own = _own_grosze(form)
    page = render_template(
        "portal/payments/pay.html",
        form=form,
        desk=desk,
        picked={one.invoice_id for one in picked},
        total=total,
        shown=total if own is None else own,
        transfer=TRANSFER,
        nothing_left=request.method == "GET" and bool(_named()) and not picked,
    )
    return page, form.status


def _own_grosze(form: Form) -> int | None:
    """The own amount in a form that was opened or sent, when it counts and can be read."""
    if form.value("ile") != OWN:
        return None
    probe = Form(MultiDict({"kwota": form.value("kwota")}))
    return probe.money("kwota", required=False)


# Opening


def _opened(desk: PayDesk) -> Form:
    """What the address names, else all that is open and not on its way already."""
    kept = take_all_kept()
    if kept:
        return Form(initial={name: values for name, values in kept.items() if name != "request_id"})
    asked = _named()
    desk.check_named(asked)
    picked = asked or [one.invoice_id for one in desk.invoices if one.invoice_id not in desk.on_the_way]
    picked = [one.invoice_id for one in desk.invoices if one.invoice_id in picked]
    typed = request.args.get("kwota", "")[:AMOUNT_LENGTH_MAX]
    initial: dict[str, str | list[str]] = {
        "faktura": picked,
        "ile": OWN if typed and not _is_all(typed, picked, desk) else ALL,
        "kwota": typed,
        "sposob": desk.first_method(request.args.get("sposob", "")),
        "request_id": "" if request.args.get("nowa") else _unfinished_request(desk),
    }
    return Form(initial=initial)


def _named() -> list[str]:
    """The invoices in the address: of a link (`faktura`), or ticked in the list of invoices (`id`)."""
    return list(dict.fromkeys(request.args.getlist("faktura") + request.args.getlist("id")))


def _is_all(typed: str, picked: list[str], desk: PayDesk) -> bool:
    """Whether an amount in the address is just what is open."""
    probe = Form(MultiDict({"kwota": typed}))
    total = sum(one.open_amount.grosze for one in desk.invoices if one.invoice_id in picked)
    return probe.money("kwota") == total


def _unfinished_request(desk: PayDesk) -> str:
    """The id of the form behind a payment that this browser began and that is still under way; empty for none."""
    begun = session.get(SESSION_KEY)
    if not isinstance(begun, dict) or begun.get("payment_id") not in desk.repeatable:
        return ""
    return str(begun.get("request_id", ""))


# Sending


def _ended_payment(form: Form, desk: PayDesk) -> str:
    """The payment that this very form began and that has ended by now: its invoices may not be open any more."""
    begun = session.get(SESSION_KEY)
    if not isinstance(begun, dict) or begun.get("request_id") != form.request_id:
        return ""
    payment_id = str(begun.get("payment_id", ""))
    return payment_id if payment_id in desk.ended else ""


def _read(form: Form, desk: PayDesk) -> pb.StartPaymentRequest | str | None:
    """What was asked for; TRANSFER for an ordinary one; None when something in the form is wrong."""
    picked = form.choices("faktura", desk.by_id)
    if set(form.values("faktura")) - desk.by_id.keys():
        form.fail(
            "faktura", _("One of these invoices no longer waits for a payment. Look over what is ticked.")
        )
    mode = form.choice("ile", AMOUNTS)
    own = form.money("kwota", required=mode == OWN)
    method = form.choice("sposob", [*desk.choices, TRANSFER])
    bank = form.choice("bank", [value for value, _name in desk.banks], required=False)
    if not form.ok:
        return None
    if method == TRANSFER:
        return TRANSFER
    grosze = own if mode == OWN else sum(desk.by_id[one].open_amount.grosze for one in picked)
    if form.text("razem", required=False) != str(grosze):
        amount = zloty_plain(grosze)
        form.stop(_("The sum is %(amount)s now. Look it over and press the button once more.", amount=amount))
        return None
    provider, _colon, method_id = (bank if method == desk.banks_choice and bank else method).partition(":")
    return pb.StartPaymentRequest(
        customer_id=current_user.customer_id,
        request_id=form.request_id,
        invoice_ids=[one.invoice_id for one in desk.invoices if one.invoice_id in picked],
        amount=Money(grosze=own) if mode == OWN else None,
        provider=provider,
        method_id=method_id,
        email=current_user.user.email,
        language=language(),
        payer_address=address(),
    )


def _start(form: Form, wish: pb.StartPaymentRequest | str) -> Response | None:
    """Start it, and lead on; None when it was refused and the form says why."""
    if isinstance(wish, str):
        return redirect(url_for("portal.transfer"), code=303)
    try:
        answer = call(clients().payments.payments.StartPayment, wish, timeout_s=config().document_timeout_s)
    except Refusal as refusal:
        return _refused(form, refusal)
    payment = answer.payment
    session[SESSION_KEY] = {"payment_id": payment.payment_id, "request_id": wish.request_id}
    return redirect(url_for("portal.payment_onward", payment_id=payment.payment_id), code=303)


def _refused(form: Form, refusal: Refusal) -> Response | None:
    """What was refused is said in the form; a payment that nobody knows of yet has a page of its own, which waits."""
    begun = refusal.metadata.get("payment_id")
    if isinstance(refusal, Unavailable) and begun:
        return redirect(url_for("portal.payment_return", payment_id=begun), code=303)
    if isinstance(refusal, Unavailable):
        # The same form may be sent again: it is the same payment, begun or not.
        again = _("We did not reach the operator. You can press the button again, it will not pay twice.")
        form.stop(again, status=503)
    elif isinstance(refusal, Conflict):
        form.renew()
        form.stop(
            _(
                "A payment that was begun here, by another way or of another sum, is still under way. "
                "To begin this one as well, press the button again."
            )
        )
    elif isinstance(refusal, Invalid) and any(one.field.startswith("amount") for one in refusal.violations):
        form.fail("kwota" if form.value("ile") == OWN else "ile", _("Pay from 1 zł to 100,000 zł at once."))
    elif isinstance(refusal, Invalid) and any(one.field == "email" for one in refusal.violations):
        form.fail("sposob", _("This operator takes no e-mail address as long as yours. Choose another way."))
    elif isinstance(refusal, PermissionDenied):
        raise refusal
    else:
        form.stop(reasons.sentence(refusal))
    return None
