"""Dostęp: who sees a customer in the portal, how far that goes, who is invited; staff end it where it has to end, and
help who has lost app and codes."""

from collections.abc import Iterable
from uuid import UUID

from ebok.identity.v1 import grants_pb2, invitations_pb2
from flask import redirect, url_for
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.console.inputs import refuse_at
from gateway.web import notices
from gateway.web.calls import at_once, call, clients
from gateway.web.forms import Form
from gateway.web.kept import take_kept
from gateway.web.languages import gettext as _

REASON_LENGTH_MAX = 500


@console.route("/klienci/<uuid:customer_id>/dostep", methods=["GET", "POST"])
def customer_grants(customer_id: UUID) -> Response | tuple[str, int]:
    """Everybody who holds the customer, and everybody invited; and help for whom has lost app and codes."""
    form = Form.of_request(initial=take_kept())
    identity, one = clients().identity, str(customer_id)
    found, grants, waiting = at_once(
        get_customer(customer_id),
        (identity.grants.ListCustomerGrants, grants_pb2.ListCustomerGrantsRequest(customer_id=one)),
        (identity.invitations.ListInvitations, invitations_pb2.ListInvitationsRequest(customer_id=one)),
    )
    if form.sent and _reset(form, customer_id, [grant.grant_id for grant in grants.grants]):
        return redirect(url_for("console.customer_grants", customer_id=customer_id), code=303)
    page = customer_page(
        "grants",
        found.customer,
        tab="grants",
        form=form,
        grants=grants.grants,
        resets=grants.factor_resets,
        invitations=waiting.invitations,
        by_invitation=grants_pb2.GRANT_ORIGIN_INVITATION,
    )
    return page, form.status


def _reset(form: Form, customer_id: UUID, grant_ids: Iterable[str]) -> bool:
    """Take app and codes of the chosen person away."""
    grant_id = form.choice("osoba", grant_ids)
    reason = form.text("powod", length_max=REASON_LENGTH_MAX)
    if form.ok and not form.has_sound_request_id:
        form.stop(_("Open the page anew, please."), status=422)
    if not form.ok:
        return False
    asked = grants_pb2.ResetHolderFactorRequest(
        customer_id=str(customer_id), grant_id=grant_id, reset_id=form.request_id, reason=reason
    )
    try:
        answer = call(clients().identity.grants.ResetHolderFactor, asked)
    except Refusal as refusal:
        refuse_at(form, refusal, {}, fields={"reason": "powod"})
        return False
    if answer.changed:
        notices.ok(
            _("The app and the recovery codes are taken away."),
            _("The password alone opens the account now. We have told the person by e-mail."),
        )
    else:
        notices.info(_("There was no app to take away."))
    return True


@console.post("/klienci/<uuid:customer_id>/dostep/<uuid:grant_id>/odbierz")
def revoke_grant(customer_id: UUID, grant_id: UUID) -> Response:
    """The access ends at once; of who had it by an invoice, also that of everybody they let in."""
    asked = grants_pb2.RevokeGrantRequest(customer_id=str(customer_id), grant_id=str(grant_id))
    call(clients().identity.grants.RevokeGrant, asked)
    notices.ok(_("The access has ended."), _("We have told the person by e-mail."))
    return redirect(url_for("console.customer_grants", customer_id=customer_id), code=303)


@console.post("/klienci/<uuid:customer_id>/zaproszenia/<uuid:invitation_id>/cofnij")
def cancel_invitation(customer_id: UUID, invitation_id: UUID) -> Response:
    """The link of an invitation dies."""
    asked = invitations_pb2.CancelInvitationRequest(
        customer_id=str(customer_id), invitation_id=str(invitation_id)
    )
    call(clients().identity.invitations.CancelInvitation, asked)
    notices.ok(_("The invitation is taken back."), _("Its link does not work any more."))
    return redirect(url_for("console.customer_grants", customer_id=customer_id), code=303)
