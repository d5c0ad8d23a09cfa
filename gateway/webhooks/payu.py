"""PayU: one address for everything; whether it is about an order or a refund is read from the body, in payments."""

from flask import Response

from gateway.webhooks import webhooks
from gateway.webhooks.receiving import receive


@webhooks.post("/payu")
def payu() -> Response:
    """An order or a refund changed (`notifyUrl`)."""
    return receive("payu", "payment")
