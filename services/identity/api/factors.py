"""Front door for what one proves oneself by: password, app, recovery codes. Whose they are, the session says."""

from collections.abc import Mapping
from datetime import datetime

from ebok.identity.v1 import factors_pb2 as pb
from ebok.identity.v1 import factors_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.api import recording
from services.identity.api.packing import pack_challenge, unpack_realm
from services.identity.api.proofs import Proofs
from services.identity.domain import (
    challenges,
    factors,
    owners,
    passwords,
    sessions,
    settings,
    step_up,
    users,
)
from services.identity.domain.links import hash_secret
from services.identity.domain.owners import Owner
from services.identity.domain.passwords import LeakedPasswords, Passwords
from services.identity.domain.standing import Lifetimes
from services.identity.storage import factors as stored
from services.identity.storage.sessions import LoginSession, Realm


class FactorService(rpc.FactorServiceServicer):
    """What protects an account. Codes and passwords are checked between transactions, after the attempt was counted."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        hasher: Passwords,
        proofs: Proofs,
        leaked: LeakedPasswords | None,
        lifetimes: Mapping[Realm, Lifetimes],
    ) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher
        self._proofs = proofs
        self._leaked = leaked
        self._lifetimes = lifetimes

    def GetFactors(self, request: pb.GetFactorsRequest, context: Context) -> pb.GetFactorsResponse:
        """What is set up."""
        now = self._clock.now()
        with self._database.reading() as session:
            asking = self._live(session, request.session_token, unpack_realm(request.realm), now=now)
            owner = owners.find(session, asking.realm, asking.owner_id)
            factor = stored.find_factor(session, asking.owner_id)
            found = pb.Factors(
                totp_since=wire.pack_optional_instant(factor.enrolled_at if factor else None),
                recovery_codes_left=stored.count_recovery_codes(session, asking.owner_id),
                stepped_up_until=wire.pack_optional_instant(step_up.until(asking.stepped_up_at, now=now)),
                password_changed_at=wire.pack_instant(owner.password_changed_at),
            )
        return pb.GetFactorsResponse(factors=found)

    def BeginTotp(self, request: pb.BeginTotpRequest, context: Context) -> pb.BeginTotpResponse:
        """Make a secret for an app."""
        now = self._clock.now()
        with self._database.transaction() as session:
            asking = self._live(session, request.session_token, unpack_realm(request.realm), now=now)
            asked = challenges.begin(session, asking, seal=self._proofs.seals.own, now=now)
        return pb.BeginTotpResponse(challenge=pack_challenge(asked))

    def EnrolTotp(self, request: pb.EnrolTotpRequest, context: Context) -> pb.EnrolTotpResponse:
        """Set the app up that shows this code."""
        now, realm = self._clock.now(), unpack_realm(request.realm)
        with recording.unrecorded(), self._database.transaction() as session:
            asking = self._live(session, request.session_token, realm, now=now)
            step_up.require_since(asking.stepped_up_at, now=now)
            attempt = challenges.knock(
                session,
                hash_secret(request.challenge_token),
                realm=realm,
                address=request.address,
                asking=asking,
                now=now,
            )
        given = self._proofs.check(attempt.kept, request.code, now=now)
        codes = self._proofs.new_recovery_codes() if given.is_right else None
        with self._database.transaction() as session:
            owner = challenges.answer(session, attempt, given, codes=codes, now=now)
            _act(owner, asking, request.address)
        return pb.EnrolTotpResponse(recovery_codes=codes.told if codes else ())

    def RemoveTotp(self, request: pb.RemoveTotpRequest, context: Context) -> pb.RemoveTotpResponse:
        """Take app and recovery codes away."""
        now = self._clock.now()
        with self._database.transaction() as session:
            asking = self._live(session, request.session_token, unpack_realm(request.realm), now=now)
            owner = factors.remove(session, asking, now=now)
            if owner is None:
                recording.nothing_happened()
            else:
                _act(owner, asking)
        return pb.RemoveTotpResponse()

    def RenewRecoveryCodes(
        self, request: pb.RenewRecoveryCodesRequest, context: Context
    ) -> pb.RenewRecoveryCodesResponse:
        """Ten others."""
        now, realm = self._clock.now(), unpack_realm(request.realm)
        with self._database.reading() as session:
            asking = self._live(session, request.session_token, realm, now=now)
            step_up.require_since(asking.stepped_up_at, now=now)
        codes = self._proofs.new_recovery_codes()
        with self._database.transaction() as session:
            asking = self._live(session, request.session_token, realm, now=now)
            _act(factors.renew(session, asking, codes.hashes, now=now), asking)
        return pb.RenewRecoveryCodesResponse(recovery_codes=codes.told)

    def ChangePassword(
        self, request: pb.ChangePasswordRequest, context: Context
    ) -> pb.ChangePasswordResponse:
        """Set another password, after the old one."""
        now, realm = self._clock.now(), unpack_realm(request.realm)
        with self._database.reading() as session:
            asking = self._live(session, request.session_token, realm, now=now)
            step_up.require_since(asking.stepped_up_at, now=now)
            owner = owners.find(session, realm, asking.owner_id)
            provider, _ = settings.find(session)
        passwords.check_strength(
            request.new_password,
            field="new_password",
            email=owner.email,
            name=owner.name,
            provider=provider.provider_name,
            leaked=self._leaked,
        )
        with self._hasher.place():
            with recording.unrecorded(), self._database.transaction() as session:
                owner, counted = users.count_password(session, asking, address=request.address, now=now)
                old_hash = owner.password_hash
            checked = self._hasher.check(old_hash, request.current_password)
            new_hash = self._hasher.make(request.new_password) if checked.right else ""
        with self._database.transaction() as session:
            hashes = {"old_hash": old_hash, "new_hash": new_hash}
            changed = users.change_password(session, asking, checked, counted, **hashes, now=now)
            _act(changed, asking, request.address)
        return pb.ChangePasswordResponse()

    def _live(self, session: Session, secret: str, realm: Realm, *, now: datetime) -> LoginSession:
        return sessions.find_live(session, secret, realm=realm, lifetimes=self._lifetimes[realm], now=now)


def _act(owner: Owner, asking: LoginSession, address: str = "") -> None:
    actor = owners.actor_of(owner, session_id=asking.session_id, address=address or asking.address)
    recording.by(actor)
    acts.name_subject(actor.actor_id)
