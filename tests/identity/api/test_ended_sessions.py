"""A log-in that ended takes the tokens along that were given for it, here at once and everywhere within seconds."""

from datetime import timedelta

import pytest
from ebok.identity.v1 import events_pb2 as events
from ebok.identity.v1 import factors_pb2, sessions_pb2, users_pb2
from ebok.identity.v1.sessions_pb2 import REALM_PORTAL
from ebok.identity.v1.users_pb2_grpc import UserServiceStub

from chassis import revocations
from chassis.errors import Unauthenticated
from chassis.rpc.client import as_actor

ANNA = "anna@poczta.example"
PASSWORD, OTHER_PASSWORD = "zielony rower pod lipą", "kajak na spokojnej rzece"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """What was revoked is looked up at each call."""
    monkeypatch.setattr(revocations, "READ_EVERY_S", 0.0)


@pytest.fixture
def works(served):
    """`works(token)`: whether identity takes it."""
    users = served.stub(UserServiceStub)
    profile = users_pb2.UpdateProfileRequest(name="Anna", language="pl", look=users_pb2.LOOK_SYSTEM)

    def ask(token: str) -> bool:
        try:
            users.UpdateProfile(profile, metadata=as_actor(token))
        except Unauthenticated:
            return False
        return True

    return ask


def id_of(identity, secret):
    asked = sessions_pb2.ListSessionsRequest(session_token=secret, realm=REALM_PORTAL)
    [own] = [one for one in identity.sessions.ListSessions(asked).sessions if one.is_this]
    return own.session_id


def log_out(identity, here, there):
    identity.sessions.LogOut(sessions_pb2.LogOutRequest(session_token=there))


def end_one(identity, here, there):
    request = sessions_pb2.EndSessionsRequest(
        session_token=here, realm=REALM_PORTAL, session_id=id_of(identity, there)
    )
    identity.sessions.EndSessions(request)


def end_others(identity, here, there):
    identity.sessions.EndSessions(sessions_pb2.EndSessionsRequest(session_token=here, realm=REALM_PORTAL))


def change_password(identity, here, there):
    request = factors_pb2.ChangePasswordRequest(
        session_token=here,
        realm=REALM_PORTAL,
        address="192.0.2.7",
        current_password=PASSWORD,
        new_password=OTHER_PASSWORD,
    )
    identity.factors.ChangePassword(request)


@pytest.mark.parametrize("how", [log_out, end_one, end_others, change_password])
def test_tokens_of_a_log_in_end_with_it_and_those_of_another_do_not(identity, served, works, how):
    identity.join(ANNA)
    here, there = identity.log_in(ANNA), identity.log_in(ANNA)
    ended = id_of(identity, there)
    stays, goes = identity.check(here).actor_token, identity.check(there).actor_token
    assert works(stays)
    assert works(goes)
    how(identity, here, there)
    assert works(stays)
    assert not works(goes)
    [told] = served.announced(events.AccessRevoked)
    assert told.subject_id == ended


def reset(identity):
    request = users_pb2.ResetPasswordRequest(token=identity.ask_reset(ANNA), new_password=OTHER_PASSWORD)
    identity.users.ResetPassword(request)


def deny(identity):
    [token] = identity.tokens_in_mails(events.NewDeviceSignedIn, ANNA)
    identity.sessions.DenySignIn(sessions_pb2.DenySignInRequest(token=token))


@pytest.mark.parametrize("how", [reset, deny])
def test_with_all_log_ins_all_their_tokens_end(identity, served, works, how):
    identity.join(ANNA)
    secrets = [identity.log_in(ANNA, device=device * 43) for device in "ab"]
    tokens = [identity.check(secret).actor_token for secret in secrets]
    assert [works(token) for token in tokens] == [True, True]
    how(identity)
    assert [works(token) for token in tokens] == [False, False]
    assert len(served.announced(events.AccessRevoked)) == 2


def test_the_oldest_log_in_that_gives_way_to_a_new_one_takes_its_tokens_along(identity, anna, works):
    token = identity.check(anna).actor_token
    for _ in range(19):
        identity.log_in(ANNA)
    assert works(token)
    identity.log_in(ANNA)
    assert not works(token)


def test_a_token_that_is_being_given_while_its_log_in_ends_is_worth_nothing(
    identity, anna, works, actor_of, persona, clock
):
    """Asked for just before, answered just after."""
    late = persona(actor_of(identity.check(anna)))
    log_out(identity, "", anna)
    clock.advance(timedelta(seconds=5))
    assert not works(late.token())
