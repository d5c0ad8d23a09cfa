"""The REST API `/api/v1` for other systems and for programs of customers. Importing the modules registers the views.

No session, no cookie, no form token: a bearer token with scopes, and the services decide. What it publishes is in
`presenting`, what it takes in `inputs`, what a refusal looks like in `problems`.
"""

from apiflask import APIBlueprint
from flask import Response

from gateway.web.csrf import protection

api = APIBlueprint("api", __name__, url_prefix="/api/v1")
protection.exempt(api)

from gateway.api import (  # noqa: E402
    announcements,
    contracts,
    customers,
    document,
    imports,
    invoices,
    ledger,
    limits,
    messages,
    meters,
    my,
    payments,
    problems,
    readings,
    runs,
    tariffs,
    tickets,
    tokens,
)


@api.after_request
def _finish(response: Response) -> Response:
    """Kept by nobody but the asker, and by her only with a question whether it still holds."""
    response.headers.setdefault(
        "Cache-Control", "private, no-cache" if response.headers.get("ETag") else "no-store"
    )
    response.vary.add("Authorization")
    return limits.tell(response)


__all__ = [
    "announcements",
    "api",
    "contracts",
    "customers",
    "document",
    "imports",
    "invoices",
    "ledger",
    "messages",
    "meters",
    "my",
    "payments",
    "problems",
    "readings",
    "runs",
    "tariffs",
    "tickets",
    "tokens",
]
