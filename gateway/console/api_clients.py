"""Klienci API: other systems that the provider lets in. A secret is shown once, on the page after it was made."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from ebok.identity.v1 import api_clients_pb2 as pb
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chassis import wire
from chassis.errors import NotFound, Refusal
from chassis.ids import new_id
from gateway.console import console
from gateway.console.inputs import refuse_at
from gateway.console.scope_words import NOUNS, WORDS
from gateway.web import notices, reasons, shown_once
from gateway.web.calls import call, clients
from gateway.web.days import date_of, iso, today
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

NAME_LENGTH_MAX, VERSION_DIGITS_MAX = 80, 12
FIELDS = {"name": "nazwa", "scopes": "zakresy", "expires_on": "do"}
PLACES = {"NAME_TAKEN": "nazwa"}

reasons.say(
    {
        "API_CLIENT_NOT_FOUND": _l("We cannot find this API client."),
        "API_CLIENT_REVOKED": _l("This API client was revoked. Make a new one."),
        "API_CLIENT_EXISTS": _l("This form was used for another API client. Open it anew."),
        "API_CLIENT_CHANGED": _l("Somebody else changed this API client meanwhile. Open it anew and look."),
        "NAME_TAKEN": _l("Another API client in force has this name."),
        "TOO_MANY_API_CLIENTS": _l("There are %(maximum)s API clients already. Revoke one that is not used."),
        "TWO_SECRETS_LIVE": _l("Two secrets are in force already. Revoke the old one first."),
        "SECRET_NOT_FOUND": _l("This API client has no such secret."),
    }
)


@console.get("/klienci-api")
def api_clients() -> str:
    """All of them: what they may do, until when, when they last came."""
    rows = [(one, scopes_in_short(one.scopes), _is_over(one)) for one in _all_clients()]
    return render_template("console/api_clients/list.html", rows=rows)


@console.route("/klienci-api/nowy", methods=["GET", "POST"])
def new_api_client() -> Response | tuple[str, int]:
    """Another system; its secret is on the page that follows."""
    _all_clients()  # Refuses whoever may not manage them before a form is shown.
    form = Form.of_request(initial=take_all_kept())
    if form.sent:
        wanted = _read(form)
        if form.ok and not form.has_sound_request_id:
            form.stop(_("Open the form anew, please."))
        if form.ok:
            asked = pb.CreateApiClientRequest(client_id=form.request_id, **wanted)
            try:
                made = call(clients().identity.api_clients.CreateApiClient, asked)
            except Refusal as refusal:
                refuse_at(form, refusal, PLACES, fields=FIELDS)
            else:
                return _lead_on(made, _("The API client is there."))
    page = render_template("console/api_clients/new.html", form=form, nouns=NOUNS)
    return page, form.status


@console.route("/klienci-api/<uuid:client_id>", methods=["GET", "POST"])
def api_client(client_id: UUID) -> Response | tuple[str, int]:
    """One of them: its secrets, what it may do; a new secret once."""
    known = next((one for one in _all_clients() if one.client_id == str(client_id)), None)
    if known is None:
        raise NotFound
    form = Form.of_request(initial={**_initial(known), **take_all_kept()})
    if form.sent:
        wanted, version = _read(form), _version(form)
        if form.ok:
            asked = pb.ChangeApiClientRequest(client_id=known.client_id, version=version, **wanted)
            try:
                call(clients().identity.api_clients.ChangeApiClient, asked)
            except Refusal as refusal:
                refuse_at(form, refusal, PLACES, fields=FIELDS)
            else:
                notices.ok(_("The API client is saved."))
                return redirect(url_for("console.api_client", client_id=client_id), code=303)
    page = render_template(
        "console/api_clients/client.html",
        form=form,
        client=known,
        over=_is_over(known),
        nouns=NOUNS,
        secret=shown_once.take(),
        next_secret_id=new_id(),
    )
    return page, form.status


@console.post("/klienci-api/<uuid:client_id>/sekret")
def rotate_secret(client_id: UUID) -> Response:
    """A second secret; the button carries its id, so that a double click makes one."""
    secret_id = request.form.get("request_id", "")[:40]
    asked = pb.RotateSecretRequest(client_id=str(client_id), secret_id=secret_id)
    made = call(clients().identity.api_clients.RotateSecret, asked)
    return _lead_on(made, _("There is a second secret."))


@console.post("/klienci-api/<uuid:client_id>/sekret/<uuid:secret_id>/uniewaznij")
def revoke_secret(client_id: UUID, secret_id: UUID) -> Response:
    """End one secret."""
    asked = pb.RevokeSecretRequest(client_id=str(client_id), secret_id=str(secret_id))
    call(clients().identity.api_clients.RevokeSecret, asked)
    notices.ok(_("The secret is revoked."), _("What was got with it is refused within seconds."))
    return redirect(url_for("console.api_client", client_id=client_id), code=303)


@console.post("/klienci-api/<uuid:client_id>/uniewaznij")
def revoke_api_client(client_id: UUID) -> Response:
    """End a client for good."""
    call(clients().identity.api_clients.RevokeApiClient, pb.RevokeApiClientRequest(client_id=str(client_id)))
    notices.ok(_("The API client is revoked."), _("It is refused everywhere within seconds."))
    return redirect(url_for("console.api_clients"), code=303)


def scopes_in_short(scopes: Iterable[str]) -> str:
    """`Invoices, Ledger, Imports +2`: what they are about."""
    about = {name.partition(":")[0] for name in scopes}
    titles = [str(noun.title) for noun in NOUNS if noun.key in about]
    more = len(titles) - 3
    return ", ".join(titles[:3]) + (f" +{more}" if more > 0 else "")


def _all_clients() -> list[pb.ApiClient]:
    answer = call(clients().identity.api_clients.ListApiClients, pb.ListApiClientsRequest())
    return list(answer.clients)


def _is_over(client: pb.ApiClient) -> bool:
    last = date_of(client.expires_on) if client.HasField("expires_on") else None
    return last is not None and last < today()


def _initial(client: pb.ApiClient) -> dict[str, Any]:
    return {
        "nazwa": client.name,
        "zakresy": list(client.scopes),
        "do": iso(client.expires_on) if client.HasField("expires_on") else "",
        "wersja": str(client.version),
    }


def _read(form: Form) -> dict[str, Any]:
    name = form.text("nazwa", length_max=NAME_LENGTH_MAX)
    if not set(form.values("zakresy")) <= set(WORDS):
        form.fail("zakresy", reasons.field_sentence("UNKNOWN"))
    scopes = form.choices("zakresy", WORDS)
    last = form.day("do", required=False)
    return {"name": name, "scopes": scopes, "expires_on": wire.pack_date(last) if last else None}


def _version(form: Form) -> int:
    version = form.value("wersja")
    if version.isascii() and version.isdigit() and len(version) <= VERSION_DIGITS_MAX:
        return int(version)
    form.stop(str(reasons.REASONS["API_CLIENT_CHANGED"]))
    return 0


def _lead_on(made: Any, title: str) -> Response:
    """To the client's page, which shows the secret; a repeat has none to show any more."""
    place = url_for("console.api_client", client_id=made.client.client_id)
    if made.client_secret:
        shown_once.put(place, made.client_secret)
        notices.ok(title, _("Its secret is shown on this page once."))
    else:
        notices.warn(title, _("Its secret was shown already. If it was not written down, make another one."))
    return redirect(place, code=303)
