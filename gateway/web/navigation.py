"""The menus as data. An entry is listed when its page exists, so a module that is not there yet simply is
not shown.

Pages name their entry at the top, `{% set nav = "invoices" %}`, and it is marked as the present one. A
number beside an entry comes from `g.nav_counts["messages"] = 2` or from a `counts` given to the layout.
"""

from dataclasses import dataclass

from flask import Flask, current_app, g, url_for
from flask_babel import LazyString

from gateway.web.board import menu_key, menu_pages, public_announcements
from gateway.web.languages import lazy_gettext as _l


@dataclass(frozen=True)
class Entry:
    """One menu entry: its key, the endpoint it leads to, an icon and a word; `short` is the word at the bottom."""

    key: str
    endpoint: str
    icon: str
    label: LazyString
    short: LazyString | None = None
    counted: LazyString | None = None
    permission: str = ""
    whole: bool = False  # Closed to staff who are limited to an area, whatever they may do.

    @property
    def url(self) -> str:
        """Where it leads."""
        return url_for(self.endpoint)


PORTAL = (
    Entry("start", "portal.start", "house-door", _l("Home")),
    Entry("invoices", "portal.invoices", "receipt", _l("Invoices")),
    Entry("payments", "portal.payments", "credit-card", _l("Payments")),
    Entry("ledger", "portal.ledger", "journal-text", _l("Statement")),
    Entry("usage", "portal.usage", "bar-chart", _l("Use and readings"), short=_l("Use")),
    Entry(
        "contracts",
        "portal.contracts",
        "file-earmark-text",
        _l("Contracts and services"),
        short=_l("Contracts"),
    ),
    Entry("tickets", "portal.tickets", "chat-left-text", _l("Cases"), counted=_l("new")),
    Entry("messages", "portal.messages", "envelope", _l("Messages"), counted=_l("new")),
)
PORTAL_ACCOUNT = (
    Entry("profile", "portal.profile", "person", _l("Profile")),
    Entry("security", "portal.security", "shield-check", _l("Security")),
)
BOTTOM = ("start", "invoices", "usage", "tickets", "ledger", "contracts")
BOTTOM_ENTRIES = 4

CONSOLE = (
    (
        Entry("desk", "console.desk", "house", _l("Desk")),
        Entry(
            "customers", "console.customers", "people", _l("Customers"), permission="billing.customers.search"
        ),
        Entry(
            "tickets",
            "console.tickets",
            "inboxes",
            _l("Cases"),
            counted=_l("my open ones"),
            permission="tickets.tickets.work",
        ),
        Entry(
            "readings",
            "console.readings",
            "speedometer2",
            _l("Readings"),
            counted=_l("to check"),
            permission="billing.readings.check",
        ),
        Entry("invoices", "console.invoices", "receipt", _l("Invoices")),
        Entry(
            "runs",
            "console.runs",
            "calculator",
            _l("Billing runs"),
            counted=_l("parked"),
            permission="billing.runs.read",
        ),
        Entry(
            "payments",
            "console.payments",
            "arrow-left-right",
            _l("Payments"),
            counted=_l("stuck"),
            permission="payments.payments.search",
        ),
    ),
    (
        Entry(
            "announcements",
            "console.announcements",
            "megaphone",
            _l("Communication"),
            permission="notify.announcements.change",
        ),
        Entry("offers", "console.offers", "bag", _l("Sales")),
        Entry("tariffs", "console.tariffs", "tags", _l("Tariffs"), permission="billing.tariffs.read"),
        Entry("analytics", "console.analytics", "bar-chart", _l("Figures")),
    ),
    (
        Entry(
            "imports", "console.imports", "box-arrow-in-down", _l("Import"), permission="billing.imports.read"
        ),
        Entry("staff", "console.staff", "person-badge", _l("Staff"), permission="identity.staff.manage"),
        Entry(
            "api_clients",
            "console.api_clients",
            "plug",
            _l("API clients"),
            permission="identity.api_clients.manage",
            whole=True,
        ),
        Entry(
            "audit",
            "console.audit",
            "journal-check",
            _l("Audit log"),
            permission="identity.audit.read",
            whole=True,
        ),
        Entry("settings", "console.settings", "gear", _l("Settings")),
    ),
)


def exists(endpoint: str) -> bool:
    """Whether a page is there."""
    return endpoint in current_app.view_functions


def _shown(
    entries: tuple[Entry, ...], permissions: frozenset[str] | None = None, *, limited: bool = False
) -> list[Entry]:
    return [
        entry
        for entry in entries
        if exists(entry.endpoint)
        and (not entry.permission or permissions is None or entry.permission in permissions)
        and not (entry.whole and limited)
    ]


def portal_entries() -> list[Entry]:
    """The main menu of the portal."""
    return _shown(PORTAL)


def account_entries() -> list[Entry]:
    """The second menu: what belongs to the person."""
    return _shown(PORTAL_ACCOUNT)


def bottom_entries() -> list[Entry]:
    """At most four for the bar at the bottom of a phone; the fifth place is „More”."""
    by_key = {entry.key: entry for entry in _shown(PORTAL)}
    return [by_key[key] for key in BOTTOM if key in by_key][:BOTTOM_ENTRIES]


def more_entries() -> list[Entry]:
    """What „More” holds: all that the bar at the bottom does not."""
    below = {entry.key for entry in bottom_entries()}
    return [entry for entry in _shown(PORTAL) if entry.key not in below] + account_entries()


def console_groups(permissions: frozenset[str] | None = None, *, limited: bool = False) -> list[list[Entry]]:
    """The menu of the console in its groups; with permissions, only what they open, here or in an area."""
    return [group for entries in CONSOLE if (group := _shown(entries, permissions, limited=limited))]


def nav_count(key: str) -> int:
    """The number beside an entry, 0 for none."""
    counts: dict[str, int] = g.get("nav_counts", {})
    return counts.get(key, 0)


def counts() -> tuple[tuple[str, int], ...]:
    """All numbers beside entries: what a kept menu depends on."""
    return tuple(g.get("nav_counts", {}).items())


def init_navigation(app: Flask) -> None:
    """Give the layouts their menus."""
    for function in (
        portal_entries,
        account_entries,
        bottom_entries,
        more_entries,
        console_groups,
        nav_count,
        counts,
        menu_pages,
        menu_key,
        public_announcements,
    ):
        app.jinja_env.globals[function.__name__] = function
    app.jinja_env.globals["page_exists"] = exists
