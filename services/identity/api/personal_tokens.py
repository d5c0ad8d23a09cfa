"""The door for personal tokens."""

from ebok.identity.v1 import personal_tokens_pb2 as pb
from ebok.identity.v1 import personal_tokens_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.domain import personal_tokens
from services.identity.domain.personal_tokens import Shown


class PersonalTokenService(rpc.PersonalTokenServiceServicer):
    """Front door for personal tokens: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListPersonalTokens(
        self, request: pb.ListPersonalTokensRequest, context: Context
    ) -> pb.ListPersonalTokensResponse:
        """The caller's own."""
        with self._database.reading() as session:
            found = personal_tokens.list_own(session, by=context.actor, now=self._clock.now())
        return pb.ListPersonalTokensResponse(tokens=[_pack(one) for one in found])

    def MakePersonalToken(
        self, request: pb.MakePersonalTokenRequest, context: Context
    ) -> pb.MakePersonalTokenResponse:
        """A new token for a customer."""
        with self._database.transaction() as session:
            made, secret = personal_tokens.make(
                session,
                wire.unpack_id(request.personal_token_id, field="personal_token_id"),
                customer_id=wire.unpack_id(request.customer_id, field="customer_id"),
                name=request.name.strip(),
                wanted=request.scopes,
                expires_on=wire.unpack_date(request.expires_on, field="expires_on"),
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.MakePersonalTokenResponse(personal_token=_pack(made), token=secret)

    def RevokePersonalToken(
        self, request: pb.RevokePersonalTokenRequest, context: Context
    ) -> pb.RevokePersonalTokenResponse:
        """End one of the caller's tokens."""
        with self._database.transaction() as session:
            personal_tokens.revoke(
                session,
                wire.unpack_id(request.personal_token_id, field="personal_token_id"),
                by=context.actor,
                now=self._clock.now(),
            )
        return pb.RevokePersonalTokenResponse()


def _pack(shown: Shown) -> pb.PersonalToken:
    token, customer = shown.token, shown.customer
    return pb.PersonalToken(
        personal_token_id=wire.pack_id(token.personal_token_id),
        name=token.name,
        prefix=token.prefix,
        scopes=token.scopes,
        customer_id=wire.pack_id(shown.customer_id),
        customer_number=customer.number if customer else "",
        premises_label=customer.premises_label if customer else "",
        made_at=wire.pack_instant(token.made_at),
        expires_on=wire.pack_date(token.expires_on),
        last_used_at=wire.pack_optional_instant(token.last_used_at),
        last_used_address=token.last_used_address,
        revoked_at=wire.pack_optional_instant(token.revoked_at),
        in_force=shown.in_force,
    )
