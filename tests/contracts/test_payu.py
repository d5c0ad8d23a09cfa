"""The sandbox keeps its word: PayU's own specification and vectors hold for what ours says and takes."""

import json

import pytest

from sandbox.payu import signing
from sandbox.payu.config import PayuConfig
from sandbox.payu.server import open_server
from tests.contracts.openapi import Spec, official
from tests.sandbox.shop import PayuClient, Shop, settle, wait_until

SPEC = "psp-specs/payu-europe-rest-api-2.1.0.yaml"
API = "/api/v2_1"
ORDER = "/orders/{orderId}"
URLS = ("notifyUrl", "continueUrl")
# Shown by PayU's guides and clients, and left out of the file.
BEYOND = {
    "Additional properties are not allowed ('status' was unexpected)",  # An order that is read has one.
    "Additional properties are not allowed ('severity' was unexpected)",  # Of a 401.
}


@pytest.fixture(scope="module")
def spec():
    return Spec(SPEC)


@pytest.fixture
def shop():
    with Shop() as running:
        yield running


@pytest.fixture
def payu(shop):
    with open_server(PayuConfig(refund_s=0.05)) as running:
        yield PayuClient(running, shop.url)


def test_signatures_equal_the_vectors():
    vectors = json.loads(official("testvectors.json").read_text("utf-8"))["payu"]
    signed = [vector for vector in vectors if "signature" in vector]
    assert {vector["algorithm"] for vector in signed} >= {"MD5", "SHA-1", "SHA-256", "SHA-384"}
    for vector in signed:
        made = signing.sign(vector["body"].encode(), vector["second_key"], vector["algorithm"])
        assert made == vector["signature"], vector["name"]
        if "header" in vector:
            assert signing.header(made, vector["algorithm"]) == vector["header"]


def test_notifications_have_the_fields_of_a_captured_one(payu, shop):
    vectors = json.loads(official("testvectors.json").read_text("utf-8"))["payu"]
    [captured] = [json.loads(vector["body"]) for vector in vectors if vector["name"].startswith("captured")]
    payu.create()
    settle(payu.url, "zamowienie-1", "approve")

    [told] = [one.body for one in shop.wait(2) if one.body["order"]["status"] == "COMPLETED"]

    assert set(captured) == set(told)
    assert set(captured["order"]) - set(told["order"]) == set()
    for name, value in captured["order"].items():
        assert type(told["order"][name]) is type(value), name
    assert [one["name"] for one in told["properties"]] == ["PAYMENT_ID"]
    assert len(told["localReceiptDateTime"]) == len(captured["localReceiptDateTime"])


def as_in_the_file(answer):
    """The file writes statusDatetime; PayU's guides, and its notifications, statusDateTime."""
    return json.loads(answer.text.replace('"statusDateTime"', '"statusDatetime"'))


def test_answers_are_those_of_the_specification(payu, shop, spec):
    def check(method, path, answer):
        schema = spec.answer(method, path if path.startswith("/pl/") else API + path, answer.status_code)
        faults = [
            one for one in spec.faults(schema, as_in_the_file(answer)) if one.partition(": ")[2] not in BEYOND
        ]
        assert faults == [], (path, answer.text)
        return answer.status_code

    oauth = "/pl/standard/user/oauth/authorize"
    statuses = [
        check("post", oauth, payu.authorize()),
        check("post", oauth, payu.authorize(client_secret="x")),
        check("post", oauth, payu.authorize(grant_type="x")),
        check("get", "/paymethods", payu.call("GET", "paymethods")),
        check("post", "/orders", payu.call("POST", "orders", payu.order())),
        check("post", "/orders", payu.call("POST", "orders", payu.order())),
    ]
    order_id = payu.create("zamowienie-2")["orderId"]
    held_id = payu.create("zamowienie-3")["orderId"]
    settle(payu.url, "zamowienie-2", "approve")
    settle(payu.url, "zamowienie-3", "hold")
    read = f"orders/{order_id}"
    statuses += [
        check("get", ORDER, payu.call("GET", read)),
        check("get", ORDER, payu.call("GET", "orders/x")),
        check("get", f"{ORDER}/transactions", payu.call("GET", f"{read}/transactions")),
        check("post", f"{ORDER}/captures", payu.call("POST", f"orders/{held_id}/captures")),
        check("post", f"{ORDER}/captures", payu.call("POST", f"orders/{held_id}/captures", {"amount": "0"})),
        check("delete", ORDER, payu.call("DELETE", f"orders/{payu.create('zamowienie-4')['orderId']}")),
        check("delete", ORDER, payu.call("DELETE", read)),
        check("post", f"{ORDER}/refunds", payu.refund(order_id, amount="900", extRefundId="a")),
        check("post", f"{ORDER}/refunds", payu.refund(order_id, amount="99999")),
        check("get", f"{ORDER}/refunds", payu.call("GET", f"{read}/refunds")),
    ]
    refund_id = payu.call("GET", f"{read}/refunds").json()[0]["refundId"]
    one = f"{read}/refunds/{refund_id}"
    wait_until(lambda: payu.call("GET", one).json()["status"] == "FINALIZED", "the refund")
    statuses.append(check("get", f"{ORDER}/refunds/{{refundId}}", payu.call("GET", one)))
    payu.token = "nobody's"
    statuses.append(check("post", "/orders", payu.call("POST", "orders", payu.order())))

    assert statuses == [
        *(200, 401, 400, 200, 302, 400),
        *(200, 404, 200, 200, 400, 200, 400, 200, 400, 200),
        *(200, 401),
    ]


def test_requests_that_are_taken_are_those_of_the_specification(payu, spec):
    order = payu.order(validityTime="3600", visibleDescription="Faktura 3/11/2026")
    assert payu.call("POST", "orders", order).status_code == 302
    assert spec.faults(spec.body("post", f"{API}/orders"), order) == []
    refund = {"refund": {"description": "Zwrot", "amount": "100", "extRefundId": "a", "currencyCode": "PLN"}}
    assert spec.faults(spec.body("post", f"{API}{ORDER}/refunds"), refund) == []


def test_every_length_of_the_specification_is_held(payu, spec):
    fields = spec.body("post", f"{API}/orders")["properties"]
    limits = {
        name: one["maxLength"]
        for name, one in fields.items()
        if "maxLength" in one and name != "deviceFingerprint"
    }
    assert len(limits) >= 7
    for place, (name, most) in enumerate(sorted(limits.items())):
        longest = "https://ebok.example/".ljust(most, "x") if name in URLS else "x" * most
        taken = payu.order(**{"ext_order": f"s-{place}", name: longest})
        assert payu.call("POST", "orders", taken).status_code == 302, name
        too_long = payu.order(**{"ext_order": f"t-{place}", name: longest + "x"})
        assert payu.call("POST", "orders", too_long).status_code == 400, name


def test_every_field_that_the_specification_requires_is_required(payu, spec):
    required = spec.body("post", f"{API}/orders")["required"]
    assert len(required) == 6
    for name in required:
        short = {key: value for key, value in payu.order().items() if key != name}
        answer = payu.call("POST", "orders", short)
        assert answer.json()["status"]["statusCode"] == "ERROR_VALUE_MISSING", name
