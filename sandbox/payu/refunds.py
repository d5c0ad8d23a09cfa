"""Refunds of PayU: the same data again gives the earlier refund; the sum never exceeds what was paid."""

import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any

from sandbox.payu import checking
from sandbox.payu.provider import COMPLETED, Payu, moment
from sandbox.providers import books as stored
from sandbox.providers.books import FINALIZED, PENDING, REFUSED, Payment, Refund

REFUND_ID_LEAST = 5_000_000_000


def ask(
    provider: Payu,
    db: sqlite3.Connection,
    payment: Payment,
    wish: Mapping[str, Any],
    *,
    rejecting: bool,
    at: float,
) -> Refund:
    """A refund that is taken in, or the earlier one. Raises Refused 400."""
    if payment.status != COMPLETED:
        raise _business(f"Order in status {payment.status} cannot be refunded")
    if wish.get("currencyCode", payment.currency) != payment.currency:
        raise checking.error(400, "ERROR_INCONSISTENT_CURRENCIES", "currencyCode is not the order's")
    amount = checking.read_amount(wish["amount"], "refund.amount") if "amount" in wish else payment.paid
    external_id = str(wish.get("extRefundId", ""))
    earlier = stored.list_refunds(db, payment.id)
    for refund in earlier:
        is_same = (refund.external_id, refund.amount, refund.description) == (
            external_id,
            amount,
            wish["description"],
        )
        if is_same:
            return refund
        if external_id and refund.external_id == external_id:
            raise checking.invalid("refund.extRefundId: used for another refund of this order")
    if stored.sum_refunds(db, payment.id)[1] + amount > payment.paid:
        raise _business("The sum of refunds exceeds the amount of the order")
    refund_id = str(REFUND_ID_LEAST + secrets.randbelow(10**9))
    stored.insert(
        db,
        "refunds",
        {
            "payment_id": payment.id,
            "refund_id": refund_id,
            "request_id": refund_id,
            "external_id": external_id,
            "amount": amount,
            "description": wish["description"],
            "status": PENDING,
            "outcome": REFUSED if rejecting else FINALIZED,
            "notify_url": payment.notify_url,
            "created_at": provider.now().isoformat(),
            "due_at": at + provider.refund_s,
        },
    )
    return stored.list_refunds(db, payment.id)[-1]


def _business(description: str) -> Exception:
    return checking.error(400, "OPENPAYU_BUSINESS_ERROR", description, codeLiteral="BUSINESS_ERROR")


def presented(payment: Payment, refund: Refund) -> dict[str, object]:
    """One refund as it is answered."""
    told = {
        "refundId": refund.refund_id,
        "extRefundId": refund.external_id or None,
        "amount": str(refund.amount),
        "currencyCode": payment.currency,
        "description": refund.description,
        "creationDateTime": moment(refund.created_at),
        "status": refund.status,
        "statusDateTime": moment(refund.settled_at or refund.created_at),
    }
    return {name: value for name, value in told.items() if value is not None}
