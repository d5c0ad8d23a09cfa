"""Staff who are limited to an area: which doors are closed to them then, and the area in words.

Every service decides for itself; this table only keeps pages from offering what would be refused. It follows from the
protos (`tests/gateway/test_area.py` holds them together).
"""

from collections.abc import Iterable

from ebok.identity.v1.sessions_pb2 import StaffMember
from flask_babel import LazyString

from gateway.web.languages import lazy_gettext as _l

# What touches everybody at once: of no use to somebody who is limited to an area.
WHOLE_ONLY = frozenset(
    {
        "billing.audiences.read",
        "billing.imports.cancel",
        "billing.imports.mend",
        "billing.imports.read",
        "billing.readings.plan",
        "billing.runs.issue",
        "billing.runs.prepare",
        "billing.runs.read",
        "billing.tariffs.change",
        "billing.tariffs.publish",
        "identity.api_clients.manage",
        "identity.staff.manage",
        "notify.announcements.change",
        "notify.campaigns.prepare",
        "notify.campaigns.read",
        "notify.campaigns.send",
        "notify.pages.change",
        "notify.reminders.change",
        "notify.segments.change",
        "notify.segments.read",
        "notify.templates.change",
        "tickets.canned_answers.change",
        "tickets.categories.change",
        "tickets.workflows.change",
    }
)
# By their names in billing and in areas.
COMMODITIES: dict[str, LazyString] = {
    "water": _l("Water"),
    "sewage": _l("Sewage"),
    "heat": _l("Heat"),
    "hot_water": _l("Hot water"),
    "electricity": _l("Electricity"),
    "gas": _l("Gas"),
}


def is_limited(member: StaffMember) -> bool:
    """Whether somebody works in an area only."""
    return bool(member.towns or member.commodities)


def usable(permissions: Iterable[str], *, limited: bool) -> frozenset[str]:
    """What of the permissions opens anything."""
    held = frozenset(permissions)
    return held - WHOLE_ONLY if limited else held


def area_words(towns: Iterable[str], commodities: Iterable[str]) -> str:
    """`Zdrój, woda`; empty for everywhere."""
    media = [str(COMMODITIES.get(one, one)).lower() for one in commodities]
    return ", ".join([*towns, *media])
