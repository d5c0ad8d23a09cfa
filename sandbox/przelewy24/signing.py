"""Przelewy24's signatures: SHA-384 of compact JSON, keys in the order of the specification, nothing escaped."""

import hashlib
import json
from collections.abc import Mapping

REGISTER = ("sessionId", "merchantId", "amount", "currency")
VERIFY = ("sessionId", "orderId", "amount", "currency")
PAID = (
    *("merchantId", "posId", "sessionId", "amount", "originAmount"),
    *("currency", "orderId", "methodId", "statement"),
)
REFUNDED = ("orderId", "sessionId", "refundsUuid", "merchantId", "amount", "currency", "status")


def digest(values: Mapping[str, object]) -> str:
    """Of the values as they stand, lower-case hex."""
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha384(text.encode()).hexdigest()


def sign(values: Mapping[str, object], keys: tuple[str, ...], crc: str) -> str:
    """Of those of the values that this kind of message signs, with the shared secret last."""
    return digest({key: values[key] for key in keys} | {"crc": crc})
