"""Log in, who is this, switch the customer, leave: through the door."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from ebok.common.v1.acts_pb2 import ActRecorded
from ebok.identity.v1.events_pb2 import NewDeviceSignedIn
from ebok.identity.v1.grants_pb2 import SCOPE_MANAGE, SCOPE_PAY
from ebok.identity.v1.sessions_pb2 import (
    REALM_CONSOLE,
    REALM_PORTAL,
    CheckSessionRequest,
    LogInRequest,
    LogOutRequest,
    SelectCustomerRequest,
)
from ebok.identity.v1.sessions_pb2_grpc import SessionServiceStub
from ebok.identity.v1.users_pb2 import LOOK_DARK, ResetPasswordRequest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.actors import ActorKind
from chassis.errors import Invalid, PermissionDenied, Refusal, Unauthenticated, Unavailable
from chassis.testing import cast
from services.identity.__main__ import part

ANNA = "anna@poczta.example"
WRONG = "nie to haslo wcale"


def refused(call, *arguments, **keywords) -> Any:
    with pytest.raises(Refusal) as caught:
        call(*arguments, **keywords)
    return caught.value


def select(identity, secret, customer_id):
    identity.sessions.SelectCustomer(
        SelectCustomerRequest(session_token=secret, customer_id=str(customer_id))
    )


def log_out(identity, secret):
    identity.sessions.LogOut(LogOutRequest(session_token=secret))


def hashed(served, outcome) -> float:
    """The metric: passwords made, checked, or turned away."""
    sample = served.runtime.metrics.registry.get_sample_value(
        "ebok_identity_password_hashes_total", {"outcome": outcome}
    )
    return sample or 0.0


def work(statement: str) -> str:
    """What a statement is for: its verb and what it changes."""
    words = statement.split()
    if words[0] in ("RELEASE", "ROLLBACK"):
        return "savepoint ends"
    changes = re.search(r"(INSERT) INTO (\w+)|(UPDATE) (?!SKIP)(\w+)", statement)
    return " ".join(one for one in changes.groups() if one) if changes else words[0]


# Logging in


def test_token_of_a_user_without_a_customer_is_verified_by_other_services(identity, anna, actor_of, clock):
    answer = identity.check(anna)
    actor = actor_of(answer)

    assert (actor.kind, actor.actor_id, actor.name) == (ActorKind.USER, answer.user.user_id, "Anna")
    assert actor.permissions == {
        "identity.profile.change",
        "identity.grants.claim",
        "identity.invitations.accept",
        "identity.personal_tokens.manage",
    }
    assert (actor.address, actor.customer_id) == ("192.0.2.7", None)
    assert answer.actor_token_expires_at.ToDatetime(UTC) == clock.now() + timedelta(minutes=5)
    assert not answer.HasField("staff")
    assert not answer.grants


def test_secret_of_a_session_is_kept_as_a_hash_only(identity, anna, database):
    with database.reading() as session:
        row = session.execute(sa.text("SELECT * FROM sessions")).one()
    assert len(anna) >= 43
    assert anna not in str(row)
    assert anna.encode() not in bytes(row.token_hash)
    assert (row.address, row.user_agent) == ("192.0.2.7", "Firefox")


@pytest.mark.parametrize("case", ["unknown", "wrong", "unconfirmed", "other door"])
def test_unknown_wrong_and_unconfirmed_are_one_refusal_after_the_same_work(
    identity, served, case, statements
):
    identity.join(ANNA)
    identity.register("bartek@poczta.example", name="Bartek")
    email, realm = {
        "unknown": ("nobody@poczta.example", REALM_PORTAL),
        "wrong": (ANNA, REALM_PORTAL),
        "unconfirmed": ("bartek@poczta.example", REALM_PORTAL),
        "other door": (ANNA, REALM_CONSOLE),
    }[case]
    before = hashed(served, "checked")
    statements.clear()

    refusal = refused(identity.log_in, email, WRONG, realm=realm)

    assert (refusal.reason, refusal.message, refusal.metadata) == ("LOGIN_REFUSED", "", {})
    assert isinstance(refusal, Unauthenticated)
    assert hashed(served, "checked") == before + 1
    # The counters, the account or its absence: the same statement whoever is asked for.
    assert [work(one) for one in statements] == ["INSERT attempts"]


@pytest.mark.parametrize("known", [True, False])
def test_registering_and_resetting_run_the_same_statements_known_or_not(identity, served, known, statements):
    identity.join(ANNA)
    email = ANNA if known else "nobody@poczta.example"
    hashes = hashed(served, "made")
    statements.clear()
    identity.register(email, "kajak na spokojnej rzece")
    assert hashed(served, "made") == hashes + 1
    registering = [work(one) for one in statements]
    statements.clear()
    identity.ask_reset(email)
    resetting = [work(one) for one in statements[:-1]]  # the last one is the test's own look into the outbox

    assert registering == [
        "INSERT attempts",  # a password is proposed
        "SELECT",  # settings
        "INSERT attempts",
        "SELECT",
        "INSERT users",
        "SAVEPOINT",
        "INSERT tokens",
        "savepoint ends",
        "INSERT outbox",
        "INSERT outbox",  # the act
    ]
    assert resetting == [
        "INSERT attempts",
        "SELECT",
        "SAVEPOINT",
        "INSERT tokens",
        "INSERT outbox",
        "savepoint ends",
        "INSERT outbox",
    ]


@pytest.mark.repeats("SessionService/LogIn")
def test_logging_in_again_opens_another_session(identity, anna):
    other = identity.log_in(ANNA)
    assert other != anna
    assert identity.check(anna).user == identity.check(other).user


def test_twenty_first_session_ends_the_oldest(identity, anna, clock):
    later = []
    for _ in range(20):
        clock.advance(timedelta(seconds=1))
        later.append(identity.log_in(ANNA))
    assert refused(identity.check, anna).reason == "SESSION_ENDED"
    assert all(identity.check(secret) for secret in later)


def test_sessions_that_ran_out_give_way_to_nobody(identity, anna, clock, database):
    for _ in range(20):
        clock.advance(timedelta(seconds=1))
        identity.log_in(ANNA)
    clock.advance(timedelta(days=400))
    assert identity.check(identity.log_in(ANNA))
    with database.reading() as session:
        ended = session.scalar(sa.text("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL"))
    assert ended == 1  # Anna's first one, for her twenty-first.


def test_log_ins_at_once_know_of_each_other(identity, at_once, served, count, monkeypatch):
    identity.join(ANNA)
    places = [(f"198.51.100.{n}", str(n) * 43) for n in range(1, 7)]
    for address, _ in places * 3:
        identity.log_in(ANNA, address=address)
    hasher, together = served.runtime.resources["hasher"], Barrier(len(places))
    check = hasher.check

    def checked_together(kept, password):
        checked = check(kept, password)
        together.wait(10)
        return checked

    monkeypatch.setattr(hasher, "check", checked_together)
    at_once(
        *(
            lambda a=address, d=device: identity.log_in(ANNA, address=a, device=d)
            for address, device in places
        )
    )
    assert len(served.announced(NewDeviceSignedIn)) == 5, "of the very first nobody is told"
    assert count("sessions", "ended_at IS NULL") == 20


def test_logging_in_as_ever_is_two_statements(identity, statements):
    identity.join(ANNA)
    identity.log_in(ANNA, device="a" * 43)
    statements.clear()
    identity.log_in(ANNA, device="a" * 43)
    assert [work(one) for one in statements] == [
        "INSERT attempts",  # counted
        "INSERT sessions",  # the attempt given back, the act
    ]


def test_hash_with_older_parameters_is_renewed_at_the_next_login(
    identity, anna, serving, database, neighbour, as_system, keys_dir
):
    stronger = serving(
        part,
        database=database,
        peers={"billing": neighbour.address},
        argon2_time_cost=2,
        argon2_memory_kib=128,
    )
    with database.reading() as session:
        [old] = session.execute(sa.text("SELECT password_hash FROM users")).scalars()
    again = type(identity)(stronger, as_system("gateway"), keys_dir)
    again.log_in(ANNA)
    with database.reading() as session:
        [new] = session.execute(sa.text("SELECT password_hash FROM users")).scalars()
    assert "m=64,t=1" in old
    assert "m=128,t=2" in new
    assert identity.log_in(ANNA)


def test_password_changed_while_it_was_checked_opens_nothing(identity, served, monkeypatch):
    identity.join(ANNA)
    token = identity.ask_reset(ANNA)
    hasher = served.runtime.resources["hasher"]
    check = hasher.check

    def reset_meanwhile(kept, password):
        monkeypatch.undo()
        checked = check(kept, password)
        identity.users.ResetPassword(
            ResetPasswordRequest(token=token, new_password="kajak na spokojnej rzece")
        )
        return checked

    monkeypatch.setattr(hasher, "check", reset_meanwhile)
    assert refused(identity.log_in, ANNA).reason == "LOGIN_REFUSED"


def test_name_changed_while_the_password_was_checked_is_the_name_of_the_act(
    identity, served, database, count, monkeypatch
):
    identity.join(ANNA)
    hasher = served.runtime.resources["hasher"]
    check = hasher.check

    def rename():
        with database.transaction() as session:
            session.execute(sa.text("UPDATE users SET name = 'Anna Maria'"))

    def renamed_meanwhile(kept, password):
        with ThreadPoolExecutor(1) as another:
            another.submit(rename).result()
        return check(kept, password)

    monkeypatch.setattr(hasher, "check", renamed_meanwhile)
    assert identity.check(identity.log_in(ANNA)).user.name == "Anna Maria"
    [act] = [one for one in served.announced(ActRecorded) if one.act.endswith("LogIn")]
    assert act.actor_name == "Anna Maria"
    assert count("sessions", "ended_at IS NULL") == 1


def test_login_waits_for_whoever_changes_the_user(identity, database, count):
    identity.join(ANNA)
    with ThreadPoolExecutor(1) as beside, database.transaction() as session:
        session.execute(sa.text("SELECT FROM users FOR UPDATE"))
        waiting = beside.submit(identity.log_in, ANNA)
        with pytest.raises(TimeoutError):
            waiting.result(1)
        session.commit()
        assert identity.check(waiting.result(10))
    assert count("sessions", "ended_at IS NULL") == 1


# Guessing is slow


def guess(identity, times, email=ANNA, address="198.51.100.1"):
    outcome = None
    for _ in range(times):
        outcome = refused(identity.log_in, email, WRONG, address=address)
    return outcome


@pytest.mark.parametrize("email", [ANNA, "nobody@poczta.example"])
def test_waits_grow_for_one_account_and_one_address(identity, clock, email):
    identity.join(ANNA)
    assert guess(identity, 5, email).reason == "LOGIN_REFUSED"
    for wait in (15, 60, 300, 900, 900):
        refusal = guess(identity, 1, email)
        assert (refusal.reason, refusal.retry_after_s) == ("TOO_MANY_ATTEMPTS", wait)
        clock.advance(timedelta(seconds=wait))
        assert guess(identity, 1, email).reason == "LOGIN_REFUSED"


def test_asking_while_a_wait_runs_neither_counts_nor_costs_a_hash(identity, served, clock):
    identity.join(ANNA)
    guess(identity, 5)
    checked = hashed(served, "checked")
    assert guess(identity, 50).retry_after_s == 15
    assert hashed(served, "checked") == checked
    clock.advance(timedelta(seconds=15))
    assert identity.log_in(ANNA, address="198.51.100.1")


def test_right_password_starts_the_count_anew(identity):
    identity.join(ANNA)
    for _ in range(3):
        guess(identity, 4)
        identity.log_in(ANNA, address="198.51.100.1")


def test_stranger_does_not_lock_the_owner_out(identity, anna):
    for n in range(40):
        refused(identity.log_in, ANNA, WRONG, address=f"198.51.100.{n}")
    # The owner's own address has seen a right password, so the wait for the account is not asked there.
    assert identity.log_in(ANNA, address="192.0.2.7")
    refusal = refused(identity.log_in, ANNA, WRONG, address="203.0.113.1")
    assert (refusal.reason, refusal.retry_after_s <= 30) == ("TOO_MANY_ATTEMPTS", True)


def test_many_accounts_tried_from_one_address_are_slowed_down(identity):
    identity.join(ANNA)
    for n in range(50):
        guess(identity, 1, f"osoba{n}@poczta.example")
    assert guess(identity, 1, "osoba50@poczta.example").reason == "TOO_MANY_ATTEMPTS"
    assert identity.log_in(ANNA, address="203.0.113.1")


def test_addresses_of_one_ipv6_network_are_one_source(identity):
    identity.join(ANNA)
    for n in range(5):
        guess(identity, 1, address=f"2001:db8::{n:x}")
    assert guess(identity, 1, address="2001:db8::ffff").reason == "TOO_MANY_ATTEMPTS"
    assert guess(identity, 1, address="2001:db8:0:1::1").reason == "LOGIN_REFUSED"


def test_attempts_at_once_do_not_slip_through(identity, at_once, served):
    identity.join(ANNA)
    outcomes = at_once(
        *[lambda: identity.log_in(ANNA, WRONG, address="198.51.100.1") for _ in range(8)],
        *[lambda: identity.log_in(ANNA, WRONG, address="198.51.100.1") for _ in range(8)],
    )
    reasons = [one.reason for one in outcomes]
    assert reasons.count("LOGIN_REFUSED") + reasons.count("HASHING_BUSY") <= 5
    assert reasons.count("TOO_MANY_ATTEMPTS") >= 11


def test_login_is_turned_away_at_once_when_too_many_wait_and_nothing_is_counted(
    identity, anna, served, count
):
    hasher = served.runtime.resources["hasher"]
    with ExitStack() as crowd:
        for _ in range(served.config.hashes_at_once + served.config.hashes_waiting):
            crowd.enter_context(hasher.place())
        refusal = refused(identity.log_in, ANNA, address="198.51.100.1")
        assert (refusal.reason, isinstance(refusal, Unavailable)) == ("HASHING_BUSY", True)
        assert hashed(served, "busy") == 1
        assert count("attempts", "source = '198.51.100.1'") == 0
        assert identity.check(anna)  # Everybody else's requests go on.
    assert identity.log_in(ANNA, address="198.51.100.1")


# How long a session lasts


def test_session_ends_after_half_an_hour_without_a_page(identity, anna, clock):
    for _ in range(3):
        clock.advance(timedelta(minutes=29))
        identity.check(anna)
    clock.advance(timedelta(minutes=30))
    assert refused(identity.check, anna).reason == "SESSION_ENDED"
    assert refused(select, identity, anna, cast.ANNA_CUSTOMER).reason == "SESSION_ENDED"


@pytest.mark.parametrize(("door", "hours"), [("portal", 12), ("console", 10)])
def test_session_ends_at_the_latest_after_its_hours(identity, anna, daria, clock, door, hours):
    check = (lambda: identity.check(anna)) if door == "portal" else (lambda: identity.check_staff(daria))
    end = clock.now() + timedelta(hours=hours)
    while clock.now() + timedelta(minutes=25) < end:
        clock.advance(timedelta(minutes=25))
        check()
    clock.set(end - timedelta(seconds=1))
    check()
    clock.set(end)
    assert refused(check).reason == "SESSION_ENDED"


def test_last_seen_is_written_at_most_once_a_minute(identity, anna, clock, database):
    def last_seen() -> datetime:
        with database.reading() as session:
            return session.execute(sa.text("SELECT last_seen_at FROM sessions")).scalar_one()

    opened = clock.now()
    clock.advance(timedelta(seconds=59))
    identity.check(anna)
    assert last_seen() == opened
    clock.advance(timedelta(seconds=1))
    identity.check(anna)
    assert last_seen() == clock.now()


def test_checking_a_session_is_one_statement(identity, anna, statements):
    identity.claim_annas(anna)
    statements.clear()
    answer = identity.check(anna)
    assert len(answer.grants) == 1
    assert len(statements) == 1
    assert "s.token_hash" in statements[0]


def test_all_that_is_held_is_told_the_oldest_first_also_before_the_customer_is_known(
    identity, anna, clock, database
):
    older = identity.claim_annas(anna)
    clock.advance(timedelta(seconds=1))
    newer = identity.claim_celinas(anna)
    with database.transaction() as session:
        session.execute(sa.text("DELETE FROM customers WHERE number = 'K-2002'"))
    held = identity.check(anna).grants
    assert [one.grant_id for one in held] == [older.grant_id, newer.grant_id]
    assert [one.customer_name for one in held] == ["Anna Nowak", ""]
    assert [one.customer_number for one in held] == ["K-1001", ""]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("users SET name = 'Anna Maria'", lambda answer: answer.user.name == "Anna Maria"),
        ("users SET look = 'DARK'", lambda answer: answer.user.look == LOOK_DARK),
        ("users SET language = 'uk'", lambda answer: answer.user.language == "uk"),
        ("customers SET name = 'Nowak'", lambda answer: answer.grants[0].customer_name == "Nowak"),
        ("customers SET premises_label = 'Leśna 2'", lambda answer: answer.grants[0].premises_label == "Leśna 2"),
        ("grants SET scope = 'PAY'", lambda answer: answer.grants[0].scope == SCOPE_PAY),
    ],
)  # fmt: skip
def test_what_was_told_before_is_not_told_of_what_has_changed(identity, anna, database, change, told):
    identity.claim_annas(anna)
    before = [identity.check(anna) for _ in range(2)]
    assert before[0] == before[1]
    assert not told(before[0])
    with database.transaction() as session:
        session.execute(sa.text(f"UPDATE {change}"))
    assert told(identity.check(anna))


def test_token_is_remembered_until_a_minute_before_its_end(identity, anna, clock):
    first = identity.check(anna).actor_token
    clock.advance(timedelta(minutes=3, seconds=59))
    assert identity.check(anna).actor_token == first
    assert identity.check(anna, address="198.51.100.4").actor_token != first
    clock.advance(timedelta(seconds=1))
    second = identity.check(anna)
    assert second.actor_token != first
    assert second.actor_token_expires_at.ToDatetime(UTC) == clock.now() + timedelta(minutes=5)


def test_session_of_one_door_is_none_at_the_other(identity, anna, daria):
    assert refused(identity.check_staff, anna).reason == "SESSION_ENDED"
    assert refused(identity.check, daria).reason == "SESSION_ENDED"
    assert refused(select, identity, daria, cast.ANNA_CUSTOMER).reason == "SESSION_ENDED"


# Leaving


@pytest.mark.repeats("SessionService/LogOut")
def test_logging_out_ends_the_session_and_again_is_no_fault(identity, anna, served):
    identity.check(anna)
    log_out(identity, anna)
    log_out(identity, anna)
    log_out(identity, "no such session")
    assert refused(identity.check, anna).reason == "SESSION_ENDED"
    acts = [one for one in served.announced(ActRecorded) if one.act.endswith("LogOut")]
    assert [(one.actor_kind, one.actor_name) for one in acts] == [("user", "Anna")]


def test_act_of_a_login_is_the_persons_and_of_a_failed_one_there_is_none(identity, anna, served):
    refused(identity.log_in, ANNA, WRONG)
    [act] = [one for one in served.announced(ActRecorded) if one.act.endswith("LogIn")]
    user_id = identity.check(anna).user.user_id
    assert (act.actor_kind, act.actor_id, act.actor_name) == ("user", user_id, "Anna")
    assert act.address == "192.0.2.7"


# The selected customer


def test_token_acts_for_the_selected_customer_with_the_scopes_permissions(identity, anna, actor_of):
    grant = identity.claim_annas(anna)
    answer = identity.check(anna)
    actor = actor_of(answer)

    assert answer.customer_id == str(cast.ANNA_CUSTOMER) == grant.customer_id
    assert (actor.kind, actor.customer_id) == (ActorKind.CUSTOMER, cast.ANNA_CUSTOMER)
    assert "billing.customers.change_contact" in actor.permissions
    assert "identity.profile.change" in actor.permissions
    [held] = answer.grants
    assert (held.customer_number, held.customer_name, held.premises_label, held.scope) == (
        "K-1001",
        "Anna Nowak",
        "ul. Wodna 7/2, Zdrój",
        SCOPE_MANAGE,
    )
    assert held.user_email == ""


@pytest.mark.repeats("SessionService/SelectCustomer")
def test_switcher_shows_all_customers_and_keeps_the_choice_with_the_session(
    identity, anna, neighbour, actor_of, clock
):
    mother = UUID("01930000-0000-7000-8000-0000000000d1")
    neighbour.know(mother, "K-3003", "FV/2026/000789", 100, "Maria Nowak", "ul. Polna 1, Zdrój")
    identity.claim_annas(anna)
    clock.advance(timedelta(seconds=1))
    identity.claim(anna, "K-3003", "FV/2026/000789", 100)
    other = identity.log_in(ANNA)

    for _ in range(2):  # Again, it changes nothing.
        select(identity, anna, mother)

    answer = identity.check(anna)
    assert [one.customer_number for one in answer.grants] == ["K-1001", "K-3003"]
    assert actor_of(answer).customer_id == mother
    assert identity.check(other).customer_id == str(cast.ANNA_CUSTOMER)


def test_celina_cannot_select_annas_customer_and_is_not_told_that_it_exists(identity, anna, celina):
    identity.claim_annas(anna)
    identity.claim_celinas(celina)

    foreign = refused(select, identity, celina, cast.ANNA_CUSTOMER)
    unknown = refused(select, identity, celina, UUID(int=7))

    assert (foreign.reason, foreign.message, foreign.metadata) == ("CUSTOMER_NOT_GRANTED", "", {})
    assert (unknown.reason, unknown.message, unknown.metadata) == ("CUSTOMER_NOT_GRANTED", "", {})
    answer = identity.check(celina)
    assert answer.customer_id == str(cast.CELINA_CUSTOMER)
    assert [one.customer_id for one in answer.grants] == [str(cast.CELINA_CUSTOMER)]


@pytest.mark.parametrize(
    "change", ["ended_at = valid_from", "valid_until = valid_from + interval '1 minute'"]
)
def test_grant_that_is_over_gives_no_token_for_its_customer(
    identity, anna, database, clock, change, actor_of
):
    identity.claim_annas(anna)
    before = identity.check(anna).actor_token
    with database.transaction() as session:
        session.execute(sa.text(f"UPDATE grants SET {change}"))  # noqa: S608
    clock.advance(timedelta(minutes=1))

    answer = identity.check(anna)

    assert answer.actor_token != before
    assert (actor_of(answer).kind, answer.customer_id, list(answer.grants)) == (ActorKind.USER, "", [])
    assert refused(select, identity, anna, cast.ANNA_CUSTOMER).reason == "CUSTOMER_NOT_GRANTED"


def test_narrower_scope_holds_from_the_next_page_on(identity, anna, database, actor_of):
    identity.claim_annas(anna)
    assert "billing.customers.change_contact" in actor_of(identity.check(anna)).permissions
    with database.transaction() as session:
        session.execute(sa.text("UPDATE grants SET scope = 'VIEW'"))
    assert "billing.customers.change_contact" not in actor_of(identity.check(anna)).permissions
    assert "billing.invoices.read" in actor_of(identity.check(anna)).permissions


# Staff


def test_staff_session_carries_what_the_roles_allow(identity, daria, edward, actor_of):
    clerk, manager = identity.check_staff(daria), identity.check_staff(edward)

    assert (clerk.staff.name, list(clerk.staff.roles)) == ("Daria", ["clerk"])
    assert actor_of(clerk).kind is ActorKind.STAFF
    assert set(clerk.staff.permissions) == actor_of(clerk).permissions
    assert "billing.runs.prepare" in clerk.staff.permissions
    assert "billing.runs.issue" not in clerk.staff.permissions
    assert {"billing.runs.issue", "identity.audit.read"} <= set(manager.staff.permissions)
    assert not clerk.HasField("user")


def test_changed_role_holds_from_the_next_page_on(identity, daria, hire):
    first = identity.check_staff(daria)
    hire("daria@wodociagi.example", "Daria", "manager")
    second = identity.check_staff(daria)
    assert first.actor_token != second.actor_token
    assert "billing.runs.issue" in second.staff.permissions


# Who may call


def test_only_the_gateway_asks_for_sessions(served, as_anna, as_celina, as_daria, as_system):
    requests = {
        "LogIn": LogInRequest(email=ANNA, password="x", realm=REALM_PORTAL),
        "CheckSession": CheckSessionRequest(session_token="x", realm=REALM_PORTAL),
        "SelectCustomer": SelectCustomerRequest(session_token="x", customer_id=str(cast.ANNA_CUSTOMER)),
        "LogOut": LogOutRequest(session_token="x"),
    }
    for persona in (as_anna, as_celina, as_daria, as_system("billing"), None):
        stub = served.stub(SessionServiceStub, persona)
        for method, request in requests.items():
            refusal = refused(getattr(stub, method), request)
            assert isinstance(refusal, PermissionDenied | Unauthenticated)
            assert refusal.reason in ("ACCESS_REFUSED", "LOGIN_REQUIRED")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.text(min_size=1, max_size=110), realm=st.integers(-1, 4))
def test_no_invented_secret_is_a_session(identity, secret, realm):
    with pytest.raises((Invalid, Unauthenticated)):
        identity.sessions.CheckSession(CheckSessionRequest(session_token=secret, realm=realm))
