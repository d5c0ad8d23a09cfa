"""Customers' pages. Importing the modules registers their views.

Every page needs a log-in, and a customer to be about, unless it is named here.
"""

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from gateway.web.sessions import person

portal = Blueprint("portal", __name__)

PUBLIC = frozenset(
    f"portal.{name}"
    for name in (
        "home",
        "log_in",
        "log_in_code",
        "log_out",
        "register",
        "register_sent",
        "confirm",
        "reset",
        "reset_sent",
        "new_password",
        "confirm_new_email",
        "deny_sign_in",
        "undo_email_change",
        "help",
        "accessibility",
        "privacy",
        "page",
        "check_message",
        "unsubscribe",
        "refuse_offers",
        "invitation",
    )
)
WITHOUT_CUSTOMER = frozenset(
    f"portal.{name}"
    for name in (
        "claim",
        "profile",
        "more",
        "select_customer",
        "security",
        "step_up",
        "change_password",
        "change_email",
        "set_up_app",
        "remove_app",
        "renew_codes",
        "end_session",
        "end_others",
    )
)


@portal.before_request
def _let_in() -> Response | None:
    """Deny by default: strangers are led to the log-in, users without a customer to the proof."""
    if request.endpoint in PUBLIC:
        return None
    whose = person()
    if not whose.is_authenticated:
        answer: Response = current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
        return answer
    if not whose.customer_id and request.endpoint not in WITHOUT_CUSTOMER:
        return redirect(url_for("portal.claim"), code=303)
    return None


from gateway.portal import (  # noqa: E402
    activity,
    announcements,
    api_tokens,
    consents,
    contracts,
    delegates,
    grants,
    home,
    invitations,
    invoice_rows,
    invoices,
    ledger,
    messages,
    new_tickets,
    pages,
    passwords,
    pay_desks,
    paying,
    payment_words,
    payments,
    preferences,
    profile,
    readings,
    references,
    scopes,
    security,
    sessions,
    start,
    texts,
    tickets,
    transfers,
    usage,
    users,
    words,
)

__all__ = [
    "activity",
    "announcements",
    "api_tokens",
    "consents",
    "contracts",
    "delegates",
    "grants",
    "home",
    "invitations",
    "invoice_rows",
    "invoices",
    "ledger",
    "messages",
    "new_tickets",
    "pages",
    "passwords",
    "pay_desks",
    "paying",
    "payment_words",
    "payments",
    "portal",
    "preferences",
    "profile",
    "readings",
    "references",
    "scopes",
    "security",
    "sessions",
    "start",
    "texts",
    "tickets",
    "transfers",
    "usage",
    "users",
    "words",
]
