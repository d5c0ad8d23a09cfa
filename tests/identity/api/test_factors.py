"""The second factor: the second step of a log-in, apps, recovery codes, proofs, devices, passwords, addresses."""

from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from ebok.common.v1.acts_pb2 import ActRecorded
from ebok.identity.v1 import events_pb2 as events
from ebok.identity.v1 import (
    factors_pb2,
    invitations_pb2,
    personal_tokens_pb2,
    sessions_pb2,
    staff_pb2,
    tokens_pb2,
    users_pb2,
)
from ebok.identity.v1.factors_pb2_grpc import FactorServiceStub
from ebok.identity.v1.grants_pb2 import SCOPE_MANAGE
from ebok.identity.v1.invitations_pb2_grpc import InvitationServiceStub
from ebok.identity.v1.personal_tokens_pb2_grpc import PersonalTokenServiceStub
from ebok.identity.v1.sessions_pb2 import (
    CHALLENGE_KIND_CODE,
    CHALLENGE_KIND_ENROL,
    REALM_CONSOLE,
    REALM_PORTAL,
)
from ebok.identity.v1.staff_pb2_grpc import StaffServiceStub
from ebok.identity.v1.tokens_pb2_grpc import TokenServiceStub

from chassis import wire
from chassis.clock import warsaw_date
from chassis.errors import PermissionDenied, Refusal, Unauthenticated
from chassis.ids import new_id
from chassis.rpc.client import as_actor
from chassis.testing import cast
from demo.authenticators import Authenticator

ANNA, DARIA = "anna@poczta.example", "daria@wodociagi.example"
PASSWORD, STAFF_PASSWORD = "zielony rower pod lipą", "turbina nad jeziorem"
OTHER_PASSWORD = "kajak na spokojnej rzece"
STRANGE = "198.51.100.1"


def refused(call, *arguments, **keywords) -> Any:
    with pytest.raises(Refusal) as caught:
        call(*arguments, **keywords)
    return caught.value


def code_of(identity, email=ANNA) -> str:
    return identity.apps[email].code(identity.served.clock.now())


def factors_of(identity, secret, realm=REALM_PORTAL):
    request = factors_pb2.GetFactorsRequest(session_token=secret, realm=realm)
    return identity.factors.GetFactors(request).factors


def prove(identity, secret, *, code="", password="", address="192.0.2.7", realm=REALM_PORTAL):
    return identity.sessions.StepUp(
        sessions_pb2.StepUpRequest(
            session_token=secret, realm=realm, code=code, password=password, address=address
        )
    )


def change_password(identity, secret, old=PASSWORD, new=OTHER_PASSWORD, realm=REALM_PORTAL):
    identity.factors.ChangePassword(
        factors_pb2.ChangePasswordRequest(
            session_token=secret, realm=realm, current_password=old, new_password=new, address="192.0.2.7"
        )
    )


def remove(identity, secret, realm=REALM_PORTAL):
    identity.factors.RemoveTotp(factors_pb2.RemoveTotpRequest(session_token=secret, realm=realm))


def renew(identity, secret):
    request = factors_pb2.RenewRecoveryCodesRequest(session_token=secret, realm=REALM_PORTAL)
    return list(identity.factors.RenewRecoveryCodes(request).recovery_codes)


@pytest.fixture
def codes(identity, anna, clock) -> list[str]:
    """Anna has an app; its codes of this instant are used."""
    told = identity.enrol(anna, ANNA)
    clock.advance(timedelta(seconds=30))
    return told


# The second step of a log-in


def test_after_the_password_a_code_opens_the_session(identity, codes):
    answer = identity.knock(ANNA)
    assert (answer.session_token, answer.challenge.kind) == ("", CHALLENGE_KIND_CODE)
    assert not answer.challenge.secret, "what the app knows is never told again"
    done = identity.complete(answer, code_of(identity))
    assert identity.check(done.session_token).user.email == ANNA
    assert not done.recovery_codes


def test_staff_set_an_app_up_at_the_first_log_in(identity, hire, served):
    hire(DARIA, "Daria", "clerk")
    answer = identity.knock(DARIA, STAFF_PASSWORD, realm=REALM_CONSOLE)
    assert (answer.session_token, answer.challenge.kind) == ("", CHALLENGE_KIND_ENROL)
    assert answer.challenge.uri.startswith("otpauth://totp/")
    app = Authenticator(answer.challenge.secret)
    done = identity.complete(answer, app.code(served.clock.now()), realm=REALM_CONSOLE)
    assert len(set(done.recovery_codes)) == 10
    assert identity.check_staff(done.session_token).staff.email == DARIA
    again = identity.knock(DARIA, STAFF_PASSWORD, realm=REALM_CONSOLE)
    assert again.challenge.kind == CHALLENGE_KIND_CODE


def test_page_of_a_challenge_can_be_opened_again(identity, hire):
    hire(DARIA, "Daria", "clerk")
    asked = identity.knock(DARIA, STAFF_PASSWORD, realm=REALM_CONSOLE).challenge
    request = sessions_pb2.GetChallengeRequest(challenge_token=asked.challenge_token, realm=REALM_CONSOLE)
    shown = identity.sessions.GetChallenge(request).challenge
    assert (shown.secret, shown.uri) == (asked.secret, asked.uri)
    request.realm = REALM_PORTAL
    assert refused(identity.sessions.GetChallenge, request).reason == "CHALLENGE_ENDED"


@pytest.mark.repeats("SessionService/CompleteLogIn")
def test_a_challenge_is_answered_once(identity, codes):
    answer = identity.knock(ANNA)
    identity.complete(answer, code_of(identity))
    assert refused(identity.complete, answer, code_of(identity)).reason == "CHALLENGE_ENDED"


def test_a_challenge_ends_after_ten_minutes(identity, codes, clock):
    answer = identity.knock(ANNA)
    clock.advance(timedelta(minutes=10))
    assert refused(identity.complete, answer, code_of(identity)).reason == "CHALLENGE_ENDED"


def test_a_challenge_is_of_one_door(identity, codes):
    answer = identity.knock(ANNA)
    refusal = refused(identity.complete, answer, code_of(identity), realm=REALM_CONSOLE)
    assert refusal.reason == "CHALLENGE_ENDED"


def test_a_challenge_ends_with_the_password_it_was_set_after(identity, codes):
    answer = identity.knock(ANNA)
    token = identity.ask_reset(ANNA)
    identity.users.ResetPassword(users_pb2.ResetPasswordRequest(token=token, new_password=OTHER_PASSWORD))
    assert refused(identity.complete, answer, code_of(identity)).reason == "CHALLENGE_ENDED"


def test_the_secret_of_one_challenge_is_worth_nothing_to_another(identity, hire, clock):
    """Somebody who has the password and was asked to set an app up learns nothing of the owner's."""
    hire(DARIA, "Daria", "clerk")
    strange = identity.knock(DARIA, STAFF_PASSWORD, realm=REALM_CONSOLE)
    own = identity.knock(DARIA, STAFF_PASSWORD, realm=REALM_CONSOLE)
    assert strange.challenge.secret != own.challenge.secret
    identity.complete(own, Authenticator(own.challenge.secret).code(clock.now()), realm=REALM_CONSOLE)
    late = Authenticator(strange.challenge.secret).code(clock.now())
    assert refused(identity.complete, strange, late, realm=REALM_CONSOLE).reason == "CHALLENGE_ENDED"


def test_two_log_ins_at_once_by_one_code_are_one(identity, codes, at_once):
    first, second = identity.knock(ANNA), identity.knock(ANNA)
    code = code_of(identity)
    outcomes = at_once(lambda: identity.complete(first, code), lambda: identity.complete(second, code))
    assert sorted(getattr(one, "reason", "in") for one in outcomes) == ["CODE_REFUSED", "in"]


def test_two_log_ins_at_once_by_one_challenge_are_one(identity, codes, at_once):
    answer, app = identity.knock(ANNA), identity.apps[ANNA]
    now = identity.served.clock.now()
    one, other = app.code(now), app.code(now)
    outcomes = at_once(lambda: identity.complete(answer, one), lambda: identity.complete(answer, other))
    assert sorted(getattr(each, "reason", "in") for each in outcomes) == ["CHALLENGE_ENDED", "in"]


# Replay and guessing


def test_a_code_counts_once_and_none_before_it(identity, codes, clock):
    app, step = identity.apps[ANNA], int(clock.now().timestamp()) // 30
    identity.complete(identity.knock(ANNA), app.at(step))
    for used in (step, step - 1):
        assert refused(identity.complete, identity.knock(ANNA), app.at(used)).reason == "CODE_REFUSED"
    assert identity.complete(identity.knock(ANNA), app.at(step + 1)).session_token


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_code_counts_in_its_half_minute_and_those_beside(identity, codes, clock, steps, counts):
    clock.advance(timedelta(minutes=5))
    code = identity.apps[ANNA].at(int(clock.now().timestamp()) // 30 + steps)
    answer = identity.knock(ANNA)
    if counts:
        assert identity.complete(answer, code).session_token
    else:
        assert refused(identity.complete, answer, code).reason == "CODE_REFUSED"


def test_when_the_clock_of_a_demonstration_goes_back_codes_go_on(identity, anna, clock):
    clock.advance(timedelta(days=3))
    identity.enrol(identity.log_in(ANNA), ANNA)
    clock.advance(timedelta(days=-3))
    assert identity.log_in(ANNA)


@pytest.mark.parametrize("code", ["000000", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "K7QM2-XRP4H", "-"])
def test_any_other_code_is_refused_the_same(identity, codes, code):
    refusal = refused(identity.complete, identity.knock(ANNA), code)
    [violation] = refusal.violations
    assert (refusal.reason, violation.field) == ("CODE_REFUSED", "code")


def test_guessing_codes_is_slow_and_a_new_challenge_gives_no_new_attempts(identity, codes, clock):
    for _ in range(5):
        answer = identity.knock(ANNA, address=STRANGE)
        assert refused(identity.complete, answer, "000000", address=STRANGE).reason == "CODE_REFUSED"
    for wait in (15, 60, 300, 900):
        answer = identity.knock(ANNA, address=STRANGE)
        refusal = refused(identity.complete, answer, "000000", address=STRANGE)
        assert (refusal.reason, refusal.retry_after_s) == ("TOO_MANY_ATTEMPTS", wait)
        clock.advance(timedelta(seconds=wait))
        answer = identity.knock(ANNA, address=STRANGE)
        assert refused(identity.complete, answer, "000000", address=STRANGE).reason == "CODE_REFUSED"


def test_guessing_codes_from_many_addresses_is_slow_and_the_owner_comes_in(identity, codes, clock):
    identity.log_in(ANNA)  # From here the owner's address is known.
    clock.advance(timedelta(seconds=60))
    for n in range(10):
        answer = identity.knock(ANNA, address=f"198.51.100.{n}")
        refused(identity.complete, answer, "000000", address=f"198.51.100.{n}")
    answer = identity.knock(ANNA, address="203.0.113.9")
    assert refused(identity.complete, answer, "000000", address="203.0.113.9").reason == "TOO_MANY_ATTEMPTS"
    assert identity.log_in(ANNA)


def test_whoever_has_not_the_password_makes_nobody_wait_for_a_code(identity, codes):
    for _ in range(4):
        refused(identity.knock, ANNA, "nie to haslo wcale", address=STRANGE)
    assert identity.log_in(ANNA)


def test_codes_guessed_at_once_do_not_slip_through(identity, codes, at_once):
    answer = identity.knock(ANNA, address=STRANGE)
    outcomes = at_once(*[lambda: identity.complete(answer, "000000", address=STRANGE) for _ in range(12)])
    reasons = [one.reason for one in outcomes]
    assert reasons.count("CODE_REFUSED") <= 5
    assert reasons.count("TOO_MANY_ATTEMPTS") >= 7


# Recovery codes


def test_each_recovery_code_opens_once_and_the_owner_is_told(identity, codes, served):
    for left, code in enumerate(reversed(codes), start=1):
        assert identity.complete(identity.knock(ANNA), code.lower().replace("-", " ")).session_token
        told = served.announced(events.FactorChanged)[-1]
        assert told.change == events.FACTOR_CHANGE_RECOVERY_CODE_USED
        assert told.recovery_codes_left == 10 - left
        assert refused(identity.complete, identity.knock(ANNA), code).reason == "CODE_REFUSED"


def test_two_log_ins_at_once_by_one_recovery_code_are_one(identity, codes, at_once):
    first, second = identity.knock(ANNA), identity.knock(ANNA)
    outcomes = at_once(
        lambda: identity.complete(first, codes[0]), lambda: identity.complete(second, codes[0])
    )
    assert sorted(getattr(one, "reason", "in") for one in outcomes) == ["CODE_REFUSED", "in"]


def test_a_recovery_code_that_finds_no_place_to_be_hashed_is_not_counted(identity, codes, served, count):
    answer = identity.knock(ANNA)
    secret = identity.complete(identity.knock(ANNA), code_of(identity)).session_token
    counted = count("attempts", "kind LIKE 'code%' AND count > 0")
    hasher = served.runtime.resources["hasher"]
    with ExitStack() as crowd:
        for _ in range(served.config.hashes_at_once + served.config.hashes_waiting):
            crowd.enter_context(hasher.place())
        assert refused(identity.complete, answer, codes[0], address=STRANGE).reason == "HASHING_BUSY"
        assert refused(prove, identity, secret, code=codes[0], address=STRANGE).reason == "HASHING_BUSY"
    assert count("attempts", "kind LIKE 'code%' AND count > 0") == counted
    assert identity.complete(answer, codes[0], address=STRANGE).session_token


@pytest.mark.repeats("FactorService/RenewRecoveryCodes")
def test_new_recovery_codes_make_the_old_ones_worthless(identity, codes):
    secret = identity.log_in(ANNA)
    first, second = renew(identity, secret), renew(identity, secret)
    assert not set(codes + first) & set(second)
    assert factors_of(identity, secret).recovery_codes_left == 10
    for old in (codes[0], first[0]):
        assert refused(identity.complete, identity.knock(ANNA), old).reason == "CODE_REFUSED"
    assert identity.complete(identity.knock(ANNA), second[0]).session_token


def test_nothing_that_opens_is_kept_readable(identity, codes, database):
    answer = identity.knock(ANNA)
    with database.reading() as session:
        tables = ("totp_factors", "recovery_codes", "challenges", "devices", "outbox")
        kept = " ".join(
            str(session.execute(sa.text(f"SELECT * FROM {table}")).all())  # noqa: S608
            for table in tables
        )
    assert identity.apps[ANNA].secret not in kept
    assert codes[0].replace("-", "") not in kept
    assert answer.challenge.challenge_token not in kept
    assert kept.count("$argon2id$") == 10


# Setting up, taking away


@pytest.mark.repeats("FactorService/EnrolTotp")
def test_an_app_is_set_up_by_a_code_of_it_and_its_owner_is_told(identity, anna, served, clock):
    asked = identity.factors.BeginTotp(
        factors_pb2.BeginTotpRequest(session_token=anna, realm=REALM_PORTAL)
    ).challenge
    request = factors_pb2.EnrolTotpRequest(
        session_token=anna, realm=REALM_PORTAL, challenge_token=asked.challenge_token, code="000000"
    )
    assert refused(identity.factors.EnrolTotp, request).reason == "CODE_REFUSED"
    assert not factors_of(identity, anna).HasField("totp_since")
    request.code = Authenticator(asked.secret).code(clock.now())
    assert len(identity.factors.EnrolTotp(request).recovery_codes) == 10
    assert refused(identity.factors.EnrolTotp, request).reason == "CHALLENGE_ENDED"
    assert factors_of(identity, anna).HasField("totp_since")
    [told] = served.announced(events.FactorChanged)
    assert (told.change, told.email) == (events.FACTOR_CHANGE_TOTP_ENROLLED, ANNA)


def test_an_app_is_set_up_in_the_session_that_began_it(identity, anna, celina, clock):
    asked = identity.factors.BeginTotp(
        factors_pb2.BeginTotpRequest(session_token=anna, realm=REALM_PORTAL)
    ).challenge
    request = factors_pb2.EnrolTotpRequest(
        session_token=celina,
        realm=REALM_PORTAL,
        challenge_token=asked.challenge_token,
        code=Authenticator(asked.secret).code(clock.now()),
    )
    assert refused(identity.factors.EnrolTotp, request).reason == "CHALLENGE_ENDED"
    complete = sessions_pb2.CompleteLogInRequest(
        challenge_token=asked.challenge_token, realm=REALM_PORTAL, code=request.code
    )
    assert refused(identity.sessions.CompleteLogIn, complete).reason == "CHALLENGE_ENDED"


@pytest.mark.repeats("FactorService/BeginTotp")
def test_another_app_takes_the_place_of_the_first(identity, codes, clock):
    old = identity.apps[ANNA]
    secret = identity.log_in(ANNA)
    identity.enrol(secret, ANNA)
    clock.advance(timedelta(minutes=5))
    assert refused(identity.complete, identity.knock(ANNA), old.code(clock.now())).reason == "CODE_REFUSED"
    assert identity.log_in(ANNA)


@pytest.mark.repeats("FactorService/RemoveTotp")
def test_without_the_app_the_password_is_enough_again(identity, codes, served):
    secret = identity.log_in(ANNA)
    remove(identity, secret)
    remove(identity, secret)
    assert identity.knock(ANNA).session_token
    told = [one.change for one in served.announced(events.FactorChanged)]
    assert told.count(events.FACTOR_CHANGE_TOTP_REMOVED) == 1
    assert refused(renew, identity, secret).reason == "NO_FACTOR"


def test_staff_cannot_do_without(identity, daria):
    assert refused(remove, identity, daria, REALM_CONSOLE).reason == "FACTOR_REQUIRED"


# Proving who one is


def test_what_an_account_hangs_on_asks_for_a_proof_of_these_ten_minutes(identity, anna, clock):
    assert factors_of(identity, anna).HasField("stepped_up_until")
    clock.advance(timedelta(minutes=10))
    assert not factors_of(identity, anna).HasField("stepped_up_until")
    calls = (
        (identity.factors.BeginTotp, factors_pb2.BeginTotpRequest(session_token=anna, realm=REALM_PORTAL)),
        (remove, identity, anna),
        (renew, identity, anna),
        (change_password, identity, anna),
        (
            identity.users.RequestEmailChange,
            users_pb2.RequestEmailChangeRequest(session_token=anna, new_email="inna@poczta.example"),
        ),
    )
    for call, *arguments in calls:
        assert refused(call, *arguments).reason == "STEP_UP_REQUIRED"
    prove(identity, anna, password=PASSWORD)
    change_password(identity, anna)


@pytest.mark.repeats("SessionService/StepUp")
def test_the_token_of_a_proven_session_says_when(identity, anna, clock, actor_of):
    assert actor_of(identity.check(anna)).stepped_up_at is not None
    clock.advance(timedelta(minutes=12))
    before = actor_of(identity.check(anna)).stepped_up_at
    prove(identity, anna, password=PASSWORD)
    prove(identity, anna, password=PASSWORD)
    after = actor_of(identity.check(anna)).stepped_up_at
    assert after - before == timedelta(minutes=12)


def test_whoever_has_an_app_proves_it_by_a_code(identity, codes, clock):
    secret = identity.log_in(ANNA)
    clock.advance(timedelta(minutes=15))
    assert refused(prove, identity, secret, password=PASSWORD).reason == "CODE_REFUSED"
    code = code_of(identity)
    prove(identity, secret, code=code)
    assert refused(prove, identity, secret, code=code).reason == "CODE_REFUSED"


def test_guessing_a_password_within_a_session_is_slow(identity, anna):
    for _ in range(5):
        refusal = refused(prove, identity, anna, password="nie to haslo")
        assert (refusal.reason, refusal.violations[0].field) == ("PASSWORD_WRONG", "password")
    assert refused(prove, identity, anna, password=PASSWORD).reason == "TOO_MANY_ATTEMPTS"


def test_a_password_guessed_within_a_session_from_many_addresses_is_slow_too(identity, anna):
    for number in range(5):
        address = f"2001:db8:0:{number:x}::1"
        assert refused(prove, identity, anna, password="nie to haslo", address=address).violations
    assert refused(prove, identity, anna, password=PASSWORD, address=STRANGE).reason == "TOO_MANY_ATTEMPTS"
    prove(identity, identity.log_in(ANNA), password=PASSWORD, address=STRANGE)


# Another password


@pytest.mark.repeats("FactorService/ChangePassword")
def test_another_password_ends_the_other_sessions_and_is_told(identity, anna, served):
    other = identity.log_in(ANNA)
    change_password(identity, anna)
    assert refused(change_password, identity, anna).reason == "PASSWORD_WRONG"
    assert identity.check(anna)
    assert refused(identity.check, other).reason == "SESSION_ENDED"
    assert refused(identity.log_in, ANNA).reason == "LOGIN_REFUSED"
    assert identity.log_in(ANNA, OTHER_PASSWORD)
    [told] = served.announced(events.PasswordChanged)
    assert (told.email, told.is_staff) == (ANNA, False)


def test_staff_change_their_password_too(identity, daria, served):
    change_password(identity, daria, STAFF_PASSWORD, realm=REALM_CONSOLE)
    assert identity.log_in(DARIA, OTHER_PASSWORD, realm=REALM_CONSOLE)
    assert served.announced(events.PasswordChanged)[0].is_staff


def test_a_weak_password_is_refused_at_its_field(identity, anna):
    refusal = refused(change_password, identity, anna, new="haslo123456")
    [violation] = refusal.violations
    assert (refusal.reason, violation.field, violation.reason) == (
        "PASSWORD_TOO_WEAK",
        "new_password",
        "COMMON",
    )


# Devices


def devices(identity, secret):
    request = sessions_pb2.ListSessionsRequest(session_token=secret, realm=REALM_PORTAL)
    return identity.sessions.ListSessions(request).sessions


def end(identity, secret, session_id=""):
    identity.sessions.EndSessions(
        sessions_pb2.EndSessionsRequest(session_token=secret, realm=REALM_PORTAL, session_id=session_id)
    )


@pytest.mark.repeats("SessionService/EndSessions")
def test_sessions_are_listed_and_ended_one_or_all(identity, anna):
    second, third, fourth = (identity.log_in(ANNA) for _ in range(3))
    listed = devices(identity, anna)
    assert [one.is_this for one in listed].count(True) == 1
    assert len(listed) == 4
    known = {one.session_id for one in devices(identity, second) if one.is_this}
    for _ in range(2):
        end(identity, anna, known.copy().pop())
    assert refused(identity.check, second).reason == "SESSION_ENDED"
    assert identity.check(third)
    for _ in range(2):
        end(identity, anna)
    assert refused(identity.check, third).reason == refused(identity.check, fourth).reason == "SESSION_ENDED"
    assert len(devices(identity, anna)) == 1


def test_nobody_ends_a_session_of_somebody_else(identity, anna, celina):
    [session] = devices(identity, anna)
    end(identity, celina, session.session_id)
    end(identity, celina)
    assert identity.check(anna)


def test_the_owner_is_told_of_a_browser_that_is_new(identity, served):
    identity.join(ANNA)
    identity.log_in(ANNA, device="a" * 43)
    identity.log_in(ANNA, device="a" * 43)
    assert not served.announced(events.NewDeviceSignedIn), "of the first there is nobody to tell"
    identity.log_in(ANNA, device="b" * 43, address=STRANGE)
    identity.log_in(ANNA, device="b" * 43, address=STRANGE)
    [told] = served.announced(events.NewDeviceSignedIn)
    assert (told.email, told.address, told.user_agent) == (ANNA, STRANGE, "Firefox")
    identity.log_in(ANNA)
    assert len(served.announced(events.NewDeviceSignedIn)) == 2, "a browser that hides is a new one"


@pytest.mark.repeats("SessionService/DenySignIn")
def test_it_was_not_me_ends_everything_once(identity, served, codes):
    identity.log_in(ANNA, device="a" * 43)
    identity.served.clock.advance(timedelta(seconds=60))
    stranger = identity.log_in(ANNA, device="b" * 43)
    pending = identity.knock(ANNA)
    [token] = identity.tokens_in_mails(events.NewDeviceSignedIn, ANNA)
    request = sessions_pb2.DenySignInRequest(token=token)
    denied = identity.sessions.DenySignIn(request)
    assert denied.realm == REALM_PORTAL
    assert refused(identity.check, stranger).reason == "SESSION_ENDED"
    assert refused(identity.complete, pending, code_of(identity)).reason == "CHALLENGE_ENDED"
    assert refused(identity.sessions.DenySignIn, request).reason == "LINK_NOT_VALID"
    identity.users.ResetPassword(
        users_pb2.ResetPasswordRequest(token=denied.reset_token, new_password=OTHER_PASSWORD)
    )
    assert identity.knock(ANNA, OTHER_PASSWORD).challenge.kind == CHALLENGE_KIND_CODE


def test_what_a_stranger_began_ends_with_it_was_not_me(identity, served, as_system, clock):
    identity.join(ANNA)
    anna = identity.log_in(ANNA, device="a" * 43)
    identity.claim_annas(anna)
    own = make_token(identity, anna)
    clock.advance(timedelta(minutes=1))
    stranger = identity.log_in(ANNA, device="b" * 43, address=STRANGE)
    theirs = make_token(identity, stranger)
    ask_for_address(identity, stranger, "obcy@poczta.example")
    for email in ("obcy@poczta.example", "bartek@poczta.example"):
        invite(identity, stranger, email)
        identity.join(email, name="Bartek")
    let_in, waiting = identity.log_in("bartek@poczta.example"), identity.log_in("obcy@poczta.example")
    accept_invitation(identity, let_in, "bartek@poczta.example")
    assert identity.check(let_in).grants
    [token] = identity.tokens_in_mails(events.NewDeviceSignedIn, ANNA)
    identity.sessions.DenySignIn(sessions_pb2.DenySignInRequest(token=token))
    assert refused(confirm_address, identity).reason == "LINK_NOT_VALID"
    gateway: Any = served.stub(TokenServiceStub, as_system("gateway"))
    exchange = tokens_pb2.ExchangePersonalTokenRequest
    refusal = refused(gateway.ExchangePersonalToken, exchange(token=theirs, address=STRANGE))
    assert refusal.reason == "PERSONAL_TOKEN_REFUSED"
    assert gateway.ExchangePersonalToken(exchange(token=own, address=STRANGE)).actor_token
    assert refused(accept_invitation, identity, waiting, "obcy@poczta.example").reason == "LINK_NOT_VALID"
    assert not identity.check(let_in).grants


def deny(identity) -> None:
    """Say that it was not me, and set the password that is next."""
    token = identity.tokens_in_mails(events.NewDeviceSignedIn, ANNA)[-1]
    denied = identity.sessions.DenySignIn(sessions_pb2.DenySignInRequest(token=token))
    identity.users.ResetPassword(
        users_pb2.ResetPasswordRequest(token=denied.reset_token, new_password=OTHER_PASSWORD)
    )


def told(served) -> list[Any]:
    return [one.change for one in served.announced(events.FactorChanged)]


def test_an_app_that_a_stranger_set_up_goes_with_it_was_not_me(identity, served, anna, clock, count):
    """The owner opens the account with a new password alone, and hears of it at her address."""
    identity.log_in(ANNA, device="a" * 43)
    clock.advance(timedelta(minutes=1))
    stranger = identity.log_in(ANNA, device="b" * 43, address=STRANGE)
    identity.enrol(stranger, ANNA)
    clock.advance(timedelta(minutes=1))
    deny(identity)
    assert told(served) == [events.FACTOR_CHANGE_TOTP_ENROLLED, events.FACTOR_CHANGE_UNDONE]
    last = served.announced(events.FactorChanged)[-1]
    assert (last.email, last.is_staff, last.recovery_codes_left) == (ANNA, False, 0)
    assert count("totp_factors") == count("recovery_codes") == 0
    assert identity.knock(ANNA, OTHER_PASSWORD).session_token


def test_an_app_that_was_there_before_stays_and_its_recovery_codes_are_void(identity, served, codes, clock):
    clock.advance(timedelta(minutes=1))
    identity.log_in(ANNA, device="a" * 43)
    clock.advance(timedelta(minutes=1))
    identity.log_in(ANNA, device="b" * 43, address=STRANGE)
    deny(identity)
    assert told(served)[-1] == events.FACTOR_CHANGE_RECOVERY_CODES_VOIDED
    clock.advance(timedelta(minutes=1))
    assert (
        refused(identity.complete, identity.knock(ANNA, OTHER_PASSWORD), codes[0]).violations[0].reason
        == "CODE_REFUSED"
    )
    assert identity.complete(identity.knock(ANNA, OTHER_PASSWORD), code_of(identity)).session_token


def test_it_was_not_me_without_an_app_tells_of_none(identity, served, anna, clock):
    identity.log_in(ANNA, device="a" * 43)
    identity.log_in(ANNA, device="b" * 43, address=STRANGE)
    deny(identity)
    assert told(served) == []


def make_token(identity, secret) -> str:
    tokens: Any = identity.served.stub(PersonalTokenServiceStub)
    request = personal_tokens_pb2.MakePersonalTokenRequest(
        personal_token_id=str(new_id()),
        customer_id=str(cast.ANNA_CUSTOMER),
        name="Arkusz domowy",
        scopes=["usage:read"],
        expires_on=wire.pack_date(warsaw_date(identity.served.clock.now()) + timedelta(days=30)),
    )
    acting = as_actor(identity.check(secret).actor_token)
    return str(tokens.MakePersonalToken(request, metadata=acting).token)


def invite(identity, secret, email) -> None:
    invitations: Any = identity.served.stub(InvitationServiceStub)
    request = invitations_pb2.InviteDelegateRequest(
        invitation_id=str(new_id()),
        customer_id=str(cast.ANNA_CUSTOMER),
        email=email,
        scope=SCOPE_MANAGE,
        ends_on=wire.pack_date(warsaw_date(identity.served.clock.now()) + timedelta(days=30)),
    )
    invitations.InviteDelegate(request, metadata=as_actor(identity.check(secret).actor_token))


def accept_invitation(identity, secret, email) -> None:
    [link] = identity.tokens_in_mails(events.DelegateInvited, email)
    invitations: Any = identity.served.stub(InvitationServiceStub)
    request = invitations_pb2.AcceptInvitationRequest(token=link)
    invitations.AcceptInvitation(request, metadata=as_actor(identity.check(secret).actor_token))


def test_the_link_of_a_new_device_dies_after_a_week(identity, anna, clock):
    identity.log_in(ANNA, device="a" * 43)
    identity.log_in(ANNA, device="b" * 43)
    [token] = identity.tokens_in_mails(events.NewDeviceSignedIn, ANNA)
    clock.advance(timedelta(days=7))
    refusal = refused(identity.sessions.DenySignIn, sessions_pb2.DenySignInRequest(token=token))
    assert refusal.reason == "LINK_NOT_VALID"


def test_a_trusted_browser_is_spared_codes_for_thirty_days_until_the_password_changes(identity, codes, clock):
    device = "t" * 43
    identity.complete(identity.knock(ANNA, device=device), code_of(identity), device=device, trust=True)
    secret = identity.knock(ANNA, device=device).session_token
    assert identity.check(secret)
    assert not factors_of(identity, secret).HasField("stepped_up_until"), "no code, no proof"
    assert not identity.knock(ANNA, device="u" * 43).session_token
    clock.advance(timedelta(days=30))
    assert not identity.knock(ANNA, device=device).session_token


def test_the_console_trusts_no_browser(identity, daria, clock):
    device = "t" * 43
    clock.advance(timedelta(seconds=60))
    answer = identity.knock(DARIA, STAFF_PASSWORD, realm=REALM_CONSOLE, device=device)
    identity.complete(answer, code_of(identity, DARIA), realm=REALM_CONSOLE, device=device, trust=True)
    again = identity.knock(DARIA, STAFF_PASSWORD, realm=REALM_CONSOLE, device=device)
    assert not again.session_token


# Another address


def ask_for_address(identity, secret, new_email) -> None:
    request = users_pb2.RequestEmailChangeRequest(session_token=secret, new_email=new_email)
    identity.users.RequestEmailChange(request)


def confirm_address(identity) -> str:
    """By the newest link that Anna's account asked for."""
    token = identity.tokens_in_mails(events.EmailChangeRequested, ANNA)[-1]
    request = users_pb2.ConfirmEmailChangeRequest(token=token)
    return str(identity.users.ConfirmEmailChange(request).email)


def test_a_new_password_ends_a_change_of_the_address_that_waits(identity, anna):
    ask_for_address(identity, anna, "obcy@poczta.example")
    change_password(identity, anna)
    assert refused(confirm_address, identity).reason == "LINK_NOT_VALID"
    ask_for_address(identity, anna, "obcy@poczta.example")
    token = identity.ask_reset(ANNA)
    identity.users.ResetPassword(users_pb2.ResetPasswordRequest(token=token, new_password=PASSWORD))
    assert refused(confirm_address, identity).reason == "LINK_NOT_VALID"


def test_the_old_mailbox_sets_no_password_once_the_address_is_another(identity, anna):
    token = identity.ask_reset(ANNA)
    ask_for_address(identity, anna, "inna@poczta.example")
    assert confirm_address(identity) == "inna@poczta.example"
    reset = users_pb2.ResetPasswordRequest(token=token, new_password=OTHER_PASSWORD)
    assert refused(identity.users.ResetPassword, reset).reason == "LINK_NOT_VALID"


@pytest.mark.repeats("UserService/RequestEmailChange")
@pytest.mark.repeats("UserService/ConfirmEmailChange")
def test_another_address_counts_once_its_link_was_used(identity, anna, served):
    asked = users_pb2.RequestEmailChangeRequest(session_token=anna, new_email="Inna@poczta.example")
    for _ in range(2):
        identity.users.RequestEmailChange(asked)
    told = served.announced(events.EmailChangeRequested)
    assert [(one.email, one.new_email) for one in told] == [(ANNA, "inna@poczta.example")] * 2
    assert identity.check(anna).user.email == ANNA
    old, token = identity.tokens_in_mails(events.EmailChangeRequested, ANNA)
    confirm = users_pb2.ConfirmEmailChangeRequest
    assert refused(identity.users.ConfirmEmailChange, confirm(token=old)).reason == "LINK_NOT_VALID"
    assert identity.users.ConfirmEmailChange(confirm(token=token)).email == "inna@poczta.example"
    assert refused(identity.users.ConfirmEmailChange, confirm(token=token)).reason == "EMAIL_IN_FORCE"
    assert refused(identity.users.ConfirmEmailChange, confirm(token=old)).reason == "LINK_NOT_VALID"
    assert len(served.announced(events.EmailChanged)) == 1
    assert identity.check(anna).user.email == "inna@poczta.example"
    assert identity.log_in("inna@poczta.example")
    assert refused(identity.log_in, ANNA).reason == "LOGIN_REFUSED"


def test_a_used_link_brings_no_address_back(identity, anna, at_once, clock):
    """Not by a later request, not with somebody at the same moment, and after a day it is as good as unknown."""
    ask_for_address(identity, anna, "inna@poczta.example")
    outcomes = at_once(*[lambda: confirm_address(identity) for _ in range(3)])
    assert sorted(getattr(one, "reason", one) for one in outcomes) == [
        *["EMAIL_IN_FORCE"] * 2,
        "inna@poczta.example",
    ]
    ask_for_address(identity, anna, "trzecia@poczta.example")
    assert refused(confirm_address, identity).reason == "LINK_NOT_VALID"
    newest = identity.tokens_in_mails(events.EmailChangeRequested, "inna@poczta.example")[-1]
    request = users_pb2.ConfirmEmailChangeRequest(token=newest)
    assert identity.users.ConfirmEmailChange(request).email == "trzecia@poczta.example"
    clock.advance(timedelta(hours=24))
    assert refused(identity.users.ConfirmEmailChange, request).reason == "LINK_NOT_VALID"


def test_an_address_with_an_account_gets_no_link_and_the_answer_is_the_same(identity, anna, celina, served):
    asked = users_pb2.RequestEmailChangeRequest(session_token=anna, new_email="celina@poczta.example")
    identity.users.RequestEmailChange(asked)
    [told] = served.announced(events.EmailChangeRequested)
    assert told.sealed_token == b""
    asked.new_email = ANNA
    assert refused(identity.users.RequestEmailChange, asked).violations[0].reason == "SAME_EMAIL"


def test_an_address_taken_meanwhile_is_not_taken_again(identity, anna):
    asked = users_pb2.RequestEmailChangeRequest(session_token=anna, new_email="inna@poczta.example")
    identity.users.RequestEmailChange(asked)
    [token] = identity.tokens_in_mails(events.EmailChangeRequested, ANNA)
    identity.register("inna@poczta.example")
    identity.confirm("inna@poczta.example")
    confirm = users_pb2.ConfirmEmailChangeRequest(token=token)
    assert refused(identity.users.ConfirmEmailChange, confirm).reason == "LINK_NOT_VALID"


def test_a_registration_nobody_confirmed_gives_way(identity, anna):
    identity.register("inna@poczta.example")
    asked = users_pb2.RequestEmailChangeRequest(session_token=anna, new_email="inna@poczta.example")
    identity.users.RequestEmailChange(asked)
    [token] = identity.tokens_in_mails(events.EmailChangeRequested, ANNA)
    identity.users.ConfirmEmailChange(users_pb2.ConfirmEmailChangeRequest(token=token))
    assert identity.check(anna).user.email == "inna@poczta.example"


# Colleagues


@pytest.mark.repeats("StaffService/ResetFactor")
def test_an_administrator_takes_a_lost_app_away(identity, served, hire, daria):
    hire("edward@wodociagi.example", "Edward", "administrator")
    edward = identity.check_staff(
        identity.log_in("edward@wodociagi.example", STAFF_PASSWORD, realm=REALM_CONSOLE)
    )
    staff: Any = served.stub(StaffServiceStub)
    acting = as_actor(edward.actor_token)
    daria_id = identity.check_staff(daria).staff.staff_id
    request = staff_pb2.ResetFactorRequest(staff_id=daria_id)
    for _ in range(2):
        staff.ResetFactor(request, metadata=acting)
    assert refused(identity.check_staff, daria).reason == "SESSION_ENDED"
    asked = identity.knock(DARIA, STAFF_PASSWORD, realm=REALM_CONSOLE).challenge
    assert asked.kind == CHALLENGE_KIND_ENROL
    told = [one.change for one in served.announced(events.FactorChanged) if one.email == DARIA]
    assert told.count(events.FACTOR_CHANGE_RESET) == 1
    acts = [one.act for one in served.announced(ActRecorded) if one.act.endswith("ResetFactor")]
    assert len(acts) == 1
    own = staff_pb2.ResetFactorRequest(staff_id=edward.staff.staff_id)
    assert refused(staff.ResetFactor, own, metadata=acting).reason == "OWN_FACTOR"
    nobody = staff_pb2.ResetFactorRequest(staff_id=str(new_id()))
    assert refused(staff.ResetFactor, nobody, metadata=acting).reason == "STAFF_NOT_FOUND"


def test_an_administrator_proves_who_they_are_first(identity, served, hire, daria, clock):
    hire("edward@wodociagi.example", "Edward", "administrator")
    secret = identity.log_in("edward@wodociagi.example", STAFF_PASSWORD, realm=REALM_CONSOLE)
    clock.advance(timedelta(minutes=11))
    staff: Any = served.stub(StaffServiceStub)
    acting = as_actor(identity.check_staff(secret).actor_token)
    request = staff_pb2.ResetFactorRequest(staff_id=identity.check_staff(daria).staff.staff_id)
    assert refused(staff.ResetFactor, request, metadata=acting).reason == "STEP_UP_REQUIRED"
    assert identity.check_staff(daria)


def test_the_operator_s_job_is_the_last_way_back_in(identity, served, daria):
    served.run_job("staff.reset_factor", email=DARIA.upper())
    assert identity.knock(DARIA, STAFF_PASSWORD, realm=REALM_CONSOLE).challenge.kind == CHALLENGE_KIND_ENROL
    assert (
        refused(served.run_job, "staff.reset_factor", email="x@y.example").violations[0].reason == "UNKNOWN"
    )


# Who may call


def test_only_the_gateway_asks(served, as_anna, as_celina, as_daria, as_system):
    session: dict[str, Any] = {"session_token": "x", "realm": REALM_PORTAL}
    requests = {
        "GetFactors": factors_pb2.GetFactorsRequest(**session),
        "BeginTotp": factors_pb2.BeginTotpRequest(**session),
        "EnrolTotp": factors_pb2.EnrolTotpRequest(**session, challenge_token="x", code="x"),
        "RemoveTotp": factors_pb2.RemoveTotpRequest(**session),
        "RenewRecoveryCodes": factors_pb2.RenewRecoveryCodesRequest(**session),
        "ChangePassword": factors_pb2.ChangePasswordRequest(
            **session, current_password="x", new_password=OTHER_PASSWORD
        ),
    }
    for persona in (as_anna, as_celina, as_daria, as_system("billing"), None):
        stub = served.stub(FactorServiceStub, persona)
        for method, request in requests.items():
            refusal = refused(getattr(stub, method), request)
            assert isinstance(refusal, PermissionDenied | Unauthenticated)


def test_a_session_says_whose_factors_they_are(identity, anna, celina):
    assert UUID(identity.check(anna).user.user_id) != cast.CELINA_USER
    identity.enrol(anna, ANNA)
    assert not factors_of(identity, celina).HasField("totp_since")
    assert refused(factors_of, identity, celina, REALM_CONSOLE).reason == "SESSION_ENDED"
