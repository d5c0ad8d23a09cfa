"""An administrator at the page „Klienci API”, and the other system."""

from typing import Any

from ebok.identity.v1 import api_clients_pb2 as pb
from ebok.identity.v1 import tokens_pb2
from ebok.identity.v1.api_clients_pb2_grpc import ApiClientServiceStub
from ebok.identity.v1.tokens_pb2_grpc import TokenServiceStub

from chassis.ids import new_id

SCOPES = ["customers:read", "invoices:read"]


class Office:
    """What both do."""

    def __init__(self, served: Any, admin: Any) -> None:
        self.address = served.address
        self.clients = served.stub(ApiClientServiceStub, admin)
        self.tokens = served.stub(TokenServiceStub)

    def make(self, name: str = "GIS", **values: Any) -> pb.CreateApiClientResponse:
        request = pb.CreateApiClientRequest(
            **{"client_id": str(new_id()), "scopes": SCOPES, **values}, name=name
        )
        return self.clients.CreateApiClient(request)

    def one(self, client_id: str) -> pb.ApiClient:
        listed = self.clients.ListApiClients(pb.ListApiClientsRequest()).clients
        return next(one for one in listed if one.client_id == client_id)

    def change(self, client: pb.ApiClient, **values: Any) -> pb.ApiClient:
        said = {"name": client.name, "scopes": client.scopes, "version": client.version, **values}
        return self.clients.ChangeApiClient(
            pb.ChangeApiClientRequest(client_id=client.client_id, **said)
        ).client

    def rotate(self, client_id: str, secret_id: str = "") -> pb.RotateSecretResponse:
        return self.clients.RotateSecret(
            pb.RotateSecretRequest(client_id=client_id, secret_id=secret_id or str(new_id()))
        )

    def revoke(self, client_id: str) -> pb.ApiClient:
        return self.clients.RevokeApiClient(pb.RevokeApiClientRequest(client_id=client_id)).client

    def revoke_secret(self, client_id: str, secret_id: str) -> pb.ApiClient:
        request = pb.RevokeSecretRequest(client_id=client_id, secret_id=secret_id)
        return self.clients.RevokeSecret(request).client

    def token(self, client_id: str, secret: str, scope: str = "") -> str:
        asked = tokens_pb2.IssueTokenRequest(client_id=client_id, client_secret=secret, scope=scope)
        return str(self.tokens.IssueToken(asked).access_token)
