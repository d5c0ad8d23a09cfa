"""Starting a payment through its door, against the sandboxes and the real billing."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from ebok.payments.v1 import events_pb2
from ebok.payments.v1 import payments_pb2 as pb
from ebok.payments.v1.payments_pb2_grpc import PaymentServiceStub

from chassis.errors import Conflict, FailedPrecondition, Invalid, Unavailable
from chassis.ids import new_id
from chassis.testing import cast
from services.payments.__main__ import part

BOTH = ["przelewy24", "payu"]


def books(sandbox):
    return requests.get(f"{sandbox.url}/sandbox/books", timeout=5).json()["payments"]


def behave(sandbox, call, how, **more):
    wish = {"call": call, "how": how, **more}
    assert requests.post(f"{sandbox.url}/sandbox/behaviour", json=wish, timeout=5).status_code == 200


REGISTER = {"przelewy24": "register", "payu": "order"}


@pytest.mark.parametrize("provider", BOTH)
def test_all_that_is_open_is_paid_the_oldest_due_first(payments, town, provider):
    payment = payments.start(provider=provider)

    assert payment.status == pb.PAYMENT_STATUS_PENDING
    assert payment.amount.grosze == town.open_grosze
    assert [share.invoice_number for share in payment.shares] == [one.number for one in town.annas]
    assert [share.amount.grosze for share in payment.shares] == [one.open_amount.grosze for one in town.annas]
    assert payment.customer_number == town.anna_number
    assert payment.number.startswith("P-")
    assert len(payment.number) == 11
    assert payment.redirect_url.startswith(payments.sandboxes[provider].url)
    assert payments.steps(payment) == ["STARTED", "AT_PROVIDER"]
    [order] = books(payments.sandboxes[provider])
    assert order["amount"] == town.open_grosze
    assert payment.payment_id.replace("-", "") in order.values()


def test_the_payer_comes_back_to_the_portal(payments, przelewy24):
    payment = payments.start()
    answer = requests.post(
        f"{przelewy24.url}/sandbox/settle",
        json={"session": payment.payment_id.replace("-", ""), "how": "cancel"},
        timeout=5,
    ).json()
    assert answer["return_url"] == (
        f"https://ebok.wodociagi-zdroj.example/platnosci/{payment.payment_id}/powrot"
    )


def test_an_own_amount_fills_the_invoices_in_their_order_and_the_rest_is_credit(payments, town):
    first, second = town.annas[:2]
    part = first.open_amount.grosze + 1
    payment = payments.start(invoices=2, grosze=part)
    assert [(share.invoice_id, share.amount.grosze) for share in payment.shares] == [
        (first.invoice_id, first.open_amount.grosze),
        (second.invoice_id, 1),
    ]

    more = payments.start(grosze=town.open_grosze + 5_00)
    assert sum(share.amount.grosze for share in more.shares) == town.open_grosze
    assert more.amount.grosze == town.open_grosze + 5_00


def test_the_order_of_the_customer_is_kept(payments, town):
    chosen = [town.annas[2].invoice_id, town.annas[0].invoice_id]
    payment = payments.start(invoice_ids=chosen)
    assert [share.invoice_id for share in payment.shares] == chosen


@pytest.mark.repeats("PaymentService/StartPayment")
def test_the_same_request_answers_the_same_payment(payments, announced):
    wish = payments.wish()
    first = payments.own.StartPayment(wish).payment
    again = payments.own.StartPayment(wish).payment

    assert again == first
    assert len(books(payments.sandboxes["przelewy24"])) == 1
    assert len(announced(events_pb2.PaymentStarted)) == 1


@pytest.mark.repeats("PaymentService/StartPayment")
@pytest.mark.parametrize("provider", BOTH)
def test_a_double_click_pays_once(payments, provider, announced):
    behave(payments.sandboxes[provider], REGISTER[provider], "slow", seconds=0.5)
    wish = payments.wish(provider=provider)
    with ThreadPoolExecutor(6) as clicks:
        clicked = [clicks.submit(payments.own.StartPayment, wish) for _ in range(6)]
        answers = [one.result().payment for one in clicked]

    assert {answer.payment_id for answer in answers} == {answers[0].payment_id}
    assert {answer.status for answer in answers} == {pb.PAYMENT_STATUS_PENDING}
    assert {answer.redirect_url for answer in answers} == {answers[0].redirect_url}
    assert len(books(payments.sandboxes[provider])) == 1
    assert len([one for one in payments.exchanges(answers[0]) if one.kind == "register"]) == 1
    assert len(announced(events_pb2.PaymentStarted)) == 1


@pytest.mark.repeats("PaymentService/StartPayment")
def test_another_wish_under_the_same_request_is_refused(payments):
    wish = payments.wish(invoices=1)
    payments.own.StartPayment(wish)
    for change in ({"invoices": 2}, {"invoices": 1, "grosze": 5_00}, {"invoices": 1, "provider": "payu"}):
        with pytest.raises(Conflict) as caught:
            payments.own.StartPayment(payments.wish(request_id=wish.request_id, **change))
        assert caught.value.reason == "REQUEST_DIFFERS"


def test_the_same_request_id_of_two_customers_is_two_payments(payments, served, as_celina):
    wish = payments.wish()
    first = payments.own.StartPayment(wish).payment
    wish.customer_id = str(cast.CELINA_CUSTOMER)
    other = served.stub(PaymentServiceStub, as_celina).StartPayment(wish).payment
    assert other.payment_id != first.payment_id


def test_what_is_not_the_customers_cannot_be_paid(payments, town):
    for invoice_id in (town.celinas[0].invoice_id, str(new_id())):
        with pytest.raises(FailedPrecondition) as caught:
            payments.start(invoice_ids=[invoice_id])
        assert caught.value.reason == "INVOICE_NOT_PAYABLE"


def test_with_nothing_open_only_an_own_amount_can_be_paid(payments, served, as_bartek):
    bartek = as_bartek.acting_for(cast.BARTEK_CUSTOMER)
    stub = served.stub(PaymentServiceStub, bartek)
    with pytest.raises(FailedPrecondition) as caught:
        stub.StartPayment(payments.wish(customer_id=bartek.customer_id))
    assert caught.value.reason == "NOTHING_TO_PAY"

    ahead = stub.StartPayment(payments.wish(customer_id=bartek.customer_id, grosze=50_00)).payment
    assert (ahead.amount.grosze, list(ahead.shares)) == (50_00, [])


@pytest.mark.parametrize("grosze", [-1, 0, 99, 100_000_01, 2**62])
def test_an_amount_has_bounds(payments, grosze):
    with pytest.raises(Invalid) as caught:
        payments.start(grosze=grosze)
    assert [(one.field, one.reason) for one in caught.value.violations] == [("amount", "OUT_OF_RANGE")]
    assert books(payments.sandboxes["przelewy24"]) == []


def test_one_zloty_and_a_hundred_thousand_can_be_paid(payments):
    for grosze in (1_00, 100_000_00):
        assert payments.start(grosze=grosze).amount.grosze == grosze


def test_twenty_payments_may_be_under_way(payments):
    for _ in range(20):
        payments.start(grosze=1_00)
    with pytest.raises(FailedPrecondition) as caught:
        payments.start(grosze=1_00)
    assert caught.value.reason == "TOO_MANY_UNFINISHED"


def test_a_provider_that_is_not_set_up_is_not_offered(serve, payments, as_anna):
    alone = serve(payu_url="")
    stub = alone.stub(PaymentServiceStub, as_anna)
    methods = stub.ListPaymentMethods(pb.ListPaymentMethodsRequest(customer_id=as_anna.customer_id)).methods
    assert {method.provider for method in methods} == {"przelewy24"}
    with pytest.raises(FailedPrecondition) as caught:
        stub.StartPayment(payments.wish(provider="payu"))
    assert caught.value.reason == "METHOD_NOT_OFFERED"


def test_methods_are_offered_by_kind_and_last_the_provider_s_own_page(payments):
    request = pb.ListPaymentMethodsRequest(customer_id=payments.anna.customer_id, language="pl")
    methods = payments.own.ListPaymentMethods(request).methods
    assert [(one.provider, one.kind, one.name) for one in methods] == [
        ("przelewy24", "BLIK", "BLIK"),
        ("przelewy24", "BANK", "mTransfer"),
        ("przelewy24", "CARD", "Karta"),
        ("przelewy24", "ANY", ""),
        ("payu", "BLIK", "BLIK"),
        ("payu", "BANK", "mTransfer"),
        ("payu", "CARD", "Karta płatnicza"),
        ("payu", "ANY", ""),
    ]


def test_without_the_provider_s_list_its_own_page_is_still_offered(payments, przelewy24):
    behave(przelewy24, "methods", "500")
    request = pb.ListPaymentMethodsRequest(customer_id=payments.anna.customer_id)
    methods = payments.own.ListPaymentMethods(request).methods
    assert [one.kind for one in methods if one.provider == "przelewy24"] == ["ANY"]


def test_a_page_does_not_wait_for_a_slow_list_of_methods(serve, payments, as_anna, przelewy24):
    behave(przelewy24, "methods", "timeout", seconds=6)
    hasty = serve(methods_wait_s=0.3, payu_url="")
    stub = hasty.stub(PaymentServiceStub, as_anna)
    request = pb.ListPaymentMethodsRequest(customer_id=as_anna.customer_id)
    started = time.monotonic()
    assert [one.kind for one in stub.ListPaymentMethods(request).methods] == ["ANY"]
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(("provider", "method"), [("przelewy24", "154"), ("payu", "blik")])
def test_a_chosen_method_goes_to_the_provider(payments, provider, method):
    payment = payments.start(provider=provider, method_id=method)
    assert payment.method_name == "BLIK"
    assert payment.status == pb.PAYMENT_STATUS_PENDING
    [asked] = [one for one in payments.exchanges(payment) if one.kind == "register"]
    assert f'"method":{method}' in asked.body or f'"value":"{method}"' in asked.body


def test_a_method_that_the_provider_does_not_list_is_refused(payments):
    with pytest.raises(FailedPrecondition) as caught:
        payments.start(method_id="999")
    assert caught.value.reason == "METHOD_NOT_OFFERED"


def test_an_address_that_przelewy24_does_not_take_is_told_at_once(payments):
    long = "a" * 40 + "@poczta.example"
    with pytest.raises(Invalid) as caught:
        payments.start(email=long)
    assert [(one.field, one.reason) for one in caught.value.violations] == [("email", "TOO_LONG")]
    assert payments.start(email=long, provider="payu").status == pb.PAYMENT_STATUS_PENDING


@pytest.mark.parametrize("how", ["500", "after", "malformed", "timeout", "timeout_after"])
@pytest.mark.parametrize("provider", BOTH)
def test_when_nobody_knows_the_payment_is_unknown(payments, provider, how):
    sandbox = payments.sandboxes[provider]
    behave(sandbox, REGISTER[provider], how, **({"seconds": 6} if "timeout" in how else {}))
    payment = payments.start(provider=provider)

    assert payment.status == pb.PAYMENT_STATUS_UNKNOWN
    assert payment.reason == ("NO_ANSWER" if "timeout" in how else "PROVIDER_FAULT")
    assert payment.redirect_url == ""
    assert payments.steps(payment) == ["STARTED", "NO_ANSWER"]


def test_a_refusal_of_the_provider_ends_the_payment(serve, payments, as_anna, webhooks):
    stranger = serve(przelewy24_crc="another", payu_client_secret="another")
    stub = stranger.stub(PaymentServiceStub, as_anna)
    payment = stub.StartPayment(payments.wish()).payment
    assert (payment.status, payment.reason) == (pb.PAYMENT_STATUS_FAILED, "REFUSED_BY_PROVIDER")
    [failed] = stranger.announced(events_pb2.PaymentFailed)
    assert failed.number == payment.number
    assert failed.reason == "REFUSED_BY_PROVIDER"
    assert failed.payer_email == "anna@poczta.example"

    # Without a token PayU was never asked.
    with pytest.raises(Unavailable) as caught:
        stub.StartPayment(payments.wish(provider="payu"))
    assert caught.value.reason == "PROVIDER_AWAY"


@pytest.mark.repeats("PaymentService/StartPayment")
def test_what_never_left_us_goes_on_when_the_provider_is_back(serve, payments, knobs, as_anna):
    nobody_there = serve(przelewy24_url="http://127.0.0.1:9")
    stub = nobody_there.stub(PaymentServiceStub, as_anna)
    wish = payments.wish()
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            stub.StartPayment(wish)
        assert caught.value.reason == "PROVIDER_AWAY"

    back = serve(database=nobody_there.database)
    payment = back.stub(PaymentServiceStub, as_anna).StartPayment(wish).payment
    assert payment.status == pb.PAYMENT_STATUS_PENDING
    assert len(books(payments.sandboxes["przelewy24"])) == 1
    assert len(back.announced(events_pb2.PaymentStarted)) == 1


def test_while_billing_is_away_nothing_is_started(serving, knobs, payments, as_anna, database):
    lonely = serving(part, peers={"billing": "127.0.0.1:9"}, **knobs)
    with pytest.raises(Unavailable):
        lonely.stub(PaymentServiceStub, as_anna).StartPayment(payments.wish())
    assert lonely.announced(events_pb2.PaymentStarted) == []


def test_secrets_are_masked_where_exchanges_are_shown(payments, przelewy24):
    payment = payments.start()
    token = payment.redirect_url.rpartition("/")[2]
    [asked] = [one for one in payments.exchanges(payment) if one.kind == "register"]
    assert (asked.direction, asked.http_status, asked.verdict) == ("out", 200, "ACCEPTED")
    assert '"sessionId"' in asked.body
    assert token not in asked.body
    assert '"sign":"••••"' in asked.body
