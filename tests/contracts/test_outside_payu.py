"""A shop written by others, with PayU's client of others, pays and gives back at the sandbox."""

from decimal import Decimal

import pytest
import requests

from sandbox.payu.config import PayuConfig
from sandbox.payu.server import open_server
from tests.contracts.foreign import Refused, payu_of_getpaid
from tests.sandbox.shop import CLIENT_SECRET, POS, SECOND_KEY, Shop, books, press, settle

pytestmark = [pytest.mark.outside, pytest.mark.timeout(600)]


@pytest.fixture
def shop():
    with Shop() as running:
        yield running


@pytest.fixture
def sandbox():
    with open_server(PayuConfig(refund_s=0.05)) as running:
        yield running


def account(sandbox, **other):
    return {
        "api_url": sandbox.url,
        "pos_id": int(POS),
        "second_key": SECOND_KEY,
        "oauth_id": int(POS),
        "oauth_secret": CLIENT_SECRET,
        **other,
    }


@pytest.fixture
def client(sandbox):
    with payu_of_getpaid(account(sandbox)) as running:
        yield running


def order(shop, name="zamowienie-1", amount=99.00):
    return {
        "order_id": name,
        "amount": amount,
        "currency": "PLN",
        "description": "Faktura 3/11/2026 – ścieki",
        "products": [{"name": "Faktura 3/11/2026", "unitPrice": amount, "quantity": "1"}],
        "buyer": {"email": "anna@poczta.example", "language": "pl"},
        "notify_url": f"{shop.url}/webhooks/payu",
        "continue_url": f"{shop.url}/powrot",
    }


def hear(client, told, name="zamowienie-1", **other):
    values = {"payment_id": name, "headers": told.headers, "body": told.raw.decode()}
    return client.call("hear", values | other)


def state(client, order_id):
    [found] = client.call("get_order_info", {"order_id": order_id})["orders"]
    return found["status"], Decimal(found["totalAmount"])


def test_it_orders_is_told_asks_and_gives_back(sandbox, client, shop):
    made = client.call("new_order", order(shop))
    assert made["status"]["statusCode"] == "SUCCESS"
    assert "99,00" in requests.get(made["redirectUri"], timeout=5).text
    assert state(client, made["orderId"]) == ("NEW", Decimal(99))
    press(made["redirectUri"], "approve")
    pending, completed = sorted(shop.wait(2), key=lambda one: one.body["order"]["status"] == "COMPLETED")

    assert hear(client, pending) is None
    heard = hear(client, completed)
    assert (heard["event"], Decimal(heard["amount"])) == ("payment_captured", Decimal(99))
    with pytest.raises(Refused, match="BAD SIGNATURE"):
        hear(client, completed, body=completed.raw.decode().replace('"9900"', '"9901"'))
    with pytest.raises(Refused, match="extOrderId"):
        hear(client, completed, payment_id="zamowienie-2")
    assert state(client, made["orderId"]) == ("COMPLETED", Decimal(99))

    part = client.call(
        "refund", {"order_id": made["orderId"], "amount": 30.00, "ext_refund_id": "a", "currency_code": "PLN"}
    )["refund"]
    assert (part["extRefundId"], Decimal(part["amount"]), part["status"]) == ("a", Decimal(30), "PENDING")
    with pytest.raises(Refused, match="RefundFailure"):
        client.call("refund", {"order_id": made["orderId"], "amount": 69.01, "ext_refund_id": "b"})
    back = hear(client, shop.wait(3)[-1])
    assert (back["event"], Decimal(back["amount"])) == ("refund_confirmed", Decimal(30))
    [kept] = client.call("get_refunds", {"order_id": made["orderId"]})
    assert (kept["refundId"], kept["status"]) == (part["refundId"], "FINALIZED")
    [payment] = books(sandbox.url)
    assert (payment["paid"], payment["refunded"]) == (99_00, 30_00)


def test_it_takes_and_gives_up_what_was_held(sandbox, client, shop):
    held, given_up = (client.call("new_order", order(shop, name))["orderId"] for name in ("a", "b"))
    for name in ("a", "b"):
        settle(sandbox.url, name, "hold")
    told = [one for one in shop.wait(4) if one.body["order"]["status"] == "WAITING_FOR_CONFIRMATION"]
    assert {hear(client, one, one.body["order"]["extOrderId"])["event"] for one in told} == {"locked"}

    assert client.call("capture", {"order_id": held})["status"]["statusCode"] == "SUCCESS"
    assert client.call("cancel_order", {"order_id": given_up})["status"]["statusCode"] == "SUCCESS"
    assert (state(client, held)[0], state(client, given_up)[0]) == ("COMPLETED", "CANCELED")
    with pytest.raises(Refused, match="ERROR_VALUE_INVALID"):
        client.call("cancel_order", {"order_id": held})


def test_it_lists_the_ways_to_pay(client):
    values = {one["value"] for one in client.call("get_payment_methods", {"lang": "pl"})["payByLinks"]}
    assert {"blik", "c"} <= values


def test_an_order_is_made_once_and_by_who_knows_the_secret(sandbox, client, shop):
    client.call("new_order", order(shop))
    with pytest.raises(Refused, match="ERROR_ORDER_NOT_UNIQUE"):
        client.call("new_order", order(shop))
    with (
        payu_of_getpaid(account(sandbox, oauth_secret="guess")) as stranger,
        pytest.raises(Refused, match="CredentialsError"),
    ):
        stranger.call("new_order", order(shop, "zamowienie-2"))
    assert len(books(sandbox.url)) == 1


def test_it_sees_through_a_wrong_sign(sandbox, client, shop):
    client.call("new_order", order(shop))
    settle(sandbox.url, "zamowienie-1", "wrong_sign")
    for told in shop.wait(2):
        with pytest.raises(Refused, match="BAD SIGNATURE"):
            hear(client, told)
