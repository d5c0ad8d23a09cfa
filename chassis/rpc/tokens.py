"""Who is calling: short-lived EdDSA tokens, minted by identity for people and by each part for itself.

Claims: iss (the part that signed), aud (the suite), sub, kind, name, cid (customer), perms, sid (session), adr
(address), sup (when the person last proved who they are), scope (of an API client, its own words), iat, exp. Only
identity may speak for USER, CUSTOMER, STAFF and CLIENT; a part may speak for itself alone. Times are
those of the suite's clock.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from chassis.actors import EVERYWHERE, Actor, ActorKind, Area
from chassis.clock import Clock
from chassis.config import PartConfig
from chassis.errors import Unauthenticated
from chassis.keys import KeyRing, Signer, load_signer

ISSUER_OF_PEOPLE = "identity"
AUDIENCE = "ebok"
ACTOR_TOKEN_LIFETIME = timedelta(minutes=5)
SYSTEM_TOKEN_LIFETIME = timedelta(minutes=4)
LIFETIME_MAX = timedelta(minutes=10)
SKEW = timedelta(seconds=30)
TOKEN_LENGTH_MAX = 8_000
REMEMBERED_MAX = 4_096
ALGORITHM = "EdDSA"
_REQUIRED = ["iss", "aud", "sub", "kind", "iat", "exp"]


class TokenRefused(Unauthenticated):
    """The token is missing, expired, forged or not one of ours; which of these is not told."""

    reason = "TOKEN_REFUSED"


class ActorTokens:
    """Mints tokens with a part's own key."""

    def __init__(self, signer: Signer, clock: Clock) -> None:
        self._signer = signer
        self._clock = clock

    def mint(
        self, actor: Actor, *, lifetime: timedelta = ACTOR_TOKEN_LIFETIME, scope: str = ""
    ) -> tuple[str, datetime]:
        """A token for the actor and the instant it ends."""
        now = self._clock.now()
        expires_at = now + lifetime
        claims: dict[str, Any] = {
            "iss": self._signer.part,
            "aud": AUDIENCE,
            "sub": actor.actor_id,
            "kind": actor.kind.value,
            "iat": round(
                now.timestamp(), 3
            ),  # To the millisecond: what was revoked in this second is not given again.
            "exp": int(expires_at.timestamp()),
        }
        optional = {
            "name": actor.name,
            "cid": str(actor.customer_id) if actor.customer_id else "",
            "perms": sorted(actor.permissions),
            "sid": actor.session_id,
            "adr": actor.address,
            "twn": sorted(actor.area.towns),
            "cmd": sorted(actor.area.commodities),
            "sup": int(actor.stepped_up_at.timestamp()) if actor.stepped_up_at else 0,
            "scope": scope,
        }
        claims.update({key: value for key, value in optional.items() if value})
        token = jwt.encode(claims, self._signer.key, algorithm=ALGORITHM, headers={"kid": self._signer.kid})
        return token, expires_at


class TokenVerifier:
    """Verifies tokens and remembers, up to a bound, those it verified: the signature is most of the cost."""

    def __init__(
        self, ring: KeyRing, clock: Clock, *, revoked: Callable[[Actor, float], bool] = lambda *_: False
    ) -> None:
        self._ring = ring
        self._clock = clock
        self._revoked = revoked
        self._lock = threading.Lock()
        self._remembered: OrderedDict[str, tuple[Actor, float, float]] = OrderedDict()
        self._generation = -1

    def verify(self, token: str) -> Actor:
        """The actor a token speaks for. Raises TokenRefused."""
        now = self._clock.now().timestamp()
        generation = self._ring.refresh()
        with self._lock:
            if generation != self._generation:  # A key may have been withdrawn.
                self._remembered.clear()
                self._generation = generation
            known = self._remembered.get(token)
            if known is not None:
                self._remembered.move_to_end(token)
        if known is None:
            known = self._verify_anew(token)
            with self._lock:
                self._remembered[token] = known
                while len(self._remembered) > REMEMBERED_MAX:
                    self._remembered.popitem(last=False)
        actor, issued, ends = known
        if not issued - SKEW.total_seconds() <= now < ends or self._revoked(actor, issued):
            raise TokenRefused
        return actor

    def _verify_anew(self, token: str) -> tuple[Actor, float, float]:
        if len(token) > TOKEN_LENGTH_MAX:
            raise TokenRefused
        try:
            kid = jwt.get_unverified_header(token).get("kid", "")
            found = self._ring.find(kid) if isinstance(kid, str) else None
            if found is None:
                raise TokenRefused
            issuer, key = found
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=issuer,
                audience=AUDIENCE,
                # The suite's clock decides, below; the library knows only the machine's.
                options={
                    "require": _REQUIRED,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            actor = _read_actor(issuer, claims)
            issued, ends = float(claims["iat"]), int(claims["exp"])
        except (jwt.InvalidTokenError, ValueError, TypeError, KeyError):
            raise TokenRefused from None
        if not 0 < ends - issued <= LIFETIME_MAX.total_seconds():
            raise TokenRefused
        return actor, issued, ends


def _read_actor(issuer: str, claims: dict[str, Any]) -> Actor:
    kind = ActorKind(claims["kind"])
    subject = str(claims["sub"])
    if kind is ActorKind.SYSTEM:
        if subject != issuer:
            raise TokenRefused
    elif issuer != ISSUER_OF_PEOPLE or kind is ActorKind.NOBODY or not subject:
        raise TokenRefused
    customer = claims.get("cid", "")
    if (kind is ActorKind.CUSTOMER) != bool(customer):
        raise TokenRefused
    return Actor(
        kind=kind,
        actor_id=subject,
        name=str(claims.get("name", "")),
        customer_id=UUID(customer) if customer else None,
        permissions=frozenset(str(one) for one in claims.get("perms", [])),
        session_id=str(claims.get("sid", "")),
        address=str(claims.get("adr", "")),
        area=_read_area(claims),
        stepped_up_at=datetime.fromtimestamp(int(claims["sup"]), UTC) if "sup" in claims else None,
    )


def _read_area(claims: dict[str, Any]) -> Area:
    if "twn" not in claims and "cmd" not in claims:
        return EVERYWHERE
    return Area(
        towns=frozenset(str(one) for one in claims.get("twn", [])),
        commodities=frozenset(str(one) for one in claims.get("cmd", [])),
    )


class SystemCredential:
    """A part's word for itself, renewed a minute before it ends."""

    def __init__(self, config: PartConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: ActorTokens | None = None
        self._token = ""
        self._made_at = self._renew_at = datetime.min.replace(tzinfo=UTC)

    def token(self) -> str:
        """The current token. Raises KeyMissing when this part has no key."""
        now = self._clock.now()
        with self._lock:
            if not self._made_at <= now < self._renew_at:  # The clock of a demonstration may go back, too.
                if self._tokens is None:
                    signer = load_signer(self._config.part, self._config.private_key_path)
                    self._tokens = ActorTokens(signer, self._clock)
                actor = Actor(ActorKind.SYSTEM, self._config.part, self._config.part)
                self._token, expires_at = self._tokens.mint(actor, lifetime=SYSTEM_TOKEN_LIFETIME)
                self._made_at, self._renew_at = now, expires_at - timedelta(minutes=1)
            return self._token
