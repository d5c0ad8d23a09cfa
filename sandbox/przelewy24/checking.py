"""Whether a request is one that Przelewy24 takes: fields, kinds and limits of its specification."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.providers.provider import Refused

INVALID = {"error": "Invalid input data", "code": 400}
INVALID_REFUND = {"error": "Invalid input parameters", "code": 400}
UNKNOWN_CALLER = {"error": "Incorrect authentication", "code": 401}
LANGUAGES = {*("bg", "cs", "de", "en", "es", "fr", "hr", "hu", "it", "nl", "pl", "pt", "se", "sk", "ro")}
INT64_MAX = 2**63 - 1
AMOUNT_MAX = 999_999_999
REFUNDS_MAX = 100


@dataclass(frozen=True)
class Field:
    """Text of at most `most` characters, a number of at most `most`, or a truth."""

    kind: type
    most: int = 0
    required: bool = False


REGISTER = {
    "merchantId": Field(int, INT64_MAX, required=True),
    "posId": Field(int, INT64_MAX, required=True),
    "sessionId": Field(str, 100, required=True),
    "amount": Field(int, AMOUNT_MAX, required=True),
    "currency": Field(str, 3, required=True),
    "description": Field(str, 1024, required=True),
    "email": Field(str, 50, required=True),
    "client": Field(str, 40),
    "address": Field(str, 80),
    "zip": Field(str, 10),
    "city": Field(str, 50),
    "country": Field(str, 2, required=True),
    "phone": Field(str, 12),
    "language": Field(str, 2, required=True),
    "method": Field(int, INT64_MAX),
    "urlReturn": Field(str, 250, required=True),
    "urlStatus": Field(str, 250),
    "timeLimit": Field(int, 99),
    "channel": Field(int, 32_767),
    "waitForResult": Field(bool),
    "regulationAccept": Field(bool),
    "shipping": Field(int, AMOUNT_MAX),
    "transferLabel": Field(str, 20),
    "mobileLib": Field(int, 1),
    "sdkVersion": Field(str, 10),
    "encoding": Field(str, 15),
    "methodRefId": Field(str, 250),
    "urlCardPaymentNotification": Field(str, 250),
    "cart": Field(list),
    "additional": Field(dict),
    "sign": Field(str, 100, required=True),
}
VERIFY = {
    "merchantId": Field(int, INT64_MAX, required=True),
    "posId": Field(int, INT64_MAX, required=True),
    "sessionId": Field(str, 100, required=True),
    "amount": Field(int, AMOUNT_MAX, required=True),
    "currency": Field(str, 3, required=True),
    "orderId": Field(int, INT64_MAX, required=True),
    "sign": Field(str, 100, required=True),
}
REFUND = {
    "requestId": Field(str, 45, required=True),
    "refundsUuid": Field(str, 35, required=True),
    "refunds": Field(list, required=True),
    "urlStatus": Field(str, 250),
}
REFUND_ITEM = {
    "orderId": Field(int, INT64_MAX, required=True),
    "sessionId": Field(str, 100, required=True),
    "amount": Field(int, AMOUNT_MAX, required=True),
    "description": Field(str, 35),
}


def _fault(name: str, field: Field, value: object) -> str:
    if isinstance(value, bool) is not (field.kind is bool) or not isinstance(value, field.kind):
        return f"{name}: {field.kind.__name__} expected, {type(value).__name__} came"
    if isinstance(value, str):
        if field.required and not value:
            return f"{name}: empty"
        if len(value) > field.most:
            return f"{name}: longer than {field.most}"
    if isinstance(value, int) and field.kind is int and not 0 <= value <= field.most:
        return f"{name}: not from 0 to {field.most}"
    return ""


def read(given: object, fields: Mapping[str, Field], refusal: object = INVALID) -> dict[str, object]:
    """The known fields of a body. Raises Refused 400; fields that nobody knows are let pass, as in the real one."""
    if not isinstance(given, dict):
        raise Refused(400, refusal, "the body is not a JSON object")
    for name, field in fields.items():
        if given.get(name) is None:
            if field.required:
                raise Refused(400, refusal, f"{name}: missing")
        elif fault := _fault(name, field, given[name]):
            raise Refused(400, refusal, fault)
    return {name: given[name] for name in fields if given.get(name) is not None}


def check_register(body: Mapping[str, object]) -> None:
    """What a kind and a length do not say. Raises Refused 400."""
    faults = {
        "amount: above zero": body["amount"] == 0,
        "currency: three capital letters": not re.fullmatch(r"[A-Z]{3}", str(body["currency"])),
        "country: two capital letters": not re.fullmatch(r"[A-Z]{2}", str(body["country"])),
        "email: an address": not re.fullmatch(r"[^@\s]+@[^@\s]+", str(body["email"])),
        "language: one of the list": body["language"] not in LANGUAGES,
        "urlReturn: http or https": not is_web(str(body["urlReturn"])),
        "urlStatus: http or https": "urlStatus" in body and not is_web(str(body["urlStatus"])),
        "transferLabel: letters, digits and . / : -": not re.fullmatch(
            r"[\w./:\- ]*", str(body.get("transferLabel", ""))
        ),
    }
    for words, is_wrong in faults.items():
        if is_wrong:
            raise Refused(400, INVALID, words)


def is_web(url: str) -> bool:
    """Whether a browser or a notification can go there."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.netloc)
