"""PayU, REST API 2.1: order → the payer pays → notification. Amounts are strings of grosze.

An order is answered with a redirect that is read and not followed. A notification is signed over its raw bytes with our
second key; PayU sends them in any order. What PayU answered to is asked again with the token renewed once.
"""

import hashlib
import hmac
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from chassis.money import GROSZE_MAX, Money
from services.payments.clients.lines import (
    Bearer,
    Line,
    Question,
    Reply,
    is_web_address,
    read_object,
    read_rows,
)
from services.payments.clients.methods import RememberedMethods
from services.payments.domain.providers import (
    CURRENCY,
    Answer,
    Method,
    MethodKind,
    OrderState,
    OrderStatus,
    RefundAnswer,
    RefundState,
    Registered,
    Said,
)
from services.payments.storage.exchanges import Verdict
from services.payments.storage.payments import Payment
from services.payments.storage.refunds import Refund

NAME = "payu"
OAUTH = "/pl/standard/user/oauth/authorize"
API = "/api/v2_1"
EARLIER_S = 60.0  # A token is renewed this long before it ends.
VALID_S = 24 * 3600  # How long an order can be paid.
NOBODYS_ADDRESS = "127.0.0.1"  # PayU wants an address; without a payer's there is none to tell.
CARD_METHODS, BLIK_METHOD = frozenset({"c", "jp", "ap"}), "blik"
ORDER_STATES = {
    "NEW": OrderState.OPEN,
    "PENDING": OrderState.OPEN,
    "WAITING_FOR_CONFIRMATION": OrderState.TO_ACCEPT,
    "COMPLETED": OrderState.PAID,
    "CANCELED": OrderState.CANCELLED,
    "REJECTED": OrderState.CANCELLED,
}
REFUND_STATES = {
    "PENDING": RefundState.PENDING,
    "FINALIZED": RefundState.REFUNDED,
    "CANCELED": RefundState.REJECTED,
}
# The only ones there are; a name that a sender makes up is no algorithm.
ALGORITHMS = {
    "MD5": "md5",
    "SHA": "sha256",
    "SHA-1": "sha1",
    "SHA1": "sha1",
    "SHA-256": "sha256",
    "SHA256": "sha256",
    "SHA-384": "sha384",
    "SHA384": "sha384",
    "SHA-512": "sha512",
    "SHA512": "sha512",
}
SIGNATURE_HEADERS = ("openpayu-signature", "x-openpayu-signature")
_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,100}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True)
class Account:
    """Who we are at PayU, and where its pages and messages come back to."""

    pos_id: str
    second_key: str
    client_id: str
    client_secret: str
    return_url: str  # With {payment_id}.
    notify_url: str


def signature_of(body: bytes, second_key: str, algorithm: str) -> str:
    """The signature of raw bytes; empty for an algorithm that is not allowed."""
    name = ALGORITHMS.get(algorithm)
    return hashlib.new(name, body + second_key.encode(), usedforsecurity=False).hexdigest() if name else ""


class PayU:
    """The provider, as the domain knows it."""

    name = NAME
    email_length_max = 100

    def __init__(self, account: Account, line: Line, *, methods_wait_s: float) -> None:
        self._account = account
        self._line = line
        self._tokens = Tokens(account, line)
        self._methods = RememberedMethods(line, self._ask_methods, wait_s=methods_wait_s)
        self.asking_s_max = 4 * line.asking_s_max  # A token and the question, and both once more.

    # methods

    def methods(self, language: str) -> Sequence[Method]:
        """The ways to pay that are open now, remembered for a while."""
        return self._methods.of("en" if language == "en" else "pl")

    def method_name(self, method_id: str, *, known: bool = False) -> str:
        """The name of a way to pay, in Polish."""
        return self._methods.name_of(method_id, known=known)

    def _ask_methods(self, language: str) -> tuple[Reply, list[Method] | None]:
        reply = self._ask(Question("methods", "GET", f"{API}/paymethods?lang={language}"))
        rows = reply.data.get("payByLinks") if reply.status == 200 else None
        if not isinstance(rows, list):
            return reply, None
        return reply, [
            Method(_kind(row["value"]), row["value"], row["name"][:200])
            for row in rows
            if isinstance(row, dict)
            and row.get("status") == "ENABLED"
            and _is_key(row.get("value"))
            and isinstance(row.get("name"), str)
        ]

    # payments

    def register(self, payment: Payment) -> Registered:
        """Order under the payment's own id, which PayU takes once."""
        account = self._account
        name = f"Płatność {payment.number}, klient {payment.customer_number}"
        amount = str(payment.amount.grosze)
        values: dict[str, Any] = {
            "extOrderId": payment.payment_id.hex,
            "notifyUrl": account.notify_url,
            "continueUrl": account.return_url.format(payment_id=payment.payment_id),
            "customerIp": payment.payer_address or NOBODYS_ADDRESS,
            "merchantPosId": account.pos_id,
            "description": name,
            "visibleDescription": payment.number,
            "currencyCode": CURRENCY,
            "totalAmount": amount,
            "validityTime": str(VALID_S),
            "buyer": {"email": payment.payer_email, "language": payment.language or "pl"},
            "products": [{"name": name, "unitPrice": amount, "quantity": "1", "virtual": True}],
        }
        if payment.method_id:
            values["payMethods"] = {"payMethod": {"type": "PBL", "value": payment.method_id}}
        reply = self._ask(
            Question("register", "POST", f"{API}/orders", values, payment_id=payment.payment_id)
        )
        if reply.verdict is not Verdict.ACCEPTED:
            return Registered(reply.verdict, reply.exchange_id, reply.sent)
        data = reply.data
        order_id: Any = data.get("orderId")
        url = data.get("redirectUri")
        secure = self._line.url.startswith("https://")
        if not _is_key(order_id) or not isinstance(url, str) or not is_web_address(url, secure=secure):
            return Registered(Verdict.MALFORMED, reply.exchange_id)
        return Registered(Verdict.ACCEPTED, reply.exchange_id, redirect_url=url, order_id=order_id)

    def accept(self, payment: Payment) -> Answer:
        """Capture what the payer authorised; of a shop that receives by itself nothing comes here."""
        reply = self._ask(self._of_order(payment, "verify", "POST", "/captures"))
        if reply.verdict is Verdict.ACCEPTED and not _is_success(reply):
            return Answer(Verdict.MALFORMED, reply.exchange_id)
        return Answer(reply.verdict, reply.exchange_id, reply.sent)

    def status(self, payment: Payment) -> OrderStatus:
        """By PayU's number of the order; one whose number was lost cannot be asked for."""
        if not payment.provider_order_id:
            return OrderStatus(Verdict.ACCEPTED, state=OrderState.UNASKABLE)
        reply = self._ask(self._of_order(payment, "status", "GET"))
        if reply.status == 404 and "status" in reply.data:
            return OrderStatus(Verdict.ACCEPTED, reply.exchange_id, state=OrderState.NOT_FOUND)
        if reply.verdict is not Verdict.ACCEPTED:
            return OrderStatus(reply.verdict, reply.exchange_id, reply.sent)
        rows = reply.data.get("orders")
        order = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
        if order.get("extOrderId") != payment.payment_id.hex or order.get("status") not in ORDER_STATES:
            return OrderStatus(Verdict.MALFORMED, reply.exchange_id)
        return OrderStatus(
            Verdict.ACCEPTED,
            reply.exchange_id,
            state=ORDER_STATES[order["status"]],
            amount=_read_amount(order.get("totalAmount")),
            currency=str(order.get("currencyCode", "")),
            order_id=str(order.get("orderId", "")),
            method_id=_method_of(order),
        )

    # refunds

    def refund(self, payment: Payment, refund: Refund) -> RefundAnswer:
        """Give back under the refund's own id; with the same data PayU answers the same refund."""
        values = {
            "refund": {
                "description": f"Zwrot {payment.number}",
                "amount": str(refund.amount.grosze),
                "extRefundId": refund.refund_id.hex,
                "currencyCode": CURRENCY,
            }
        }
        reply = self._ask(self._of_order(payment, "refund", "POST", "/refunds", values))
        if reply.verdict is not Verdict.ACCEPTED:
            return RefundAnswer(reply.verdict, reply.exchange_id, reply.sent)
        return _refund_answer(reply, reply.data.get("refund"), refund)

    def refund_status(self, payment: Payment, refund: Refund) -> RefundAnswer:
        """Ours among the refunds of the order."""
        reply = self._ask(self._of_order(payment, "refund_status", "GET", "/refunds"))
        if reply.verdict is Verdict.REFUSED:  # Of a question, not of the refund.
            return RefundAnswer(Verdict.PROVIDER_FAULT, reply.exchange_id)
        if reply.verdict is not Verdict.ACCEPTED:
            return RefundAnswer(reply.verdict, reply.exchange_id, reply.sent)
        rows = read_rows(reply.body)
        if rows is None:
            rows = reply.data.get("refunds")
        if not isinstance(rows, list):
            return RefundAnswer(Verdict.MALFORMED, reply.exchange_id)
        for row in rows:
            if isinstance(row, dict) and row.get("extRefundId") == refund.refund_id.hex:
                return _refund_answer(reply, row, refund)
        return RefundAnswer(Verdict.ACCEPTED, reply.exchange_id, state=RefundState.NOT_FOUND)

    # notifications

    def read_notification(self, body: bytes, headers: Mapping[str, str], kind: str) -> Said:  # noqa: ARG002
        """Signature of the raw bytes, form, merchant. The body tells whether it is of an order or of a refund."""
        if not self._is_signed(body, headers):
            return Said(Verdict.SIGN_WRONG)
        data = read_object(body)
        if data is None:
            return Said(Verdict.MALFORMED)
        if isinstance(data.get("refund"), dict):
            return _read_refund(data, data["refund"])
        order = data.get("order")
        amount = _read_amount(order.get("totalAmount")) if isinstance(order, dict) else None
        if not isinstance(order, dict) or amount is None or not _is_key(order.get("orderId")):
            return Said(Verdict.MALFORMED)
        if order.get("merchantPosId") != self._account.pos_id:
            return Said(Verdict.MERCHANT_WRONG)
        return Said(
            payment_key=str(order.get("extOrderId", "")),
            order_id=order["orderId"],
            amounts=(amount,),
            currency=str(order.get("currencyCode", "")),
            order=ORDER_STATES.get(str(order.get("status"))),
            method_id=_method_of(order),
        )

    def _is_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        given = next((headers[name] for name in SIGNATURE_HEADERS if name in headers), "")
        parts = dict(part.strip().partition("=")[::2] for part in given.split(";"))
        expected = signature_of(body, self._account.second_key, parts.get("algorithm", "MD5").upper())
        signature = parts.get("signature", "").lower()
        return bool(expected) and hmac.compare_digest(expected.encode(), signature.encode(errors="replace"))

    def _of_order(
        self,
        payment: Payment,
        kind: str,
        method: str,
        rest: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> Question:
        path = f"{API}/orders/{quote(payment.provider_order_id, safe='')}{rest}"
        return Question(kind, method, path, values, payment_id=payment.payment_id)

    def _ask(self, question: Question) -> Reply:
        """With a token; one that PayU no longer takes is renewed once. Without a token nothing is sent."""
        token = self._tokens.get()
        if token is None:
            return Reply(None, sent=False)
        reply = self._line.ask(question, Bearer(token))
        if reply.status != 401:
            return reply
        self._line.judge(reply, Verdict.REFUSED)
        renewed = self._tokens.get(instead_of=token)
        return reply if renewed is None else self._line.ask(question, Bearer(renewed))


class Tokens:
    """The OAuth token: one for all threads, kept until shortly before its end."""

    def __init__(self, account: Account, line: Line) -> None:
        self._account = account
        self._line = line
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def get(self, *, instead_of: str = "") -> str | None:
        """A token; a new one when the one there is was refused. None when PayU gives none."""
        with self._lock:
            if self._token and self._token != instead_of and time.monotonic() < self._until:
                return self._token
            values = {
                "grant_type": "client_credentials",
                "client_id": self._account.client_id,
                "client_secret": self._account.client_secret,
            }
            reply = self._line.ask(Question("oauth", "POST", OAUTH, values, as_form=True), kept=False)
            token, seconds = reply.data.get("access_token"), reply.data.get("expires_in")
            sound = isinstance(token, str) and token and token.isascii() and token.isprintable()
            if reply.status != 200 or not sound or not isinstance(seconds, int | float):
                return None
            self._token = str(token)
            self._until = time.monotonic() + max(float(seconds) - EARLIER_S, 0.0)
            return self._token


def _read_refund(data: Mapping[str, Any], refund: Mapping[str, Any]) -> Said:
    amount = _read_amount(refund.get("amount"))
    if amount is None or not _is_key(refund.get("extRefundId")) or not _is_key(data.get("orderId")):
        # Without an id of ours it was made at PayU's own pages.
        return Said(Verdict.NOT_OURS if amount is not None else Verdict.MALFORMED)
    return Said(
        payment_key=str(data.get("extOrderId", "")),
        order_id=data["orderId"],
        amounts=(amount,),
        currency=str(refund.get("currencyCode", "")),
        refund_key=refund["extRefundId"],
        refund=REFUND_STATES.get(str(refund.get("status"))),
    )


def _refund_answer(reply: Reply, row: Any, refund: Refund) -> RefundAnswer:
    ours = isinstance(row, dict) and _read_amount(row.get("amount")) == refund.amount
    state = REFUND_STATES.get(str(row.get("status"))) if ours else None
    verdict = Verdict.MALFORMED if state is None else Verdict.ACCEPTED
    return RefundAnswer(verdict, reply.exchange_id, state=state)


def _is_success(reply: Reply) -> bool:
    status = reply.data.get("status")
    return isinstance(status, dict) and status.get("statusCode") == "SUCCESS"


def _kind(value: str) -> MethodKind:
    if value == BLIK_METHOD:
        return MethodKind.BLIK
    return MethodKind.CARD if value in CARD_METHODS else MethodKind.BANK


def _method_of(order: Mapping[str, Any]) -> str:
    """The way the payer took, where PayU says it."""
    method = order.get("payMethod")
    value: Any = method.get("value") if isinstance(method, dict) else ""
    return value if _is_key(value) else ""


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and bool(_KEY.fullmatch(value))


def _read_amount(value: Any) -> Money | None:
    """Grosze in a string; None for anything else."""
    text = value if isinstance(value, str) and _AMOUNT.fullmatch(value) else ""
    return Money(int(text)) if text and int(text) <= GROSZE_MAX else None
