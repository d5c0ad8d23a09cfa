"""Who acts. Every door knows the actor; the domain gets it as `by=`."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from uuid import UUID


class ActorKind(StrEnum):
    """USER is logged in, perhaps with no customer yet; CUSTOMER is a user for one selected customer."""

    NOBODY = "NOBODY"
    USER = "USER"
    CUSTOMER = "CUSTOMER"
    STAFF = "STAFF"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True)
class Area:
    """Where somebody of staff may work: some towns, some commodities. Nothing named: everywhere."""

    towns: frozenset[str] = frozenset()
    commodities: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether it limits nothing."""
        return not (self.towns or self.commodities)


EVERYWHERE = Area()


@dataclass(frozen=True)
class Actor:
    """A verified caller. `actor_id` is the user's or staff member's id, or the name of a system part."""

    kind: ActorKind
    actor_id: str = ""
    name: str = ""
    customer_id: UUID | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    session_id: str = ""
    address: str = ""
    area: Area = EVERYWHERE

    @cached_property
    def customer_key(self) -> str:
        """The customer's id as requests carry it; empty without one."""
        return str(self.customer_id) if self.customer_id is not None else ""

    def may(self, permission: str) -> bool:
        """Whether the token carries the permission."""
        return permission in self.permissions


NOBODY = Actor(kind=ActorKind.NOBODY)


def SYSTEM_ACTOR(name: str) -> Actor:
    """A part of the suite acting on its own account, for example a job."""
    return Actor(kind=ActorKind.SYSTEM, actor_id=name, name=name)
