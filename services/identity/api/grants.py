"""Front door for grants: claim a customer by proof, see who holds one, change and end what delegates have."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ebok.identity.v1 import grants_pb2 as pb
from ebok.identity.v1 import grants_pb2_grpc as rpc

from chassis import acts, wire
from chassis.actors import ActorKind
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.api import recording
from services.identity.api.packing import pack_factor_reset, pack_grant
from services.identity.clients.billing import BillingCustomers
from services.identity.domain import factor_resets, grants
from services.identity.domain.attempts import Counter
from services.identity.storage import factor_resets as stored_resets
from services.identity.storage import factors as stored_factors
from services.identity.storage import grants as stored

LISTED_MAX = 100
RESETS_LISTED_MAX = 20


class GrantService(rpc.GrantServiceServicer):
    """Who may act for whom. Billing is asked between two transactions: the first counts the guess, the second gives."""

    def __init__(self, database: Database, clock: Clock, *, billing: BillingCustomers) -> None:
        self._database = database
        self._clock = clock
        self._billing = billing

    def ClaimCustomer(self, request: pb.ClaimCustomerRequest, context: Context) -> pb.ClaimCustomerResponse:
        """Give the caller the customer whose last invoice they hold."""
        now = self._clock.now()
        user_id = UUID(context.actor.actor_id)
        claim = grants.Claim(
            customer_number=request.customer_number.strip(),
            invoice_number=request.invoice_number.strip(),
            invoice_total=wire.unpack_money(request.invoice_total, field="invoice_total"),
        )
        with recording.unrecorded(), self._database.transaction() as session:
            counters = grants.count_guess(
                session, user_id=user_id, customer_number=claim.customer_number, now=now
            )
        proven = self._billing.check_proof(claim, when_away=lambda: self._take_back(counters, now))
        with self._database.transaction() as session:
            grant = grants.give_by_proof(session, proven, user_id=user_id, counters=counters, now=now)
            customer = grants.find_labels(session, grant.customer_id)
            acts.name_subject(str(grant.grant_id), customer_id=str(grant.customer_id))
            return pb.ClaimCustomerResponse(grant=pack_grant(grant, customer))

    def _take_back(self, counters: Sequence[Counter], counted_at: datetime) -> None:
        """Billing was away, so nothing was guessed."""
        with recording.unrecorded(), self._database.transaction() as session:
            grants.not_asked(session, counters, counted_at=counted_at)

    def ListCustomerGrants(
        self, request: pb.ListCustomerGrantsRequest, context: Context
    ) -> pb.ListCustomerGrantsResponse:
        """Who holds the customer, for staff and for whoever holds it by proof."""
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        for_staff = context.actor.kind is ActorKind.STAFF
        with self._database.reading() as session:
            rows = stored.list_grants_of_customer(
                session, customer_id, now=self._clock.now(), limit=LISTED_MAX
            )
            packed = [
                pack_grant(grant, customer, user, with_last_seen=for_staff) for grant, user, customer in rows
            ]
            if not for_staff:
                return pb.ListCustomerGrantsResponse(grants=packed)
            since = stored_factors.list_enrolled(session, [user.user_id for _grant, user, _customer in rows])
            for one in packed:
                if enrolled_at := since.get(UUID(one.user_id)):
                    one.user_totp_since.CopyFrom(wire.pack_instant(enrolled_at))
            resets = stored_resets.list_resets(session, customer_id, limit=RESETS_LISTED_MAX)
            return pb.ListCustomerGrantsResponse(
                grants=packed, factor_resets=[pack_factor_reset(reset, user) for reset, user in resets]
            )

    def ChangeGrantEnd(
        self, request: pb.ChangeGrantEndRequest, context: Context
    ) -> pb.ChangeGrantEndResponse:
        """Another last day for a delegate."""
        with self._database.transaction() as session:
            grant = grants.change_end(
                session,
                wire.unpack_id(request.grant_id, field="grant_id"),
                customer_id=wire.unpack_id(request.customer_id, field="customer_id"),
                ends_on=wire.unpack_date(request.ends_on, field="ends_on"),
                by=context.actor,
                now=self._clock.now(),
            )
            customer = grants.find_labels(session, grant.customer_id)
            return pb.ChangeGrantEndResponse(grant=pack_grant(grant, customer))

    def RevokeGrant(self, request: pb.RevokeGrantRequest, context: Context) -> pb.RevokeGrantResponse:
        """End a grant."""
        with self._database.transaction() as session:
            grants.revoke(
                session,
                wire.unpack_id(request.grant_id, field="grant_id"),
                customer_id=wire.unpack_id(request.customer_id, field="customer_id"),
                by=context.actor,
                now=self._clock.now(),
            )
        return pb.RevokeGrantResponse()

    def ResetHolderFactor(
        self, request: pb.ResetHolderFactorRequest, context: Context
    ) -> pb.ResetHolderFactorResponse:
        """Somebody who holds the customer has lost app and codes."""
        with self._database.transaction() as session:
            changed = factor_resets.make(
                session,
                wire.unpack_id(request.reset_id, field="reset_id"),
                grant_id=wire.unpack_id(request.grant_id, field="grant_id"),
                customer_id=wire.unpack_id(request.customer_id, field="customer_id"),
                reason=request.reason.strip(),
                by=context.actor,
                now=self._clock.now(),
            )
            if not changed:
                recording.nothing_happened()
        return pb.ResetHolderFactorResponse(changed=changed)

    def GiveUpGrant(self, request: pb.GiveUpGrantRequest, context: Context) -> pb.GiveUpGrantResponse:
        """End the caller's own grant."""
        with self._database.transaction() as session:
            grant_id = grants.give_up(
                session,
                wire.unpack_id(request.customer_id, field="customer_id"),
                by=context.actor,
                now=self._clock.now(),
            )
            acts.name_subject(str(grant_id or ""))
        return pb.GiveUpGrantResponse()
