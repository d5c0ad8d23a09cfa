"""Front door for users: registration, confirmation, forgotten passwords, other addresses, profile."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from ebok.identity.v1 import users_pb2 as pb
from ebok.identity.v1 import users_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts
from chassis.actors import Actor, ActorKind
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.api import recording
from services.identity.api.packing import pack_user, unpack_look
from services.identity.domain import denials, passwords, sessions, settings, users
from services.identity.domain.links import Seal, hash_secret, new_link
from services.identity.domain.passwords import LeakedPasswords, Passwords
from services.identity.domain.standing import Lifetimes
from services.identity.storage.sessions import LoginSession, Realm
from services.identity.storage.users import User


class UserService(rpc.UserServiceServicer):
    """People who log in to the portal. Hashing and sealing happen outside the transactions, for known and unknown."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        hasher: Passwords,
        seal: Seal,
        leaked: LeakedPasswords | None,
        lifetimes: Mapping[Realm, Lifetimes],
    ) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher
        self._seal = seal
        self._leaked = leaked
        self._lifetimes = lifetimes

    def Register(self, request: pb.RegisterRequest, context: Context) -> pb.RegisterResponse:
        """Start a registration."""
        now = self._clock.now()
        registration = users.Registration(
            email=users.normal_email(request.email),
            name=users.check_name(request.name),
            language=request.language,
        )
        with recording.unrecorded(), self._database.transaction() as session:
            users.count_judging(session, address=request.address, now=now)
            provider, _ = settings.find(session)
        passwords.check_strength(
            request.password,
            field="password",
            email=registration.email,
            name=registration.name,
            provider=provider.provider_name,
            leaked=self._leaked,
        )
        with self._hasher.place():
            with recording.unrecorded(), self._database.transaction() as session:
                users.count_registration(session, registration.email, address=request.address, now=now)
            password_hash = self._hasher.make(request.password)
        link = new_link(self._seal)
        with self._database.transaction() as session:
            user_id = users.register(session, registration, password_hash=password_hash, link=link, now=now)
            recording.came_from(request.address)
            acts.name_subject(str(user_id))
        return pb.RegisterResponse()

    def ConfirmEmail(self, request: pb.ConfirmEmailRequest, context: Context) -> pb.ConfirmEmailResponse:
        """Use the link of the confirmation."""
        with self._database.transaction() as session:
            user = users.confirm_email(session, hash_secret(request.token), now=self._clock.now())
            recording.by(_actor(user))
            acts.name_subject(str(user.user_id))
            return pb.ConfirmEmailResponse(email=user.email)

    def RequestPasswordReset(
        self, request: pb.RequestPasswordResetRequest, context: Context
    ) -> pb.RequestPasswordResetResponse:
        """Mail a link, if there is an account."""
        now = self._clock.now()
        email = users.normal_email(request.email)
        with recording.unrecorded(), self._database.transaction() as session:
            users.count_reset_request(session, email, address=request.address, now=now)
        link = new_link(self._seal)
        with self._database.transaction() as session:
            user_id = users.request_password_reset(session, email, link=link, now=now)
            recording.came_from(request.address)
            acts.name_subject(str(user_id or ""))
        return pb.RequestPasswordResetResponse()

    def ResetPassword(self, request: pb.ResetPasswordRequest, context: Context) -> pb.ResetPasswordResponse:
        """Set a new password by the link; a weak one does not use the link up."""
        now = self._clock.now()
        token_hash = hash_secret(request.token)
        with self._database.reading() as session:
            owner = users.find_reset(session, token_hash, now=now)
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
            password_hash = self._hasher.make(request.new_password)
        with self._database.transaction() as session:
            user = users.reset_password(session, token_hash, password_hash=password_hash, now=now)
            recording.by(_actor(user))
            acts.name_subject(str(user.user_id))
            return pb.ResetPasswordResponse(email=user.email)

    def RequestEmailChange(
        self, request: pb.RequestEmailChangeRequest, context: Context
    ) -> pb.RequestEmailChangeResponse:
        """Mail a link to the new address, a notice to the old one."""
        now, new_email = self._clock.now(), users.normal_email(request.new_email)
        with recording.unrecorded(), self._database.transaction() as session:
            asking = self._live(session, request.session_token, now=now)
            users.count_email_change(session, asking, new_email, address=request.address, now=now)
        link = new_link(self._seal)
        with self._database.transaction() as session:
            asking = self._live(session, request.session_token, now=now)
            user = users.request_email_change(session, asking, new_email, link=link, now=now)
            recording.by(_actor(user))
            recording.came_from(request.address)
            acts.name_subject(str(user.user_id))
        return pb.RequestEmailChangeResponse()

    def ConfirmEmailChange(
        self, request: pb.ConfirmEmailChangeRequest, context: Context
    ) -> pb.ConfirmEmailChangeResponse:
        """Use the link of a new address."""
        denial = new_link(self._seal)
        with self._database.transaction() as session:
            user = users.confirm_email_change(
                session, hash_secret(request.token), denial=denial, now=self._clock.now()
            )
            recording.by(_actor(user))
            acts.name_subject(str(user.user_id))
            return pb.ConfirmEmailChangeResponse(email=user.email)

    def UndoEmailChange(
        self, request: pb.UndoEmailChangeRequest, context: Context
    ) -> pb.UndoEmailChangeResponse:
        """It was not me who changed the address."""
        with self._database.transaction() as session:
            denied = denials.deny_email_change(session, hash_secret(request.token), now=self._clock.now())
            recording.by(denied.actor)
            acts.name_subject(denied.actor.actor_id)
        return pb.UndoEmailChangeResponse(reset_token=denied.reset_token, kept_email=denied.kept_email)

    def UpdateProfile(self, request: pb.UpdateProfileRequest, context: Context) -> pb.UpdateProfileResponse:
        """Change the caller's own profile."""
        with self._database.transaction() as session:
            user = users.change_profile(
                session,
                UUID(context.actor.actor_id),
                name=request.name,
                language=request.language,
                look=unpack_look(request.look),
            )
            acts.name_subject(str(user.user_id))
            return pb.UpdateProfileResponse(user=pack_user(user))

    def _live(self, session: Session, secret: str, *, now: datetime) -> LoginSession:
        lifetimes = self._lifetimes[Realm.PORTAL]
        return sessions.find_live(session, secret, realm=Realm.PORTAL, lifetimes=lifetimes, now=now)


def _actor(user: User) -> Actor:
    return Actor(ActorKind.USER, str(user.user_id), user.name)
