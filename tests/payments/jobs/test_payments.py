"""Reconciling: the provider is asked until it is known how each payment ended."""

from datetime import timedelta

import pytest
import requests
import sqlalchemy as sa
from ebok.payments.v1 import events_pb2
from ebok.payments.v1 import payments_pb2 as pb
from ebok.payments.v1.payments_pb2_grpc import PaymentServiceStub

from chassis.errors import Unavailable
from services.payments.domain import waits

BOTH = ["przelewy24", "payu"]
REGISTER = {"przelewy24": "register", "payu": "order"}
SETTLED, PENDING = pb.PAYMENT_STATUS_SETTLED, pb.PAYMENT_STATUS_PENDING
FAILED, UNKNOWN = pb.PAYMENT_STATUS_FAILED, pb.PAYMENT_STATUS_UNKNOWN
STARTED = pb.PAYMENT_STATUS_STARTED


def behave(sandbox, call, how, **more):
    wish = {"call": call, "how": how, **more}
    assert requests.post(f"{sandbox.url}/sandbox/behaviour", json=wish, timeout=5).status_code == 200


def asked(payments, payment):
    """How often the provider was asked how it stands."""
    return len([one for one in payments.exchanges(payment) if one.kind == "status"])


@pytest.mark.parametrize("provider", BOTH)
def test_a_payment_whose_notification_was_lost_is_settled(payments, pay_at, provider, announced):
    started = payments.start(provider=provider)
    pay_at(payments.sandboxes[provider], started, "lost")
    payments.reconcile(after=timedelta(seconds=9))
    assert payments.get(started).status == PENDING
    payments.reconcile(after=timedelta(seconds=1))
    assert payments.get(started).status == SETTLED
    assert payments.get(started).provider_order_id
    assert len(announced(events_pb2.PaymentSettled)) == 1
    payments.reconcile(after=timedelta(days=2))
    assert asked(payments, started) == 1


def test_waits_grow(payments):
    started = payments.start()
    for count, seconds in enumerate([10, 30, 60, 120, 300, 900]):
        payments.reconcile(after=timedelta(seconds=seconds - 1))
        assert asked(payments, started) == count
        payments.reconcile(after=timedelta(seconds=1))
        assert asked(payments, started) == count + 1
    assert waits.WAITS[-1] == timedelta(hours=1)


@pytest.mark.parametrize("provider", BOTH)
def test_a_payment_nobody_pays_expires_after_a_day_when_the_provider_says_so(payments, provider, announced):
    started = payments.start(provider=provider)
    sandbox = payments.sandboxes[provider]
    payments.reconcile(after=timedelta(hours=23, minutes=59))
    assert payments.get(started).status == PENDING
    behave(sandbox, "status", "500")
    payments.reconcile(after=timedelta(hours=2))
    assert payments.get(started).status == PENDING, "the provider said nothing"
    payments.reconcile(after=timedelta(hours=2))
    failed = payments.get(started)
    assert (failed.status, failed.reason) == (FAILED, "EXPIRED")
    assert len(announced(events_pb2.PaymentFailed)) == 1


@pytest.mark.parametrize("how", ["after", "timeout_after", "malformed"])
def test_a_start_whose_answer_was_lost_is_found_at_przelewy24(payments, pay_at, how):
    behave(payments.sandboxes["przelewy24"], "register", how, **({"seconds": 6} if "timeout" in how else {}))
    started = payments.start()
    assert started.status == UNKNOWN
    payments.reconcile(after=timedelta(seconds=10))
    assert payments.get(started).status == PENDING
    pay_at(payments.sandboxes["przelewy24"], started)
    payments.told()
    assert payments.get(started).status == SETTLED


def test_a_start_przelewy24_does_not_know_fails_after_a_grace_and_not_before(payments):
    behave(payments.sandboxes["przelewy24"], "register", "500")
    started = payments.start()
    payments.reconcile(after=timedelta(seconds=10))
    payments.reconcile(after=timedelta(minutes=14))
    assert payments.get(started).status == UNKNOWN
    payments.reconcile(after=timedelta(minutes=15))
    assert (payments.get(started).status, payments.get(started).reason) == (FAILED, "EXPIRED")


def test_a_start_payu_cannot_be_asked_about_waits_a_day_or_for_its_notification(payments, pay_at):
    for how in ("500", "after"):
        behave(payments.sandboxes["payu"], "order", how)
    never, registered = (payments.start(provider="payu", grosze=5_00) for _ in range(2))
    assert {never.status, registered.status} == {UNKNOWN}
    assert payments.check(never).status == UNKNOWN
    pay_at(payments.sandboxes["payu"], registered)
    payments.told(2)
    assert payments.get(registered).status == SETTLED
    assert payments.get(registered).provider_order_id

    payments.reconcile(after=timedelta(hours=23))
    assert payments.get(never).status == UNKNOWN
    payments.reconcile(after=timedelta(hours=2))
    assert (payments.get(never).status, payments.get(never).reason) == (FAILED, "EXPIRED")


def test_a_cancelled_order_of_payu_is_found(payments, pay_at):
    started = payments.start(provider="payu")
    payments.webhooks.hand_on_to = None
    pay_at(payments.sandboxes["payu"], started, "cancel")
    payments.reconcile(after=timedelta(seconds=10))
    assert (payments.get(started).status, payments.get(started).reason) == (FAILED, "CANCELLED")


def test_a_start_that_never_left_us_fails_without_a_question(serve, payments, as_anna):
    nobody_there = serve(przelewy24_url="http://127.0.0.1:9")
    with pytest.raises(Unavailable):
        nobody_there.stub(PaymentServiceStub, as_anna).StartPayment(payments.wish())
    payments.clock.advance(timedelta(minutes=1))
    nobody_there.run_job("payments.reconcile")
    payments.clock.advance(timedelta(minutes=15))
    nobody_there.run_job("payments.reconcile")
    [failed] = nobody_there.announced(events_pb2.PaymentFailed)
    assert failed.reason == "EXPIRED"
    with nobody_there.database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM exchanges WHERE kind = 'status'")) == 0


def test_what_a_process_took_with_it_is_found_out(payments, pay_at, served):
    """Killed between the provider's answer and our transaction: the row says STARTED, and that somebody asked."""
    started = payments.start()
    with served.database.transaction() as session:
        session.execute(
            sa.text(
                "UPDATE payments SET status = 'STARTED', redirect_url = '',"
                " calling_until = clock_timestamp() + interval '100 s'"
            )
        )
    payments.reconcile(after=timedelta(seconds=10))
    assert payments.get(started).status == STARTED, "somebody is asking at this moment"
    with served.database.transaction() as session:
        session.execute(sa.text("UPDATE payments SET calling_until = clock_timestamp() - interval '1 s'"))
    payments.reconcile(after=timedelta(seconds=40))
    assert payments.get(started).status == PENDING
    assert payments.steps(started)[-2:] == ["NO_ANSWER", "AT_PROVIDER"]


@pytest.mark.repeats("PaymentService/StartPayment")
@pytest.mark.parametrize("provider", BOTH)
def test_a_click_after_a_crash_goes_on_under_the_same_id(payments, served, provider):
    wish = payments.wish(provider=provider)
    first = payments.own.StartPayment(wish).payment
    with served.database.transaction() as session:
        session.execute(
            sa.text(
                "UPDATE payments SET status = 'STARTED', redirect_url = '', provider_order_id = '',"
                " calling_until = clock_timestamp() - interval '1 s'"
            )
        )
    again = payments.own.StartPayment(wish).payment
    assert again.payment_id == first.payment_id
    # Przelewy24 answers the same session again; PayU takes an id once, and its refusal proves nothing.
    assert again.status == (PENDING if provider == "przelewy24" else UNKNOWN)
    assert again.redirect_url == (first.redirect_url if provider == "przelewy24" else "")
    books = requests.get(f"{payments.sandboxes[provider].url}/sandbox/books", timeout=5).json()
    assert len(books["payments"]) == 1


def test_a_wrong_amount_in_an_answer_settles_nothing(payments, pay_at, served):
    started = payments.start()
    pay_at(payments.sandboxes["przelewy24"], started, "lost")
    with served.database.transaction() as session:
        session.execute(sa.text("UPDATE payments SET amount = amount + 1"))
    payments.reconcile(after=timedelta(seconds=10))
    assert payments.get(started).status == PENDING
    assert payments.exchanges(started)[-1].verdict == "AMOUNT_WRONG"


def test_one_payment_that_cannot_be_asked_about_does_not_stop_the_others(payments, pay_at, served):
    lost = payments.start(grosze=5_00)
    started = payments.start(grosze=6_00)
    pay_at(payments.sandboxes["przelewy24"], started, "lost")
    with served.database.transaction() as session:
        session.execute(
            sa.text("UPDATE payments SET provider = 'gone' WHERE number = :number"), {"number": lost.number}
        )
    payments.reconcile(after=timedelta(seconds=10))
    assert payments.get(started).status == SETTLED
    registry = served.runtime.metrics.registry
    labels = {"of": "payment", "outcome": "failed"}
    assert registry.get_sample_value("ebok_payments_checks_total", labels) == 1
    payments.reconcile(after=timedelta(seconds=5))
    assert registry.get_sample_value("ebok_payments_checks_total", labels) == 1, "it waits for its time"


@pytest.mark.repeats("PaymentService/CheckPayment")
def test_a_clerk_asks_now(payments, pay_at):
    started = payments.start()
    pay_at(payments.sandboxes["przelewy24"], started, "lost")
    assert payments.check(started).status == SETTLED
    assert payments.check(started).status == SETTLED
    assert asked(payments, started) == 1


def test_a_clerk_finds_money_of_a_payment_that_counted_as_failed(payments, pay_at):
    started = payments.start()
    payments.reconcile(after=timedelta(hours=25))
    assert payments.get(started).status == FAILED
    pay_at(payments.sandboxes["przelewy24"], started, "lost")
    assert payments.check(started).status == SETTLED


def test_a_clerk_is_told_that_the_provider_does_not_answer(payments):
    started = payments.start()
    behave(payments.sandboxes["przelewy24"], "status", "500")
    with pytest.raises(Unavailable) as caught:
        payments.check(started)
    assert caught.value.reason == "PROVIDER_AWAY"
    assert payments.exchanges(started)[-1].verdict == "PROVIDER_FAULT"
