"""The one thing identity asks of another service: does this proof match a customer?"""

from collections.abc import Callable
from uuid import UUID

from ebok.billing.v1 import customers_pb2, customers_pb2_grpc

from chassis import wire
from chassis.errors import Refusal, Unavailable
from chassis.rpc.client import Channel
from services.identity.domain.grants import Claim, ProofNotAccepted, ProvenCustomer

TIMEOUT_S = 3.0


class BillingCustomers:
    """Billing's customers, as far as identity may ask. Never called inside a transaction."""

    def __init__(self, channel: Channel) -> None:
        self._stub = channel.stub(customers_pb2_grpc.CustomerServiceStub)

    def check_proof(self, claim: Claim, *, when_away: Callable[[], None]) -> ProvenCustomer | None:
        """The customer the proof is of, None when it is of none.

        Refuses Unavailable when billing is away, after calling `when_away`: the question was not answered.
        """
        request = customers_pb2.CheckProofRequest(
            customer_number=claim.customer_number,
            invoice_number=claim.invoice_number,
            invoice_total=wire.pack_money(claim.invoice_total),
        )
        try:
            customer = self._stub.CheckProof(request, timeout=TIMEOUT_S).customer
        except Refusal as refusal:
            if refusal.reason == ProofNotAccepted.reason:
                return None
            if isinstance(refusal, Unavailable):
                when_away()
            raise
        return ProvenCustomer(
            customer_id=UUID(customer.customer_id),
            number=customer.number,
            name=customer.name,
            premises_label=customer.premises_label,
        )
