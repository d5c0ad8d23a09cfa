"""The one table of permissions: what a grant's scope and a staff member's roles allow.

Every service asks only for the permission its method names; who has it is decided here.
"""

from collections.abc import Iterable

from services.identity.storage.grants import Scope
from services.identity.storage.staff import Role

EVERY_USER = frozenset({"identity.profile.change", "identity.grants.claim"})

_VIEW = frozenset(
    {
        "billing.customers.read",
        "billing.contracts.read",
        "billing.meters.read",
        "billing.readings.read",
        "billing.invoices.read",
        "billing.ledger.read",
        "payments.payments.read",
        "tickets.tickets.read",
        "tickets.categories.read",
        "notify.announcements.read",
        "notify.messages.read",
        "notify.preferences.read",
    }
)
_PAY = _VIEW | {"payments.payments.start"}
_MANAGE = _PAY | {
    "billing.customers.change_contact",
    "billing.readings.submit",
    "notify.preferences.change",
    "tickets.tickets.open",
    "tickets.attachments.add",
}

_CLERK = _VIEW | {
    "billing.customers.search",
    "billing.tariffs.read",
    "billing.runs.read",
    "billing.runs.prepare",
    "billing.imports.read",
    "billing.imports.mend",
    "billing.meters.replace",
    "billing.readings.check",
    "billing.readings.record",
    "billing.records.read",
    "billing.records.change",
    "identity.grants.read",
    "payments.payments.search",
    "payments.payments.check",
    "payments.refunds.make",
    "tickets.tickets.work",
    "tickets.attachments.add",
    "tickets.workflows.read",
    "tickets.contacts.read",
    "tickets.contacts.record",
}
_MANAGER = _CLERK | {
    "billing.tariffs.change",
    "billing.tariffs.publish",
    "billing.runs.issue",
    "billing.imports.cancel",
    "billing.readings.plan",
    "identity.audit.read",
    "billing.audiences.read",
    "tickets.tickets.decide",
    "tickets.categories.change",
    "tickets.workflows.change",
    "tickets.canned_answers.change",
    "notify.announcements.change",
    "notify.pages.change",
    "notify.campaigns.read",
    "notify.campaigns.prepare",
    "notify.campaigns.send",
    "notify.templates.change",
    "notify.reminders.change",
}

OF_SCOPE: dict[Scope, frozenset[str]] = {
    Scope.VIEW: _VIEW,
    Scope.PAY: _PAY,
    Scope.MANAGE: _MANAGE,
}
OF_ROLE: dict[Role, frozenset[str]] = {
    Role.CLERK: _CLERK,
    Role.MANAGER: _MANAGER,
    Role.ADMINISTRATOR: _MANAGER,
}


def of_user(scope: Scope | None) -> frozenset[str]:
    """What a user may do: for the selected customer, or with none yet."""
    return EVERY_USER if scope is None else EVERY_USER | OF_SCOPE[scope]


def of_staff(roles: Iterable[str]) -> frozenset[str]:
    """What the roles allow together."""
    return frozenset().union(*(OF_ROLE[Role(role)] for role in roles))
