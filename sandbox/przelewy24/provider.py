"""The rules of Przelewy24: a payment is an advance until the merchant verifies it; only money that came is told."""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from chassis.clock import WARSAW
from sandbox.providers import books as stored
from sandbox.providers import notifications
from sandbox.providers.books import FINALIZED, Payment, Refund
from sandbox.providers.notifications import Notification
from sandbox.providers.provider import APPROVE, CANCEL, DECLINE, LATE, ODD_WAYS, TWICE, Provider, Refused, Way
from sandbox.przelewy24 import checking, signing
from sandbox.przelewy24.config import Przelewy24Config

# Numbers of real orders left 32 bits behind; a program that keeps them in an int shall notice here.
ORDER_ID_LEAST = 2**32
ORDER_ID_SPAN = 2**40
METHOD_DEFAULT = 154
NEW, DECLINED, CANCELLED, EXPIRED = "NEW", "DECLINED", "CANCELLED", "EXPIRED"
ADVANCE, PAID, RETURNED = "ADVANCE", "PAID", "RETURNED"
STATUS_NUMBERS = {ADVANCE: 1, PAID: 2, RETURNED: 3}


class Przelewy24(Provider):
    """REST API v1."""

    name = "przelewy24"
    title = "Przelewy24"
    session_key = "session"
    session_name = "sessionId"
    calls: ClassVar[dict[str, str]] = {
        "access": "GET testAccess",
        "register": "POST transaction/register",
        "verify": "PUT transaction/verify",
        "status": "GET transaction/by/sessionId",
        "methods": "GET payment/methods",
        "refund": "POST transaction/refund",
        "refunds": "GET refund/by/orderId",
    }
    ways: ClassVar[tuple[Way, ...]] = (APPROVE, DECLINE, CANCEL, *ODD_WAYS)
    # Who was refused or went away may come back to the same pay page and pay.
    payable: ClassVar[frozenset[str]] = frozenset({NEW, DECLINED, CANCELLED})
    schedule: ClassVar[tuple[float, ...]] = (0, 3, 5, 15, 30, 60, 150, 450)

    def __init__(self, config: Przelewy24Config) -> None:
        super().__init__(config)
        self.config = config

    def register(self, db: sqlite3.Connection, body: Mapping[str, Any], at: float) -> Payment:
        """A new payment. The same session and amount again gives the same one while it is unpaid; else Refused."""
        self._check_merchant(body)
        self._check_sign(body, signing.REGISTER)
        known = stored.find_payment(db, "session", body["sessionId"])
        if known is not None:
            is_same = (known.amount, known.currency) == (body["amount"], body["currency"])
            if not is_same or known.status not in self.payable:
                raise Refused(400, checking.INVALID, "sessionId: used for another payment")
            return known
        time_limit_min = body.get("timeLimit", 0)
        payment_id = stored.insert(
            db,
            "payments",
            {
                "token": secrets.token_hex(17).upper(),
                "session": body["sessionId"],
                "order_id": str(ORDER_ID_LEAST + secrets.randbelow(ORDER_ID_SPAN)),
                "amount": body["amount"],
                "currency": body["currency"],
                "status": NEW,
                "method": str(body.get("method", METHOD_DEFAULT)),
                "description": body["description"],
                "payer": body["email"],
                "return_url": body["urlReturn"],
                "notify_url": body.get("urlStatus", ""),
                "request": json.dumps(body, ensure_ascii=False),
                "created_at": self.now().isoformat(),
                "expires_at": at + 60 * time_limit_min if time_limit_min else None,
            },
        )
        return stored.get_payment(db, payment_id)

    def verify(self, db: sqlite3.Connection, body: Mapping[str, Any]) -> Payment:
        """The merchant takes the advance; from here it is paid and not told any more. Again: nothing changes."""
        self._check_merchant(body)
        self._check_sign(body, signing.VERIFY)
        payment = stored.find_payment(db, "session", body["sessionId"])
        if payment is None or payment.order_id != str(body["orderId"]):
            raise Refused(400, checking.INVALID, "no payment has this sessionId and orderId")
        if (payment.amount, payment.currency) != (body["amount"], body["currency"]):
            raise Refused(400, checking.INVALID, "amount or currency is not the payment's")
        if payment.status not in STATUS_NUMBERS:
            raise Refused(400, checking.INVALID, "nothing was paid yet")
        if payment.status == ADVANCE:
            stored.update(db, "payments", payment.id, status=PAID)
        notifications.finish_all(db, payment.id, "payment")
        return stored.get_payment(db, payment.id)

    def act(self, db: sqlite3.Connection, payment: Payment, how: str, at: float) -> None:
        """See Provider. Only a payment that was made is told."""
        if how in (DECLINE.how, CANCEL.how):
            stored.update(db, "payments", payment.id, status=DECLINED if how == DECLINE.how else CANCELLED)
            return
        now = self.now()
        changed = {"status": ADVANCE, "paid": payment.amount, "paid_at": now.isoformat(), "expires_at": None}
        stored.update(db, "payments", payment.id, **changed)
        body = self.paid_message(payment, how)
        for _ in range(0 if how == "lost" else 2 if how in TWICE else 1):
            notifications.add(
                db,
                payment.id,
                kind="payment",
                url=payment.notify_url,
                body=body,
                headers={"Content-Type": "application/json"},
                at=at + self.late_s if how in LATE else at,
                now=now,
            )

    def paid_message(self, payment: Payment, how: str = APPROVE.how) -> bytes:
        """What urlStatus gets, signed; with `wrong_sign` and `wrong_amount` as somebody would forge it."""
        values = {
            "merchantId": self.config.merchant_id,
            "posId": self.config.pos_id,
            "sessionId": payment.session,
            "amount": payment.amount - 1 if how == "wrong_amount" else payment.amount,
            "originAmount": payment.amount,
            "currency": payment.currency,
            "orderId": int(payment.order_id),
            "methodId": int(payment.method),
            "statement": statement(payment),
        }
        crc = "not the secret" if how == "wrong_sign" else self.config.crc
        return _compact(values | {"sign": signing.sign(values, signing.PAID, crc)})

    def tell_refund(self, db: sqlite3.Connection, payment: Payment, refund: Refund) -> None:
        """See Provider. The whole amount given back makes the payment returned."""
        if stored.sum_refunds(db, payment.id)[0] >= payment.amount:
            stored.update(db, "payments", payment.id, status=RETURNED)
        now = self.now()
        values = {
            "orderId": int(payment.order_id),
            "sessionId": payment.session,
            "merchantId": self.config.merchant_id,
            "requestId": refund.request_id,
            "refundsUuid": refund.external_id,
            "amount": refund.amount,
            "currency": payment.currency,
            "timestamp": int(now.timestamp()),
            "status": 0 if refund.status == FINALIZED else 1,
        }
        body = _compact(values | {"sign": signing.sign(values, signing.REFUNDED, self.config.crc)})
        notifications.add(
            db,
            payment.id,
            kind="refund",
            url=refund.notify_url,
            body=body,
            headers={"Content-Type": "application/json"},
            at=refund.due_at,
            now=now,
        )

    def is_heard(self, db: sqlite3.Connection, notification: Notification) -> bool:
        """A payment is told until it is verified, however politely the merchant answers."""
        if notification.kind == "refund":
            return True
        return stored.get_payment(db, notification.payment_id).status in (PAID, RETURNED)

    def expire(self, db: sqlite3.Connection, payment: Payment) -> None:
        """timeLimit is over: nobody is told, the page takes no money any more."""
        stored.update(db, "payments", payment.id, status=EXPIRED)

    def return_url(self, payment: Payment) -> str:
        """The same address whatever happened."""
        return payment.return_url

    def pay_path(self, payment: Payment) -> str:
        """See Provider."""
        return f"/trnRequest/{payment.token}"

    def error(self, status: int) -> object:
        """See Provider."""
        return {"error": "Unknown error", "code": status}

    def _check_merchant(self, body: Mapping[str, Any]) -> None:
        if (body["merchantId"], body["posId"]) != (self.config.merchant_id, self.config.pos_id):
            raise Refused(400, checking.INVALID, "merchantId or posId is somebody else's")

    def _check_sign(self, body: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        if not secrets.compare_digest(
            str(body["sign"]).encode(), signing.sign(body, keys, self.config.crc).encode()
        ):
            raise Refused(400, checking.INVALID, "sign: wrong")


def statement(payment: Payment) -> str:
    """The title of the transfer, `p24-ABC-DEF-123`."""
    code = hashlib.sha256(payment.order_id.encode()).hexdigest().upper()
    return f"p24-{code[:3]}-{code[3:6]}-{code[6:9]}"


def presented(payment: Payment) -> dict[str, object]:
    """The answer about one transaction."""
    form = payment.request
    return {
        "statement": statement(payment),
        "orderId": int(payment.order_id),
        "sessionId": payment.session,
        "status": STATUS_NUMBERS.get(payment.status, 0),
        "amount": payment.amount,
        "currency": payment.currency,
        "date": minute(payment.created_at),
        "dateOfTransaction": minute(payment.paid_at),
        "clientEmail": payment.payer,
        "accountMD5": "",
        "paymentMethod": int(payment.method),
        "description": payment.description,
        "clientName": str(form.get("client", "")),
        "clientAddress": str(form.get("address", "")),
        "clientCity": str(form.get("city", "")),
        "clientPostcode": str(form.get("zip", "")),
        "batchId": 0,
        "fee": "0",
    }


def minute(instant: str | None) -> str:
    """202611231405, in Poland; empty for what did not happen."""
    if instant is None:
        return ""
    return datetime.fromisoformat(instant).astimezone(WARSAW).strftime("%Y%m%d%H%M")


def _compact(values: Mapping[str, object]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
