"""Tokens to act with: those of pages, which are remembered, and the door for other systems and personal tokens."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from ebok.identity.v1 import tokens_pb2 as pb
from ebok.identity.v1 import tokens_pb2_grpc as rpc

from chassis import wire
from chassis.actors import Actor, ActorKind
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.access import ActorTokens
from chassis.rpc.server import Context
from chassis.sources import address_of_peer
from services.identity.domain import client_tokens, personal_tokens
from services.identity.domain.personal_tokens import PersonalTokenRefused

RENEW_BEFORE = timedelta(minutes=1)
REMEMBERED_MAX = 10_000

Token = tuple[str, datetime]


class RememberedTokens:
    """Actor tokens, remembered until a minute before they end: signing one for each page costs more than the query.

    One for each session – a log-in, a personal token –, and only for the whole actor as it was: whatever changes –
    customer, address, permissions – makes a new token, and so does what is revoked. Whether the session still stands is
    asked of the database before, each time.
    """

    def __init__(
        self,
        tokens: ActorTokens,
        clock: Clock,
        *,
        revoked: Callable[[Actor, float], bool] = lambda *_: False,
    ) -> None:
        self._tokens = tokens
        self._clock = clock
        self._revoked = revoked
        self._lock = threading.Lock()
        self._remembered: OrderedDict[str, tuple[Actor, Token, datetime]] = OrderedDict()

    def token_for(self, actor: Actor) -> Token:
        """A token that lasts at least a minute, and the instant it ends."""
        now = self._clock.now()
        with self._lock:
            found = self._remembered.get(actor.session_id)
            if found is not None and (found[0] is actor or found[0] == actor):
                _, token, minted_at = found
                if minted_at <= now < token[1] - RENEW_BEFORE and not self._revoked(
                    actor, minted_at.timestamp()
                ):
                    self._remembered.move_to_end(actor.session_id)
                    return token
        token = self._tokens.mint(actor)
        with self._lock:
            self._remembered[actor.session_id] = (actor, token, now)
            self._remembered.move_to_end(actor.session_id)
            while len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return token


class TokenService(rpc.TokenServiceServicer):
    """Front door for tokens. A client's attempt is counted in a transaction of its own, before it is judged."""

    def __init__(
        self, database: Database, clock: Clock, *, minting: ActorTokens, remembered: RememberedTokens
    ) -> None:
        self._database = database
        self._clock = clock
        self._minting = minting
        self._remembered = remembered

    def IssueToken(self, request: pb.IssueTokenRequest, context: Context) -> pb.IssueTokenResponse:
        """Client credentials."""
        now = self._clock.now()
        by_gateway = context.actor.kind is ActorKind.SYSTEM and context.actor.actor_id == "gateway"
        address = request.address if by_gateway else address_of_peer(context.peer())
        with self._database.transaction() as session:
            attempt = client_tokens.knock(
                session, request.client_id, request.client_secret, address=address, now=now
            )
        with self._database.transaction() as session:
            let_in = client_tokens.let_in(session, attempt, request.scope.split(), address=address, now=now)
        scope = " ".join(let_in.scopes)
        token, expires_at = self._minting.mint(let_in.actor, scope=scope)
        return pb.IssueTokenResponse(
            access_token=token,
            token_type="Bearer",  # noqa: S106 - RFC 6750's word
            expires_in=int((expires_at - now).total_seconds()),
            scope=scope,
        )

    def ExchangePersonalToken(
        self, request: pb.ExchangePersonalTokenRequest, context: Context
    ) -> pb.ExchangePersonalTokenResponse:
        """A personal token for one to act with: one query, and a signature now and then."""
        now = self._clock.now()
        with self._database.asking() as reader:
            found = personal_tokens.exchange(reader, request.token, address=request.address, now=now)
        if found is None:
            with self._database.transaction() as session:
                personal_tokens.count_wrong(session, address=request.address, now=now)
            raise PersonalTokenRefused
        if found.use_is_old:
            with self._database.transaction() as session:
                personal_tokens.note_used(session, found, now=now)
        token, expires_at = self._remembered.token_for(found.actor)
        return pb.ExchangePersonalTokenResponse(
            actor_token=token,
            actor_token_expires_at=wire.pack_instant(expires_at),
            customer_id=wire.pack_id(found.actor.customer_id),
            personal_token_id=wire.pack_id(found.personal_token_id),
            scopes=found.scopes,
        )
