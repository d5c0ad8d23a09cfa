"""Who calls: another system with a token of five minutes, or a customer's own program with her personal token.

A token of five minutes is verified here, so that its calls are counted as its client's and nobody else's; whether it
may do what it asks for is decided behind, again. A personal token is exchanged at identity, which knows whether it
still holds. Sessions and cookies count for nothing here.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from ebok.identity.v1 import limits_pb2
from flask import Flask, current_app, g, request

from chassis.actors import ActorKind
from chassis.clock import Clock
from chassis.errors import PermissionDenied
from chassis.keys import KeyRing
from chassis.rpc.access import LoginRequired
from chassis.rpc.tokens import REMEMBERED_MAX, TokenRefused, TokenVerifier
from chassis.sources import source_of
from gateway.api.exchanges import Exchanges
from gateway.config import GatewayConfig
from gateway.web.sessions import address

BEARER = "bearer "
PERSONAL_PREFIX = "ebok_"
PERSONAL_LENGTH_MAX = 100
EXTENSION = "ebok_api_verifier"
EXCHANGES_EXTENSION = "ebok_api_exchanges"


class ScopeMissing(PermissionDenied):
    """The token is good, but not for this."""

    reason = "SCOPE_MISSING"


@dataclass(frozen=True)
class Caller:
    """Whose calls are counted, and what the token is for. `customer_id` is set for a personal token."""

    kind: limits_pb2.CallerKind
    subject: str
    scopes: frozenset[str]
    customer_id: str = ""


def caller() -> Caller:
    """Who makes this request."""
    found: Caller = g.api_caller
    return found


def identify(*, personal: bool) -> Caller:
    """The caller by the Authorization header; from here on services are asked as them.

    Refuses LOGIN_REQUIRED, TOKEN_REFUSED, PERSONAL_TOKEN_REFUSED. Each kind of token opens its own paths only.
    """
    header = request.headers.get("Authorization", "")
    if not header:
        raise LoginRequired
    if not header.lower().startswith(BEARER) or not header.isascii():
        raise TokenRefused
    token = header[len(BEARER) :].strip()
    if token.startswith(PERSONAL_PREFIX) != personal:
        raise TokenRefused
    found = _exchange(token) if personal else _verify(token)
    g.api_caller = found
    return found


def by_address() -> Caller:
    """Whoever shows no token, by where the request comes from."""
    return Caller(limits_pb2.CALLER_KIND_ADDRESS, source_of(address()), frozenset())


def need(scope: str) -> None:
    """Refuses SCOPE_MISSING when the token is not for this."""
    if scope not in caller().scopes:
        raise ScopeMissing(scope=scope)


def _verify(token: str) -> Caller:
    verifier: TokenVerifier = current_app.extensions[EXTENSION]
    actor = verifier.verify(token)
    if actor.kind is not ActorKind.CLIENT:
        raise TokenRefused
    g.actor_token = token
    return Caller(limits_pb2.CALLER_KIND_CLIENT, actor.actor_id, _scopes(token))


@lru_cache(maxsize=REMEMBERED_MAX)
def _scopes(token: str) -> frozenset[str]:
    """The scopes of a token that was verified."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return frozenset(str(claims.get("scope", "")).split())


def _exchange(token: str) -> Caller:
    if len(token) > PERSONAL_LENGTH_MAX:
        raise TokenRefused
    exchanges: Exchanges = current_app.extensions[EXCHANGES_EXTENSION]
    answer = exchanges.of(token, address())
    g.actor_token = answer.actor_token
    return Caller(
        limits_pb2.CALLER_KIND_PERSONAL_TOKEN,
        answer.personal_token_id,
        frozenset(answer.scopes),
        answer.customer_id,
    )


def init_callers(app: Flask, config: GatewayConfig, clock: Clock) -> None:
    """The public keys of the suite, to verify tokens by."""
    app.extensions[EXTENSION] = TokenVerifier(KeyRing(config.keys_dir), clock)
    app.extensions[EXCHANGES_EXTENSION] = Exchanges()
