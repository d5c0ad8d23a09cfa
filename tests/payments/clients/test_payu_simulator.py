"""Our client of PayU against a PayU that others wrote, python-getpaid-simulator."""

import pytest
import requests
from ebok.payments.v1 import events_pb2, refunds_pb2
from ebok.payments.v1 import payments_pb2 as pb

from sandbox.payu.config import PayuConfig
from tests.contracts.foreign import payu_simulator

pytestmark = [pytest.mark.outside, pytest.mark.timeout(600)]
SETTLED, FAILED, PENDING = pb.PAYMENT_STATUS_SETTLED, pb.PAYMENT_STATUS_FAILED, pb.PAYMENT_STATUS_PENDING
KEY = PayuConfig().second_key


@pytest.fixture
def key():
    """What it signs with; a test that wants another says so."""
    return KEY


@pytest.fixture
def simulator(key):
    with payu_simulator(key) as url:
        yield url


@pytest.fixture
def knobs(knobs, simulator):
    return knobs | {"payu_url": f"{simulator}/payu"}


def decide(payment, action):
    """What the payer presses on its page, where our answer to the browser leads."""
    page = requests.get(payment.redirect_url, timeout=5)
    assert page.status_code == 200, page.text
    asked = requests.post(
        payment.redirect_url,
        data={"action": action},
        timeout=10,
        allow_redirects=False,
    )
    assert asked.headers["Location"].endswith(f"/platnosci/{payment.payment_id}/powrot")
    return page.text


def test_a_payment_is_ordered_paid_told_and_given_back_in_parts(payments, simulator, announced):
    started = payments.start(provider="payu", grosze=100_05)
    assert started.status == PENDING
    assert started.redirect_url.startswith(f"{simulator}/sim/payu/authorize/")
    assert "100.05 PLN" in decide(started, "approve")
    payments.told()

    settled = payments.get(started)
    assert settled.status == SETTLED
    assert started.redirect_url.endswith(f"/{settled.provider_order_id}")
    [event] = announced(events_pb2.PaymentSettled)
    assert (event.payment_id, event.amount.grosze) == (started.payment_id, 100_05)
    assert [(one.kind, one.http_status, one.verdict) for one in payments.exchanges(started)] == [
        ("register", 302, "ACCEPTED"),
        ("notification", 0, "ACCEPTED"),
    ]

    parts = [payments.refund(started, grosze=30_00), payments.refund(started)]
    assert {one.status for one in parts} == {refunds_pb2.REFUND_STATUS_REFUNDED}
    assert payments.get(started).refunded.grosze == 100_05
    amounts = [one.amount.grosze for one in announced(events_pb2.PaymentRefunded)]
    assert amounts == [30_00, 70_05]


def test_what_was_asked_for_is_settled_once_when_it_is_told_later(payments, announced):
    started = payments.start(provider="payu", grosze=7_00)
    assert payments.check(started).status == PENDING
    decide(started, "approve")
    assert payments.check(started).status == SETTLED
    payments.told()
    for request in list(payments.webhooks.received):
        payments.webhooks.send(request)
    payments.judge()
    assert payments.verdicts() == ["REPEATED", "REPEATED"]
    assert len(announced(events_pb2.PaymentSettled)) == 1


def test_a_payer_who_rejects_pays_nothing(payments, announced):
    started = payments.start(provider="payu")
    decide(started, "reject")
    payments.told()
    failed = payments.get(started)
    assert (failed.status, failed.reason) == (FAILED, "CANCELLED")
    assert announced(events_pb2.PaymentSettled) == []


@pytest.mark.parametrize("key", ["somebody else's key"])
def test_a_message_signed_with_another_key_settles_nothing(payments, announced, key):
    started = payments.start(provider="payu")
    decide(started, "approve")
    payments.told()
    assert payments.verdicts() == ["SIGN_WRONG"]
    assert payments.get(started).status == PENDING
    assert announced(events_pb2.PaymentSettled) == []
