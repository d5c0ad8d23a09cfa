"""Whether a request is one that PayU takes: fields, kinds and limits of its specification."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.providers.provider import Refused

REQUIRED = ("customerIp", "merchantPosId", "description", "currencyCode", "totalAmount", "products")
TEXT_MAX = {
    "customerIp": 45,
    "merchantPosId": 64,
    "description": 4000,
    "currencyCode": 3,
    "totalAmount": 12,
    "extOrderId": 1024,
    "notifyUrl": 1024,
    "continueUrl": 1024,
    "additionalDescription": 1024,
    "visibleDescription": 80,
    "statementDescription": 22,
    "validityTime": 9,
    "cardOnFile": 30,
    "recurring": 30,
}
PRODUCTS_MAX = 1_000
EXT_REFUND_MAX = 1_024


def error(status: int, code: str, description: str, **more: str) -> Refused:
    """An error in PayU's shape."""
    body = {"status": {"statusCode": code, "severity": "ERROR", **more, "statusDesc": description}}
    return Refused(status, body, description)


def missing(name: str) -> Refused:
    """A field that must be there is not."""
    return error(400, "ERROR_VALUE_MISSING", f"Missing required field: {name}")


def invalid(description: str) -> Refused:
    """A value is of the wrong kind, too long or out of range."""
    return error(400, "ERROR_VALUE_INVALID", description)


def not_found() -> Refused:
    """No such order or refund."""
    return error(404, "DATA_NOT_FOUND", "Could not find data for given criteria.")


def read_object(given: object) -> dict[str, Any]:
    """A JSON object. Raises Refused 400."""
    if not isinstance(given, dict):
        raise error(400, "ERROR_SYNTAX", "Request is not a JSON object")
    return given


def read_order(given: object) -> dict[str, Any]:
    """What an order is made of. Raises Refused 400."""
    body = read_object(given)
    for name in REQUIRED:
        if body.get(name) in (None, "", []):
            raise missing(name)
    for name, most in TEXT_MAX.items():
        value = body.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > most):
            raise invalid(f"{name}: text of at most {most} characters")
    read_amount(body["totalAmount"], "totalAmount")
    if not re.fullmatch(r"[A-Z]{3}", body["currencyCode"]):
        raise invalid("currencyCode: three capital letters")
    _check_ip(body["customerIp"])
    for name in ("notifyUrl", "continueUrl"):
        if body.get(name) and not _is_web(body[name]):
            raise invalid(f"{name}: http or https")
    if not str(body.get("validityTime") or "1").isdigit() or int(body.get("validityTime") or 1) == 0:
        raise invalid("validityTime: seconds")
    _check_products(body["products"])
    _check_buyer(body.get("buyer"))
    _check_method(body.get("payMethods"))
    if body.get("recurring") and body.get("cardOnFile"):
        raise invalid("recurring and cardOnFile exclude each other")
    return body


def read_amount(value: object, name: str) -> int:
    """Minor units as text. Raises Refused 400."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,12}", value) or int(value) == 0:
        raise invalid(f"{name}: minor units, as text, above zero")
    return int(value)


def _check_ip(text: str) -> None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise invalid("customerIp: an IP address") from None
    if address.is_unspecified:
        raise invalid("customerIp: 0.0.0.0 is not accepted")


def _is_web(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _check_products(products: object) -> None:
    if not isinstance(products, list) or len(products) > PRODUCTS_MAX:
        raise invalid(f"products: a list of at most {PRODUCTS_MAX}")
    for product in products:
        if not isinstance(product, dict):
            raise invalid("products: a list of objects")
        for name in ("name", "unitPrice", "quantity"):
            if not product.get(name):
                raise missing(f"products.{name}")
            if not isinstance(product[name], str) or len(product[name]) > 255:
                raise invalid(f"products.{name}: text of at most 255 characters")
        if not product["unitPrice"].isdigit() or not re.fullmatch(
            r"[0-9]+([.,][0-9]+)?", product["quantity"]
        ):
            raise invalid("products: unitPrice in minor units, quantity a number, both as text")


def _check_buyer(buyer: object) -> None:
    if buyer is None:
        return
    if not isinstance(buyer, dict):
        raise invalid("buyer: an object")
    for name, most in (("email", 255), ("extCustomerId", 255), ("firstName", 100), ("lastName", 100)):
        value = buyer.get(name)
        if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= most):
            raise invalid(f"buyer.{name}: text of 1 to {most} characters")


def _check_method(methods: object) -> None:
    """Only the hosted page is simulated: no cards or codes in the request itself."""
    if methods is None:
        return
    method = methods.get("payMethod", {}) if isinstance(methods, dict) else None
    if not isinstance(method, dict) or method.get("type", "PBL") not in ("PBL", "PAYMENT_WALL"):
        raise invalid("payMethods: this sandbox knows PBL and PAYMENT_WALL alone")


def read_refund(given: object) -> dict[str, Any]:
    """`{"refund": {…}}`. Raises Refused 400."""
    refund = read_object(given).get("refund")
    if not isinstance(refund, Mapping):
        raise missing("refund")
    if not refund.get("description"):
        raise missing("refund.description")
    for name, most in (("description", 4000), ("bankDescription", 255), ("extRefundId", EXT_REFUND_MAX)):
        value = refund.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > most):
            raise invalid(f"refund.{name}: text of at most {most} characters")
    if refund.get("type", "REFUND_PAYMENT_STANDARD") not in ("REFUND_PAYMENT_STANDARD", "FAST"):
        raise invalid("refund.type: REFUND_PAYMENT_STANDARD or FAST")
    return dict(refund)
