"""Refunds of Przelewy24: taken in at once, all or none of a request, and carried out a little later."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from sandbox.providers import books as stored
from sandbox.providers.books import FINALIZED, PENDING, REFUSED, Payment
from sandbox.providers.provider import Refused
from sandbox.przelewy24 import checking
from sandbox.przelewy24.provider import PAID, RETURNED, Przelewy24, minute

STATUS_NUMBERS = {FINALIZED: 1, PENDING: 2, REFUSED: 4}


def ask(
    provider: Przelewy24, db: sqlite3.Connection, body: Mapping[str, Any], *, rejecting: bool, at: float
) -> tuple[list[dict[str, object]], int]:
    """The items as they were taken in, and the id of the first payment. Raises Refused 400 or 409."""
    for column, name in (("request_id", "requestId"), ("external_id", "refundsUuid")):
        if stored.find_refund(db, column, body[name]):
            raise Refused(400, {"error": "Request already exists", "code": 400}, f"{name}: used before")
    items = [checking.read(item, checking.REFUND_ITEM, checking.INVALID_REFUND) for item in body["refunds"]]
    if not 0 < len(items) <= checking.REFUNDS_MAX or any(item["amount"] == 0 for item in items):
        raise Refused(400, checking.INVALID_REFUND, "refunds: some, each above zero")
    found = [stored.find_payment(db, "session", item["sessionId"]) for item in items]
    wanted: dict[int, int] = {}
    faults = []
    for item, payment in zip(items, found, strict=True):
        faults.append(_fault(db, item, payment, wanted))
    if any(faults):
        told = [_told(item, message or "", ok=False) for item, message in zip(items, faults, strict=True)]
        raise Refused(409, {"error": told, "code": 409}, next(fault for fault in faults if fault))
    for place, (item, payment) in enumerate(zip(items, found, strict=True)):
        if payment is not None:
            _add(provider, db, body, item, payment, place=place, rejecting=rejecting, at=at)
    first = found[0]
    return [_told(item, "success", ok=True) for item in items], first.id if first else 0


def _fault(
    db: sqlite3.Connection, item: Mapping[str, Any], payment: Payment | None, wanted: dict[int, int]
) -> str:
    """Why an item cannot be; `wanted` adds up what one request asks of each payment."""
    if payment is None or payment.order_id != str(item["orderId"]):
        return "Transaction not found"
    if payment.status not in (PAID, RETURNED):
        return "Transaction in wrong status - cannot refund"
    wanted[payment.id] = wanted.get(payment.id, 0) + item["amount"]
    if stored.sum_refunds(db, payment.id)[1] + wanted[payment.id] > payment.amount:
        return "The amount of refund exceeds available amount for the transaction"
    return ""


def _add(
    provider: Przelewy24,
    db: sqlite3.Connection,
    body: Mapping[str, Any],
    item: Mapping[str, Any],
    payment: Payment,
    *,
    place: int,
    rejecting: bool,
    at: float,
) -> None:
    stored.insert(
        db,
        "refunds",
        {
            "payment_id": payment.id,
            "refund_id": f"{body['requestId']}/{place}",
            "request_id": body["requestId"],
            "external_id": body["refundsUuid"],
            "amount": item["amount"],
            "description": item.get("description", ""),
            "status": PENDING,
            "outcome": REFUSED if rejecting else FINALIZED,
            "notify_url": body.get("urlStatus", ""),
            "created_at": provider.now().isoformat(),
            "due_at": at + provider.refund_s,
        },
    )


def _told(item: Mapping[str, Any], message: str, *, ok: bool) -> dict[str, object]:
    shown = {name: item.get(name, "") for name in ("orderId", "sessionId", "amount", "description")}
    return {**shown, "status": ok, "message": message}


def presented(db: sqlite3.Connection, payment: Payment) -> dict[str, object]:
    """The answer about the refunds of one order."""
    refunds = stored.list_refunds(db, payment.id)
    return {
        "orderId": int(payment.order_id),
        "sessionId": payment.session,
        "amount": payment.amount,
        "currency": payment.currency,
        "refunds": [
            {
                "batchId": 0,
                "requestId": refund.request_id,
                "date": minute(refund.created_at),
                "login": "api",
                "description": refund.description,
                "status": STATUS_NUMBERS[refund.status],
                "amount": refund.amount,
            }
            for refund in refunds
        ],
    }
