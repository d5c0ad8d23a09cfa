"""Dostęp: who sees a customer in the portal, how far that goes, who is invited; staff end it where it has to end."""

from uuid import UUID

from ebok.identity.v1 import grants_pb2, invitations_pb2
from flask import redirect, url_for
from werkzeug.wrappers import Response

from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.web import notices
from gateway.web.calls import at_once, call, clients
from gateway.web.languages import gettext as _


@console.get("/klienci/<uuid:customer_id>/dostep")
def customer_grants(customer_id: UUID) -> str:
    """Everybody who holds the customer, and everybody invited."""
    identity, one = clients().identity, str(customer_id)
    found, grants, waiting = at_once(
        get_customer(customer_id),
        (identity.grants.ListCustomerGrants, grants_pb2.ListCustomerGrantsRequest(customer_id=one)),
        (identity.invitations.ListInvitations, invitations_pb2.ListInvitationsRequest(customer_id=one)),
    )
    return customer_page(
        "grants",
        found.customer,
        tab="grants",
        grants=grants.grants,
        invitations=waiting.invitations,
        by_invitation=grants_pb2.GRANT_ORIGIN_INVITATION,
    )


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
