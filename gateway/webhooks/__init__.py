"""What payment providers send: raw bodies and headers, straight to payments. Importing the modules registers the views.

No session, no cookie, no form token, no secret: who really sent a message is judged in payments, by its signature.
An answer other than 200 makes the provider send again.
"""

from flask import Blueprint

from gateway.web.csrf import protection

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks")
protection.exempt(webhooks)

from gateway.webhooks import payu, przelewy24, receiving  # noqa: E402

__all__ = ["payu", "przelewy24", "receiving", "webhooks"]
