"""The link of an invitation: who is not logged in is told what to do first; pressing the button takes the offer."""

from ebok.identity.v1 import invitations_pb2, sessions_pb2
from flask import make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Refusal
from gateway.portal import portal
from gateway.web import notices
from gateway.web.calls import as_gateway, call, clients
from gateway.web.forms import Form
from gateway.web.languages import gettext as _

TOKEN_LENGTH_MAX = 100


@portal.route("/zaproszenie", methods=["GET", "POST"])
def invitation() -> Response:
    """Opening the link shows who invites to what; mail programs that open links change nothing."""
    form = Form.of_request(initial={"token": request.args.get("token", "")})
    token = form.value("token")[:TOKEN_LENGTH_MAX]
    if not current_user.is_authenticated:
        return make_response(render_template("portal/delegates/stranger.html", token=token))
    if form.sent:
        try:
            grant = call(
                clients().identity.invitations.AcceptInvitation,
                invitations_pb2.AcceptInvitationRequest(token=token),
            ).grant
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            as_gateway(
                clients().identity.sessions.SelectCustomer,
                sessions_pb2.SelectCustomerRequest(
                    session_token=current_user.get_id(), customer_id=grant.customer_id
                ),
            )
            notices.ok(
                _("You may act for %(name)s now.", name=grant.customer_name),
                _("At the top you switch between accounts."),
            )
            return redirect(url_for("portal.start"), code=303)
    offer = None
    if form.ok and token:
        asked = invitations_pb2.GetInvitationRequest(token=token)
        try:
            offer = call(clients().identity.invitations.GetInvitation, asked).invitation
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template("portal/delegates/invitation.html", form=form, offer=offer, token=token)
    return make_response(page, form.status)
