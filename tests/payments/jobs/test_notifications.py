"""What providers send, judged: settled once, with the right amount, and never moved back."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
import sqlalchemy as sa
from ebok.payments.v1 import events_pb2
from ebok.payments.v1 import notifications_pb2 as notifications
from ebok.payments.v1 import payments_pb2 as pb
from ebok.payments.v1.notifications_pb2_grpc import NotificationServiceStub

from chassis.errors import FailedPrecondition, Invalid
from sandbox.payu.config import PayuConfig
from sandbox.przelewy24.config import Przelewy24Config
from services.payments.clients.payu import signature_of
from services.payments.clients.przelewy24 import sign
from services.payments.jobs.notifications import SIFT_ROWS, judge_one, sift
from services.payments.storage.exchanges import Exchange

BOTH = ["przelewy24", "payu"]
SETTLED, PENDING = pb.PAYMENT_STATUS_SETTLED, pb.PAYMENT_STATUS_PENDING
FAILED, RECEIVED = pb.PAYMENT_STATUS_FAILED, pb.PAYMENT_STATUS_RECEIVED


def books(sandbox):
    return requests.get(f"{sandbox.url}/sandbox/books", timeout=5).json()["payments"]


def behave(sandbox, call, how, **more):
    wish = {"call": call, "how": how, **more}
    assert requests.post(f"{sandbox.url}/sandbox/behaviour", json=wish, timeout=5).status_code == 200


def of_przelewy24(payment, *, crc=None, order_id=2**40 + 7, **changes):
    """A notification as Przelewy24 would sign it."""
    account = Przelewy24Config()
    values = {
        "merchantId": account.merchant_id,
        "posId": account.pos_id,
        "sessionId": payment.payment_id.replace("-", ""),
        "amount": payment.amount.grosze,
        "originAmount": payment.amount.grosze,
        "currency": "PLN",
        "orderId": order_id,
        "methodId": 154,
        "statement": "p24-ŻÓŁ-WIE",
        **changes,
    }
    body = json.dumps({**values, "sign": sign(values, crc or account.crc)}, ensure_ascii=False)
    return notifications.ReceiveNotificationRequest(
        provider="przelewy24", kind="payment", body=body.encode(), sender_address="192.0.2.1"
    )


def of_payu(payment, status, *, key=None, algorithm="MD5", header="openpayu-signature", **changes):
    """A notification as PayU would sign it."""
    shop = PayuConfig()
    order = {
        "orderId": payment.provider_order_id,
        "extOrderId": payment.payment_id.replace("-", ""),
        "merchantPosId": shop.pos_id,
        "currencyCode": "PLN",
        "totalAmount": str(payment.amount.grosze),
        "status": status,
        **changes,
    }
    body = json.dumps({"order": order}).encode()
    signature = signature_of(body, key or shop.second_key, algorithm)
    value = f"sender=checkout;signature={signature};algorithm={algorithm};content=DOCUMENT"
    return notifications.ReceiveNotificationRequest(
        provider="payu",
        kind="payment",
        body=body,
        headers=[notifications.Header(name=header, value=value)],
        sender_address="192.0.2.1",
    )


@pytest.mark.parametrize("provider", BOTH)
def test_a_paid_payment_is_settled_announced_and_told_step_by_step(
    payments, pay_at, provider, announced, town
):
    assert payments.served.run_job("methods.remember")
    started = payments.start(provider=provider, invoices=2)
    pay_at(payments.sandboxes[provider], started)
    payments.told(1 if provider == "przelewy24" else 2)
    paid = payments.get(started)

    assert paid.status == SETTLED
    assert paid.settled_at.ToSeconds() > 0
    assert paid.provider_order_id == books(payments.sandboxes[provider])[0]["order_id"]
    assert paid.redirect_url == ""
    assert not paid.HasField("booked_at")
    [event] = announced(events_pb2.PaymentSettled)
    assert (event.payment_id, event.number) == (started.payment_id, started.number)
    assert event.amount == started.amount
    assert list(event.shares) == list(started.shares)
    assert event.provider_order_id == paid.provider_order_id
    assert event.payer_email == started.payer_email
    if provider == "przelewy24":
        assert payments.steps(started) == ["STARTED", "AT_PROVIDER", "RECEIVED", "SETTLED"]
        assert books(payments.sandboxes[provider])[0]["status"] == "PAID"
        assert paid.method_name == event.method_name == "BLIK"
    else:
        assert payments.steps(started) == ["STARTED", "AT_PROVIDER", "SETTLED"]


def test_a_payment_is_settled_once_however_often_it_is_told(payments, announced):
    started = payments.start()
    message = of_przelewy24(started)
    # Przelewy24 itself knows of no payment: its answer to our verify is no, and what it says when asked, too.
    for _ in range(3):
        payments.webhooks.send(message)
    payments.judge()
    assert payments.get(started).status == RECEIVED
    assert announced(events_pb2.PaymentSettled) == []


@pytest.mark.parametrize("provider", BOTH)
def test_told_twice_it_is_settled_once(payments, pay_at, provider, announced):
    started = payments.start(provider=provider)
    pay_at(payments.sandboxes[provider], started, "twice")
    payments.told(2 if provider == "przelewy24" else 3)
    for request in list(payments.webhooks.received):
        payments.webhooks.send(request)
    payments.judge()

    assert payments.get(started).status == SETTLED
    assert len(announced(events_pb2.PaymentSettled)) == 1
    verdicts = payments.verdicts()
    assert verdicts.count("ACCEPTED") == 1
    assert set(verdicts) == {"ACCEPTED", "REPEATED"}


def test_many_judges_at_once_settle_each_payment_once(payments, pay_at, announced, serve):
    many = [payments.start(grosze=1_00) for _ in range(12)]
    for payment in many:
        pay_at(payments.sandboxes["przelewy24"], payment)
    payments.until(lambda: len(payments.webhooks.received) >= 12)
    for request in list(payments.webhooks.received):
        payments.webhooks.send(request)

    other = serve(database=payments.served.database)
    judges = [payments.served.runtime.resources["judge"], other.runtime.resources["judge"]] * 4

    def work(judge):
        while believable := sift(payments.served.database, judge)[0]:
            for exchange_id in believable:
                judge_one(payments.served.database, judge, exchange_id)

    with ThreadPoolExecutor(8) as at_once:
        for one in [at_once.submit(work, judge) for judge in judges]:
            one.result()
    assert {payments.get(payment).status for payment in many} == {SETTLED}
    settled = [event.payment_id for event in announced(events_pb2.PaymentSettled)]
    assert sorted(settled) == sorted(payment.payment_id for payment in many)
    assert None not in payments.verdicts()


def test_the_true_message_behind_a_flood_of_forged_ones_counts(payments, pay_at):
    payment = payments.start(grosze=1_00)
    flood = SIFT_ROWS + 50
    for _ in range(flood):
        payments.webhooks.send(of_przelewy24(payment, crc="another"))
    pay_at(payments.sandboxes["przelewy24"], payment)
    payments.until(lambda: len(payments.webhooks.received) >= 1)
    payments.judge()

    assert payments.get(payment).status == SETTLED
    verdicts = payments.verdicts()
    assert verdicts.count("SIGN_WRONG") == flood
    assert verdicts.count("ACCEPTED") == 1
    assert None not in verdicts


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"crc": "another"}, "SIGN_WRONG"),
        ({"amount": 1}, "AMOUNT_WRONG"),
        ({"originAmount": 1}, "AMOUNT_WRONG"),
        ({"currency": "EUR"}, "CURRENCY_WRONG"),
        ({"merchantId": 1}, "MERCHANT_WRONG"),
        ({"posId": 1}, "MERCHANT_WRONG"),
        ({"sessionId": "0" * 32}, "NOT_OURS"),
        ({"sessionId": "ORDER-1"}, "NOT_OURS"),
        ({"amount": "1"}, "MALFORMED"),
        ({"amount": True}, "MALFORMED"),
        ({"amount": 1.5}, "MALFORMED"),
        ({"orderId": -1}, "MALFORMED"),
        ({"orderId": 2**70}, "MALFORMED"),
        ({"sessionId": "\x00"}, "MALFORMED"),
        ({"statement": None}, "MALFORMED"),
    ],
)
def test_what_does_not_fit_leaves_the_payment_as_it_is(payments, announced, changes, verdict):
    started = payments.start()
    payments.webhooks.send(of_przelewy24(started, **changes))
    payments.judge()

    assert payments.verdicts() == [verdict]
    assert payments.get(started) == started
    assert payments.steps(started) == ["STARTED", "AT_PROVIDER"]
    assert announced(events_pb2.PaymentSettled) == []


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"key": "another"}, "SIGN_WRONG"),
        ({"header": "x-signature"}, "SIGN_WRONG"),
        ({"algorithm": "CRC32"}, "SIGN_WRONG"),
        ({"totalAmount": "1"}, "AMOUNT_WRONG"),
        ({"totalAmount": 5}, "MALFORMED"),
        ({"totalAmount": "１"}, "MALFORMED"),
        ({"currencyCode": "EUR"}, "CURRENCY_WRONG"),
        ({"merchantPosId": "1"}, "MERCHANT_WRONG"),
        ({"extOrderId": "0" * 32}, "NOT_OURS"),
        ({"orderId": "WZHF5FFDRJ140731GUEST000P01"}, "NOT_OURS"),
        ({"orderId": ""}, "MALFORMED"),
        ({"status": "ODD"}, "MALFORMED"),
    ],
)
def test_what_does_not_fit_of_payu_leaves_the_payment_as_it_is(payments, announced, changes, verdict):
    started = payments.start(provider="payu")
    status = changes.pop("status", "COMPLETED")
    payments.webhooks.send(of_payu(started, status, **changes))
    payments.judge()

    assert payments.verdicts() == [verdict]
    assert payments.get(started) == started
    assert announced(events_pb2.PaymentSettled) == []


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b"\xff\xfe", b'{"a":' * 9000, b"9" * 60_000, b'{"order":[]}', b"\x00"]
)
@pytest.mark.parametrize("provider", BOTH)
def test_rubbish_is_kept_and_named(payments, provider, body):
    key = PayuConfig().second_key
    value = f"signature={signature_of(body, key, 'SHA-256')};algorithm=SHA-256"
    payments.webhooks.send(
        notifications.ReceiveNotificationRequest(
            provider=provider,
            kind="payment",
            body=body,
            headers=[notifications.Header(name="OpenPayu-Signature", value=value)],
        )
    )
    payments.judge()
    assert payments.verdicts() == ["MALFORMED"]


def test_a_message_of_one_provider_says_nothing_about_a_payment_at_the_other(payments):
    started = payments.start(provider="payu")
    payments.webhooks.send(of_przelewy24(started))
    payments.judge()
    assert payments.verdicts() == ["NOT_OURS"]
    assert payments.get(started).status == PENDING


def test_a_second_payment_under_the_same_session_is_seen(payments, pay_at):
    started = payments.start()
    pay_at(payments.sandboxes["przelewy24"], started)
    payments.told()
    payments.webhooks.send(of_przelewy24(started, order_id=5))
    payments.judge()
    assert payments.verdicts() == ["ACCEPTED", "NOT_OURS"]
    assert payments.get(started).status == SETTLED


@pytest.mark.parametrize(
    "order",
    [
        ["PENDING", "COMPLETED"],
        ["COMPLETED", "PENDING"],
        ["COMPLETED", "CANCELED", "PENDING"],
        ["PENDING", "CANCELED", "COMPLETED"],
        ["CANCELED", "COMPLETED", "PENDING", "CANCELED"],
    ],
)
def test_the_order_in_which_payu_tells_does_not_matter(payments, announced, order):
    started = payments.start(provider="payu")
    for status in order:
        payments.webhooks.send(of_payu(started, status))
        payments.judge()
    assert payments.get(started).status == SETTLED
    assert len(announced(events_pb2.PaymentSettled)) == 1


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-1", "SHA-256", "SHA256", "SHA-384", "SHA-512"])
def test_payu_signs_by_any_of_its_algorithms(payments, algorithm):
    started = payments.start(provider="payu")
    payments.webhooks.send(of_payu(started, "COMPLETED", algorithm=algorithm, header="X-OpenPayU-Signature"))
    payments.judge()
    assert payments.verdicts() == ["ACCEPTED"]


def test_a_cancelled_payment_fails_and_is_told(payments, pay_at, announced):
    started = payments.start(provider="payu")
    pay_at(payments.sandboxes["payu"], started, "cancel")
    payments.told()
    failed = payments.get(started)
    assert (failed.status, failed.reason) == (FAILED, "CANCELLED")
    assert payments.steps(started)[-1] == "FAILED"
    [event] = announced(events_pb2.PaymentFailed)
    assert (event.number, event.reason) == (started.number, "CANCELLED")


def test_a_late_confirmation_settles_what_counted_as_failed(payments, pay_at, announced):
    started = payments.start()
    payments.reconcile(after=timedelta(hours=25))
    assert (payments.get(started).status, payments.get(started).reason) == (FAILED, "EXPIRED")

    pay_at(payments.sandboxes["przelewy24"], started)
    payments.told()
    assert payments.get(started).status == SETTLED
    assert payments.steps(started)[-3:] == ["FAILED", "RECEIVED", "SETTLED"]
    assert len(announced(events_pb2.PaymentSettled)) == 1


def test_an_authorised_payment_of_payu_is_captured(payments, pay_at):
    started = payments.start(provider="payu")
    pay_at(payments.sandboxes["payu"], started, "hold")
    payments.told(2)
    payments.reconcile(after=timedelta(seconds=15))
    assert payments.get(started).status == SETTLED
    assert "RECEIVED" in payments.steps(started)
    assert books(payments.sandboxes["payu"])[0]["status"] == "COMPLETED"


@pytest.mark.parametrize("how", ["500", "after", "malformed", "timeout"])
def test_while_verify_is_not_answered_the_payment_is_received_and_settles_later(
    payments, pay_at, how, announced
):
    started = payments.start()
    behave(payments.sandboxes["przelewy24"], "verify", how, **({"seconds": 6} if how == "timeout" else {}))
    pay_at(payments.sandboxes["przelewy24"], started)
    payments.told()
    assert payments.get(started).status == RECEIVED
    assert announced(events_pb2.PaymentSettled) == []

    payments.reconcile(after=timedelta(seconds=31))
    assert payments.get(started).status == SETTLED
    assert len(announced(events_pb2.PaymentSettled)) == 1


def test_a_notification_may_be_faster_than_the_answer_to_our_question(payments, pay_at):
    behave(payments.sandboxes["przelewy24"], "register", "slow", seconds=3)
    with ThreadPoolExecutor(1) as clicks:
        wish = payments.wish()
        clicked = clicks.submit(payments.own.StartPayment, wish)
        payments.until(lambda: len(books(payments.sandboxes["przelewy24"])) == 1)
        session = books(payments.sandboxes["przelewy24"])[0]["session"]
        requests.post(
            f"{payments.sandboxes['przelewy24'].url}/sandbox/settle",
            json={"session": session, "how": "approve"},
            timeout=5,
        )
        payments.told()
        answer = clicked.result().payment
    assert answer.status == SETTLED
    assert answer.redirect_url == ""
    assert payments.steps(answer) == ["STARTED", "RECEIVED", "SETTLED"]


def test_a_message_that_cannot_be_judged_does_not_stop_the_others(payments, pay_at):
    """A provider that is no longer set up: its message waits, the next one is judged."""
    from services.payments.clients.desk import Desk

    lost = payments.start(provider="payu")
    payments.webhooks.send(of_payu(lost, "COMPLETED"))
    started = payments.start()
    pay_at(payments.sandboxes["przelewy24"], started)
    payments.until(lambda: len(payments.webhooks.received) == 1)

    resources = payments.served.runtime.resources
    whole = resources["judge"].desk
    resources["judge"].desk = Desk(
        payments.served.database, payments.clock, {"przelewy24": whole.providers["przelewy24"]}
    )
    payments.judge()
    assert payments.get(started).status == SETTLED
    assert payments.verdicts() == [None, "ACCEPTED"]

    resources["judge"].desk = whole
    payments.judge()
    assert payments.get(lost).status == PENDING, "it waits for its time"
    payments.clock.advance(timedelta(seconds=3))
    payments.judge()
    assert payments.get(lost).status == SETTLED


@pytest.mark.repeats("NotificationService/ReceiveNotification")
def test_a_message_is_stored_as_it_came_before_anybody_reads_it(payments, served):
    started = payments.start(provider="payu")
    request = of_payu(started, "COMPLETED")
    request.body = b"\x00\xff not json " + request.body
    first, again = payments.webhooks.send(request), payments.webhooks.send(request)
    assert first != again
    with served.database.reading() as session:
        rows = session.scalars(sa.select(Exchange).where(Exchange.direction == "in")).all()
    assert [row.body for row in rows] == [request.body] * 2
    assert rows[0].headers == {"openpayu-signature": request.headers[0].value}
    assert rows[0].sender == "192.0.2.1"
    assert rows[0].verdict is None
    assert payments.get(started).status == PENDING


def test_only_known_addresses_take_messages(served, as_system):
    stub = served.stub(NotificationServiceStub, as_system("gateway"))
    with pytest.raises(FailedPrecondition) as caught:
        stub.ReceiveNotification(
            notifications.ReceiveNotificationRequest(provider="blik", kind="payment", body=b"{}")
        )
    assert caught.value.reason == "METHOD_NOT_OFFERED"
    with pytest.raises(Invalid) as refused:
        stub.ReceiveNotification(
            notifications.ReceiveNotificationRequest(provider="payu", kind="order", body=b"{}")
        )
    assert [(one.field, one.reason) for one in refused.value.violations] == [("kind", "UNKNOWN")]


def test_old_exchanges_are_forgotten_strangers_sooner(payments, pay_at, served):
    started = payments.start()
    payments.webhooks.send(of_przelewy24(started, sessionId="0" * 32))
    payments.judge()
    payments.clock.advance(timedelta(days=31))
    served.run_job("exchanges.forget")
    assert payments.verdicts() == []
    assert payments.exchanges(started)
    payments.clock.advance(timedelta(days=1830))
    served.run_job("exchanges.forget")
    with served.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Exchange)) == 0


def test_metrics_count_messages_by_verdict(payments, served):
    started = payments.start()
    payments.webhooks.send(of_przelewy24(started, crc="another"))
    payments.judge()
    assert served.run_job("payments.measure")
    registry = served.runtime.metrics.registry
    labels = {"provider": "przelewy24", "verdict": "SIGN_WRONG"}
    assert registry.get_sample_value("ebok_payments_notifications_total", labels) == 1
    assert registry.get_sample_value("ebok_payments_unfinished_payments", {"status": "PENDING"}) == 1
    payments.clock.advance(timedelta(minutes=20))
    served.run_job("payments.measure")
    assert registry.get_sample_value("ebok_payments_unfinished_oldest_seconds") == 20 * 60
    assert registry.get_sample_value("ebok_payments_stuck_payments") == 1
