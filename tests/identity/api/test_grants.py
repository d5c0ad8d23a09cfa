"""Claim a customer by proof, see who holds one: through the door."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from ebok.common.v1.acts_pb2 import ActRecorded
from ebok.common.v1.money_pb2 import Money
from ebok.identity.v1 import events_pb2 as events
from ebok.identity.v1.grants_pb2 import SCOPE_MANAGE, ClaimCustomerRequest, ListCustomerGrantsRequest
from ebok.identity.v1.grants_pb2_grpc import GrantServiceStub
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.errors import Invalid, PermissionDenied, RateLimited, Refusal, Unauthenticated, Unavailable
from chassis.rpc.client import as_actor
from chassis.testing import cast

RIGHT = ("K-1001", "FV/2026/000123", 12345)


def refused(call, *arguments, **keywords) -> Any:
    with pytest.raises(Refusal) as caught:
        call(*arguments, **keywords)
    return caught.value


@pytest.mark.repeats("GrantService/ClaimCustomer")
def test_right_proof_gives_the_customer_and_again_the_same_grant(identity, anna, served, neighbour):
    first = identity.claim(anna, *RIGHT)
    again = identity.claim(anna, *RIGHT)

    assert first == again
    assert (first.customer_id, first.scope) == (str(cast.ANNA_CUSTOMER), SCOPE_MANAGE)
    assert (first.customer_number, first.customer_name) == ("K-1001", "Anna Nowak")
    [event] = served.announced(events.GrantGiven)
    assert (event.grant_id, event.customer_id, event.scope) == (
        first.grant_id,
        first.customer_id,
        SCOPE_MANAGE,
    )
    assert neighbour.asked == 2


def test_two_users_may_hold_one_customer(identity, anna, celina):
    one, other = identity.claim_annas(anna), identity.claim_annas(celina)
    assert one.customer_id == other.customer_id
    assert one.user_id != other.user_id


def test_claiming_twice_at_once_gives_one_grant(identity, anna, at_once, served, count):
    outcomes = at_once(*[lambda: identity.claim_annas(anna) for _ in range(3)])
    assert len({one.grant_id for one in outcomes}) == 1
    assert count("grants") == 1
    assert len(served.announced(events.GrantGiven)) == 1


@pytest.mark.parametrize(
    "proof",
    [
        ("K-9999", "FV/2026/000123", 12345),
        ("K-1001", "FV/2026/000124", 12345),
        ("K-1001", "FV/2026/000123", 12346),
        ("K-1001", "FV/2026/000456", 6789),
    ],
)
def test_refusal_is_the_same_whatever_is_wrong(identity, anna, proof, served):
    refusal = refused(identity.claim, anna, *proof)
    assert (refusal.reason, refusal.message, refusal.metadata, refusal.violations) == (
        "PROOF_NOT_ACCEPTED",
        "",
        {},
        (),
    )
    assert [one for one in served.announced(ActRecorded) if one.act.endswith("ClaimCustomer")] == []


def test_wrong_guesses_of_a_user_are_followed_by_growing_waits(identity, neighbour, clock):
    identity.join("celina@poczta.example", name="Celina")
    celina = identity.log_in("celina@poczta.example")
    for n in range(3):
        assert refused(identity.claim, celina, f"K-{n}", "FV/1", 1).reason == "PROOF_NOT_ACCEPTED"
    for n, wait in enumerate((60, 300, 1800, 86400, 86400)):
        refusal = refused(identity.claim, celina, *RIGHT)  # the right one waits, too
        assert (refusal.reason, refusal.retry_after_s) == ("TOO_MANY_ATTEMPTS", wait)
        assert isinstance(refusal, RateLimited)
        clock.advance(timedelta(seconds=wait))
        celina = identity.log_in("celina@poczta.example")
        assert refused(identity.claim, celina, f"K-{n + 10}", "FV/1", 1).reason == "PROOF_NOT_ACCEPTED"
    assert neighbour.asked == 8


def test_wrong_guesses_at_a_number_are_counted_over_all_users(identity, anna, clock):
    for n in range(3):
        identity.join(f"obcy{n}@poczta.example", name="Obcy")
        secret = identity.log_in(f"obcy{n}@poczta.example")
        assert refused(identity.claim, secret, "k-10 01", "FV/1", n).reason == "PROOF_NOT_ACCEPTED"
    assert refused(identity.claim, anna, *RIGHT).retry_after_s == 60
    clock.advance(timedelta(seconds=60))
    assert identity.claim(anna, *RIGHT)


def test_own_right_claims_do_not_wash_wrong_guesses_away(identity, celina):
    for n in range(3):
        identity.claim_celinas(celina)
        assert refused(identity.claim, celina, f"K-{n}", "FV/1", 1).reason == "PROOF_NOT_ACCEPTED"
    assert refused(identity.claim_celinas, celina).reason == "TOO_MANY_ATTEMPTS"


def test_guesses_at_once_do_not_slip_through(identity, celina, neighbour, at_once):
    outcomes = at_once(*[lambda n=n: identity.claim(celina, "K-1001", "FV/1", n) for n in range(8)])
    assert [one.reason for one in outcomes].count("PROOF_NOT_ACCEPTED") == 3
    assert neighbour.asked == 3


def test_guess_is_counted_before_billing_is_asked(identity, celina, neighbour, count):
    seen = []
    neighbour.before_answer = lambda: seen.append(count("attempts", "kind LIKE 'claim%' AND count = 1"))
    refused(identity.claim, celina, "K-1001", "FV/1", 1)
    assert seen == [2]


def test_billing_away_is_told_and_not_counted(identity, anna, neighbour, count):
    neighbour.away = True
    for _ in range(5):
        assert isinstance(refused(identity.claim, anna, *RIGHT), Unavailable)
    assert count("attempts", "kind LIKE 'claim%' AND count > 0") == 0
    neighbour.away = False
    assert identity.claim(anna, *RIGHT)


def test_no_transaction_is_open_while_billing_is_asked(identity, anna, neighbour, count):
    idle = []
    neighbour.before_answer = lambda: idle.append(
        count("pg_stat_activity", "datname = current_database() AND state LIKE 'idle in transaction%'")
    )
    identity.claim(anna, *RIGHT)
    assert idle == [0]


def test_grant_whose_time_has_passed_is_given_anew(identity, anna, database, clock, served, count):
    first = identity.claim(anna, *RIGHT)
    with database.transaction() as session:
        session.execute(sa.text("UPDATE grants SET valid_until = valid_from + interval '1 minute'"))
    clock.advance(timedelta(minutes=2))

    second = identity.claim(anna, *RIGHT)

    assert second.grant_id != first.grant_id
    assert count("grants") == 2
    assert count("grants", "ended_at IS NULL") == 1
    assert len(served.announced(events.GrantGiven)) == 2


def test_hundred_customers_are_the_most_for_one_user(identity, anna, database, clock):
    user_id = identity.check(anna).user.user_id
    with database.transaction() as session:
        session.execute(
            sa.text(
                "INSERT INTO grants (grant_id, user_id, customer_id, scope, given_by, valid_from) "
                "SELECT gen_random_uuid(), :user, gen_random_uuid(), 'VIEW', 'PROOF', :now "
                "FROM generate_series(1, 100)"
            ),
            {"user": UUID(user_id), "now": clock.now()},
        )
    assert refused(identity.claim, anna, *RIGHT).reason == "TOO_MANY_CUSTOMERS"
    assert len(identity.check(anna).grants) == 100


def test_act_of_a_claim_names_the_customer(identity, anna, served):
    grant = identity.claim(anna, *RIGHT)
    [act] = [one for one in served.announced(ActRecorded) if one.act.endswith("ClaimCustomer")]
    assert (act.actor_kind, act.actor_name, act.customer_id) == ("user", "Anna", grant.customer_id)
    assert (act.subject_id, act.address, act.changed) == (grant.grant_id, "192.0.2.7", True)


# Who holds a customer


def listed(served, persona, customer_id=cast.ANNA_CUSTOMER):
    request = ListCustomerGrantsRequest(customer_id=str(customer_id))
    return list(served.stub(GrantServiceStub, persona).ListCustomerGrants(request).grants)


def test_staff_see_who_holds_a_customer_the_newest_first_and_it_is_recorded(
    identity, anna, celina, served, as_daria, clock
):
    identity.claim_annas(anna)
    clock.advance(timedelta(seconds=1))
    identity.claim_annas(celina)
    identity.claim_celinas(celina)

    grants = listed(served, as_daria)

    assert [(one.user_email, one.user_name) for one in grants] == [
        ("celina@poczta.example", "Celina"),
        ("anna@poczta.example", "Anna"),
    ]
    assert all(one.HasField("last_seen_at") for one in grants)
    [act] = [one for one in served.announced(ActRecorded) if one.act.endswith("ListCustomerGrants")]
    assert (act.actor_name, act.changed, act.customer_id) == ("Daria", False, str(cast.ANNA_CUSTOMER))
    assert listed(served, as_daria, UUID(int=7)) == []


@pytest.mark.parametrize("caller", ["delegate", "celina", "gateway", "nobody"])
def test_nobody_but_staff_and_owners_sees_who_holds_a_customer(served, as_anna, as_celina, as_system, caller):
    delegate = as_anna.without("identity.grants.read")
    personas = {"delegate": delegate, "celina": as_celina, "gateway": as_system("gateway"), "nobody": None}
    with pytest.raises((PermissionDenied, Unauthenticated)):
        listed(served, personas[caller])


def test_staff_without_the_permission_do_not_see_it(served, as_daria):
    with pytest.raises(PermissionDenied):
        listed(served, as_daria.without("identity.grants.read"))


def test_claiming_is_for_users_alone(served, as_daria, as_system):
    request = ClaimCustomerRequest(
        customer_number="K-1001", invoice_number="FV/1", invoice_total=Money(grosze=1)
    )
    for persona in (as_daria, as_system("gateway"), None):
        with pytest.raises((PermissionDenied, Unauthenticated)):
            served.stub(GrantServiceStub, persona).ClaimCustomer(request)


def test_token_that_acts_for_one_customer_may_claim_another_for_its_own_user(identity, celina):
    identity.claim_celinas(celina)
    grant = identity.claim_annas(celina)
    assert grant.user_id == identity.check(celina).user.user_id


def test_claim_without_a_part_is_refused_at_the_field(identity, anna):
    metadata = as_actor(identity.check(anna).actor_token)
    refusal = refused(identity.grants.ClaimCustomer, ClaimCustomerRequest(), metadata=metadata)
    assert [one.field for one in refusal.violations] == ["customer_number", "invoice_number", "invoice_total"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.text(max_size=50),
    invoice=st.text(max_size=70),
    grosze=st.integers(-(2**63), 2**63 - 1),
)
def test_invented_proof_gives_nothing(identity, anna, number, invoice, grosze):
    with pytest.raises((Invalid, RateLimited)):
        identity.claim(anna, number, invoice, grosze)
