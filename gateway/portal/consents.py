"""Profil → Zgody: what the customer agrees to, with the text of each, and all that was ever said."""

from ebok.billing.v1 import customers_pb2
from ebok.identity.v1 import consents_pb2 as pb
from flask import make_response, redirect, render_template, url_for
from flask_babel import LazyString
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.portal import portal
from gateway.portal.scopes import may_manage
from gateway.web import notices, reasons
from gateway.web.calls import at_once, call, clients
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import page_links, page_request

# Boxes that are ticked; what each was when the page was made, with the text's version.
GIVEN, SHOWN = "zgoda", "stan"
TEXT_CHANGED: dict[str, LazyString] = {
    "TEXT_CHANGED": _l("The text has changed meanwhile. Read it and choose anew.")
}
reasons.say_fields({**TEXT_CHANGED, "TWICE": _l("Each consent is answered once.")})
reasons.say({"CONSENT_OVERTAKEN": _l("Somebody changed the consents a moment ago. See how they are now.")})


@portal.route("/profil/zgody", methods=["GET", "POST"])
def consents() -> Response:
    """One box for each; only what the customer changed is sent on."""
    customer_id = current_user.customer_id
    found, history, known = at_once(
        (clients().identity.consents.GetConsents, pb.GetConsentsRequest(customer_id=customer_id)),
        (
            clients().identity.consents.ListConsentChanges,
            pb.ListConsentChangesRequest(customer_id=customer_id, page=page_request()),
        ),
        (clients().billing.customers.GetCustomer, customers_pb2.GetCustomerRequest(customer_id=customer_id)),
    )
    now = {one.kind: holds(one, known.customer) for one in found.consents}
    form = Form.of_request(
        initial={GIVEN: [str(kind) for kind, is_on in now.items() if is_on], **take_all_kept()}
    )
    if form.sent and _save(form, found.consents, now):
        return redirect(url_for("portal.consents"), code=303)
    page = render_template(
        "portal/consents/index.html",
        form=form,
        consents=found.consents,
        now=now,
        changes=history.changes,
        links=page_links(history.page),
        may_change=may_manage(),
        given=GIVEN,
        shown=SHOWN,
    )
    return make_response(page, form.status)


def holds(consent: pb.Consent, customer: customers_pb2.Customer) -> bool:
    """Before the customer's first word about e-invoices, what the provider's books say holds."""
    if consent.kind == pb.CONSENT_KIND_E_INVOICE and not consent.HasField("said_at"):
        return bool(customer.e_invoice)
    return bool(consent.is_given)


def _save(form: Form, consents: list[pb.Consent], now: dict[int, bool]) -> bool:
    """What was shown and is another now is a word of the customer; the rest is not looked at."""
    ticked = set(form.values(GIVEN))
    shown = dict(part.split(".", 1) for part in form.values(SHOWN) if part.count(".") == 1)
    choices = [
        pb.ConsentChoice(kind=one.kind, is_given=str(one.kind) in ticked, text_version=one.text_version)
        for one in consents
        if (str(one.kind) in ticked) != now[one.kind]
    ]
    whole = sorted(shown) == sorted(str(one.kind) for one in consents) and len(form.values(SHOWN)) == len(
        shown
    )
    if not whole or any(shown.get(str(one.kind)) != str(one.text_version) for one in choices if one.is_given):
        form.stop(str(TEXT_CHANGED["TEXT_CHANGED"]))
        return False
    if choices:
        wanted = pb.SaveConsentsRequest(customer_id=current_user.customer_id, choices=choices)
        try:
            call(clients().identity.consents.SaveConsents, wanted)
        except Refusal as refusal:
            form.refuse(refusal)
            return False
    notices.ok(_("Your consents are saved."))
    return True
