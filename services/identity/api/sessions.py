"""Front door for sessions: log in, prove who one is, who is this, switch the customer, leave here or elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from ebok.identity.v1 import sessions_pb2 as pb
from ebok.identity.v1 import sessions_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts, wire
from chassis.actors import Actor
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.api import recording
from services.identity.api.packing import (
    pack_challenge,
    pack_held,
    pack_open_session,
    pack_person_as_staff,
    pack_person_as_user,
    pack_realm,
    unpack_realm,
)
from services.identity.api.proofs import Proofs
from services.identity.api.tokens import RememberedTokens
from services.identity.domain import challenges, denials, sessions, standing, users
from services.identity.domain.challenges import Challenged
from services.identity.domain.devices import Browser
from services.identity.domain.links import hash_secret
from services.identity.domain.owners import account_of
from services.identity.domain.passwords import Checked, Passwords
from services.identity.domain.sessions import Knock, Opened
from services.identity.domain.standing import Lifetimes
from services.identity.domain.step_up import STEP_UP_LASTS
from services.identity.domain.users import normal_email
from services.identity.storage import sessions as stored
from services.identity.storage.challenges import ChallengeKind
from services.identity.storage.sessions import LoginSession, Realm

SESSIONS_SHOWN_MAX = 20
TOLD_REMEMBERED = 5_000


class SessionService(rpc.SessionServiceServicer):
    """Log-ins. Passwords and codes are checked between two transactions: one counts the attempt, the other opens."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        hasher: Passwords,
        proofs: Proofs,
        tokens: RememberedTokens,
        lifetimes: Mapping[Realm, Lifetimes],
    ) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher
        self._proofs = proofs
        self._tokens = tokens
        self._lifetimes = lifetimes

    def LogIn(self, request: pb.LogInRequest, context: Context) -> pb.LogInResponse:
        """Open a session, or ask for a code."""
        now = self._clock.now()
        realm = unpack_realm(request.realm)
        with self._hasher.place():
            with self._database.asking() as asking:
                attempt = sessions.knock(
                    asking, normal_email(request.email), realm=realm, address=request.address, now=now
                )
            checked = self._hasher.check(attempt.password_hash, request.password)
        browser = Browser(request.address, request.user_agent, request.device_token)
        outcome = self._let_in_plainly(attempt, checked, browser, now=now) or self._let_in(
            attempt, checked, browser, now=now
        )
        if isinstance(outcome, Opened):
            ends = wire.pack_instant(outcome.expires_at)
            return pb.LogInResponse(session_token=outcome.secret, expires_at=ends)
        return pb.LogInResponse(challenge=pack_challenge(outcome))

    def _let_in_plainly(
        self, attempt: Knock, checked: Checked, browser: Browser, *, now: datetime
    ) -> Opened | None:
        if not checked.right or checked.renewed_hash:
            return None
        with self._database.asking() as asking:
            opened = sessions.let_in_plainly(
                asking,
                attempt,
                browser,
                lifetimes=self._lifetimes[attempt.realm],
                announcing=recording.values_by,
                now=now,
            )
        if opened is not None:
            recording.was_written()
        return opened

    def _let_in(
        self, attempt: Knock, checked: Checked, browser: Browser, *, now: datetime
    ) -> Opened | Challenged:
        with self._database.writing() as writing:
            outcome = sessions.let_in(
                writing,
                attempt,
                checked,
                browser,
                lifetimes=self._lifetimes[attempt.realm],
                seals=self._proofs.seals,
                now=now,
            )
            if isinstance(outcome, Opened):
                _act(outcome.actor)
            else:
                recording.nothing_happened()
        return outcome

    def GetChallenge(self, request: pb.GetChallengeRequest, context: Context) -> pb.GetChallengeResponse:
        """What is asked."""
        token_hash, realm = hash_secret(request.challenge_token), unpack_realm(request.realm)
        with self._database.reading() as session:
            found = challenges.find(session, token_hash, realm=realm, now=self._clock.now())
            shown = challenges.show(session, found, self._proofs.unseal(found.sealed_secret))
        return pb.GetChallengeResponse(challenge=pack_challenge(shown))

    def CompleteLogIn(self, request: pb.CompleteLogInRequest, context: Context) -> pb.CompleteLogInResponse:
        """Open the session that the challenge is of."""
        now, realm = self._clock.now(), unpack_realm(request.realm)
        with self._proofs.place_for(request.code):
            with recording.unrecorded(), self._database.transaction() as session:
                attempt = challenges.knock(
                    session,
                    hash_secret(request.challenge_token),
                    realm=realm,
                    address=request.address,
                    now=now,
                )
            given = self._proofs.check(attempt.kept, request.code, now=now)
        enrols = attempt.kind is ChallengeKind.ENROL and given.is_right
        codes = self._proofs.new_recovery_codes() if enrols else None
        with self._database.transaction() as session:
            owner = challenges.answer(session, attempt, given, codes=codes, now=now)
            account = account_of(owner)
            browser = Browser(request.address, request.user_agent, request.device_token, request.trust_device)
            opened = sessions.open_session(
                session,
                account,
                browser,
                sessions.find_proofs(session, account, browser, now=now),
                stepped_up_at=now,
                lifetimes=self._lifetimes[realm],
                seals=self._proofs.seals,
                now=now,
            )
            _act(opened.actor)
        return pb.CompleteLogInResponse(
            session_token=opened.secret,
            expires_at=wire.pack_instant(opened.expires_at),
            recovery_codes=codes.told if codes else (),
        )

    def StepUp(self, request: pb.StepUpRequest, context: Context) -> pb.StepUpResponse:
        """Prove once more who one is, by a code, or by the password where there is no app."""
        now, realm = self._clock.now(), unpack_realm(request.realm)
        if request.code:
            with self._proofs.place_for(request.code):
                with recording.unrecorded(), self._database.transaction() as session:
                    asking = self._live(session, request.session_token, realm, now=now)
                    attempt = challenges.knock_with_code(session, asking, address=request.address, now=now)
                given = self._proofs.check(attempt.kept, request.code, now=now)
            with self._database.transaction() as session:
                asking = self._live(session, request.session_token, realm, now=now)
                challenges.answer(session, attempt, given, codes=None, now=now)
                _act(challenges.proven_in(session, asking, address=request.address, now=now))
        else:
            with self._hasher.place():
                with recording.unrecorded(), self._database.transaction() as session:
                    asking = self._live(session, request.session_token, realm, now=now)
                    owner, counted = users.count_password(session, asking, address=request.address, now=now)
                    old_hash = owner.password_hash
                checked = self._hasher.check(old_hash, request.password)
            with self._database.transaction() as session:
                asking = self._live(session, request.session_token, realm, now=now)
                users.prove(session, asking, checked, counted, old_hash=old_hash, now=now)
                _act(challenges.proven_in(session, asking, address=request.address, now=now))
        return pb.StepUpResponse(stepped_up_until=wire.pack_instant(now + STEP_UP_LASTS))

    def ListSessions(self, request: pb.ListSessionsRequest, context: Context) -> pb.ListSessionsResponse:
        """Where the person is logged in."""
        now, realm = self._clock.now(), unpack_realm(request.realm)
        with self._database.reading() as session:
            asking = self._live(session, request.session_token, realm, now=now)
            found = stored.list_live_sessions(
                session,
                realm=realm,
                owner_id=asking.owner_id,
                now=now,
                idle=self._lifetimes[realm].idle,
                limit=SESSIONS_SHOWN_MAX,
            )
            packed = [pack_open_session(one, is_this=one.session_id == asking.session_id) for one in found]
        return pb.ListSessionsResponse(sessions=packed)

    def EndSessions(self, request: pb.EndSessionsRequest, context: Context) -> pb.EndSessionsResponse:
        """End one elsewhere, or all of them."""
        now, realm = self._clock.now(), unpack_realm(request.realm)
        session_id = wire.unpack_optional_id(request.session_id, field="session_id")
        with self._database.transaction() as session:
            asking = self._live(session, request.session_token, realm, now=now)
            _act(sessions.end_others(session, asking, session_id, now=now))
        return pb.EndSessionsResponse()

    def DenySignIn(self, request: pb.DenySignInRequest, context: Context) -> pb.DenySignInResponse:
        """It was not me."""
        with self._database.transaction() as session:
            denied = denials.deny_sign_in(session, hash_secret(request.token), now=self._clock.now())
            _act(denied.actor)
        return pb.DenySignInResponse(
            realm=pack_realm(denied.realm),
            reset_token=denied.reset_token,
            kept_email=denied.kept_email,
        )

    def CheckSession(self, request: pb.CheckSessionRequest, context: Context) -> pb.CheckSessionResponse:
        """Who the session is: one query, and a signature now and then."""
        now = self._clock.now()
        realm = unpack_realm(request.realm)
        with self._database.asking() as reader:
            rows = standing.find(
                reader, request.session_token, realm=realm, lifetimes=self._lifetimes[realm], now=now
            )
        if standing.was_seen_long_ago(rows, now=now):
            with self._database.transaction() as session:
                standing.note_seen(session, rows, now=now)
        tell = _tell_of_user if realm is Realm.PORTAL else _tell_of_staff
        actor, told = tell(rows, request.address)
        token, expires_at = self._tokens.token_for(actor)
        response = pb.CheckSessionResponse(
            actor_token=token, actor_token_expires_at=wire.pack_instant(expires_at)
        )
        response.MergeFrom(told)
        return response

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
                _act(actor)
        return pb.LogOutResponse()

    def _live(self, session: Session, secret: str, realm: Realm, *, now: datetime) -> LoginSession:
        return sessions.find_live(session, secret, realm=realm, lifetimes=self._lifetimes[realm], now=now)


# A page after the other asks about the same session and is told the same: to make it anew takes as long as to ask.
@lru_cache(maxsize=TOLD_REMEMBERED)
def _tell_of_user(rows: tuple[Any, ...], address: str) -> tuple[Actor, pb.CheckSessionResponse]:
    """The actor, and what is told of the session but for its token; not to be changed."""
    found = standing.of_user(rows, address)
    return found.actor, pb.CheckSessionResponse(
        user=pack_person_as_user(found.person),
        customer_id=found.actor.customer_key,
        grants=[pack_held(one) for one in found.held],
    )


def _tell_of_staff(rows: tuple[Any, ...], address: str) -> tuple[Actor, pb.CheckSessionResponse]:
    found = standing.of_staff(rows, address)
    return found.actor, pb.CheckSessionResponse(staff=pack_person_as_staff(found.person, found.actor))


def _act(actor: Actor) -> None:
    recording.by(actor)
    acts.name_subject(actor.actor_id)
