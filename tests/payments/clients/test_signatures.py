"""Signatures against the vectors that the providers and other clients published."""

import hashlib
import json
from pathlib import Path

import pytest

from services.payments.clients.payu import ALGORITHMS, signature_of
from services.payments.clients.przelewy24 import PAYMENT_FIELDS, REFUND_FIELDS, sign

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "testvectors.json"
# Quoted in the facts about the protocols; always there.
PAID = {
    "merchantId": 12345,
    "posId": 123,
    "sessionId": "0beec7",
    "amount": 1500,
    "originAmount": 1500,
    "currency": "PLN",
    "orderId": 123456789,
    "methodId": 32,
    "statement": "p24-XXX-YYY-ZZZ",
}
REFUNDED = {
    "orderId": 123456789,
    "sessionId": "0beec7",
    "refundsUuid": "dda251",
    "merchantId": 12345,
    "amount": 1500,
    "currency": "PLN",
    "status": 0,
}
REGISTER = {"sessionId": "unique-session-id", "merchantId": 999999, "amount": 1234, "currency": "PLN"}
VERIFY = {"sessionId": "unique-session-id", "orderId": 123456789, "amount": 1234, "currency": "PLN"}
PRZELEWY24 = [
    (
        PAID,
        "bar",
        "703e946290d92230297c35d3bc8f554d4a458a4c97c9917665929c5ef5e682f7a868ac36e5dff20184c6a5302ef66c77",
    ),
    (
        REFUNDED,
        "bar",
        "689010bfd5819bcf683ee0556c0412808b760063a6a66ed4d305d9d85b0bb16ab38bc8fcd0808c85f977f5a041344688",
    ),
    (
        REGISTER,
        "crc-z-panelu-p24",
        "b27f9adce99faee87750d350e24fab781f734fd80af7bdcff7063dab3fcebbf5f051b264a9b547e611e8e6af7b377cfa",
    ),
    (
        VERIFY,
        "crc-z-panelu-p24",
        "b1fda2e861a66fd7974f37c4ba636644fd1589be1dbdfc6cfbe049cbcac82284e9c4c485bcd13a5672837b29a4c2ecaa",
    ),
]
PAYU = [
    ("OpenPayUData", "SignatureKey", "MD5", "8375034eb737d520c829fad4026a38aa"),
    ("OpenPayUData", "SignatureKey", "SHA-1", "52bb16149d1a5ccc8ac05f8e435c30d82efd5364"),
    (
        "OpenPayUData",
        "SignatureKey",
        "SHA-256",
        "8b2fd55b48f150347df56ce18d787335f32ced1d67f214016476f7c0a8f09981",
    ),
]


@pytest.mark.parametrize(("values", "crc", "signature"), PRZELEWY24)
def test_przelewy24_signs_as_published(values, crc, signature):
    assert sign(values, crc) == signature


def test_the_fields_of_notifications_stand_in_the_published_order():
    assert list(PAYMENT_FIELDS) == list(PAID)
    assert list(REFUND_FIELDS) == list(REFUNDED)


def test_przelewy24_signs_letters_and_slashes_unescaped():
    text = '{"slash":"foo/bar","unicode":"ąźćż","crc":"x"}'
    assert sign({"slash": "foo/bar", "unicode": "ąźćż"}, "x") == hashlib.sha384(text.encode()).hexdigest()


@pytest.mark.parametrize(("body", "key", "algorithm", "signature"), PAYU)
def test_payu_signs_as_published(body, key, algorithm, signature):
    assert signature_of(body.encode(), key, algorithm) == signature


@pytest.mark.parametrize("algorithm", ["", "md5 ", "SHA3-256", "BLAKE2B", "HMAC", "NONE"])
def test_an_algorithm_that_is_not_listed_signs_nothing(algorithm):
    assert algorithm not in ALGORITHMS
    assert signature_of(b"", "key", algorithm) == ""


@pytest.mark.skipif(not VECTORS.exists(), reason="the collection of vectors is not on this machine")
def test_the_whole_collection():
    vectors = json.loads(VECTORS.read_text("utf-8"))
    for one in vectors["przelewy24"]:
        values = json.loads(one["json"])
        crc = values.pop("crc", None)
        if crc is not None:
            assert sign(values, crc) == one["sha384"], one["name"]
    for one in vectors["payu"]:
        if "signature" in one:
            found = signature_of(one["body"].encode(), one["second_key"], one["algorithm"])
            assert found == one["signature"], one["name"]
