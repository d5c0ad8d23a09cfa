"""Other systems and programs of customers, each with real tokens of identity."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from ebok.identity.v1 import (
    api_clients_pb2,
    api_clients_pb2_grpc,
    grants_pb2,
    grants_pb2_grpc,
    personal_tokens_pb2,
    personal_tokens_pb2_grpc,
)
from flask import Flask

from chassis import wire
from chassis.actors import Actor, ActorKind
from chassis.ids import new_id
from chassis.testing import cast
from gateway.api.scopes import SCOPES
from tests.gateway.visitors import somewhere
from tests.gateway.world import World

PREFIX = "/api/v1"
PERSONAL_SCOPES = ("usage:read", "invoices:read")


class Program:
    """Something that speaks to the REST API with a bearer token and keeps no cookies."""

    def __init__(self, app: Flask, token: str) -> None:
        self.token = token
        self._browser = app.test_client(use_cookies=False)

    def get(self, path: str, **options: Any) -> Any:
        return self.send("GET", path, **options)

    def read(self, path: str, **options: Any) -> Any:
        """What a GET answers, which must be 200."""
        response = self.get(path, **options)
        assert response.status_code == 200, (path, response.status_code, response.text)
        return response.json

    def write(self, method: str, path: str, body: Any = None, *, key: str = "", **options: Any) -> Any:
        """A write with an Idempotency-Key, a new one unless one is given."""
        headers = {"Idempotency-Key": key or str(new_id()), **options.pop("headers", {})}
        return self.send(method, path, json=body, headers=headers, **options)

    def send(self, method: str, path: str, **options: Any) -> Any:
        """A request with the token."""
        said = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        if options.get("json", "") is None:
            options.pop("json")
        return self._browser.open(
            PREFIX + path, method=method, headers=said, environ_base=somewhere(), **options
        )


class Office:
    """An administrator who lets other systems in, and customers who make tokens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._clients: list[str] = []

    @property
    def scopes(self) -> list[str]:
        """Every scope that opens a path."""
        return [*SCOPES]

    def client(self, name: str, scopes: Sequence[str] = tuple(SCOPES)) -> tuple[str, str]:
        """A new API client: its id and its secret."""
        admin = replace(cast.staff(cast.EDWARD_STAFF, "Edward"), stepped_up_at=self.world.clock.now())
        stub: Any = self.world.identity.stub(
            api_clients_pb2_grpc.ApiClientServiceStub, self.world.persona(admin)
        )
        made = stub.CreateApiClient(
            api_clients_pb2.CreateApiClientRequest(
                client_id=str(new_id()), name=f"{name} {new_id()}", scopes=scopes
            )
        )
        self._clients.append(made.client.client_id)
        return made.client.client_id, made.client_secret

    def close(self) -> None:
        """End every client that was let in: there may not be more than a hundred."""
        while self._clients:
            self.revoke(self._clients.pop())

    def revoke(self, client_id: str) -> None:
        """The client ends."""
        admin = replace(cast.staff(cast.EDWARD_STAFF, "Edward"), stepped_up_at=self.world.clock.now())
        stub: Any = self.world.identity.stub(
            api_clients_pb2_grpc.ApiClientServiceStub, self.world.persona(admin)
        )
        stub.RevokeApiClient(api_clients_pb2.RevokeApiClientRequest(client_id=client_id))

    def system(
        self, name: str, scopes: Sequence[str] = tuple(SCOPES), *, app: Flask | None = None
    ) -> Program:
        """A new API client with a token."""
        client_id, secret = self.client(name, scopes)
        return Program(app or self.world.app, self.token(client_id, secret))

    def token(self, client_id: str, secret: str) -> str:
        """A token by REST."""
        response: Any = self.world.app.test_client(use_cookies=False).post(
            f"{PREFIX}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(client_id, secret),
            environ_base=somewhere(),
        )
        assert response.status_code == 200, response.text
        return str(response.json["access_token"])

    def program(self, name: str, scopes: Sequence[str] = PERSONAL_SCOPES) -> Program:
        """A program of Anna's or Celina's with a personal token."""
        return Program(self.world.app, self.personal_token(name, scopes)[1])

    def personal_token(self, name: str, scopes: Sequence[str] = PERSONAL_SCOPES) -> tuple[str, str]:
        """Its id and the token."""
        household = {"anna": self.world.annas, "celina": self.world.celinas}[name]
        stub: Any = self.world.identity.stub(
            personal_tokens_pb2_grpc.PersonalTokenServiceStub, self._owner(name, household.customer_id)
        )
        made = stub.MakePersonalToken(
            personal_tokens_pb2.MakePersonalTokenRequest(
                personal_token_id=str(new_id()),
                customer_id=household.customer_id,
                name=f"Home {new_id()}"[:80],
                scopes=scopes,
                expires_on=wire.pack_date(self.world.today + timedelta(days=30)),
            )
        )
        return made.personal_token.personal_token_id, made.token

    def forget(self, name: str, personal_token_id: str) -> None:
        """The owner ends a token."""
        household = {"anna": self.world.annas, "celina": self.world.celinas}[name]
        stub: Any = self.world.identity.stub(
            personal_tokens_pb2_grpc.PersonalTokenServiceStub, self._owner(name, household.customer_id)
        )
        stub.RevokePersonalToken(
            personal_tokens_pb2.RevokePersonalTokenRequest(personal_token_id=personal_token_id)
        )

    def _owner(self, name: str, customer_id: str) -> Any:
        """The customer with the account she registered, who has just proven who she is."""
        grants: Any = self.world.identity.stub(grants_pb2_grpc.GrantServiceStub, self.world.edward)
        asked = grants_pb2.ListCustomerGrantsRequest(customer_id=customer_id)
        [grant] = [one for one in grants.ListCustomerGrants(asked).grants if one.user_email.startswith(name)]
        return self.world.persona(
            Actor(
                ActorKind.USER,
                str(UUID(grant.user_id)),
                name.title(),
                permissions=frozenset({"identity.personal_tokens.manage"}),
                stepped_up_at=self.world.clock.now(),
            )
        )
