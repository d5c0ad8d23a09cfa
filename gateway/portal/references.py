"""Before log-in: was this message from you? By the number that every mail and text message of ours prints."""

from ebok.notify.v1 import messages_pb2 as pb
from flask import make_response, render_template, request
from flask_babel import LazyString
from werkzeug.wrappers import Response

from chassis.errors import RateLimited
from gateway.portal import portal
from gateway.web.calls import as_gateway, clients
from gateway.web.forms import Form
from gateway.web.languages import lazy_gettext as _l
from gateway.web.sessions import address

NUMBER, NUMBER_LENGTH_MAX = "numer", 20
# What a message was about: the beginning of its rule, the longest that fits.
ABOUT: dict[str, LazyString] = {
    "invoice": _l("a new invoice"),
    "payment": _l("a payment"),
    "payment_due": _l("a reminder of a due day"),
    "payment_overdue": _l("a reminder of an unpaid invoice"),
    "reading": _l("a meter reading"),
    "ticket": _l("your case"),
    "campaign": _l("news from us"),
    "email_confirmation": _l("the confirmation of an e-mail address"),
    "registration": _l("the opening of an account"),
    "password": _l("the password of an account"),
    "delegate": _l("an invitation of a delegate"),
    "grant": _l("access to a customer account"),
}


@portal.get("/czy-to-my")
def check_message() -> Response:
    """The same page whatever the number: a form, and below it what we know. The number is in the address, so that mails
    can lead here."""
    number = request.args.get(NUMBER, "")[:NUMBER_LENGTH_MAX]
    form = Form(request.args if number else None)
    found = None
    if number.strip():
        asked = pb.CheckReferenceRequest(reference=number.strip(), address=address())
        try:
            found = as_gateway(clients().notify.messages.CheckReference, asked)
        except RateLimited as refusal:
            form.refuse(refusal)
    page = render_template(
        "portal/home/check_message.html", form=form, found=found, number=number.strip().upper(), about=_about
    )
    return make_response(page, form.status)


def _about(rule: str) -> LazyString:
    names = [name for name in ABOUT if rule.startswith(name)]
    return ABOUT[max(names, key=len)] if names else _l("a message from us")
