"""The person's own account, and how the chosen customer is reached."""

from ebok.billing.v1 import customers_pb2
from ebok.identity.v1 import users_pb2
from flask import abort, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.portal import portal
from gateway.portal.scopes import is_owner, may_manage
from gateway.portal.users import NAME_LENGTH_MAX
from gateway.portal.words import phone
from gateway.web import notices
from gateway.web.calls import call, clients
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import LANGUAGES, forget_preferences, remember
from gateway.web.languages import gettext as _

EMAIL_LENGTH_MAX = 254
PHONE_LENGTH_MAX = 30
LOOKS = {"auto": users_pb2.LOOK_SYSTEM, "light": users_pb2.LOOK_LIGHT, "dark": users_pb2.LOOK_DARK}


@portal.route("/profil", methods=["GET", "POST"])
def profile() -> Response:
    """Two forms: `contact` of the customer, `account` of the person. What one does, the other keeps untouched."""
    customer = _customer()
    which = request.form.get("form", "")
    kept = take_kept() if request.method == "GET" else {}
    contact = _contact_form(customer, kept if kept.get("form") == "contact" else {}, sent=which == "contact")
    account = _account_form(kept if kept.get("form") == "account" else {}, sent=which == "account")
    done = None
    if contact.sent and customer is not None:
        done = _change_contact(contact)
    elif account.sent:
        done = _change_account(account)
    elif request.method == "POST":
        abort(400)  # It says of no form that is here that it is it.
    if done is not None:
        return done
    page = render_template(
        "portal/profile/index.html",
        customer=customer,
        contact=contact,
        account=account,
        may_change=may_manage(),
        owner=is_owner(),
    )
    return make_response(page, max(contact.status, account.status))


@portal.get("/wiecej")
def more() -> str:
    """All that the bar at the bottom of a phone has no room for."""
    return render_template("portal/profile/more.html")


def _customer() -> customers_pb2.Customer | None:
    if not current_user.customer_id:
        return None
    asked = customers_pb2.GetCustomerRequest(customer_id=current_user.customer_id)
    customer: customers_pb2.Customer = call(clients().billing.customers.GetCustomer, asked).customer
    return customer


def _contact_form(customer: customers_pb2.Customer | None, kept: dict[str, str], *, sent: bool) -> Form:
    initial = (
        {} if customer is None else {"contact_email": customer.email, "contact_phone": phone(customer.phone)}
    )
    return Form(request.form if sent else None, initial={**initial, **kept})


def _account_form(kept: dict[str, str], *, sent: bool) -> Form:
    user = current_user.user
    look = next((name for name, number in LOOKS.items() if number == user.look), "auto")
    initial = {"name": user.name, "language": user.language, "look": look}
    return Form(request.form if sent else None, initial={**initial, **kept})


def _change_contact(form: Form) -> Response | None:
    wanted = customers_pb2.UpdateContactDataRequest(
        customer_id=current_user.customer_id,
        email=form.text("contact_email", required=False, length_max=EMAIL_LENGTH_MAX),
        phone=form.text("contact_phone", required=False, length_max=PHONE_LENGTH_MAX),
    )
    if not form.ok:
        return None
    try:
        call(clients().billing.customers.UpdateContactData, wanted)
    except Refusal as refusal:
        form.refuse(refusal, fields={"email": "contact_email", "phone": "contact_phone"})
        return None
    notices.ok(_("Contact data saved."), _("From now on we write and call there."))
    return redirect(url_for("portal.profile"), code=303)


def _change_account(form: Form) -> Response | None:
    name = form.text("name", length_max=NAME_LENGTH_MAX)
    language, look = form.choice("language", LANGUAGES), form.choice("look", LOOKS)
    if not form.ok:
        return None
    try:
        call(
            clients().identity.users.UpdateProfile,
            users_pb2.UpdateProfileRequest(name=name, language=language, look=LOOKS[look]),
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return None
    response = redirect(url_for("portal.profile"), code=303)
    remember(response, language=language, look=look)
    forget_preferences()
    notices.ok(_("Your settings are saved."))
    return response
