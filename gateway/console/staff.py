"""Pracownicy: who works here, with which roles and where. An administrator changes both."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from ebok.billing.v1 import audiences_pb2
from ebok.identity.v1 import roles_pb2, staff_pb2
from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import NotFound, Refusal
from gateway.console import console
from gateway.console.inputs import refuse_at
from gateway.console.permission_words import grouped
from gateway.console.words import ROLE_SENTENCES, role_word
from gateway.web import notices, reasons
from gateway.web.areas import COMMODITIES, area_words, usable
from gateway.web.calls import at_once, call, clients
from gateway.web.filters import capital
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _

VERSION_DIGITS_MAX = 12
FIELDS = {"roles": "role", "towns": "miejscowosci", "commodities": "media"}
Roles = Mapping[str, roles_pb2.Role]


def roles_by_key(answer: roles_pb2.ListRolesResponse) -> dict[str, roles_pb2.Role]:
    """All roles in the order of the list."""
    return {one.key: one for one in answer.roles}


def role_names(keys: Iterable[str], roles: Roles) -> str:
    """`administrator, kasa`; empty for none."""
    return ", ".join(role_word(key, roles[key].name if key in roles else "") for key in keys)


@console.get("/pracownicy")
def staff() -> str:
    """Everybody by name: roles, area, last log-in."""
    identity = clients().identity
    found, answer = at_once(
        (identity.staff.ListStaff, staff_pb2.ListStaffRequest()),
        (identity.roles.ListRoles, roles_pb2.ListRolesRequest()),
    )
    roles = roles_by_key(answer)
    rows = [
        (one, role_names(one.roles, roles), area_words(one.towns, one.commodities)) for one in found.staff
    ]
    return render_template("console/staff/list.html", rows=rows)


@console.route("/pracownicy/<uuid:staff_id>", methods=["GET", "POST"])
def colleague(staff_id: UUID) -> Response | tuple[str, int]:
    """Somebody's roles and area, and what follows from what is chosen; `pokaz` shows it before it is saved."""
    identity, answer = clients().identity, audiences_pb2.ListSegmentChoicesResponse()
    found, listed = at_once(
        (identity.staff.ListStaff, staff_pb2.ListStaffRequest()),
        (identity.roles.ListRoles, roles_pb2.ListRolesRequest()),
    )
    one = next((row for row in found.staff if row.staff_id == str(staff_id)), None)
    if one is None:
        raise NotFound
    if current_user.may("billing.audiences.read"):
        asked = audiences_pb2.ListSegmentChoicesRequest()
        answer = call(clients().billing.audiences.ListSegmentChoices, asked)
    roles, towns = roles_by_key(listed), list(dict.fromkeys([*answer.towns, *one.towns]))
    form = Form.of_request(initial=take_all_kept() or _initial(one))  # What was unticked stays so.
    chosen = _read(form, roles, towns) if form.sent else None
    if chosen and "pokaz" not in request.form and form.ok and _saved(form, one, chosen):
        return redirect(url_for("console.staff"), code=303)
    page = render_template(
        "console/staff/colleague.html",
        form=form,
        one=one,
        is_me=one.staff_id == current_user.staff.staff_id,
        roles=[_role_choice(role) for role in roles.values()],
        towns=[(town, town) for town in towns],
        media=list(COMMODITIES.items()),
        means=_consequences(form, roles),
    )
    return page, form.status


def _initial(one: staff_pb2.Colleague) -> dict[str, Any]:
    return {
        "role": list(one.roles),
        "miejscowosci": list(one.towns),
        "media": list(one.commodities),
        "wersja": str(one.version),
    }


def _role_choice(role: roles_pb2.Role) -> dict[str, str]:
    own = ROLE_SENTENCES.get(role.key) if not role.is_changed else None
    titles = [str(title).lower() for title, _words in grouped(frozenset(role.permissions))]
    return {
        "value": role.key,
        "title": capital(role_word(role.key, role.name)),
        "sub": str(own) if own else ", ".join(titles),
    }


def _read(form: Form, roles: Roles, towns: list[str]) -> staff_pb2.ChangeStaffRequest:
    """What is ticked. A value that is not offered is marked, never left out: fewer towns could be a larger area."""
    for name, offered in (("role", roles), ("miejscowosci", towns), ("media", COMMODITIES)):
        if not set(form.values(name)) <= set(offered):
            form.fail(name, reasons.field_sentence("UNKNOWN"))
    version = form.value("wersja")
    if not (version.isascii() and version.isdigit() and len(version) <= VERSION_DIGITS_MAX):
        form.stop(str(reasons.REASONS["STAFF_CHANGED"]))
        version = "0"
    return staff_pb2.ChangeStaffRequest(
        roles=form.choices("role", roles, required=False),
        towns=form.choices("miejscowosci", towns, required=False),
        commodities=form.choices("media", COMMODITIES, required=False),
        version=int(version),
    )


def _saved(form: Form, one: staff_pb2.Colleague, chosen: staff_pb2.ChangeStaffRequest) -> bool:
    chosen.staff_id = one.staff_id
    try:
        call(clients().identity.staff.ChangeStaff, chosen)
    except Refusal as refusal:
        refuse_at(form, refusal, {"LAST_ADMINISTRATOR": "role"}, fields=FIELDS)
        return False
    notices.ok(
        _("The roles and the area of %(name)s are saved.", name=one.name),
        _("They hold from the next page, after five minutes at the latest."),
    )
    return True


def _consequences(form: Form, roles: Roles) -> dict[str, Any]:
    """What follows from what is ticked now: what can be done, what stays closed in an area, and where that is."""
    held = frozenset[str]().union(*(roles[key].permissions for key in form.values("role") if key in roles))
    towns, media = form.values("miejscowosci"), form.values("media")
    open_ = usable(held, limited=bool(towns or media))
    return {
        "roles": role_names([key for key in form.values("role") if key in roles], roles),
        "area": area_words(towns, [one for one in media if one in COMMODITIES]),
        "allowed": grouped(open_),
        "closed": grouped(held - open_),
    }
