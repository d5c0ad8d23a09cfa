"""Przelewy24, REST API v1: register → the payer pays → notification → verify. Amounts are grosze.

Signatures are SHA-384 over compact JSON with the keys in a fixed order, letters and slashes unescaped. An `orderId` is
beyond 32 bits. Until a payment is verified it is the payer's advance and P24 repeats its notification.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from requests.auth import HTTPBasicAuth

from chassis.money import GROSZE_MAX, Money
from services.payments.clients.lines import Line, Question, Reply, is_web_address, read_object
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
from services.payments.storage.exchanges import NOTIFICATION, Verdict
from services.payments.storage.payments import Payment
from services.payments.storage.refunds import Refund

NAME = "przelewy24"
API = "/api/v1"
LANGUAGES = {"pl": "pl", "en": "en", "uk": "en"}  # P24 has no Ukrainian.
METHOD_LANGUAGES = {"pl": "pl"}  # Names of methods come in Polish and English.
KINDS = {
    "Blik": MethodKind.BLIK,
    "FastTransfers": MethodKind.BANK,
    "eTransfer": MethodKind.BANK,
    "Credit Card": MethodKind.CARD,
}
ORDER_STATES = {0: OrderState.OPEN, 1: OrderState.TO_ACCEPT, 2: OrderState.PAID, 3: OrderState.CANCELLED}
REFUND_STATES = {
    1: RefundState.REFUNDED,
    2: RefundState.PENDING,
    3: RefundState.PENDING,
    4: RefundState.REJECTED,
}
REFUND_NEWS = {0: RefundState.REFUNDED, 1: RefundState.REJECTED}
KNOWN_REFUND, BUSY_REFUND = "Request already exists", "Concurrent call"
PAYMENT_FIELDS = (
    *("merchantId", "posId", "sessionId", "amount", "originAmount"),
    *("currency", "orderId", "methodId", "statement"),
)
REFUND_FIELDS = ("orderId", "sessionId", "refundsUuid", "merchantId", "amount", "currency", "status")
TEXTS = frozenset({"sessionId", "currency", "statement", "refundsUuid"})
TEXT_LENGTH_MAX = 200


@dataclass(frozen=True)
class Account:
    """Who we are at P24, and where its pages and messages come back to."""

    merchant_id: int
    pos_id: int
    crc: str
    api_key: str
    return_url: str  # With {payment_id}.
    notify_url: str
    refund_url: str


def sign(values: Mapping[str, Any], crc: str) -> str:
    """The signature of values in this order, the CRC key last."""
    text = json.dumps({**values, "crc": crc}, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha384(text.encode()).hexdigest()


class Przelewy24:
    """The provider, as the domain knows it."""

    name = NAME
    email_length_max = 50

    def __init__(self, account: Account, line: Line, *, methods_wait_s: float) -> None:
        self._account = account
        self._line = line
        self._auth = HTTPBasicAuth(str(account.pos_id), account.api_key)
        self._methods = RememberedMethods(line, self._ask_methods, wait_s=methods_wait_s)
        self.asking_s_max = line.asking_s_max

    # methods

    def methods(self, language: str) -> Sequence[Method]:
        """The ways to pay that are open now, remembered for a while."""
        return self._methods.of(METHOD_LANGUAGES.get(language, "en"))

    def method_name(self, method_id: str, *, known: bool = False) -> str:
        """The name of a way to pay, in Polish."""
        return self._methods.name_of(method_id, known=known)

    def _ask_methods(self, language: str) -> tuple[Reply, list[Method] | None]:
        reply = self._ask("methods", "GET", f"{API}/payment/methods/{language}")
        rows = reply.data.get("data") if reply.status == 200 else None
        if not isinstance(rows, list):
            return reply, None
        return reply, [
            Method(KINDS[row["group"]], str(row["id"]), str(row["name"])[:TEXT_LENGTH_MAX])
            for row in rows
            if isinstance(row, dict)
            and row.get("group") in KINDS
            and _is_number(row.get("id"))
            and row.get("status") is True
            and isinstance(row.get("name"), str)
        ]

    # payments

    def register(self, payment: Payment) -> Registered:
        """Announce a payment under its own id: P24 knows no second one of it."""
        account, session_id = self._account, payment.payment_id.hex
        signed = {
            "sessionId": session_id,
            "merchantId": account.merchant_id,
            "amount": payment.amount.grosze,
            "currency": CURRENCY,
        }
        values = {
            "merchantId": account.merchant_id,
            "posId": account.pos_id,
            "sessionId": session_id,
            "amount": payment.amount.grosze,
            "currency": CURRENCY,
            "description": f"Płatność {payment.number}, klient {payment.customer_number}",
            "email": payment.payer_email,
            "country": "PL",
            "language": LANGUAGES.get(payment.language, "pl"),
            "urlReturn": account.return_url.format(payment_id=payment.payment_id),
            "urlStatus": account.notify_url,
            "transferLabel": payment.number,
            "encoding": "UTF-8",
            "sign": sign(signed, account.crc),
        }
        if payment.method_id:
            values["method"] = int(payment.method_id)
        reply = self._ask("register", "POST", f"{API}/transaction/register", values, payment)
        if reply.verdict is not Verdict.ACCEPTED:
            return Registered(reply.verdict, reply.exchange_id, reply.sent)
        data = reply.data.get("data")
        token = data.get("token") if isinstance(data, dict) else None
        url = f"{self._line.url}/trnRequest/{token}"
        if not isinstance(token, str) or not token or not is_web_address(url, secure=False):
            return Registered(Verdict.MALFORMED, reply.exchange_id)
        return Registered(Verdict.ACCEPTED, reply.exchange_id, redirect_url=url)

    def accept(self, payment: Payment) -> Answer:
        """Verify: with our own amount, under the order number of the notification."""
        signed = {
            "sessionId": payment.payment_id.hex,
            "orderId": int(payment.provider_order_id),
            "amount": payment.amount.grosze,
            "currency": CURRENCY,
        }
        values = {
            "merchantId": self._account.merchant_id,
            "posId": self._account.pos_id,
            **signed,
            "sign": sign(signed, self._account.crc),
        }
        reply = self._ask("verify", "PUT", f"{API}/transaction/verify", values, payment)
        if reply.verdict is not Verdict.ACCEPTED:
            return Answer(reply.verdict, reply.exchange_id, reply.sent)
        data = reply.data.get("data")
        done = isinstance(data, dict) and data.get("status") == "success"
        return Answer(Verdict.ACCEPTED if done else Verdict.MALFORMED, reply.exchange_id)

    def status(self, payment: Payment) -> OrderStatus:
        """By our own id of the payment."""
        reply = self._ask(
            "status", "GET", f"{API}/transaction/by/sessionId/{payment.payment_id.hex}", None, payment
        )
        if reply.status == 404 and "error" in reply.data:
            return OrderStatus(Verdict.ACCEPTED, reply.exchange_id, state=OrderState.NOT_FOUND)
        if reply.verdict is not Verdict.ACCEPTED:
            return OrderStatus(reply.verdict, reply.exchange_id, reply.sent)
        data = reply.data.get("data")
        sound = (
            isinstance(data, dict)
            and data.get("sessionId") == payment.payment_id.hex
            and _is_number(data.get("status"))
            and data["status"] in ORDER_STATES
        )
        if not sound or not isinstance(data, dict):
            return OrderStatus(Verdict.MALFORMED, reply.exchange_id)
        state = ORDER_STATES[data["status"]]
        amount, order_id, method = data.get("amount"), data.get("orderId"), data.get("paymentMethod")
        if state in (OrderState.TO_ACCEPT, OrderState.PAID) and not _is_number(order_id):
            return OrderStatus(Verdict.MALFORMED, reply.exchange_id)
        return OrderStatus(
            Verdict.ACCEPTED,
            reply.exchange_id,
            state=state,
            amount=Money(amount) if isinstance(amount, int) and _is_number(amount) else None,
            currency=str(data.get("currency", "")),
            order_id=str(order_id) if _is_number(order_id) else "",
            method_id=str(method) if _is_number(method) else "",
        )

    # refunds

    def refund(self, payment: Payment, refund: Refund) -> RefundAnswer:
        """Give back under the refund's own id. A request P24 knows already is one that it has taken."""
        values = {
            "requestId": refund.refund_id.hex,
            "refunds": [
                {
                    "orderId": int(payment.provider_order_id),
                    "sessionId": payment.payment_id.hex,
                    "amount": refund.amount.grosze,
                    "description": f"Zwrot {payment.number}",
                }
            ],
            "refundsUuid": refund.refund_id.hex,
            "urlStatus": self._account.refund_url,
        }
        reply = self._ask("refund", "POST", f"{API}/transaction/refund", values, payment)
        known = reply.status == 400 and reply.data.get("error") == KNOWN_REFUND
        if reply.verdict is Verdict.ACCEPTED or known:
            return RefundAnswer(Verdict.ACCEPTED, reply.exchange_id, state=RefundState.PENDING)
        if reply.status == 400 and reply.data.get("error") == BUSY_REFUND:
            return RefundAnswer(Verdict.PROVIDER_FAULT, reply.exchange_id)
        return RefundAnswer(reply.verdict, reply.exchange_id, reply.sent)

    def refund_status(self, payment: Payment, refund: Refund) -> RefundAnswer:
        """Ours among the refunds of the order."""
        reply = self._ask(
            "refund_status", "GET", f"{API}/refund/by/orderId/{payment.provider_order_id}", None, payment
        )
        if reply.status == 404 and "error" in reply.data:
            return RefundAnswer(Verdict.ACCEPTED, reply.exchange_id, state=RefundState.NOT_FOUND)
        if reply.verdict is Verdict.REFUSED:  # Of a question, not of the refund.
            return RefundAnswer(Verdict.PROVIDER_FAULT, reply.exchange_id)
        if reply.verdict is not Verdict.ACCEPTED:
            return RefundAnswer(reply.verdict, reply.exchange_id, reply.sent)
        data = reply.data.get("data")
        rows = data.get("refunds") if isinstance(data, dict) else None
        if not isinstance(rows, list):
            return RefundAnswer(Verdict.MALFORMED, reply.exchange_id)
        ours = [row for row in rows if isinstance(row, dict) and row.get("requestId") == refund.refund_id.hex]
        if not ours:
            return RefundAnswer(Verdict.ACCEPTED, reply.exchange_id, state=RefundState.NOT_FOUND)
        status: Any = ours[-1].get("status")
        sound = ours[-1].get("amount") == refund.amount.grosze and _is_number(status)
        state = REFUND_STATES.get(status) if sound else None
        verdict = Verdict.MALFORMED if state is None else Verdict.ACCEPTED
        return RefundAnswer(verdict, reply.exchange_id, state=state)

    # notifications

    def read_notification(self, body: bytes, headers: Mapping[str, str], kind: str) -> Said:  # noqa: ARG002
        """Form, signature and merchant, in this order; the headers say nothing with P24."""
        data = read_object(body)
        fields = PAYMENT_FIELDS if kind == NOTIFICATION else REFUND_FIELDS
        if data is None or not _is_sound(data, fields):
            return Said(Verdict.MALFORMED)
        expected = sign({name: data[name] for name in fields}, self._account.crc)
        if not hmac.compare_digest(expected.encode(), data["sign"].encode()):
            return Said(Verdict.SIGN_WRONG)
        if data["merchantId"] != self._account.merchant_id or data.get("posId") not in (
            None,
            self._account.pos_id,
        ):
            return Said(Verdict.MERCHANT_WRONG)
        common = {
            "payment_key": data["sessionId"],
            "order_id": str(data["orderId"]),
            "currency": data["currency"],
        }
        if kind == NOTIFICATION:
            return Said(
                amounts=(Money(data["amount"]), Money(data["originAmount"])),
                order=OrderState.TO_ACCEPT,
                method_id=str(data["methodId"]),
                **common,
            )
        return Said(
            amounts=(Money(data["amount"]),),
            refund_key=data["refundsUuid"],
            refund=REFUND_NEWS.get(data["status"]),
            **common,
        )

    def _ask(
        self,
        kind: str,
        method: str,
        path: str,
        values: Mapping[str, Any] | None = None,
        payment: Payment | None = None,
    ) -> Reply:
        question = Question(
            kind, method, quote(path), values, payment_id=payment.payment_id if payment else None
        )
        return self._line.ask(question, self._auth)


def _is_sound(data: Mapping[str, Any], fields: Sequence[str]) -> bool:
    """Whether every signed field is there with its type, and the signature too."""
    typed = all(_is_text(data.get(name)) if name in TEXTS else _is_number(data.get(name)) for name in fields)
    return typed and _is_text(data.get("sign"))


def _is_text(value: Any) -> bool:
    """A text that can be encoded, and stored."""
    return isinstance(value, str) and len(value) <= TEXT_LENGTH_MAX and value.isprintable()


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= GROSZE_MAX
