"""Front door for invitations of delegates."""

from ebok.identity.v1 import invitations_pb2 as pb
from ebok.identity.v1 import invitations_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.api.packing import pack_grant, pack_invitation, unpack_scope
from services.identity.domain import grants, invitations, users
from services.identity.domain.invitations import Offer
from services.identity.domain.links import Seal, hash_secret, new_link
from services.identity.storage.invitations import Invitation
from services.identity.storage.users import User


class InvitationService(rpc.InvitationServiceServicer):
    """Invite, look, take, take back. The link is sealed outside the transactions."""

    def __init__(self, database: Database, clock: Clock, *, seal: Seal) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal

    def InviteDelegate(
        self, request: pb.InviteDelegateRequest, context: Context
    ) -> pb.InviteDelegateResponse:
        """Keep the offer and have its link mailed."""
        now = self._clock.now()
        offer = Offer(
            invitation_id=wire.unpack_id(request.invitation_id, field="invitation_id"),
            customer_id=wire.unpack_id(request.customer_id, field="customer_id"),
            email=users.normal_email(request.email),
            scope=unpack_scope(request.scope),
            ends_on=wire.unpack_date(request.ends_on, field="ends_on"),
        )
        link = new_link(self._seal)
        with self._database.transaction() as session:
            invitation = invitations.invite(session, offer, link=link, by=context.actor, now=now)
            return pb.InviteDelegateResponse(invitation=_pack(session, invitation))

    def ListInvitations(
        self, request: pb.ListInvitationsRequest, context: Context
    ) -> pb.ListInvitationsResponse:
        """What waits."""
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        with self._database.reading() as session:
            waiting = invitations.list_waiting(session, customer_id, now=self._clock.now())
            return pb.ListInvitationsResponse(invitations=[_pack(session, one) for one in waiting])

    def CancelInvitation(
        self, request: pb.CancelInvitationRequest, context: Context
    ) -> pb.CancelInvitationResponse:
        """Take one back."""
        with self._database.transaction() as session:
            invitations.cancel(
                session,
                wire.unpack_id(request.invitation_id, field="invitation_id"),
                customer_id=wire.unpack_id(request.customer_id, field="customer_id"),
                by=context.actor,
                now=self._clock.now(),
            )
        return pb.CancelInvitationResponse()

    def GetInvitation(self, request: pb.GetInvitationRequest, context: Context) -> pb.GetInvitationResponse:
        """What a link offers."""
        with self._database.reading() as session:
            invitation = invitations.look(
                session, hash_secret(request.token), by=context.actor, now=self._clock.now()
            )
            return pb.GetInvitationResponse(invitation=_pack(session, invitation))

    def AcceptInvitation(
        self, request: pb.AcceptInvitationRequest, context: Context
    ) -> pb.AcceptInvitationResponse:
        """Take the offer."""
        with self._database.transaction() as session:
            grant = invitations.accept(
                session, hash_secret(request.token), by=context.actor, now=self._clock.now()
            )
            acts.name_subject(str(grant.grant_id), customer_id=str(grant.customer_id))
            customer = grants.find_labels(session, grant.customer_id)
            return pb.AcceptInvitationResponse(grant=pack_grant(grant, customer))


def _pack(session: Session, invitation: Invitation) -> pb.Invitation:
    customer = grants.find_labels(session, invitation.customer_id)
    return pack_invitation(invitation, customer, session.get(User, invitation.inviter_id))
