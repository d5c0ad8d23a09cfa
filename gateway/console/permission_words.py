"""Every permission of staff in plain words, in the groups of the editor of roles. The one table."""

from dataclasses import dataclass

from flask_babel import LazyString

from gateway.web.languages import lazy_gettext as _l


@dataclass(frozen=True)
class Group:
    """Permissions about one thing."""

    key: str
    title: LazyString
    words: dict[str, LazyString]


GROUPS = (
    Group(
        "customers",
        _l("Customers and their data"),
        {
            "billing.customers.search": _l("find customers and open their pages"),
            "billing.customers.read": _l("see a customer's data"),
            "billing.contracts.read": _l("see contracts"),
            "billing.meters.read": _l("see meters"),
            "billing.meters.replace": _l("replace meters"),
            "billing.records.read": _l("see the master data"),
            "billing.records.change": _l("make and change master data"),
            "identity.grants.read": _l("see who has access to a customer in the portal"),
            "identity.grants.revoke": _l("end somebody's access to a customer in the portal"),
            "identity.factors.reset": _l("take a lost app with codes away from who has access to a customer"),
            "identity.consents.read": _l("see a customer's consents"),
            "identity.consents.record": _l("write down consents given on paper or the telephone"),
            "tickets.contacts.read": _l("see who rang or came, and what for"),
            "tickets.contacts.record": _l("record a phone call or a visit"),
        },
    ),
    Group(
        "readings",
        _l("Readings"),
        {
            "billing.readings.read": _l("see readings and use"),
            "billing.readings.record": _l("write readings down for customers"),
            "billing.readings.check": _l("decide on doubtful readings"),
            "billing.readings.plan": _l("plan reading windows"),
        },
    ),
    Group(
        "billing",
        _l("Invoices and billing"),
        {
            "billing.invoices.read": _l("see invoices"),
            "billing.ledger.read": _l("see balances and statements"),
            "billing.runs.read": _l("see billing runs"),
            "billing.runs.prepare": _l("prepare billing runs"),
            "billing.runs.issue": _l("issue the invoices of a run"),
            "billing.tariffs.read": _l("see tariffs"),
            "billing.tariffs.change": _l("write drafts of tariffs"),
            "billing.tariffs.publish": _l("publish tariffs"),
        },
    ),
    Group(
        "payments",
        _l("Payments"),
        {
            "payments.payments.read": _l("see a customer's payments"),
            "payments.payments.search": _l("search all payments"),
            "payments.payments.check": _l("have the operator asked about a payment"),
            "payments.refunds.make": _l("give payments back"),
        },
    ),
    Group(
        "tickets",
        _l("Cases"),
        {
            "tickets.tickets.read": _l("see a customer's cases"),
            "tickets.tickets.work": _l("take cases, answer and close them"),
            "tickets.tickets.decide": _l("decide on complaints"),
            "tickets.attachments.add": _l("add files to cases"),
            "tickets.categories.read": _l("see what cases can be about"),
            "tickets.categories.change": _l("change categories of cases"),
            "tickets.workflows.read": _l("see workflows"),
            "tickets.workflows.change": _l("change and publish workflows"),
            "tickets.canned_answers.change": _l("write canned answers"),
        },
    ),
    Group(
        "communication",
        _l("Communication"),
        {
            "notify.announcements.read": _l("see a customer's announcements"),
            "notify.announcements.change": _l("write and publish announcements"),
            "notify.pages.change": _l("write and publish pages of the portal"),
            "notify.messages.read": _l("see which messages a customer got"),
            "notify.preferences.read": _l("see what a customer wants to be told"),
            "notify.reminders.change": _l("change reminders"),
            "notify.templates.change": _l("change templates"),
            "notify.segments.read": _l("use saved segments"),
            "notify.segments.change": _l("keep segments under a name"),
            "notify.campaigns.read": _l("see campaigns and their recipients"),
            "notify.campaigns.prepare": _l("prepare campaigns"),
            "notify.campaigns.send": _l("send campaigns"),
            "billing.audiences.read": _l("count whom a segment reaches"),
        },
    ),
    Group(
        "provider",
        _l("The whole provider"),
        {
            "billing.imports.read": _l("see imports and refused rows"),
            "billing.imports.mend": _l("mend refused rows"),
            "billing.imports.cancel": _l("stop imports"),
            "identity.audit.read": _l("read the audit log"),
            "identity.staff.manage": _l("manage staff and roles"),
            "identity.api_clients.manage": _l("let other systems in"),
        },
    ),
)
WORDS: dict[str, LazyString] = {name: word for group in GROUPS for name, word in group.words.items()}


def grouped(permissions: frozenset[str]) -> list[tuple[LazyString, list[tuple[str, LazyString]]]]:
    """Those of the permissions that are held, by group; one without words comes last, by its own name."""
    found = [
        (group.title, [(name, word) for name, word in group.words.items() if name in permissions])
        for group in GROUPS
    ]
    unknown = [(name, name) for name in sorted(permissions - WORDS.keys())]
    return [(title, words) for title, words in [*found, (_l("Other"), unknown)] if words]
