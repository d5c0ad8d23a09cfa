"""Access of programs: an API client with two secrets, and a token of Anna's. `begin_anew` puts them back."""

from datetime import timedelta
from typing import Any

from ebok.identity.v1 import api_clients_pb2, personal_tokens_pb2, sessions_pb2
from ebok.identity.v1.api_clients_pb2_grpc import ApiClientServiceStub
from ebok.identity.v1.personal_tokens_pb2_grpc import PersonalTokenServiceStub
from sqlalchemy import text

from chassis import wire
from chassis.actors import Actor, ActorKind
from chassis.clock import warsaw_date
from tests.gateway.world import ADDRESS, World

CLIENT, SECRET = "01930000-0000-7000-8000-00000000a001", "01930000-0000-7000-8000-00000000a002"
TOKEN = "01930000-0000-7000-8000-00000000a003"


def client_id(world: World) -> str:
    """Another system with two secrets."""
    stub: Any = world.identity.stub(ApiClientServiceStub, world.administrator())
    made = api_clients_pb2.CreateApiClientRequest(
        client_id=CLIENT, name="GIS", scopes=["customers:read", "meters:read", "meters:write"]
    )
    if not stub.CreateApiClient(made).client.HasField("revoked_at"):
        stub.RotateSecret(api_clients_pb2.RotateSecretRequest(client_id=CLIENT, secret_id=SECRET))
    return CLIENT


def secret_id(world: World) -> str:
    """The second one."""
    client_id(world)
    return SECRET


def personal_token_id(world: World) -> str:
    """A token of Anna's."""
    asked = sessions_pb2.CheckSessionRequest(
        session_token=world.log_in("anna@poczta.example"), realm=sessions_pb2.REALM_PORTAL, address=ADDRESS
    )
    answer = world.sessions.CheckSession(asked)
    now = world.clock.now()
    anna = Actor(ActorKind.USER, answer.user.user_id, answer.user.name, stepped_up_at=now)
    stub: Any = world.identity.stub(PersonalTokenServiceStub, world.persona(anna))
    stub.MakePersonalToken(
        personal_tokens_pb2.MakePersonalTokenRequest(
            personal_token_id=TOKEN,
            customer_id=answer.customer_id,
            name="Arkusz domowy",
            scopes=["usage:read"],
            expires_on=wire.pack_date(warsaw_date(now) + timedelta(days=90)),
        )
    )
    return TOKEN


def begin_anew(world: World) -> None:
    """What forms made is gone, and what they revoked is in force again."""
    with world.identity.database.transaction() as session:
        for table in ("client_secrets", "api_clients", "personal_tokens"):
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - names of ours
    client_id(world)
    personal_token_id(world)
