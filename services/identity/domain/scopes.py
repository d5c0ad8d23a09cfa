"""What the words of API clients and of personal tokens allow, in permissions: the one table.

A client's word lets it read or change a noun over all customers; a personal token's word is for its one customer alone
and never reaches farther than the grant it hangs on.
"""

from collections.abc import Collection

from services.identity.domain import permissions
from services.identity.storage.grants import Scope

OF_CLIENTS: dict[str, frozenset[str]] = {
    name: frozenset(allowed)
    for name, allowed in {
        "announcements:read": ["notify.announcements.read"],
        "announcements:write": ["notify.announcements.change"],
        "contracts:read": ["billing.contracts.read"],
        "customers:read": ["billing.customers.read", "billing.customers.search"],
        "customers:write": ["billing.customers.change_contact"],
        "imports:read": ["billing.imports.read"],
        "imports:write": ["billing.imports.send", "billing.imports.read"],
        "invoices:read": ["billing.invoices.read"],
        "ledger:read": ["billing.ledger.read"],
        "messages:read": ["notify.messages.read"],
        "meters:read": ["billing.meters.read"],
        "meters:write": ["billing.meters.replace"],
        "payments:read": ["payments.payments.read", "payments.payments.search"],
        "premises:read": ["billing.meters.read"],
        "readings:read": ["billing.readings.read"],
        "readings:write": ["billing.readings.record"],
        "records:read": ["billing.records.read"],
        "runs:read": ["billing.runs.read"],
        "runs:write": ["billing.runs.prepare", "billing.runs.issue"],
        "tariffs:read": ["billing.tariffs.read"],
        "tickets:read": ["tickets.tickets.read", "tickets.categories.read"],
        "tickets:write": ["tickets.tickets.work", "tickets.attachments.add"],
    }.items()
}
OF_PERSONAL_TOKENS: dict[str, frozenset[str]] = {
    "usage:read": frozenset({"billing.meters.read", "billing.readings.read"}),
    "invoices:read": frozenset({"billing.invoices.read"}),
}


def of_client(names: Collection[str]) -> frozenset[str]:
    """What a client with these scopes may do. A word that is none any more allows nothing."""
    return frozenset().union(*(OF_CLIENTS.get(name, frozenset()) for name in names))


def of_personal_token(names: Collection[str], scope: Scope) -> frozenset[str]:
    """What a token with these scopes may do under a grant of this scope."""
    wanted: frozenset[str] = frozenset().union(*(OF_PERSONAL_TOKENS.get(name, frozenset()) for name in names))
    return wanted & permissions.OF_SCOPE[scope]
