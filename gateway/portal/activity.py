"""Bezpieczeństwo → Aktywność: what was done on the account, by whom, from where."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from ebok.identity.v1 import audit_pb2 as pb
from flask import render_template, request
from flask_login import current_user

from gateway.portal import portal
from gateway.web.calls import call, clients
from gateway.web.paging import page_links, page_request

MINUTE_S = 60


@dataclass
class Doing:
    """What one person did within a minute: one page of the provider's people is several acts."""

    first: pb.Activity
    acts: list[str] = field(default_factory=list)
    changed: bool = False


@portal.get("/bezpieczenstwo/aktywnosc")
def activity() -> str:
    """The newest first."""
    changes_only = request.args.get("zmiany") == "1"
    asked = pb.ListActivityRequest(
        customer_id=current_user.customer_id, changes_only=changes_only, page=page_request()
    )
    found = call(clients().identity.audit.ListActivity, asked)
    return render_template(
        "portal/activity/list.html",
        doings=list(_together(found.activities)),
        links=page_links(found.page),
        changes_only=changes_only,
        you=pb.ACTIVITY_WHO_YOU,
        provider_who=pb.ACTIVITY_WHO_PROVIDER,
    )


def _together(activities: Iterable[pb.Activity]) -> Iterable[Doing]:
    for _key, group in groupby(activities, key=_key_of):
        acts = list(group)
        yield Doing(acts[0], list(dict.fromkeys(one.act for one in acts)), any(one.changed for one in acts))


def _key_of(one: pb.Activity) -> Any:
    return one.who, one.name, one.address, one.happened_at.seconds // MINUTE_S
