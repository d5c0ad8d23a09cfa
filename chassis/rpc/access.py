"""Who may call what: the `(ebok.common.v1.access)` option of each method against the caller's token.

A method without the option, or with one that cannot be kept, stops the server from starting; only health and
reflection are exempt. Every service decides for itself: nobody is trusted to have checked before.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ebok.common.v1 import access_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from chassis.actors import NOBODY, Actor, ActorKind, Area
from chassis.errors import OutsideArea, PermissionDenied, Unauthenticated
from chassis.rpc.tokens import (
    ActorTokens,
    SystemCredential,
    TokenRefused,
    TokenVerifier,
)

__all__ = [
    "AccessRefused",
    "ActorTokens",
    "Gate",
    "LoginRequired",
    "MethodRule",
    "RuleFaulty",
    "SystemCredential",
    "TokenRefused",
    "TokenVerifier",
    "read_rule",
]

EXEMPT_SERVICES = frozenset({"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"})
BEARER = "Bearer "
_AUDIENCES = {
    access_pb2.AUDIENCE_PUBLIC: ActorKind.NOBODY,
    access_pb2.AUDIENCE_USER: ActorKind.USER,
    access_pb2.AUDIENCE_CUSTOMER: ActorKind.CUSTOMER,
    access_pb2.AUDIENCE_STAFF: ActorKind.STAFF,
    access_pb2.AUDIENCE_CLIENT: ActorKind.CLIENT,
    access_pb2.AUDIENCE_SYSTEM: ActorKind.SYSTEM,
}
_USERS = {ActorKind.USER, ActorKind.CUSTOMER}
_PEOPLE = _USERS | {ActorKind.STAFF}


class RuleFaulty(Exception):
    """A method's access option is missing or cannot be kept; the server does not start."""


class LoginRequired(Unauthenticated):
    """The call carries no token and is not for the public."""

    reason = "LOGIN_REQUIRED"


class AccessRefused(PermissionDenied):
    """The caller is known and this is not for them. The words never depend on what exists."""

    reason = "ACCESS_REFUSED"


# Whether a customer (by id) is in an area. A part that keeps customers gives one; without it nobody is.
AreaGuard = Callable[[Area, str], bool]


@dataclass(frozen=True)
class MethodRule:
    """The access option of one method, made quick to ask."""

    method: str  # ebok.billing.v1.InvoiceService/GetInvoice
    for_public: bool = False
    for_users: bool = False
    for_customers: bool = False
    for_staff: bool = False
    for_clients: bool = False
    for_systems: bool = False
    permission: str = ""
    client_permission: str = ""
    systems: frozenset[str] = field(default_factory=frozenset)
    records_reads: bool = False
    records_changes: bool = False
    names_customer: bool = False
    subject_field: str = ""
    keeps_area: bool = False  # The servicer looks to it, or nothing of a customer is in it.


def read_rule(service: str, method: str) -> MethodRule:
    """The rule of a method, from the descriptor pool. Raises RuleFaulty."""
    pool: Any = descriptor_pool.Default()
    descriptor = pool.FindServiceByName(service).methods_by_name[method]
    name = f"{service}/{method}"
    options = descriptor.GetOptions()
    if not options.HasExtension(access_pb2.access):
        raise RuleFaulty(f"{name} has no access option")
    access = options.Extensions[access_pb2.access]
    kinds = frozenset(_AUDIENCES[one] for one in access.audiences if one in _AUDIENCES)
    fields = descriptor.input_type.fields_by_name
    fault = _find_fault(access, kinds, "customer_id" in fields)
    if fault:
        raise RuleFaulty(f"{name} {fault}")
    return MethodRule(
        method=name,
        for_public=ActorKind.NOBODY in kinds,
        for_users=ActorKind.USER in kinds,
        for_customers=ActorKind.CUSTOMER in kinds,
        for_staff=ActorKind.STAFF in kinds,
        for_clients=ActorKind.CLIENT in kinds,
        for_systems=ActorKind.SYSTEM in kinds,
        permission=access.permission,
        client_permission=access.client_permission or access.permission,
        systems=frozenset(access.systems),
        records_reads=access.audit == access_pb2.AUDIT_READ,
        records_changes=access.audit == access_pb2.AUDIT_CHANGE,
        names_customer="customer_id" in fields,
        subject_field=_subject_field(descriptor.input_type),
        keeps_area=access.area != access_pb2.AREA_RULE_UNSPECIFIED,
    )


def _find_fault(access: access_pb2.Access, kinds: frozenset[ActorKind], names_customer: bool) -> str:
    if not kinds or len(kinds) != len(set(access.audiences)):
        return "names no audience or one that is unknown"
    if ActorKind.CUSTOMER in kinds and not names_customer:
        return "is for customers and its request has no customer_id"
    if kinds & _PEOPLE and not access.permission:
        return "is for people and names no permission"
    if ActorKind.CLIENT in kinds and not (access.client_permission or access.permission):
        return "is for clients and names no permission"
    if (ActorKind.SYSTEM in kinds) != bool(access.systems):
        return "must name systems if, and only if, it is for systems"
    return ""


def _subject_field(descriptor: Descriptor) -> str:
    """The field that names what a request touches: its first id that is not the customer's or the request's
    own.
    """
    for one in descriptor.fields:
        is_id = one.type == FieldDescriptor.TYPE_STRING and not one.is_repeated and one.name.endswith("_id")
        if is_id and one.name not in ("customer_id", "request_id"):
            return str(one.name)
    return ""


def _need(permission: str, actor: Actor, *, telling: bool = False) -> None:
    """Whether the permission that is missing is told: to those who can ask for it."""
    if permission not in actor.permissions:
        raise AccessRefused(permission=permission) if telling else AccessRefused


class Gate:
    """Lets callers in or refuses them."""

    def __init__(self, verifier: TokenVerifier, guard: AreaGuard | None = None) -> None:
        self._verifier = verifier
        self._guard = guard

    def identify(self, authorization: str) -> Actor:
        """The caller behind an `authorization` header; NOBODY without one. Raises TokenRefused."""
        if not authorization:
            return NOBODY
        if not authorization.startswith(BEARER):
            raise TokenRefused
        return self._verifier.verify(authorization[len(BEARER) :])

    def admit(self, rule: MethodRule, actor: Actor, requests: Iterable[Any]) -> None:
        """Return if the caller may call this with these requests. Raises LoginRequired, AccessRefused."""
        if rule.for_public:
            return
        kind = actor.kind
        if kind is ActorKind.NOBODY:
            raise LoginRequired
        if kind is ActorKind.CUSTOMER and rule.for_customers:
            _need(rule.permission, actor)
            own = actor.customer_key
            for request in requests:
                if request.customer_id != own:
                    raise AccessRefused
        elif kind is ActorKind.STAFF and rule.for_staff:
            _need(rule.permission, actor, telling=True)
            if not actor.area.is_whole:
                self._admit_area(rule, actor.area, requests)
        elif kind is ActorKind.CLIENT and rule.for_clients:
            _need(rule.client_permission, actor, telling=True)
        elif kind is ActorKind.SYSTEM and rule.for_systems:
            if actor.actor_id not in rule.systems:
                raise AccessRefused
        elif kind in _USERS and rule.for_users:
            _need(rule.permission, actor)
        else:
            raise AccessRefused

    def _admit_area(self, rule: MethodRule, area: Area, requests: Iterable[Any]) -> None:
        """Staff with an area: a customer who is named must be in it; naming none is for methods that keep to it."""
        named = False
        for request in requests:
            customer_id = request.customer_id if rule.names_customer else ""
            if customer_id:
                named = True
                if self._guard is None or not self._guard(area, customer_id):
                    raise OutsideArea
        if not named and not rule.keeps_area:
            raise OutsideArea
