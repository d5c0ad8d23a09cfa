"""Refunds through their door, against the sandboxes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
import sqlalchemy as sa
from ebok.payments.v1 import events_pb2
from ebok.payments.v1 import refunds_pb2 as pb

from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound
from chassis.ids import new_id

BOTH = ["przelewy24", "payu"]
PENDING, REFUNDED = pb.REFUND_STATUS_PENDING, pb.REFUND_STATUS_REFUNDED
FAILED, UNKNOWN = pb.REFUND_STATUS_FAILED, pb.REFUND_STATUS_UNKNOWN


def books(sandbox):
    return requests.get(f"{sandbox.url}/sandbox/books", timeout=5).json()["payments"]


def behave(sandbox, call, how, **more):
    wish = {"call": call, "how": how, **more}
    assert requests.post(f"{sandbox.url}/sandbox/behaviour", json=wish, timeout=5).status_code == 200


@pytest.fixture
def paid(payments, pay_at):
    """`paid("payu")`: a settled payment of 100 zł."""

    def make(provider="przelewy24", grosze=100_00):
        before = len(payments.webhooks.received)
        payment = payments.start(provider=provider, grosze=grosze)
        pay_at(payments.sandboxes[provider], payment)
        payments.told(before + (1 if provider == "przelewy24" else 2))
        return payments.get(payment)

    return make


@pytest.mark.parametrize("provider", BOTH)
def test_money_is_given_back_in_parts_and_each_is_told_once(payments, paid, provider, announced):
    payment = paid(provider)
    messages = len(payments.webhooks.received)
    part = payments.refund(payment, grosze=30_00)
    assert part.status == PENDING
    assert (part.amount.grosze, part.reason, part.made_by) == (30_00, "Zapłacono dwa razy", "Daria")
    rest = payments.refund(payment)
    assert rest.amount.grosze == 70_00
    payments.told(messages + 2)
    for request in list(payments.webhooks.received[messages:]):
        payments.webhooks.send(request)
    payments.judge()

    assert [one.status for one in payments.list_refunds(payment)] == [REFUNDED, REFUNDED]
    assert payments.get(payment).refunded.grosze == 100_00
    assert books(payments.sandboxes[provider])[0]["refunded"] == 100_00
    events = announced(events_pb2.PaymentRefunded)
    assert sorted((one.refund_id, one.amount.grosze) for one in events) == sorted(
        [(part.refund_id, 30_00), (rest.refund_id, 70_00)]
    )
    assert {one.number for one in events} == {payment.number}
    assert payments.steps(payment).count("REFUND_STARTED") == 2
    assert payments.steps(payment).count("REFUNDED") == 2
    assert payments.verdicts()[-2:] == ["REPEATED", "REPEATED"]


def test_more_than_is_left_is_refused(payments, paid):
    payment = paid()
    payments.refund(payment, grosze=60_00)
    for grosze in (40_01, 100_00, 2**60):
        with pytest.raises(FailedPrecondition) as caught:
            payments.refund(payment, grosze=grosze)
        assert caught.value.reason == "REFUND_TOO_LARGE"
    payments.refund(payment, grosze=40_00)
    with pytest.raises(FailedPrecondition) as caught:
        payments.refund(payment)
    assert caught.value.reason == "REFUND_TOO_LARGE"


def test_many_clerks_at_once_give_back_no_more_than_was_paid(payments, paid):
    payment = paid()
    with ThreadPoolExecutor(6) as clerks:
        asked = [clerks.submit(payments.refund, payment, grosze=30_00) for _ in range(6)]
        done = [one for one in asked if one.exception() is None]
    assert len(done) == 3
    assert payments.get(payment).refunded.grosze == 90_00


@pytest.mark.repeats("RefundService/RefundPayment")
def test_the_same_request_gives_back_once(payments, paid):
    payment = paid()
    wish = payments.refund_wish(payment, grosze=10_00)
    first = payments.refunds.RefundPayment(wish).refund
    again = payments.refunds.RefundPayment(wish).refund
    assert again == first
    with ThreadPoolExecutor(4) as clerks:
        for one in [clerks.submit(payments.refunds.RefundPayment, wish) for _ in range(4)]:
            assert one.result().refund.refund_id == first.refund_id
    assert len(payments.list_refunds(payment)) == 1

    wish.amount.grosze = 11_00
    with pytest.raises(Conflict) as caught:
        payments.refunds.RefundPayment(wish)
    assert caught.value.reason == "REQUEST_DIFFERS"
    other = paid()
    with pytest.raises(Conflict):
        payments.refund(other, grosze=10_00, request_id=wish.request_id)


@pytest.mark.parametrize("grosze", [-1, 0])
def test_nothing_and_less_cannot_be_given_back(payments, paid, grosze):
    with pytest.raises(Invalid) as caught:
        payments.refund(paid(), grosze=grosze)
    assert [(one.field, one.reason) for one in caught.value.violations] == [("amount", "OUT_OF_RANGE")]


def test_only_what_is_paid_can_be_given_back(payments):
    with pytest.raises(FailedPrecondition) as caught:
        payments.refund(payments.start())
    assert caught.value.reason == "PAYMENT_NOT_SETTLED"
    nobodys = payments.start()
    nobodys.payment_id = str(new_id())
    with pytest.raises(NotFound) as missing:
        payments.refund(nobodys)
    assert missing.value.reason == "PAYMENT_NOT_FOUND"


@pytest.mark.repeats("RefundService/RefundPayment")
def test_a_refusal_of_the_provider_leaves_the_money_with_the_payment(payments, paid, served, announced):
    payment = paid("payu")
    with served.database.transaction() as session:
        session.execute(sa.text("UPDATE payments SET provider_order_id = 'UNKNOWN1'"))
    wish = payments.refund_wish(payment, grosze=10_00)
    for _ in range(2):
        with pytest.raises(FailedPrecondition) as caught:
            payments.refunds.RefundPayment(wish)
        assert caught.value.reason == "REFUSED_BY_PROVIDER"
    [refund] = payments.list_refunds(payment)
    assert (refund.status, refund.fault) == (FAILED, "REFUSED_BY_PROVIDER")
    assert payments.get(payment).refunded.grosze == 0
    assert payments.steps(payment)[-1] == "REFUND_FAILED"
    assert announced(events_pb2.PaymentRefunded) == []


@pytest.mark.parametrize("provider", BOTH)
def test_a_refund_that_the_bank_rejects_later_fails(payments, paid, provider, announced):
    payment = paid(provider)
    messages = len(payments.webhooks.received)
    behave(payments.sandboxes[provider], "refund", "rejected")
    payments.refund(payment, grosze=10_00)
    payments.told(messages + 1)
    [refund] = payments.list_refunds(payment)
    assert (refund.status, refund.fault) == (FAILED, "REFUSED_BY_PROVIDER")
    assert announced(events_pb2.PaymentRefunded) == []
    assert payments.refund(payment).amount.grosze == 100_00


@pytest.mark.parametrize("how", ["500", "after", "timeout", "timeout_after", "malformed"])
@pytest.mark.parametrize("provider", BOTH)
def test_a_refund_of_which_nobody_knows_is_asked_about_until_it_is_known(
    payments, paid, provider, how, announced
):
    payment = paid(provider)
    sandbox = payments.sandboxes[provider]
    behave(sandbox, "refund", how, **({"seconds": 6} if "timeout" in how else {}))
    refund = payments.refund(payment, grosze=10_00)
    if how == "malformed" and provider == "przelewy24":
        assert refund.status == PENDING  # 201 is the answer; its body says nothing more.
    else:
        assert refund.status == UNKNOWN
    if how in ("500", "timeout"):
        # The provider does not know it: sent again under the same id, once our first call is certainly over.
        with payments.served.database.transaction() as session:
            session.execute(sa.text("UPDATE refunds SET calling_until = clock_timestamp() - interval '1 s'"))
        payments.reconcile(after=timedelta(seconds=31))
    payments.until(lambda: books(sandbox)[0]["refunded"] == 10_00)
    payments.reconcile(after=timedelta(minutes=1))
    payments.judge()

    [known] = payments.list_refunds(payment)
    assert known.status == REFUNDED
    assert books(sandbox)[0]["refunded"] == 10_00
    assert len(announced(events_pb2.PaymentRefunded)) == 1


def test_a_refund_whose_message_was_lost_is_found(payments, paid, announced):
    for provider in BOTH:
        payment = paid(provider)
        messages = len(payments.webhooks.received)
        payments.refund(payment, grosze=10_00)
        payments.until(lambda: len(payments.webhooks.received) > messages)  # noqa: B023 - used at once
        with payments.served.database.transaction() as session:
            session.execute(sa.text("DELETE FROM exchanges WHERE direction = 'in' AND verdict IS NULL"))
        payments.reconcile(after=timedelta(seconds=10))
        assert [one.status for one in payments.list_refunds(payment)] == [REFUNDED]
    assert len(announced(events_pb2.PaymentRefunded)) == 2


def test_customers_read_their_refunds_without_the_clerk(payments, paid, as_celina, served):
    payment = paid()
    payments.refund(payment, grosze=10_00)
    request = pb.ListRefundsRequest(customer_id=payment.customer_id, payment_id=payment.payment_id)
    [seen] = payments.own_refunds.ListRefunds(request).refunds
    assert (seen.amount.grosze, seen.reason, seen.made_by) == (10_00, "", "")
    own = payments._get(payment).steps
    assert [(step.amount.grosze, step.reason) for step in own if step.step == "REFUND_STARTED"] == [
        (10_00, "")
    ]

    from ebok.payments.v1.refunds_pb2_grpc import RefundServiceStub

    celina = served.stub(RefundServiceStub, as_celina)
    with pytest.raises(NotFound) as caught:
        celina.ListRefunds(
            pb.ListRefundsRequest(customer_id=as_celina.customer_id, payment_id=payment.payment_id)
        )
    assert caught.value.reason == "PAYMENT_NOT_FOUND"


def test_a_clerk_s_check_asks_about_refunds_too(payments, paid):
    payment = paid("payu")
    payments.refund(payment, grosze=10_00)
    payments.until(lambda: books(payments.sandboxes["payu"])[0]["refunded"] == 10_00)
    assert payments.check(payment).refunded.grosze == 10_00
    assert payments.list_refunds(payment)[0].status == REFUNDED
