"""The fixed cast: Anna (customer), Bartek (acts for Anna), Celina (must see nothing of Anna's), Daria
(clerk), Edward (manager). Their ids never change, and their tokens are real ones, signed with the tests'
identity key.

Without `permissions`, a persona may do whatever the loaded protos allow its kind; give them to narrow.
"""

import sys
from collections.abc import Collection, Iterable
from datetime import timedelta
from types import ModuleType
from typing import Any, Self
from uuid import UUID

from ebok.common.v1 import access_pb2

from chassis.actors import Actor, ActorKind
from chassis.clock import Clock
from chassis.keys import Signer
from chassis.rpc.client import Metadata, as_actor
from chassis.rpc.tokens import ACTOR_TOKEN_LIFETIME, ActorTokens

ANNA_USER = UUID("01930000-0000-7000-8000-00000000000a")
ANNA_CUSTOMER = UUID("01930000-0000-7000-8000-0000000000ca")
BARTEK_USER = UUID("01930000-0000-7000-8000-00000000000b")
BARTEK_CUSTOMER = UUID("01930000-0000-7000-8000-0000000000cb")
CELINA_USER = UUID("01930000-0000-7000-8000-00000000000c")
CELINA_CUSTOMER = UUID("01930000-0000-7000-8000-0000000000cc")
API_CLIENT = UUID("01930000-0000-7000-8000-0000000000c1")
API_CLIENT_NAME = "GIS"
DARIA_STAFF = UUID("01930000-0000-7000-8000-00000000000d")
EDWARD_STAFF = UUID("01930000-0000-7000-8000-00000000000e")
ADDRESS = "192.0.2.7"

_AUDIENCES_OF = {
    ActorKind.USER: (access_pb2.AUDIENCE_USER,),
    ActorKind.CUSTOMER: (access_pb2.AUDIENCE_CUSTOMER, access_pb2.AUDIENCE_USER),
    ActorKind.STAFF: (access_pb2.AUDIENCE_STAFF,),
    ActorKind.CLIENT: (access_pb2.AUDIENCE_CLIENT,),
}


def declared_permissions(kind: ActorKind) -> frozenset[str]:
    """Every permission that a method of the loaded protos asks of the kind."""
    wanted = _AUDIENCES_OF.get(kind, ())
    found: set[str] = set()
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType) and module.__name__.endswith("_pb2"):
            found.update(_permissions_of(module, wanted))
    return frozenset(found)


def _permissions_of(module: ModuleType, wanted: Collection[int]) -> Iterable[str]:
    descriptor: Any = module.DESCRIPTOR
    for service in descriptor.services_by_name.values():
        for method in service.methods:
            access = method.GetOptions().Extensions[access_pb2.access]
            if set(wanted) & set(access.audiences) and access.permission:
                yield access.permission
            if access_pb2.AUDIENCE_CLIENT in wanted and access.client_permission:
                yield access.client_permission


class Persona:
    """Somebody with a token; give it to `served.stub(…, persona)` or use `.metadata`."""

    def __init__(self, actor: Actor, signer: Signer, clock: Clock, *, all_permissions: bool = True) -> None:
        self.actor = actor
        self._signer = signer
        self._clock = clock
        self._all_permissions = all_permissions

    @property
    def customer_id(self) -> str:
        """The customer the persona acts for, as a request carries it."""
        return str(self.actor.customer_id) if self.actor.customer_id else ""

    def token(self, *, lifetime: timedelta = ACTOR_TOKEN_LIFETIME) -> str:
        """A fresh token at the clock's instant."""
        actor = self.actor
        if self._all_permissions and actor.kind in _AUDIENCES_OF:
            actor = self._having(declared_permissions(actor.kind))
        return ActorTokens(self._signer, self._clock).mint(actor, lifetime=lifetime)[0]

    @property
    def metadata(self) -> Metadata:
        """For `stub.Method(request, metadata=persona.metadata)`."""
        return as_actor(self.token())

    def allowed(self, *permissions: str) -> Self:
        """The same person with exactly these permissions."""
        return type(self)(
            self._having(frozenset(permissions)), self._signer, self._clock, all_permissions=False
        )

    def without(self, *permissions: str) -> Self:
        """The same person with every permission but these."""
        rest = declared_permissions(self.actor.kind) - frozenset(permissions)
        return self.allowed(*rest)

    def acting_for(self, customer_id: UUID) -> Self:
        """The same person with another customer selected."""
        actor = Actor(**{**vars(self.actor), "customer_id": customer_id, "kind": ActorKind.CUSTOMER})
        return type(self)(actor, self._signer, self._clock, all_permissions=self._all_permissions)

    def without_customer(self) -> Self:
        """The same person, logged in with no customer selected: a USER."""
        actor = Actor(**{**vars(self.actor), "customer_id": None, "kind": ActorKind.USER})
        return type(self)(actor, self._signer, self._clock, all_permissions=self._all_permissions)

    def _having(self, permissions: frozenset[str]) -> Actor:
        return Actor(**{**vars(self.actor), "permissions": permissions})


def customer(user: UUID, name: str, customer_id: UUID) -> Actor:
    """A portal user acting for a customer."""
    return Actor(
        ActorKind.CUSTOMER, str(user), name, customer_id, session_id=f"session-{name}", address=ADDRESS
    )


def client() -> Actor:
    """Another system that the provider has let in."""
    return Actor(ActorKind.CLIENT, str(API_CLIENT), API_CLIENT_NAME, session_id="secret-GIS")


def staff(staff_id: UUID, name: str) -> Actor:
    """One of the provider's people."""
    return Actor(ActorKind.STAFF, str(staff_id), name, session_id=f"session-{name}", address=ADDRESS)
