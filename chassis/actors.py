"""Who acts. Every door knows the actor; the domain gets it as `by=`."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from uuid import UUID


class ActorKind(StrEnum):
    """USER is logged in, perhaps with no customer yet; CUSTOMER is a user for one selected customer; CLIENT is another
    system that the provider has let in, SYSTEM a part of the suite.
    """

    NOBODY = "NOBODY"
    USER = "USER"
    CUSTOMER = "CUSTOMER"
    STAFF = "STAFF"
    CLIENT = "CLIENT"
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
    """A verified caller. `actor_id` is the user's, staff member's or API client's id, or the name of a system part.

    `session_id` is what the token was given for: a log-in, a client's secret, a personal token. `stepped_up_at` is when
    the person last proved who they are, where it is known.
    """

    kind: ActorKind
    actor_id: str = ""
    name: str = ""
    customer_id: UUID | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    session_id: str = ""
    address: str = ""
    area: Area = EVERYWHERE
    stepped_up_at: datetime | None = None

    @cached_property
    def customer_key(self) -> str:
        """The customer's id as requests carry it; empty without one."""
        return str(self.customer_id) if self.customer_id is not None else ""

    @property
    def is_of_provider(self) -> bool:
        """One of the provider's people, or a system that the provider has let in: told what they are told."""
        return self.kind in (ActorKind.STAFF, ActorKind.CLIENT)

    def may(self, permission: str) -> bool:
        """Whether the token carries the permission."""
        return permission in self.permissions


NOBODY = Actor(kind=ActorKind.NOBODY)


def SYSTEM_ACTOR(name: str) -> Actor:
    """A part of the suite acting on its own account, for example a job."""
    return Actor(kind=ActorKind.SYSTEM, actor_id=name, name=name)
