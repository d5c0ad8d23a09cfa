"""Front door for sessions: log in, who is this, switch the customer, leave."""

from collections.abc import Mapping

from ebok.identity.v1 import sessions_pb2 as pb
from ebok.identity.v1 import sessions_pb2_grpc as rpc

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.api import recording
from services.identity.api.packing import (
    pack_held,
    pack_person_as_staff,
    pack_person_as_user,
    unpack_realm,
)
from services.identity.api.tokens import RememberedTokens
from services.identity.domain import sessions
from services.identity.domain.passwords import Passwords
from services.identity.domain.sessions import Lifetimes
from services.identity.domain.users import normal_email
from services.identity.storage.sessions import Realm


class SessionService(rpc.SessionServiceServicer):
    """Log-ins. The password is checked between two transactions: the first counts the attempt, the second opens."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        hasher: Passwords,
        tokens: RememberedTokens,
        lifetimes: Mapping[Realm, Lifetimes],
    ) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher
        self._tokens = tokens
        self._lifetimes = lifetimes

    def LogIn(self, request: pb.LogInRequest, context: Context) -> pb.LogInResponse:
        """Open a session."""
        now = self._clock.now()
        realm = unpack_realm(request.realm)
        with self._hasher.place():
            with recording.unrecorded(), self._database.transaction() as session:
                attempt = sessions.knock(
                    session, normal_email(request.email), realm=realm, address=request.address, now=now
                )
            checked = self._hasher.check(attempt.password_hash, request.password)
        with self._database.transaction() as session:
            opened = sessions.open_session(
                session,
                attempt,
                checked,
                lifetimes=self._lifetimes[realm],
                address=request.address,
                user_agent=request.user_agent,
                now=now,
            )
            recording.by(opened.actor)
            acts.name_subject(opened.actor.actor_id)
        return pb.LogInResponse(session_token=opened.secret, expires_at=wire.pack_instant(opened.expires_at))

    def CheckSession(self, request: pb.CheckSessionRequest, context: Context) -> pb.CheckSessionResponse:
        """Who the session is: one query, and a signature now and then."""
        now = self._clock.now()
        realm = unpack_realm(request.realm)
        with self._database.asking() as reader:
            standing = sessions.check(
                reader,
                request.session_token,
                realm=realm,
                lifetimes=self._lifetimes[realm],
                address=request.address,
                now=now,
            )
        if standing.seen_is_old:
            with self._database.transaction() as session:
                sessions.note_seen(session, standing.session_id, now=now)
        token, expires_at = self._tokens.token_for(standing.actor)
        in_portal = realm is Realm.PORTAL
        return pb.CheckSessionResponse(
            actor_token=token,
            actor_token_expires_at=wire.pack_instant(expires_at),
            user=pack_person_as_user(standing.person) if in_portal else None,
            staff=None if in_portal else pack_person_as_staff(standing.person, standing.actor),
            customer_id=wire.pack_id(standing.actor.customer_id),
            grants=[pack_held(one) for one in standing.held],
        )

    def SelectCustomer(
        self, request: pb.SelectCustomerRequest, context: Context
    ) -> pb.SelectCustomerResponse:
        """Keep the choice with the session."""
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        with self._database.transaction() as session:
            sessions.select_customer(
                session,
                request.session_token,
                customer_id,
                lifetimes=self._lifetimes[Realm.PORTAL],
                now=self._clock.now(),
            )
        return pb.SelectCustomerResponse()

    def LogOut(self, request: pb.LogOutRequest, context: Context) -> pb.LogOutResponse:
        """End a session; one that has ended is no fault and no act."""
        with self._database.transaction() as session:
            actor = sessions.end(session, request.session_token, now=self._clock.now())
            if actor is None:
                recording.nothing_happened()
            else:
                recording.by(actor)
                acts.name_subject(actor.actor_id)
        return pb.LogOutResponse()
