"""Zgody of a customer: what holds, what was said, and what a clerk was told on paper, at the desk or by telephone."""

from uuid import UUID

from ebok.identity.v1 import consents_pb2 as pb
from flask import redirect, url_for
from werkzeug.wrappers import Response

from chassis import wire
from chassis.errors import Refusal
from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.console.inputs import refuse_at
from gateway.console.lists import moved
from gateway.web import notices
from gateway.web.calls import at_once, call, clients
from gateway.web.consent_words import CHANNELS, KINDS
from gateway.web.days import today
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import page_request

NOTE_LENGTH_MAX = 200
WAYS = {
    "papier": pb.CONSENT_CHANNEL_PAPER,
    "biuro": pb.CONSENT_CHANNEL_DESK,
    "telefon": pb.CONSENT_CHANNEL_PHONE,
}
WORDS = {"tak": (True, _l("agrees")), "nie": (False, _l("takes it back"))}


@console.route("/klienci/<uuid:customer_id>/zgody", methods=["GET", "POST"])
def customer_consents(customer_id: UUID) -> tuple[str, int] | Response:
    """What holds, the history, and a form for what was said elsewhere."""
    form = Form.of_request(initial={"dnia": today().isoformat(), **take_kept()})
    if form.sent and _record(form, customer_id):
        return redirect(url_for("console.customer_consents", customer_id=customer_id), code=303)
    one = str(customer_id)
    found, consents, history = at_once(
        get_customer(customer_id),
        (clients().identity.consents.GetConsents, pb.GetConsentsRequest(customer_id=one)),
        (
            clients().identity.consents.ListConsentChanges,
            pb.ListConsentChangesRequest(customer_id=one, page=page_request()),
        ),
    )
    page = customer_page(
        "consents",
        found.customer,
        tab="consents",
        form=form,
        consents=consents.consents,
        e_invoice=pb.CONSENT_KIND_E_INVOICE,
        changes=history.changes,
        links=moved(history.page, "console.customer_consents", customer_id=customer_id),
        kinds=[(str(number), words) for number, words in KINDS.items()],
        words=[(key, words) for key, (_given, words) in WORDS.items()],
        ways=[(key, CHANNELS[number]) for key, number in WAYS.items()],
    )
    return page, form.status


def _record(form: Form, customer_id: UUID) -> bool:
    kind = form.choice("zgoda", [str(number) for number in KINDS])
    word, way, said_on = form.choice("slowo", WORDS), form.choice("jak", WAYS), form.day("dnia")
    note = form.text("notatka", required=False, length_max=NOTE_LENGTH_MAX)
    if form.ok and not form.has_sound_request_id:
        form.stop(_("Open the page anew, please."), status=422)
    if not form.ok or said_on is None:
        return False
    wanted = pb.RecordConsentRequest(
        change_id=form.request_id,
        customer_id=str(customer_id),
        kind=int(kind),  # type: ignore[arg-type]
        is_given=WORDS[word][0],
        channel=WAYS[way],
        said_on=wire.pack_date(said_on),
        note=note,
    )
    try:
        call(clients().identity.consents.RecordConsent, wanted)
    except Refusal as refusal:
        refuse_at(form, refusal, {}, fields={"said_on": "dnia", "channel": "jak", "note": "notatka"})
        return False
    notices.ok(_("Written down: %(what)s.", what=f"{KINDS[int(kind)]}, {WORDS[word][1]}"))
    return True
