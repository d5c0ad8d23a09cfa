"""A shop written by others, with Przelewy24's client of others, pays and gives back at the sandbox."""

import pytest
import requests

from sandbox.przelewy24.config import Przelewy24Config
from sandbox.przelewy24.server import open_server
from tests.contracts.foreign import Refused, przelewy24_of_node
from tests.sandbox.shop import API_KEY, CRC, MERCHANT, Shop, books, press, settle, wait_until

pytestmark = [pytest.mark.outside, pytest.mark.timeout(600)]
SESSION = "zażółć/gęślą-jaźń"  # Signed with its letters and its slash as they are.


@pytest.fixture
def shop():
    with Shop() as running:
        yield running


@pytest.fixture
def sandbox():
    with open_server(Przelewy24Config(refund_s=0.05)) as running:
        yield running


def account(sandbox, **other):
    return {"url": sandbox.url, "merchant": MERCHANT, "key": API_KEY, "crc": CRC, **other}


@pytest.fixture
def client(sandbox):
    with przelewy24_of_node(account(sandbox)) as running:
        yield running


def order(shop, session=SESSION, amount=12_345):
    return {
        "sessionId": session,
        "amount": amount,
        "currency": "PLN",
        "description": "Faktury 1/11/2026 i 2/11/2026 – woda, ścieki",
        "email": "anna@poczta.example",
        "country": "PL",
        "language": "pl",
        "urlReturn": f"{shop.url}/powrot",
        "urlStatus": f"{shop.url}/webhooks/przelewy24",
    }


def verification(order_id, amount=12_345):
    return {"sessionId": SESSION, "amount": amount, "currency": "PLN", "orderId": order_id}


def test_its_key_is_tried(sandbox, client):
    assert client.call("testAccess", []) is True
    with (
        przelewy24_of_node(account(sandbox, key="guess")) as stranger,
        pytest.raises(Refused, match="Incorrect authentication, code = 401"),
    ):
        stranger.call("testAccess", [])


def test_it_registers_is_told_verifies_and_gives_back(sandbox, client, shop):
    made = client.call("createTransaction", [order(shop)])
    assert made["link"] == f"{sandbox.url}/trnRequest/{made['token']}"
    assert "123,45" in requests.get(made["link"], timeout=5).text
    press(made["link"], "approve")
    told = shop.wait(1)[0].body

    assert client.call("verifyNotification", [told]) is True
    for forged in ({"amount": 12_344}, {"sessionId": "zazolc"}, {"orderId": told["orderId"] + 1}):
        assert client.call("verifyNotification", [told | forged]) is False

    with pytest.raises(Refused, match="code = 400"):
        client.call("verifyTransaction", [verification(told["orderId"], amount=12_344)])
    assert books(sandbox.url)[0]["status"] == "ADVANCE"
    assert client.call("verifyTransaction", [verification(told["orderId"])]) is True
    [payment] = books(sandbox.url)
    assert (payment["session"], payment["paid"], payment["status"]) == (SESSION, 12_345, "PAID")

    back = {"orderId": told["orderId"], "sessionId": SESSION, "amount": 345, "description": "Nadpłata"}
    wish = {"requestId": "zwrot-1", "refundsUuid": "zwrot-1", "refunds": [back]}
    [taken] = client.call("refund", [wish])
    assert (taken["status"], taken["message"], taken["amount"]) == (True, "success", 345)
    with pytest.raises(Refused, match="Request already exists, code = 400"):
        client.call("refund", [wish])
    too_much = {"requestId": "zwrot-2", "refundsUuid": "zwrot-2", "refunds": [back | {"amount": 12_001}]}
    with pytest.raises(Refused, match="Refund Conflict, code = 409"):
        client.call("refund", [too_much])
    wait_until(lambda: books(sandbox.url)[0]["refunded"] == 345, "the refund")


def test_another_secret_signs_nothing_that_is_taken(sandbox, shop):
    with (
        przelewy24_of_node(account(sandbox, crc="0123456789abcdef")) as forger,
        pytest.raises(Refused, match="code = 400"),
    ):
        forger.call("createTransaction", [order(shop)])
    assert books(sandbox.url) == []


def test_it_sees_through_a_wrong_sign(sandbox, client, shop):
    client.call("createTransaction", [order(shop, "sesja-2")])
    settle(sandbox.url, "sesja-2", "wrong_sign")
    assert client.call("verifyNotification", [shop.wait(1)[0].body]) is False
