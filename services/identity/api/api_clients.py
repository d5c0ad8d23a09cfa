"""The door for API clients."""

from ebok.identity.v1 import api_clients_pb2 as pb
from ebok.identity.v1 import api_clients_pb2_grpc as rpc

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.domain import api_clients, scopes
from services.identity.domain.api_clients import Shown
from services.identity.storage.api_clients import ClientSecret


class ApiClientService(rpc.ApiClientServiceServicer):
    """Front door for API clients: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListApiClients(
        self, request: pb.ListApiClientsRequest, context: Context
    ) -> pb.ListApiClientsResponse:
        """All clients and all scopes."""
        with self._database.reading() as session:
            found = api_clients.list_all(session)
        return pb.ListApiClientsResponse(
            clients=[_pack(one) for one in found],
            scopes=[
                pb.ClientScope(name=name, permissions=sorted(allowed))
                for name, allowed in scopes.OF_CLIENTS.items()
            ],
        )

    def CreateApiClient(
        self, request: pb.CreateApiClientRequest, context: Context
    ) -> pb.CreateApiClientResponse:
        """Make a client and its first secret."""
        with self._database.transaction() as session:
            made, secret = api_clients.create(
                session,
                wire.unpack_id(request.client_id, field="client_id"),
                name=request.name.strip(),
                wanted=request.scopes,
                expires_on=wire.unpack_optional_date(request.expires_on, field="expires_on"),
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.CreateApiClientResponse(client=_pack(made), client_secret=secret)

    def ChangeApiClient(
        self, request: pb.ChangeApiClientRequest, context: Context
    ) -> pb.ChangeApiClientResponse:
        """Another name, other scopes, another end."""
        with self._database.transaction() as session:
            changed = api_clients.change(
                session,
                wire.unpack_id(request.client_id, field="client_id"),
                name=request.name.strip(),
                wanted=request.scopes,
                expires_on=wire.unpack_optional_date(request.expires_on, field="expires_on"),
                version=request.version,
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.ChangeApiClientResponse(client=_pack(changed))

    def RotateSecret(self, request: pb.RotateSecretRequest, context: Context) -> pb.RotateSecretResponse:
        """Make a second secret."""
        with self._database.transaction() as session:
            rotated, secret = api_clients.rotate(
                session,
                wire.unpack_id(request.client_id, field="client_id"),
                wire.unpack_id(request.secret_id, field="secret_id"),
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.RotateSecretResponse(client=_pack(rotated), client_secret=secret)

    def RevokeSecret(self, request: pb.RevokeSecretRequest, context: Context) -> pb.RevokeSecretResponse:
        """End one secret."""
        with self._database.transaction() as session:
            left = api_clients.revoke_secret(
                session,
                wire.unpack_id(request.client_id, field="client_id"),
                wire.unpack_id(request.secret_id, field="secret_id"),
                now=self._clock.now(),
            )
            acts.name_subject(request.client_id)
            return pb.RevokeSecretResponse(client=_pack(left))

    def RevokeApiClient(
        self, request: pb.RevokeApiClientRequest, context: Context
    ) -> pb.RevokeApiClientResponse:
        """End a client for good."""
        with self._database.transaction() as session:
            ended = api_clients.revoke(
                session, wire.unpack_id(request.client_id, field="client_id"), now=self._clock.now()
            )
            return pb.RevokeApiClientResponse(client=_pack(ended))


def _pack(shown: Shown) -> pb.ApiClient:
    client = shown.client
    return pb.ApiClient(
        client_id=wire.pack_id(client.client_id),
        name=client.name,
        scopes=client.scopes,
        expires_on=wire.pack_optional_date(client.expires_on),
        made_by=client.made_by,
        made_at=wire.pack_instant(client.made_at),
        last_used_at=wire.pack_optional_instant(client.last_used_at),
        revoked_at=wire.pack_optional_instant(client.revoked_at),
        secrets=[_pack_secret(one) for one in shown.secrets],
        version=client.version,
    )


def _pack_secret(secret: ClientSecret) -> pb.ClientSecret:
    return pb.ClientSecret(
        secret_id=wire.pack_id(secret.secret_id),
        prefix=secret.prefix,
        made_by=secret.made_by,
        made_at=wire.pack_instant(secret.made_at),
        last_used_at=wire.pack_optional_instant(secret.last_used_at),
    )
