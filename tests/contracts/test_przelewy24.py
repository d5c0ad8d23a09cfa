"""The sandbox keeps its word: Przelewy24's own specification and vectors hold for what ours says and takes."""

import json

import pytest

from sandbox.przelewy24 import signing
from sandbox.przelewy24.config import Przelewy24Config
from sandbox.przelewy24.server import open_server
from tests.contracts.openapi import Spec, official
from tests.sandbox.shop import P24Client, Shop, settle

SPEC = "psp-specs/przelewy24-openapi-1.0.16.yml"
API = "/api/v1"
FORM = "TransactionRequestBody1"
# Fields whose text must also mean something: the longest that does, by length.
LONGEST = {
    "email": lambda most: "a" * (most - len("@p.example")) + "@p.example",
    "urlReturn": lambda most: "https://ebok.example/".ljust(most, "x"),
    "urlStatus": lambda most: "https://ebok.example/".ljust(most, "x"),
    "currency": lambda _: "PLN",
    "country": lambda _: "PL",
    "language": lambda _: "pl",
}
SIGNED = {
    "transaction notification (crc=bar)": signing.PAID,
    "refund notification (crc=bar)": signing.REFUNDED,
    "register (inputs from P24 docs example)": signing.REGISTER,
    "verify": signing.VERIFY,
}


@pytest.fixture(scope="module")
def spec():
    return Spec(SPEC)


@pytest.fixture
def shop():
    with Shop() as running:
        yield running


@pytest.fixture
def p24(shop):
    with open_server(Przelewy24Config(refund_s=0.05)) as running:
        yield P24Client(running, shop.url)


def test_signatures_equal_the_vectors():
    vectors = json.loads(official("testvectors.json").read_text("utf-8"))["przelewy24"]
    assert len(vectors) >= 5
    for vector in vectors:
        values = json.loads(vector["json"])
        assert signing.digest(values) == vector["sha384"], vector["name"]
        if vector["name"] in SIGNED:
            # However the values come, they are signed in the order of the specification.
            mixed = dict(sorted(values.items(), reverse=True))
            assert signing.sign(mixed, SIGNED[vector["name"]], values["crc"]) == vector["sha384"], vector[
                "name"
            ]


def test_answers_are_those_of_the_specification(p24, shop, spec):
    def check(method, path, answer, at=None):
        schema = spec.answer(method, API + (at or path), answer.status_code)
        assert spec.faults(schema, answer.json()) == [], (path, answer.text)
        return answer.status_code

    statuses = [check("get", "/testAccess", p24.call("GET", "testAccess"))]
    form = p24.registration()
    statuses.append(check("post", "/transaction/register", p24.call("POST", "transaction/register", form)))
    broken = p24.call("POST", "transaction/register", form | {"sign": "x"})
    statuses.append(check("post", "/transaction/register", broken))
    stranger = p24.call("POST", "transaction/register", form, auth=("1", "2"))
    statuses.append(check("post", "/transaction/register", stranger))
    by_session = "/transaction/by/sessionId/{sessionId}"
    settle(p24.url, "sesja-1", "approve")
    asked = p24.call("GET", "transaction/by/sessionId/sesja-1")
    statuses.append(check("get", "status", asked, by_session))
    statuses.append(check("get", "status", p24.call("GET", "transaction/by/sessionId/x"), by_session))
    order_id = asked.json()["data"]["orderId"]
    statuses.append(check("put", "/transaction/verify", p24.verify("sesja-1", order_id, 12_345)))
    statuses.append(check("put", "/transaction/verify", p24.verify("sesja-1", order_id, 1)))
    statuses.append(check("post", "/transaction/refund", p24.refund(order_id, 345)))
    statuses.append(check("post", "/transaction/refund", p24.refund(order_id, 345)))
    statuses.append(check("post", "/transaction/refund", p24.refund(order_id, 12_345, "b")))
    by_order = "/refund/by/orderId/{orderId}"
    statuses.append(check("get", "refunds", p24.call("GET", f"refund/by/orderId/{order_id}"), by_order))
    statuses.append(check("get", "refunds", p24.call("GET", "refund/by/orderId/1"), by_order))
    methods = "/payment/methods/{lang}?amount=150&currency=PLN"
    statuses.append(check("get", "methods", p24.call("GET", "payment/methods/pl"), methods))
    statuses.append(check("get", "methods", p24.call("GET", "payment/methods/xx"), methods))

    assert statuses == [200, 200, 400, 401, 200, 404, 200, 400, 201, 400, 409, 200, 404, 200, 404]


def test_notifications_are_those_of_the_specification(p24, shop, spec):
    p24.paid(how="approve")
    p24.refund(p24.status("sesja-1")["orderId"], 345)

    told = {one.path.rpartition("/")[2]: one.body for one in shop.wait(2)}

    assert spec.faults(spec.schema("TransactionResult"), told["przelewy24"]) == []
    assert spec.faults(spec.schema("TransactionRefundResult"), told["zwrot"]) == []
    assert set(told["przelewy24"]) == set(spec.properties("TransactionResult"))
    assert set(told["zwrot"]) == set(spec.properties("TransactionRefundResult"))


def test_requests_that_are_taken_are_those_of_the_specification(p24, spec):
    schema = dict(spec.body("post", f"{API}/transaction/register"))
    form = p24.registration(
        timeLimit=15, channel=16, waitForResult=True, client="Anna", transferLabel="FV 1/11"
    )
    assert p24.call("POST", "transaction/register", form).status_code == 200
    # Its list of required fields names a `ttl` that none of its fields is.
    assert [fault for fault in spec.faults(schema, form) if "'ttl' is a required" not in fault] == []
    verification = p24.verification("sesja-1", 4_294_967_297, 12_345)
    assert spec.faults(spec.body("put", f"{API}/transaction/verify"), verification) == []


def test_every_length_of_the_specification_is_held(p24, spec):
    limits = {name: one["maxLength"] for name, one in spec.properties(FORM).items() if "maxLength" in one}
    assert len(limits) >= 15
    for place, (name, most) in enumerate(sorted(limits.items())):
        longest = LONGEST.get(name, lambda most: "x" * most)(most)
        form = {"session": f"s-{place}", name: longest}
        if name == "sessionId":
            form = {"session": longest}
        if name != "sign":
            taken = p24.call("POST", "transaction/register", p24.registration(**form))
            assert taken.status_code == 200, (name, taken.text)
        too_long = p24.registration(session=f"t-{place}", **{name: longest.ljust(most + 1, "x")})
        assert p24.call("POST", "transaction/register", too_long).status_code == 400, name


def test_every_field_that_the_specification_requires_is_required(p24, spec):
    whole = p24.registration()
    for name in set(spec.properties(FORM)) & set(whole) - {"urlStatus"}:
        short = {key: value for key, value in whole.items() if key != name}
        assert p24.call("POST", "transaction/register", short).status_code == 400, name
    assert p24.call("POST", "transaction/register", whole).status_code == 200
