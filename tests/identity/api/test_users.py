"""Registration, confirmation, forgotten passwords, profile: through the door."""

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from ebok.common.v1.acts_pb2 import ActRecorded
from ebok.identity.v1 import events_pb2 as events
from ebok.identity.v1.users_pb2 import (
    LOOK_DARK,
    ConfirmEmailRequest,
    RegisterRequest,
    RequestPasswordResetRequest,
    ResetPasswordRequest,
    UpdateProfileRequest,
)
from ebok.identity.v1.users_pb2_grpc import UserServiceStub
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis import wire
from chassis.errors import (
    FailedPrecondition,
    Invalid,
    PermissionDenied,
    RateLimited,
    Refusal,
    Unauthenticated,
    Violation,
)
from chassis.rpc.client import as_actor

ANNA = "anna@poczta.example"
PASSWORD = "zielony rower pod lipą"
OTHER_PASSWORD = "kajak na spokojnej rzece"


def reset(identity, token, password=OTHER_PASSWORD):
    return identity.users.ResetPassword(ResetPasswordRequest(token=token, new_password=password))


def refused(call, *arguments) -> Any:
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value


# Registering and confirming


def test_registering_and_confirming_makes_an_account_one_can_log_in_to(identity, served):
    identity.register("  Anna@Poczta.Example ".strip())
    [event] = served.announced(events.EmailConfirmationRequested)
    assert (event.email, event.name, event.language) == (ANNA, "Anna", "pl")

    assert refused(identity.log_in, ANNA).reason == "LOGIN_REFUSED"  # not confirmed yet
    identity.confirm(ANNA)

    assert identity.check(identity.log_in(ANNA)).user.email == ANNA
    [registered] = served.announced(events.UserRegistered)
    assert registered.user_id == event.user_id


def test_sealed_token_is_kept_nowhere_in_plain_words(identity, served, database):
    identity.register(ANNA)
    [token] = identity.tokens_in_mails(events.EmailConfirmationRequested, ANNA)
    [event] = served.announced(events.EmailConfirmationRequested)

    assert len(token) >= 43
    assert token.encode() not in event.SerializeToString()
    with database.reading() as session:
        from services.identity.storage.tokens import Token

        [row] = session.query(Token).all()
        assert len(row.token_hash) == 32
        assert row.token_hash != token.encode()


def test_event_with_a_token_is_erased_once_published(identity, count):
    identity.register(ANNA)
    identity.confirm(ANNA)
    identity.ask_reset(ANNA)

    assert count("outbox", "secret") == 2
    assert count("outbox", "NOT secret AND type LIKE '%Requested'") == 0


def test_known_address_gets_a_mail_instead_and_the_answer_is_the_same(identity, served):
    identity.join(ANNA)

    identity.register(ANNA, password=OTHER_PASSWORD, name="Ktoś")

    [event] = served.announced(events.RegistrationRepeated)
    assert (event.email, event.name) == (ANNA, "Anna")
    assert len(served.announced(events.EmailConfirmationRequested)) == 1
    assert refused(identity.log_in, ANNA, OTHER_PASSWORD).reason == "LOGIN_REFUSED"
    assert identity.log_in(ANNA)


@pytest.mark.repeats("UserService/Register")
def test_unconfirmed_registration_can_be_repeated_and_the_last_one_counts(identity, count):
    identity.register(ANNA, password=OTHER_PASSWORD, name="Ania")
    identity.register(ANNA)
    old, new = identity.tokens_in_mails(events.EmailConfirmationRequested, ANNA)

    assert refused(identity.users.ConfirmEmail, ConfirmEmailRequest(token=old)).reason == "LINK_NOT_VALID"
    assert identity.users.ConfirmEmail(ConfirmEmailRequest(token=new)).email == ANNA
    assert identity.check(identity.log_in(ANNA)).user.name == "Anna"
    assert count("users") == 1


def test_addresses_that_differ_in_case_are_one_account(identity, count):
    identity.join(ANNA)
    identity.register("ANNA@poczta.EXAMPLE")
    assert count("users") == 1
    assert identity.log_in("Anna@Poczta.Example")


def test_two_registrations_of_one_address_at_once_make_one_account(identity, at_once, count, served):
    calls = [lambda n=n: identity.register(ANNA, address=f"192.0.2.{n}") for n in range(3)]

    assert at_once(*calls) == [None, None, None]

    assert count("users") == 1
    assert count("tokens") == 1
    tokens = identity.tokens_in_mails(events.EmailConfirmationRequested, ANNA)
    outcomes = at_once(
        *[lambda t=t: identity.users.ConfirmEmail(ConfirmEmailRequest(token=t)) for t in tokens]
    )
    assert sum(not isinstance(one, Refusal) for one in outcomes) == 1
    assert len(served.announced(events.UserRegistered)) == 1


@pytest.mark.repeats("UserService/ConfirmEmail")
def test_confirmation_link_works_once_also_when_pressed_twice_at_once(identity, at_once, served):
    identity.register(ANNA)
    [token] = identity.tokens_in_mails(events.EmailConfirmationRequested, ANNA)
    request = ConfirmEmailRequest(token=token)

    outcomes = at_once(*[lambda: identity.users.ConfirmEmail(request) for _ in range(4)])

    refusals = [one.reason for one in outcomes if isinstance(one, Refusal)]
    assert refusals == ["LINK_NOT_VALID"] * 3
    assert len(served.announced(events.UserRegistered)) == 1


def test_mail_with_a_link_knows_when_the_link_dies(identity, served, clock):
    identity.register(ANNA)
    [confirmation] = served.announced(events.EmailConfirmationRequested)
    assert wire.unpack_instant(confirmation.expires_at) == clock.now() + timedelta(hours=24)

    identity.confirm(ANNA)
    clock.advance(timedelta(minutes=5))
    identity.ask_reset(ANNA)
    [asked] = served.announced(events.PasswordResetRequested)
    assert wire.unpack_instant(asked.expires_at) == clock.now() + timedelta(minutes=30)


def test_confirmation_link_lasts_a_day(identity, clock):
    identity.register(ANNA)
    identity.register("bartek@poczta.example", name="Bartek", address="192.0.2.8")
    clock.advance(timedelta(hours=24) - timedelta(seconds=1))
    identity.confirm(ANNA)
    clock.advance(timedelta(seconds=1))
    assert refused(identity.confirm, "bartek@poczta.example").reason == "LINK_NOT_VALID"


def test_link_of_one_purpose_is_none_of_another(identity):
    identity.register(ANNA)
    [confirmation] = identity.tokens_in_mails(events.EmailConfirmationRequested, ANNA)
    assert refused(reset, identity, confirmation).reason == "LINK_NOT_VALID"
    identity.confirm(ANNA)
    token = identity.ask_reset(ANNA)
    assert refused(identity.users.ConfirmEmail, ConfirmEmailRequest(token=token)).reason == "LINK_NOT_VALID"


def test_password_that_is_guessed_first_is_refused_at_its_field(identity, load_settings, count):
    load_settings()
    for password, why in (
        (ANNA, "OWN_DATA"),
        ("Anna-Nowacka 2026", "OWN_DATA"),
        ("wodociagi zdroj 1", "OWN_DATA"),
        ("Warszawa2026!", "COMMON"),
        ("abcabcabcabc", "PATTERN"),
    ):
        refusal = refused(identity.register, ANNA, password, "Anna Nowacka")
        assert (refusal.reason, isinstance(refusal, Invalid)) == ("PASSWORD_TOO_WEAK", True)
        assert [(one.field, one.reason) for one in refusal.violations] == [("password", why)]
    assert count("attempts", "kind <> 'judged_address'") == count("users") == 0


def test_passwords_that_nobody_logged_in_proposes_are_counted_before_they_are_judged(identity, clock):
    for n in range(60):
        assert refused(identity.register, f"osoba{n}@poczta.example", "abcabcabcabc").reason == (
            "PASSWORD_TOO_WEAK"
        )
    for password in ("abcabcabcabc", PASSWORD):
        refusal = refused(identity.register, ANNA, password)
        assert (refusal.reason, refusal.retry_after_s) == ("TOO_MANY_ATTEMPTS", 15)
    identity.register(ANNA, address="203.0.113.5")
    clock.advance(timedelta(seconds=15))
    identity.register("bartek@poczta.example", name="Bartek")


def test_password_of_nine_characters_or_of_129_is_refused(identity):
    assert refused(identity.register, ANNA, "dziewiec9").violations == (
        Violation("password", "TOO_SHORT", "at least 10 characters"),
    )
    assert refused(identity.register, ANNA, "ab9" * 43).violations[0].reason == "TOO_LONG"


def test_name_of_blanks_is_refused(identity):
    assert refused(identity.register, ANNA, PASSWORD, "   ").violations == (Violation("name", "REQUIRED"),)


def test_fourth_registration_of_an_address_waits_whether_it_is_known_or_not(identity, clock):
    identity.join(ANNA)
    for email in (ANNA, "nobody@poczta.example"):
        while True:
            refusal = None
            try:
                identity.register(email, address="198.51.100.9")
            except RateLimited as one:
                refusal = one
            if refusal is not None:
                break
        assert (refusal.reason, refusal.retry_after_s) == ("TOO_MANY_ATTEMPTS", 60)
    clock.advance(timedelta(seconds=60))
    identity.register("nobody@poczta.example", address="198.51.100.9")


def test_registrations_from_one_address_are_slowed_down(identity):
    for n in range(20):
        identity.register(f"osoba{n}@poczta.example", address="203.0.113.5")
    refusal = refused(identity.register, "osoba20@poczta.example", PASSWORD, "Ola", "203.0.113.5")
    assert refusal.reason == "TOO_MANY_ATTEMPTS"
    identity.register("osoba20@poczta.example", address="203.0.113.6")


# A forgotten password


def test_reset_sets_the_password_ends_all_sessions_and_tells_the_owner(identity, anna, served, clock):
    other = identity.log_in(ANNA)
    token = identity.ask_reset(ANNA)

    assert reset(identity, token).email == ANNA

    for secret in (anna, other):
        assert refused(identity.check, secret).reason == "SESSION_ENDED"
    assert refused(identity.log_in, ANNA).reason == "LOGIN_REFUSED"
    assert identity.log_in(ANNA, OTHER_PASSWORD)
    [event] = served.announced(events.PasswordChanged)
    assert (event.email, event.name) == (ANNA, "Anna")
    assert wire.unpack_instant(event.changed_at) == clock.now()


@pytest.mark.repeats("UserService/ResetPassword")
def test_reset_link_works_once_also_at_once(identity, anna, at_once, served):
    token = identity.ask_reset(ANNA)

    outcomes = at_once(*[lambda n=n: reset(identity, token, f"{OTHER_PASSWORD} {n}") for n in range(4)])

    winners = [n for n, one in enumerate(outcomes) if not isinstance(one, Refusal)]
    assert len(winners) == 1
    assert {one.reason for one in outcomes if isinstance(one, Refusal)} == {"LINK_NOT_VALID"}
    assert identity.log_in(ANNA, f"{OTHER_PASSWORD} {winners[0]}")
    assert len(served.announced(events.PasswordChanged)) == 1


@pytest.mark.repeats("UserService/RequestPasswordReset")
def test_older_reset_link_dies_with_a_newer_one(identity, anna):
    old = identity.ask_reset(ANNA)
    new = identity.ask_reset(ANNA)
    assert refused(reset, identity, old).reason == "LINK_NOT_VALID"
    assert reset(identity, new)


def test_reset_link_lasts_half_an_hour(identity, anna, clock):
    token = identity.ask_reset(ANNA)
    clock.advance(timedelta(minutes=30))
    assert refused(reset, identity, token).reason == "LINK_NOT_VALID"


def test_weak_new_password_does_not_use_the_link_up(identity, anna):
    token = identity.ask_reset(ANNA)
    refusal = refused(reset, identity, token, "haslo123456")
    assert refusal.reason == "PASSWORD_TOO_WEAK"
    assert refusal.violations == (Violation("new_password", "COMMON"),)
    assert reset(identity, token).email == ANNA


def test_reset_ends_the_waits_of_a_forgotten_password(identity, anna):
    for _ in range(5):
        refused(identity.log_in, ANNA, "nie to haslo wcale")
    assert refused(identity.log_in, ANNA).reason == "TOO_MANY_ATTEMPTS"
    reset(identity, identity.ask_reset(ANNA))
    assert identity.log_in(ANNA, OTHER_PASSWORD)


@pytest.mark.parametrize("email", ["nobody@poczta.example", "unconfirmed@poczta.example"])
def test_reset_for_an_address_without_an_account_leaves_nothing(identity, served, count, email):
    identity.register("unconfirmed@poczta.example")
    events_before, tokens_before = count("outbox", "type LIKE '%Reset%'"), count("tokens")

    identity.users.RequestPasswordReset(RequestPasswordResetRequest(email=email, address="192.0.2.1"))

    assert count("tokens") == tokens_before
    assert count("outbox", "type LIKE '%Reset%'") == events_before == 0


def test_reset_requests_are_slowed_down_the_same_for_any_address(identity, anna):
    for email in (ANNA, "nobody@poczta.example"):
        for _ in range(3):
            identity.ask_reset(email)
        assert refused(identity.ask_reset, email).retry_after_s == 60


def test_everything_at_once_for_one_address_meets_no_deadlock(identity, at_once, clock):
    identity.join(ANNA)
    for turn in range(3):
        clock.advance(timedelta(hours=25))
        token = identity.ask_reset(ANNA)
        password = f"{OTHER_PASSWORD} {turn}"
        calls = [
            lambda: identity.register(ANNA),
            lambda: identity.register(ANNA),
            lambda: reset(identity, token, password),  # noqa: B023 - run within the turn
            lambda: reset(identity, token, password),  # noqa: B023
            lambda: identity.log_in(ANNA, password),  # noqa: B023
            lambda: identity.log_in(ANNA, "nie to haslo wcale"),
            lambda: identity.ask_reset(ANNA),
            lambda: identity.served.run_job("tokens.tidy"),
        ]
        outcomes = [one for one in at_once(*calls) if isinstance(one, Exception)]
        reasons = {getattr(one, "reason", repr(one)) for one in outcomes}
        assert reasons <= {"LINK_NOT_VALID", "LOGIN_REFUSED", "TOO_MANY_ATTEMPTS", "HASHING_BUSY"}


# The profile


@pytest.mark.repeats("UserService/UpdateProfile")
def test_profile_is_changed_by_its_owner_and_again_to_the_same(identity, anna):
    request = UpdateProfileRequest(name="  Anna  Maria ", language="uk", look=LOOK_DARK)
    for _ in range(2):
        metadata = as_actor(identity.check(anna).actor_token)
        user = identity.users.UpdateProfile(request, metadata=metadata).user
        assert (user.name, user.language, user.look) == ("Anna Maria", "uk", LOOK_DARK)
    assert identity.check(anna).user == user


def test_profile_needs_a_login_and_no_staff(identity, as_daria, served):
    request = UpdateProfileRequest(name="X", language="pl", look=LOOK_DARK)
    with pytest.raises(Unauthenticated):
        served.stub(UserServiceStub).UpdateProfile(request)
    with pytest.raises(PermissionDenied):
        served.stub(UserServiceStub, as_daria).UpdateProfile(request)


def test_profile_of_an_account_that_is_gone_is_not_found(served, as_anna):
    request = UpdateProfileRequest(name="X", language="pl", look=LOOK_DARK)
    refusal = refused(served.stub(UserServiceStub, as_anna).UpdateProfile, request)
    assert refusal.reason == "USER_NOT_FOUND"


# Who may call, what is recorded


def test_only_the_gateway_registers_confirms_and_resets(served, as_anna, as_daria, as_system):
    requests = {
        "Register": RegisterRequest(email=ANNA, password=PASSWORD, name="Anna", language="pl"),
        "ConfirmEmail": ConfirmEmailRequest(token="x"),
        "RequestPasswordReset": RequestPasswordResetRequest(email=ANNA),
        "ResetPassword": ResetPasswordRequest(token="x", new_password=PASSWORD),
    }
    for persona in (as_anna, as_daria, as_system("billing"), None):
        stub = served.stub(UserServiceStub, persona)
        for method, request in requests.items():
            assert isinstance(refused(getattr(stub, method), request), PermissionDenied | Unauthenticated)


def test_acts_say_who_and_from_where_and_never_an_address_of_mail(identity, served):
    identity.join(ANNA)
    identity.ask_reset("nobody@poczta.example")
    acts = {one.act.rpartition("/")[2]: one for one in served.announced(ActRecorded)}

    assert set(acts) == {"Register", "ConfirmEmail", "RequestPasswordReset"}
    assert acts["Register"].address == "192.0.2.7"
    assert (acts["ConfirmEmail"].actor_kind, acts["ConfirmEmail"].actor_name) == ("user", "Anna")
    assert acts["Register"].subject_id == acts["ConfirmEmail"].actor_id
    assert acts["RequestPasswordReset"].subject_id == ""
    assert all("@" not in str(one) for one in acts.values())


def test_refused_call_leaves_no_act(identity, served):
    refused(identity.register, ANNA, "haslo123456")
    refused(identity.users.ConfirmEmail, ConfirmEmailRequest(token="no such"))
    assert served.announced(ActRecorded) == []


# Whatever comes in


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    email=st.one_of(st.emails(), st.text(max_size=260)),
    password=st.text(max_size=140),
    name=st.text(max_size=90),
    address=st.one_of(st.ip_addresses().map(str), st.text(max_size=20)),
)
def test_registration_answers_or_refuses_whatever_is_sent(identity, email, password, name, address):
    with contextlib.suppress(Invalid, RateLimited):
        identity.register(email, password, name, address)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(min_size=1, max_size=110))
def test_no_invented_link_is_valid(identity, token):
    with pytest.raises((Invalid, FailedPrecondition)):
        identity.users.ConfirmEmail(ConfirmEmailRequest(token=token))
    with pytest.raises((Invalid, FailedPrecondition)):
        reset(identity, token)
