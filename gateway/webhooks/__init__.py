"""What payment providers send, straight to payments, and SMSAPI, to notify: raw, unread.

Importing the modules registers the views.

No session, no cookie, no form token, no secret kept: who really sent a message is judged behind, by its signature or by
the secret part of the address.
An answer other than 200 makes the provider send again.
"""

from flask import Blueprint

from gateway.web.csrf import protection

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks")
protection.exempt(webhooks)

from gateway.webhooks import payu, przelewy24, receiving, smsapi, unsubscribing  # noqa: E402

__all__ = ["payu", "przelewy24", "receiving", "smsapi", "unsubscribing", "webhooks"]
