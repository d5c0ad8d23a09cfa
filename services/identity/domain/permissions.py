"""The one table of permissions: what a grant's scope and a staff member's roles allow.

Every service asks only for the permission its method names; who has it is decided here.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from services.identity.storage.grants import GivenBy, Scope
from services.identity.storage.staff import Role

EVERY_USER = frozenset(
    {
        "identity.profile.change",
        "identity.grants.claim",
        "identity.invitations.accept",
        "identity.personal_tokens.manage",
    }
)

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
        "identity.consents.read",
    }
)
_OF_CUSTOMER = frozenset(
    {"identity.activity.read", "identity.grants.give_up"}
)  # Of everybody who acts for a customer.
_PAY = _VIEW | {"payments.payments.start"}
_MANAGE = _PAY | {
    "billing.customers.change_contact",
    "billing.readings.submit",
    "identity.consents.change",
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
    "identity.grants.revoke",
    "identity.consents.record",
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
    "identity.factors.reset",
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
    "notify.segments.read",
    "notify.segments.change",
    "notify.reminders.change",
}

OF_TRANSITIONS = frozenset({"tickets.tickets.decide"})  # Named by workflows, not by methods.
_ADMINISTRATOR = _MANAGER | {"identity.staff.manage", "identity.api_clients.manage"}

# Who holds a customer by proof says who else does: no scope contains that.
OF_OWNER = frozenset({"identity.grants.read", "identity.grants.give", "identity.grants.revoke"})
OF_SCOPE: dict[Scope, frozenset[str]] = {
    Scope.VIEW: _VIEW | _OF_CUSTOMER,
    Scope.PAY: _PAY | _OF_CUSTOMER,
    Scope.MANAGE: _MANAGE | _OF_CUSTOMER,
}
# What the suite's own roles come with; a provider may give clerks and managers other permissions.
OF_ROLE: dict[Role, frozenset[str]] = {
    Role.CLERK: _CLERK,
    Role.MANAGER: _MANAGER,
    Role.ADMINISTRATOR: _ADMINISTRATOR,
}
OF_STAFF = _ADMINISTRATOR  # All that a role can hold.
OWN_ROLES = frozenset(role.value for role in Role)


@cache
def of_user(scope: Scope, given_by: GivenBy) -> frozenset[str]:
    """What a user may do for the selected customer; one set for all of them, as each page compares it."""
    owner = OF_OWNER if given_by is GivenBy.PROOF else frozenset()
    return EVERY_USER | OF_SCOPE[scope] | owner


def of_staff(roles: Iterable[str], changed: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """What the roles allow together; `changed` has those that were made or changed here. An unknown one allows nothing.

    What is no permission any more is left out, and nobody takes anything from the administrator.
    """
    sets = []
    for key in roles:
        if key in changed and key != Role.ADMINISTRATOR:
            sets.append(OF_STAFF.intersection(changed[key]))
        elif key in OWN_ROLES:
            sets.append(OF_ROLE[Role(key)])
    return frozenset().union(*sets)
