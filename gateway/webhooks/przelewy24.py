"""Przelewy24: one address for payments, one for refunds."""

from flask import Response

from gateway.webhooks import webhooks
from gateway.webhooks.receiving import receive


@webhooks.post("/przelewy24")
def przelewy24() -> Response:
    """A payment was made (`urlStatus` of a transaction)."""
    return receive("przelewy24", "payment")


@webhooks.post("/przelewy24/zwrot")
def przelewy24_refund() -> Response:
    """A refund was completed or rejected (`urlStatus` of a refund)."""
    return receive("przelewy24", "refund")
