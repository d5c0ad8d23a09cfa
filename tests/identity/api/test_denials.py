"""Another address to log in with is undone from the former mailbox; a log-in that was denied takes it along."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from ebok.common.v1.acts_pb2 import ActRecorded
from ebok.identity.v1 import events_pb2 as events
from ebok.identity.v1 import sessions_pb2
from ebok.identity.v1.users_pb2 import (
    ConfirmEmailChangeRequest,
    RequestEmailChangeRequest,
    ResetPasswordRequest,
    UndoEmailChangeRequest,
)

from chassis.errors import Refusal

ANNA, CELINA = "anna@poczta.example", "celina@poczta.example"
THEIRS = "obcy@poczta.example"
PASSWORD, OTHER_PASSWORD = "zielony rower pod lipą", "kajak na spokojnej rzece"
STRANGE = "198.51.100.1"


def reason_of(call, *arguments) -> str:
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return str(caught.value.reason)


@pytest.fixture
def move(identity):
    """Another address, asked for in a session and confirmed by its link; answers the link of the former address."""

    def run(secret: str, old: str, new: str) -> str:
        identity.users.RequestEmailChange(RequestEmailChangeRequest(session_token=secret, new_email=new))
        [*_, link] = identity.tokens_in_mails(events.EmailChangeRequested, old)
        identity.users.ConfirmEmailChange(ConfirmEmailChangeRequest(token=link))
        [*_, undoing] = identity.tokens_in_mails(events.EmailChanged, new)
        return str(undoing)

    return run


@pytest.fixture
def undo(identity):
    return lambda token: identity.users.UndoEmailChange(UndoEmailChangeRequest(token=token))


@pytest.fixture
def stranger(identity, anna, clock) -> str:
    """Somebody with Anna's password, from a browser of their own."""
    identity.log_in(ANNA, device="a" * 43)
    clock.advance(timedelta(minutes=1))
    return str(identity.log_in(ANNA, device="b" * 43, address=STRANGE))


def set_password(identity, token: str) -> str:
    request = ResetPasswordRequest(token=token, new_password=OTHER_PASSWORD)
    return str(identity.users.ResetPassword(request).email)


def test_the_former_address_is_told_where_one_logs_in_now(identity, anna, served, move, clock):
    move(anna, ANNA, "inna@poczta.example")
    [told] = served.announced(events.EmailChanged)
    assert (told.old_email, told.email, told.name, told.language) == (
        ANNA,
        "inna@poczta.example",
        "Anna",
        "pl",
    )
    assert told.expires_at.ToDatetime() - told.changed_at.ToDatetime() == timedelta(days=7)
    assert told.sealed_token
    assert not told.is_undone


@pytest.mark.repeats("UserService/UndoEmailChange")
def test_the_former_mailbox_takes_the_account_back_once(identity, stranger, served, move, undo):
    token = move(stranger, ANNA, THEIRS)
    at_theirs = identity.ask_reset(THEIRS)
    answer = undo(token)
    assert answer.kept_email == ""
    assert reason_of(identity.check, stranger) == "SESSION_ENDED"
    assert reason_of(undo, token) == "LINK_NOT_VALID"
    assert reason_of(set_password, identity, at_theirs) == "LINK_NOT_VALID"
    assert set_password(identity, answer.reset_token) == ANNA
    assert identity.knock(ANNA, OTHER_PASSWORD).session_token
    assert reason_of(identity.log_in, THEIRS) == "LOGIN_REFUSED"
    told = served.announced(events.EmailChanged)[-1]
    assert (told.email, told.old_email, told.is_undone, told.sealed_token) == (ANNA, THEIRS, True, b"")


def test_the_link_of_the_new_address_brings_it_not_back(identity, stranger, move, undo):
    token = move(stranger, ANNA, THEIRS)
    [link] = identity.tokens_in_mails(events.EmailChangeRequested, ANNA)
    undo(token)
    confirm = ConfirmEmailChangeRequest(token=link)
    assert reason_of(identity.users.ConfirmEmailChange, confirm) == "LINK_NOT_VALID"


def test_an_app_that_was_set_up_before_the_address_was_changed_goes_too(
    identity, stranger, move, undo, count
):
    """All since the log-in that asked for the change, or the owner would set a password and be asked for a code."""
    identity.enrol(stranger, ANNA)
    answer = undo(move(stranger, ANNA, THEIRS))
    assert count("totp_factors") == 0
    set_password(identity, answer.reset_token)
    assert identity.knock(ANNA, OTHER_PASSWORD).session_token


def test_the_password_that_somebody_else_may_know_opens_nothing_any_more(
    identity, stranger, move, undo, clock
):
    """Also before the owner has set another, and whichever mail she opened; a mailed link helps as ever."""
    undo(move(stranger, ANNA, THEIRS))
    for email in (ANNA, THEIRS):
        assert reason_of(identity.knock, email) == "LOGIN_REFUSED"
    assert set_password(identity, identity.ask_reset(ANNA)) == ANNA
    second = identity.log_in(ANNA, OTHER_PASSWORD, device="c" * 43, address=STRANGE)
    third = identity.log_in(ANNA, OTHER_PASSWORD, device="d" * 43, address=STRANGE)
    assert second != third
    [*_, link] = identity.tokens_in_mails(events.NewDeviceSignedIn, ANNA)
    identity.sessions.DenySignIn(sessions_pb2.DenySignInRequest(token=link))
    assert reason_of(identity.knock, ANNA, OTHER_PASSWORD) == "LOGIN_REFUSED"


def test_whoever_moved_on_twice_is_brought_back_and_has_no_link_left(identity, stranger, move, undo, clock):
    first = move(stranger, ANNA, THEIRS)
    clock.advance(timedelta(minutes=1))
    second = move(stranger, THEIRS, "obcy2@poczta.example")
    assert undo(first).kept_email == ""
    assert reason_of(undo, second) == "LINK_NOT_VALID"
    assert set_password(identity, identity.ask_reset(ANNA)) == ANNA


def test_a_denied_log_in_takes_the_address_back_that_was_changed_since(
    identity, stranger, move, undo, served
):
    token = move(stranger, ANNA, THEIRS)
    [link] = identity.tokens_in_mails(events.NewDeviceSignedIn, ANNA)
    denied = identity.sessions.DenySignIn(sessions_pb2.DenySignInRequest(token=link))
    assert denied.kept_email == ""
    assert reason_of(undo, token) == "LINK_NOT_VALID", "what is undone already is undone no more"
    assert set_password(identity, denied.reset_token) == ANNA


def test_a_denied_log_in_leaves_the_address_that_was_another_before(identity, anna, move, clock):
    identity.log_in(ANNA, device="a" * 43)
    move(anna, ANNA, "inna@poczta.example")
    clock.advance(timedelta(minutes=1))
    identity.log_in("inna@poczta.example", device="b" * 43, address=STRANGE)
    [link] = identity.tokens_in_mails(events.NewDeviceSignedIn, "inna@poczta.example")
    denied = identity.sessions.DenySignIn(sessions_pb2.DenySignInRequest(token=link))
    assert set_password(identity, denied.reset_token) == "inna@poczta.example"


@pytest.mark.parametrize("how", ["address", "log-in"])
def test_an_address_that_another_account_has_by_now_stays_there(identity, stranger, move, undo, how):
    token = move(stranger, ANNA, THEIRS)
    identity.join(ANNA, OTHER_PASSWORD, name="Anna")
    if how == "address":
        answer: Any = undo(token)
    else:
        [link] = identity.tokens_in_mails(events.NewDeviceSignedIn, ANNA)
        answer = identity.sessions.DenySignIn(sessions_pb2.DenySignInRequest(token=link))
    assert answer.kept_email == THEIRS
    assert reason_of(identity.check, stranger) == "SESSION_ENDED"
    assert set_password(identity, answer.reset_token) == THEIRS
    assert identity.log_in(ANNA, OTHER_PASSWORD), "the account that has it is another one"


def test_a_registration_of_the_former_address_that_nobody_confirmed_gives_way(identity, stranger, move, undo):
    token = move(stranger, ANNA, THEIRS)
    identity.register(ANNA, OTHER_PASSWORD)
    answer = undo(token)
    assert answer.kept_email == ""
    assert set_password(identity, answer.reset_token) == ANNA


def test_nobody_undoes_it_twice_at_once(stranger, move, undo, at_once):
    token = move(stranger, ANNA, THEIRS)
    outcomes = at_once(*[lambda: undo(token) for _ in range(4)])
    assert [getattr(one, "reason", "done") for one in outcomes].count("LINK_NOT_VALID") == 3


def test_the_link_dies_after_a_week_and_is_forgotten(identity, anna, move, undo, clock, count, served):
    token = move(anna, ANNA, "inna@poczta.example")
    clock.advance(timedelta(days=7))
    assert reason_of(undo, token) == "LINK_NOT_VALID"
    assert count("email_changes") == 1
    served.run_job("tokens.tidy")
    assert count("email_changes") == 0


def test_celina_undoes_nothing_of_annas(identity, anna, celina, move, undo):
    """Her own link undoes her own change alone, and none of her other links undoes anything."""
    move(anna, ANNA, "inna@poczta.example")
    hers = move(celina, CELINA, "celina2@poczta.example")
    identity.users.RequestEmailChange(
        RequestEmailChangeRequest(session_token=celina, new_email="celina3@poczta.example")
    )
    [*_, waiting] = identity.tokens_in_mails(events.EmailChangeRequested, "celina2@poczta.example")
    for other in (waiting, identity.ask_reset("celina2@poczta.example"), celina, ""):
        with pytest.raises(Refusal):
            undo(other)
    assert set_password(identity, undo(hers).reset_token) == CELINA
    assert identity.check(anna).user.email == "inna@poczta.example"
    assert identity.log_in("inna@poczta.example")


def test_the_audit_log_tells_whose_address_was_set_back(identity, stranger, move, undo, served, database):
    token = move(stranger, ANNA, THEIRS)
    with database.reading() as session:
        user_id = session.scalar(sa.text("SELECT user_id FROM users"))
    undo(token)
    act = served.announced(ActRecorded)[-1]
    assert act.act == "ebok.identity.v1.UserService/UndoEmailChange"
    assert (act.actor_id, act.subject_id) == (str(user_id), str(user_id))
