"""Kontakty: who came with what. A call or a visit takes two clicks, from the customer's page and from a case."""

from typing import Any
from uuid import UUID

from ebok.tickets.v1 import contacts_pb2 as pb
from ebok.tickets.v1 import tickets_pb2
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.console.inputs import id_of, refuse_at
from gateway.console.lists import moved
from gateway.web import notices
from gateway.web.calls import at_once, call, clients
from gateway.web.case_words import CHANNELS, TOPICS, topic_word
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.paging import page_request

NOTE_LENGTH_MAX = 2_000
# What clerks record; a case that is opened in the portal is in the log by itself.
RECORDED = {
    "telefon": tickets_pb2.CHANNEL_PHONE,
    "wizyta": tickets_pb2.CHANNEL_DESK,
    "e-mail": tickets_pb2.CHANNEL_EMAIL,
    "list": tickets_pb2.CHANNEL_LETTER,
}
TOPIC_KEYS = {str(number): number for number in TOPICS}


@console.route("/klienci/<uuid:customer_id>/kontakty", methods=["GET", "POST"])
def customer_contacts(customer_id: UUID) -> tuple[str, int] | Response:
    """All contacts, the newest first; recording one leads back to where the buttons were pressed."""
    form = Form.of_request()
    if form.sent and _record(form, customer_id):
        return redirect(_back(customer_id), code=303)
    wanted = pb.ListContactsRequest(customer_id=str(customer_id), page=page_request())
    found, listed = at_once(get_customer(customer_id), (clients().tickets.contacts.ListContacts, wanted))
    page = customer_page(
        "contacts",
        found.customer,
        tab="contacts",
        contacts=listed.contacts,
        links=moved(listed.page, "console.customer_contacts", customer_id=customer_id),
        form=form,
    )
    return page, form.status


def _record(form: Form, customer_id: UUID) -> bool:
    """Record what the buttons say; False when the form comes back."""
    channel, topic = form.choice("jak", RECORDED), form.choice("czego", TOPIC_KEYS)
    note = form.lines("notatka", required=False, length_max=NOTE_LENGTH_MAX)
    if form.ok and not form.has_sound_request_id:
        form.stop(_("Open the page anew, please."), status=422)
    if not form.ok:
        return False
    wanted = pb.RecordContactRequest(
        contact_id=form.request_id,
        customer_id=str(customer_id),
        channel=RECORDED[channel],
        topic=TOPIC_KEYS[topic],  # type: ignore[arg-type]
        note=note,
        ticket_id=id_of(Form(request.args), "zgloszenie"),
    )
    try:
        call(clients().tickets.contacts.RecordContact, wanted)
    except Refusal as refusal:
        refuse_at(form, refusal, {}, fields={"note": "notatka", "channel": "jak", "topic": "czego"})
        return False
    notices.ok(_("Recorded: %(how)s, %(what)s.", how=CHANNELS[wanted.channel], what=topic_word(wanted.topic)))
    return True


def _back(customer_id: UUID) -> str:
    """The case or the page of the customer that the buttons stood on."""
    ticket_id = id_of(Form(request.args), "zgloszenie")
    if ticket_id:
        return url_for("console.ticket", ticket_id=ticket_id)
    if request.args.get("z") == "karta":
        return url_for("console.customer", customer_id=customer_id)
    return url_for("console.customer_contacts", customer_id=customer_id)


@console.app_template_global()
def contact_choices() -> dict[str, list[tuple[str, Any, str]]]:
    """For the buttons: how (key, word, icon) and what about (key, word)."""
    icons = {"telefon": "telephone", "wizyta": "shop-window", "e-mail": "envelope", "list": "mailbox"}
    return {
        "how": [(key, CHANNELS[number], icons[key]) for key, number in RECORDED.items()],
        "what": [(key, TOPICS[number], "") for key, number in TOPIC_KEYS.items()],
    }


@console.app_template_global()
def contact_form() -> Form:
    """An empty one, with an id of its own, for the buttons on other pages."""
    return Form()
