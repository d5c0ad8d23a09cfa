"""Whom Anna lets in: a delegate who may look, and an invitation that waits."""

from datetime import timedelta
from typing import Any

from ebok.identity.v1 import events_pb2, grants_pb2, invitations_pb2, invitations_pb2_grpc

from chassis import wire
from chassis.clock import warsaw_date
from chassis.ids import new_id
from chassis.rpc.client import as_actor
from tests.gateway.world import World

INVITER = "anna@poczta.example"
EMAIL, NAME = "pelnomocnik@poczta.example", "Pełnomocnik"
INVITED = "zaproszona@poczta.example"
SCOPES = {
    grants_pb2.SCOPE_VIEW: EMAIL,
    grants_pb2.SCOPE_PAY: "placacy@poczta.example",
    grants_pb2.SCOPE_MANAGE: "zarzadca@poczta.example",
}


def _doors(world: World) -> Any:
    return world.identity.stub(invitations_pb2_grpc.InvitationServiceStub)


def invite(
    world: World, email: str, scope: "grants_pb2.Scope" = grants_pb2.SCOPE_VIEW
) -> invitations_pb2.Invitation:
    """Anna invites an address for a month."""
    ends_on = warsaw_date(world.clock.now()) + timedelta(days=30)
    request = invitations_pb2.InviteDelegateRequest(
        invitation_id=str(new_id()),
        customer_id=world.annas.customer_id,
        email=email,
        scope=scope,
        ends_on=wire.pack_date(ends_on),
    )
    metadata = as_actor(world.check(INVITER).actor_token)
    return _doors(world).InviteDelegate(request, metadata=metadata).invitation


def link(world: World, email: str) -> str:
    """The token of the newest invitation of an address."""
    return world.mailed_token(email, events_pb2.DelegateInvited)


def held(world: World, email: str) -> list[grants_pb2.Grant]:
    """What an account holds of Anna's customer."""
    return [one for one in world.check(email).grants if one.customer_id == world.annas.customer_id]


def let_in(world: World, scope: "grants_pb2.Scope" = grants_pb2.SCOPE_VIEW) -> str:
    """The address of a delegate with this scope, let in when nobody is."""
    email = SCOPES[scope]
    world.join(email, NAME)
    if not held(world, email):
        invite(world, email, scope)
        request = invitations_pb2.AcceptInvitationRequest(token=link(world, email))
        _doors(world).AcceptInvitation(request, metadata=as_actor(world.check(email).actor_token))
    return email


def grant_id(world: World) -> str:
    """The grant of the delegate who may look."""
    return held(world, let_in(world))[0].grant_id


def invitation_id(world: World) -> str:
    """An invitation that waits."""
    request = invitations_pb2.ListInvitationsRequest(customer_id=world.annas.customer_id)
    metadata = as_actor(world.check(INVITER).actor_token)
    waiting = _doors(world).ListInvitations(request, metadata=metadata).invitations
    found = [one.invitation_id for one in waiting if one.email == INVITED]
    return found[0] if found else invite(world, INVITED).invitation_id
