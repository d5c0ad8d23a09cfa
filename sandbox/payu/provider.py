"""The rules of PayU: an order goes from NEW over PENDING to COMPLETED or CANCELED, and each step is told."""

import hashlib
import json
import secrets
import sqlite3
import string
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from chassis.clock import WARSAW
from sandbox.payu import checking, signing
from sandbox.payu.config import PayuConfig
from sandbox.providers import books as stored
from sandbox.providers import notifications
from sandbox.providers.books import FINALIZED, Payment, Refund
from sandbox.providers.provider import APPROVE, CANCEL, DECLINE, LATE, ODD_WAYS, TWICE, Provider, Way

NEW, PENDING, WAITING = "NEW", "PENDING", "WAITING_FOR_CONFIRMATION"
COMPLETED, CANCELED = "COMPLETED", "CANCELED"
TOKEN_S = 43_199
VALIDITY_S = 86_400
OVERTAKEN_S = 1.0
CANCELED_BY_CUSTOMER = "501"
HOURS = 60
HOLD = Way("hold", "Zapłać, sklep odbiera sam", "Pieniądze są zablokowane, dopóki sklep ich nie odbierze.")
REVERSED = Way(
    "reversed", "Zapłać, powiadom w złej kolejności", "Najpierw przychodzi COMPLETED, potem PENDING."
)


class Payu(Provider):
    """REST API 2.1."""

    name = "payu"
    title = "PayU"
    session_key = "ext_order"
    session_name = "extOrderId"
    calls: ClassVar[dict[str, str]] = {
        "oauth": "POST authorize",
        "order": "POST orders",
        "status": "GET orders/{orderId}",
        "transactions": "GET orders/{orderId}/transactions",
        "capture": "POST captures, PUT status",
        "cancel": "DELETE orders/{orderId}",
        "methods": "GET paymethods",
        "refund": "POST refunds",
        "refunds": "GET refunds",
    }
    ways: ClassVar[tuple[Way, ...]] = (APPROVE, DECLINE, CANCEL, *ODD_WAYS, REVERSED, HOLD)
    payable: ClassVar[frozenset[str]] = frozenset({NEW})
    schedule: ClassVar[tuple[float, ...]] = (
        *(0, 1, 2, 5, 10, 30),
        *(hours * HOURS for hours in (1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 36, 48, 60, 72)),
    )

    def __init__(self, config: PayuConfig) -> None:
        super().__init__(config)
        self.config = config

    def make_token(self, db: sqlite3.Connection, at: float) -> str:
        """A new access token."""
        db.execute("DELETE FROM access_tokens WHERE expires_at <= ?", (at,))
        token = str(uuid.uuid4())
        db.execute("INSERT INTO access_tokens VALUES (?, ?)", (token, at + TOKEN_S))
        return token

    def knows_token(self, db: sqlite3.Connection, token: str, at: float) -> bool:
        """Whether it was given out and is not over."""
        row = db.execute("SELECT 1 FROM access_tokens WHERE token = ? AND expires_at > ?", (token, at))
        return row.fetchone() is not None

    def create(self, db: sqlite3.Connection, body: Mapping[str, Any], at: float) -> Payment:
        """A new order. Raises Refused: 403 for another point of sale, 400 for an extOrderId that was used."""
        if body["merchantPosId"] != self.config.pos_id:
            raise checking.error(
                403,
                "ERROR_VALUE_INVALID",
                "merchantPosId is not that of the access token",
                codeLiteral="INVALID_AUTH_FOR_THIS_ORDER",
            )
        session = body.get("extOrderId") or None
        if session and stored.find_payment(db, "session", session):
            raise checking.error(400, "ERROR_ORDER_NOT_UNIQUE", "Order with this extOrderId already exists")
        now = self.now()
        buyer = body.get("buyer") or {}
        payment_id = stored.insert(
            db,
            "payments",
            {
                "token": secrets.token_urlsafe(24),
                "session": session,
                "order_id": _new_order_id(now),
                "amount": int(body["totalAmount"]),
                "currency": body["currencyCode"],
                "status": NEW,
                "method": "m",
                "description": body["description"],
                "payer": buyer.get("email", "") or body["customerIp"],
                "return_url": body.get("continueUrl") or "",
                "notify_url": body.get("notifyUrl") or "",
                "request": json.dumps(body, ensure_ascii=False),
                "created_at": now.isoformat(),
                "expires_at": at + int(body.get("validityTime") or VALIDITY_S),
            },
        )
        return stored.get_payment(db, payment_id)

    def act(self, db: sqlite3.Connection, payment: Payment, how: str, at: float) -> None:
        """See Provider. PENDING and the end are told separately and may overtake each other."""
        if how in (DECLINE.how, CANCEL.how):
            self.cancel(db, payment, at)
        elif how == HOLD.how:
            stored.update(db, "payments", payment.id, status=WAITING, expires_at=None)
            self._tell(db, payment.id, PENDING, at)
            self._tell(db, payment.id, WAITING, at)
        else:
            self.complete(db, payment, payment.amount)
            first_at = at + self.late_s if how in LATE else at
            times = {
                "lost": [],
                "reversed": [(COMPLETED, at), (PENDING, at + OVERTAKEN_S)],
            }.get(how, [(PENDING, first_at), *[(COMPLETED, first_at)] * (2 if how in TWICE else 1)])
            for status, when in times:
                self._tell(db, payment.id, status, when, how)

    def complete(self, db: sqlite3.Connection, payment: Payment, amount: int) -> None:
        """The money is the merchant's."""
        now = self.now().isoformat()
        changed = {"status": COMPLETED, "paid": amount, "paid_at": now, "expires_at": None}
        stored.update(db, "payments", payment.id, **changed)

    def capture(self, db: sqlite3.Connection, payment: Payment, amount: int, at: float) -> None:
        """The merchant takes what was reserved, or a part of it. Raises Refused. Again: nothing changes."""
        if payment.status == COMPLETED and payment.paid == amount:
            return
        if payment.status != WAITING:
            raise checking.invalid(f"Order in status {payment.status} cannot be captured")
        if amount > payment.amount:
            raise checking.invalid("amount: more than was reserved")
        self.complete(db, payment, amount)
        self._tell(db, payment.id, COMPLETED, at)

    def cancel(self, db: sqlite3.Connection, payment: Payment, at: float) -> None:
        """Nothing will be taken. Raises Refused when it was already. Again: nothing changes."""
        if payment.status == COMPLETED:
            raise checking.invalid("Order in status COMPLETED cannot be canceled")
        if payment.status != CANCELED:
            stored.update(db, "payments", payment.id, status=CANCELED, expires_at=None)
            self._tell(db, payment.id, CANCELED, at)

    def expire(self, db: sqlite3.Connection, payment: Payment) -> None:
        """validityTime is over."""
        self.cancel(db, payment, payment.expires_at or 0.0)

    def return_url(self, payment: Payment) -> str:
        """continueUrl, with error=501 when the customer did not pay. Without one the pay page itself."""
        if not payment.return_url:
            return self.pay_path(payment)
        if payment.status != CANCELED:
            return payment.return_url
        parts = urlsplit(payment.return_url)
        query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), ("error", CANCELED_BY_CUSTOMER)])
        return urlunsplit(parts._replace(query=query))

    def pay_path(self, payment: Payment) -> str:
        """See Provider."""
        return f"/pay/?{urlencode({'orderId': payment.order_id, 'token': payment.token})}"

    def error(self, status: int) -> object:
        """See Provider."""
        code = "SERVICE_NOT_AVAILABLE" if status == 503 else "TIMEOUT" if status == 504 else "ERROR_INTERNAL"
        return {"status": {"statusCode": code, "severity": "ERROR", "statusDesc": "System is unavailable"}}

    def order_message(self, payment: Payment, status: str, how: str = "") -> bytes:
        """What notifyUrl gets about an order in a status."""
        order = presented(payment, status)
        if how == "wrong_amount":
            order["totalAmount"] = str(payment.amount - 1)
        body: dict[str, object] = {"order": order}
        if status == COMPLETED and payment.paid_at:
            body["localReceiptDateTime"] = moment(payment.paid_at)
        return _compact(body | {"properties": [{"name": "PAYMENT_ID", "value": payment_number(payment)}]})

    def tell_refund(self, db: sqlite3.Connection, payment: Payment, refund: Refund) -> None:
        """See Provider. It has no `order`: that is how the two kinds are told apart."""
        told = {
            "refundId": refund.refund_id,
            "extRefundId": refund.external_id,
            "amount": str(refund.amount),
            "currencyCode": payment.currency,
            "status": refund.status,
            "statusDateTime": moment(refund.settled_at or refund.created_at),
            "reason": "refund" if refund.status == FINALIZED else "refused",
            "reasonDescription": refund.description,
            "refundDate": moment(refund.created_at),
        }
        body = {"orderId": payment.order_id, "extOrderId": payment.session, "refund": told}
        self._send(db, payment, "refund", _compact(body), at=refund.due_at)

    def _tell(self, db: sqlite3.Connection, payment_id: int, status: str, at: float, how: str = "") -> None:
        payment = stored.get_payment(db, payment_id)
        self._send(db, payment, "payment", self.order_message(payment, status, how), at=at, how=how)

    def _send(
        self, db: sqlite3.Connection, payment: Payment, kind: str, body: bytes, *, at: float, how: str = ""
    ) -> None:
        key = "not the second key" if how == "wrong_sign" else self.config.second_key
        signature = signing.header(signing.sign(body, key))
        headers = {
            "Content-Type": "application/json;charset=UTF-8",
            "OpenPayu-Signature": signature,
            "X-OpenPayU-Signature": signature,
        }
        notifications.add(
            db,
            payment.id,
            kind=kind,
            url=payment.notify_url,
            body=body,
            headers=headers,
            at=at,
            now=self.now(),
        )


def presented(payment: Payment, status: str) -> dict[str, object]:
    """An order as it is answered and told; what was not given is not there."""
    form = payment.request
    order = {
        "orderId": payment.order_id,
        "extOrderId": payment.session,
        "orderCreateDate": moment(payment.created_at),
        "notifyUrl": payment.notify_url or None,
        "customerIp": form["customerIp"],
        "merchantPosId": form["merchantPosId"],
        "description": payment.description,
        "additionalDescription": form.get("additionalDescription"),
        "validityTime": form.get("validityTime", str(VALIDITY_S)),
        "currencyCode": payment.currency,
        "totalAmount": str(payment.amount),
        "buyer": form.get("buyer"),
        "payMethod": None if status == NEW else {"amount": str(payment.amount), "type": "PBL"},
        "status": status,
        "products": [
            {name: product[name] for name in ("name", "unitPrice", "quantity")}
            for product in form["products"]
        ],
    }
    return {name: value for name, value in order.items() if value is not None}


def moment(instant: str) -> str:
    """2026-11-22T12:00:00.000+01:00, in Poland."""
    return datetime.fromisoformat(instant).astimezone(WARSAW).isoformat(timespec="milliseconds")


def payment_number(payment: Payment) -> str:
    """PAYMENT_ID: what stands on the customer's statement."""
    return str(10**9 + int(hashlib.sha256(payment.order_id.encode()).hexdigest(), 16) % (9 * 10**9))


def _new_order_id(now: datetime) -> str:
    letters = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(10))
    return f"{letters}{now.astimezone(WARSAW):%y%m%d}GUEST000P01"


def _compact(values: Mapping[str, object]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
