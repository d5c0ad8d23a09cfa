"""Which customers the user acts for: adding one by proof, and choosing among them."""

import re

from ebok.common.v1.money_pb2 import Money
from ebok.identity.v1 import grants_pb2, sessions_pb2
from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.portal import portal
from gateway.web import notices
from gateway.web.calls import as_gateway, call, clients
from gateway.web.days import day_brief
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import gettext as _
from gateway.web.paging import address
from gateway.web.sessions import person

NUMBER_LENGTH_MAX = 40
INVOICE_NUMBER_LENGTH_MAX = 60
_SPACES = re.compile(r"\s+")


@portal.app_context_processor
def _give_switcher() -> dict[str, object]:
    """For the layout: the customers of whoever is logged in."""
    whose = person()
    if request.blueprint != "portal" or not whose.is_authenticated or not whose.customer_id:
        return {}
    items = [
        {
            "customer_id": one.customer_id,
            "label": one.premises_label.partition(",")[0].removeprefix("ul. ") or one.customer_name,
            "detail": _detail(one),
            "current": one.customer_id == whose.customer_id,
        }
        for one in whose.grants
    ]
    more = {"url": address("portal.claim"), "label": _("Add a customer account")}
    return {"switcher": {"action": address("portal.select_customer"), "items": items, "more": more}}


def _detail(grant: grants_pb2.Grant) -> str:
    """Number and name; of somebody else's, until when one acts for them."""
    known = _("Customer %(number)s, %(name)s", number=grant.customer_number, name=grant.customer_name)
    if grant.origin == grants_pb2.GRANT_ORIGIN_INVITATION:
        return known + ", " + _("as a delegate until %(day)s", day=day_brief(grant.ends_on))
    return known


@portal.route("/dodaj-konto", methods=["GET", "POST"])
def claim() -> str | Response | tuple[str, int]:
    """The customer's number with number and amount of the last invoice prove that one is the customer."""
    form = Form.of_request(initial=take_kept())
    if form.sent:
        number = _SPACES.sub("", form.text("customer_number", length_max=NUMBER_LENGTH_MAX))
        invoice = _SPACES.sub("", form.text("invoice_number", length_max=INVOICE_NUMBER_LENGTH_MAX))
        grosze = form.money("invoice_total")
        if form.ok and grosze is not None:
            try:
                grant = call(
                    clients().identity.grants.ClaimCustomer,
                    grants_pb2.ClaimCustomerRequest(
                        customer_number=number, invoice_number=invoice, invoice_total=Money(grosze=grosze)
                    ),
                ).grant
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                _select(grant.customer_id)
                notices.ok(
                    _("The account is added."),
                    _("Everything about it is here now: invoices, use, contracts."),
                )
                return redirect(url_for("portal.start"), code=303)
    return render_template("portal/grants/claim.html", form=form), form.status


@portal.route("/klient", methods=["GET", "POST"])
def select_customer() -> Response:
    """The switcher: the session acts for another customer from now on."""
    if request.method == "POST":
        _select(request.form.get("customer_id", ""))
    return redirect(url_for("portal.start"), code=303)


def _select(customer_id: str) -> None:
    as_gateway(
        clients().identity.sessions.SelectCustomer,
        sessions_pb2.SelectCustomerRequest(session_token=current_user.get_id(), customer_id=customer_id),
    )
