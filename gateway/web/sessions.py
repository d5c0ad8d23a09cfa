"""Who a page is for. Sessions live in identity; the cookie holds their secret; Flask-Login loads the person.

A page for somebody asks identity once; the answer carries the person, the customers they hold and the token that the
page's other calls act with. Nothing of it outlives the request.
"""

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from ebok.identity.v1 import sessions_pb2, users_pb2
from ebok.identity.v1.grants_pb2 import Grant
from flask import Flask, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from chassis.errors import FailedPrecondition, Unauthenticated, Unavailable
from gateway.web import notices
from gateway.web.areas import is_limited, usable
from gateway.web.calls import as_gateway, clients
from gateway.web.cookies import TwoCookies, in_console
from gateway.web.devices import device_token, new_device_token
from gateway.web.kept import keep_form
from gateway.web.languages import LANGUAGE_COOKIE, LANGUAGES, Preferences, forget_preferences, local_path
from gateway.web.languages import gettext as _

LOOKS = {users_pb2.LOOK_LIGHT: "light", users_pb2.LOOK_DARK: "dark", users_pb2.LOOK_SYSTEM: "auto"}
ADDRESS_UNKNOWN = ""
CHALLENGE = "challenge"


@dataclass(frozen=True)
class Person:
    """Whoever is logged in: `user` in the portal, `staff` in the console."""

    session_token: str
    answer: sessions_pb2.CheckSessionResponse
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """What Flask-Login keeps in the cookie: the secret of the session."""
        return self.session_token

    @property
    def user(self) -> users_pb2.User:
        """The portal's user."""
        return self.answer.user

    @property
    def staff(self) -> sessions_pb2.StaffMember:
        """The member of staff."""
        return self.answer.staff

    @property
    def customer_id(self) -> str:
        """The customer the pages are about; empty when the user holds none yet."""
        return self.answer.customer_id

    @property
    def grants(self) -> list[Grant]:
        """All customers the user holds."""
        return list(self.answer.grants)

    @property
    def grant(self) -> Grant | None:
        """The grant of the selected customer."""
        return next((one for one in self.answer.grants if one.customer_id == self.answer.customer_id), None)

    @property
    def is_limited(self) -> bool:
        """Whether the member of staff works in some towns or with some commodities only."""
        return is_limited(self.answer.staff)

    @cached_property
    def permissions(self) -> frozenset[str]:
        """What the member of staff's roles allow, without what is closed to staff who are limited to an area."""
        return usable(self.answer.staff.permissions, limited=self.is_limited)

    def may(self, permission: str) -> bool:
        """Whether they may do it. The service asked decides; pages only show what can be done."""
        return permission in self.permissions


def person() -> Person:
    """Whoever the page is for; `is_authenticated` tells whether they are logged in, as on pages that nobody else sees.

    `current_user` looks for them at every word said of it.
    """
    found: Person = current_user._get_current_object()
    return found


def realm() -> sessions_pb2.Realm:
    """The door this request comes through."""
    return sessions_pb2.REALM_CONSOLE if in_console() else sessions_pb2.REALM_PORTAL


def address() -> str:
    """Where the request comes from, as far as the proxies in front are believed."""
    return request.remote_addr or ADDRESS_UNKNOWN


def open_session(email: str, password: str) -> bool:
    """Log in; whether that was all: if not, a code is asked for next. Whatever the cookie held before is dropped.

    Raises LOGIN_REFUSED or TOO_MANY_ATTEMPTS.
    """
    answer = as_gateway(
        clients().identity.sessions.LogIn,
        sessions_pb2.LogInRequest(
            email=email,
            password=password,
            realm=realm(),
            address=address(),
            user_agent=request.user_agent.string[:500],
            device_token=device_token(),
        ),
    )
    _begin_anew()
    if not answer.session_token:
        session[CHALLENGE] = answer.challenge.challenge_token
        return False
    _enter(answer.session_token)
    return True


def challenge() -> sessions_pb2.Challenge | None:
    """What the log-in of this browser still asks; None when there is none, or it is too late."""
    token = session.get(CHALLENGE, "")
    if not token:
        return None
    asked = sessions_pb2.GetChallengeRequest(challenge_token=token, realm=realm())
    try:
        found: sessions_pb2.Challenge = as_gateway(clients().identity.sessions.GetChallenge, asked).challenge
    except FailedPrecondition:
        session.pop(CHALLENGE)
        return None
    return found


def complete_log_in(code: str, *, trust: bool = False) -> list[str]:
    """Answer the challenge; the recovery codes when an app was set up. Raises CODE_REFUSED, CHALLENGE_ENDED …"""
    answer = as_gateway(
        clients().identity.sessions.CompleteLogIn,
        sessions_pb2.CompleteLogInRequest(
            challenge_token=session.get(CHALLENGE, ""),
            code=code,
            realm=realm(),
            address=address(),
            user_agent=request.user_agent.string[:500],
            # A browser that is trusted is known by a secret that nobody can have planted.
            device_token=new_device_token() if trust else device_token(),
            trust_device=trust,
        ),
    )
    _begin_anew()
    _enter(answer.session_token)
    return list(answer.recovery_codes)


def _begin_anew() -> None:
    kept = session.get("kept")
    session.clear()
    if kept:
        session["kept"] = kept


def _enter(session_token: str) -> None:
    person = _load(session_token)
    if person is None:
        raise Unauthenticated
    login_user(person)
    forget_preferences()


def close_session() -> None:
    """Log out, here and in identity."""
    if current_user.is_authenticated:
        as_gateway(
            clients().identity.sessions.LogOut,
            sessions_pb2.LogOutRequest(session_token=current_user.get_id()),
        )
    logout_user()
    session.clear()
    g.pop("actor_token", None)
    forget_preferences()


def preferences() -> Preferences:
    """The language and look the person has saved."""
    whose = person()
    if not whose or not whose.is_authenticated:
        return Preferences()
    saved = whose.staff if in_console() else whose.user
    language = saved.language if saved.language in LANGUAGES else ""
    if in_console() and request.cookies.get(LANGUAGE_COOKIE) in LANGUAGES:
        # Staff have no profile of their own to change: what they chose in this browser counts.
        language = ""
    return Preferences(language=language, look=LOOKS.get(saved.look, ""))


def login_url(path: str) -> str:
    """The login page that belongs to a path and leads back to it."""
    name = "console.log_in" if in_console() else "portal.log_in"
    wanted = local_path(path, otherwise="")
    return url_for(name) + (f"?{urlencode({'next': wanted})}" if wanted else "")


def _load(session_token: str) -> Person | None:
    try:
        answer = as_gateway(
            clients().identity.sessions.CheckSession,
            sessions_pb2.CheckSessionRequest(session_token=session_token, address=address(), realm=realm()),
        )
    except Unauthenticated:
        return None
    g.actor_token = answer.actor_token
    return Person(session_token, answer)


def _load_for_page(session_token: str) -> Person | None:
    """The person of this request. While identity is away the error page is drawn for nobody: it must not ask again."""
    if g.get("identity_away"):
        return None
    try:
        return _load(session_token)
    except Unavailable:
        g.identity_away = True
        raise


def _ask_to_log_in() -> Response:
    """A page that needs a login leads there and back; what a form held is kept over the login (`gateway.web.kept`)."""
    keep_form()
    if session.pop(
        "_user_id", None
    ):  # Flask-Login's: somebody was logged in here, and identity knows it no more.
        notices.info(
            _("You are logged out."), _("You were away for long, or the log-in was ended on another device.")
        )
    back = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return redirect(login_url(back), code=303)


def init_sessions(app: Flask, *, secure: bool) -> None:
    """Set up the cookies and Flask-Login."""
    app.session_interface = TwoCookies()
    app.config.update(
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # Identity decides how long a session lives; "remember me" cookies are not used.
        SESSION_PROTECTION=None,
    )
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(_load_for_page)
    manager.unauthorized_handler(_ask_to_log_in)
