"""The provider's pages. Importing the modules registers their views.

Everything here is for staff who have logged in, except the door itself. What a role allows is decided by the service
that is asked; the pages only leave out what would be refused.
"""

from dataclasses import replace
from typing import Any

from flask import Blueprint, current_app, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import Invalid, OutsideArea, PermissionDenied
from gateway.web.areas import area_words
from gateway.web.errors import page_of_refusal, respond
from gateway.web.languages import gettext as _
from gateway.web.paging import CURSOR, here

console = Blueprint("console", __name__, url_prefix="/konsola")
WITHOUT_LOGIN = frozenset({"console.log_in", "console.log_in_code"})


@console.before_request
def _let_in_staff() -> Response | None:
    """Deny by default: a view that is not named above needs a login."""
    if request.endpoint in WITHOUT_LOGIN or current_user.is_authenticated:
        return None
    answer: Response = current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
    return answer


@console.context_processor
def _who_is_here() -> dict[str, Any]:
    """What the layout shows of the person, and `may("billing.runs.issue")` for buttons."""
    if not current_user.is_authenticated:
        return {}
    person = current_user.staff
    roles = ", ".join(words.role_word(role, person.role_names.get(role, "")) for role in person.roles)
    area = area_words(person.towns, person.commodities)
    return {
        "staff": {"name": person.name, "role": roles, "area": area},
        "permissions": current_user.permissions,
        "may": current_user.may,
        "limited": current_user.is_limited,
    }


@console.errorhandler(Invalid)
def _on_invalid(refusal: Invalid) -> Response:
    """A list's cut-off address leads to the list's beginning; anything else becomes an error page."""
    of_cursor = any(violation.field.endswith(CURSOR) for violation in refusal.violations)
    if of_cursor and request.method == "GET" and request.args.get(CURSOR):
        return redirect(here(cursor=None), code=303)
    return respond(page_of_refusal(refusal), reason=refusal.reason)


@console.errorhandler(PermissionDenied)
def _on_permission_denied(refusal: PermissionDenied) -> Response:
    """What is outside an area says whose area it is outside of; not what is there."""
    page = page_of_refusal(refusal)
    if refusal.reason != OutsideArea.reason or not current_user.is_authenticated:
        return respond(page, reason=refusal.reason)
    person = current_user.staff
    said = replace(
        page,
        title=_("This is outside your area"),
        happened=_(
            "Your account is limited to: %(area)s. This belongs to somebody elsewhere, or to all customers at once.",
            area=area_words(person.towns, person.commodities),
        ),
        todo=_("If you need it, ask an administrator, or hand the matter to a colleague who has it."),
    )
    return respond(said, reason=refusal.reason)


from gateway.console import (  # noqa: E402
    allocations,
    announcements,
    api_clients,
    audit,
    campaign_acts,
    campaigns,
    canned_answers,
    consents,
    contacts,
    contracts,
    customers,
    desk,
    grants,
    imports,
    invoices,
    ledger,
    messages,
    meters,
    new_tickets,
    pages,
    parked,
    payment_words,
    payments,
    reading_decisions,
    reading_queue,
    reading_windows,
    readings,
    records,
    refunds,
    rejects,
    reminders,
    roles,
    run_invoices,
    runs,
    security,
    segments,
    sessions,
    staff,
    tariffs,
    templates,
    ticket_answers,
    ticket_categories,
    ticket_facts,
    ticket_workflows,
    tickets,
    words,
)

__all__ = [
    "allocations",
    "announcements",
    "api_clients",
    "audit",
    "campaign_acts",
    "campaigns",
    "canned_answers",
    "consents",
    "console",
    "contacts",
    "contracts",
    "customers",
    "desk",
    "grants",
    "imports",
    "invoices",
    "ledger",
    "messages",
    "meters",
    "new_tickets",
    "pages",
    "parked",
    "payment_words",
    "payments",
    "reading_decisions",
    "reading_queue",
    "reading_windows",
    "readings",
    "records",
    "refunds",
    "rejects",
    "reminders",
    "roles",
    "run_invoices",
    "runs",
    "security",
    "segments",
    "sessions",
    "staff",
    "tariffs",
    "templates",
    "ticket_answers",
    "ticket_categories",
    "ticket_facts",
    "ticket_workflows",
    "tickets",
    "words",
]
