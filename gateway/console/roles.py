"""Role: sets of permissions. The suite's own can be changed and set back; others are made and deleted here."""

import re
from typing import Any

from ebok.identity.v1 import roles_pb2 as pb
from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from chassis.errors import NotFound, Refusal
from chassis.folding import fold
from gateway.console import console
from gateway.console.inputs import refuse_at
from gateway.console.permission_words import GROUPS
from gateway.console.staff import roles_by_key
from gateway.console.words import ROLE_SENTENCES, ROLES, role_word
from gateway.web import notices, reasons
from gateway.web.areas import WHOLE_ONLY
from gateway.web.calls import call, clients
from gateway.web.errors import lead_to_step_up
from gateway.web.forms import STEP_UP_REQUIRED, Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _

NAME_LENGTH_MAX, KEY_LENGTH_MAX, VERSION_DIGITS_MAX = 80, 40, 12
_BETWEEN = re.compile(r"[^a-z0-9]+")


@console.get("/pracownicy/role")
def roles() -> str:
    """All of them: how much each allows, how many have it, whether it was changed."""
    found = _all_roles()
    return render_template(
        "console/roles/list.html",
        rows=[(one, role_word(one.key, one.name), ROLE_SENTENCES.get(one.key, "")) for one in found.values()],
    )


@console.route("/pracownicy/nowa-rola", methods=["GET", "POST"])
def new_role() -> Response | tuple[str, int]:
    """Another role; its key is made of its name."""
    _all_roles()  # Refuses whoever may not manage staff before a form is shown.
    form = Form.of_request(initial=take_all_kept())
    if form.sent:
        name = form.text("nazwa", length_max=NAME_LENGTH_MAX)
        wanted = pb.Role(key=role_key_of(name), name=name, permissions=_permissions(form))
        if form.ok and wanted.key in ROLES:
            form.fail("nazwa", _("There is a role of this name already."))
        if form.ok and _saved(form, wanted):
            return redirect(url_for("console.roles"), code=303)
    return _editor(form, pb.Role(), _("New role"))


@console.route("/pracownicy/role/<role_key>", methods=["GET", "POST"])
def role(role_key: str) -> Response | tuple[str, int]:
    """What a role allows. The administrator's is only shown."""
    known = _all_roles().get(role_key)
    if known is None:
        raise NotFound
    initial: dict[str, Any] = {
        "nazwa": known.name,
        "uprawnienia": list(known.permissions),
        "wersja": str(known.version),
    }
    form = Form.of_request(initial=take_all_kept() or initial)  # What was unticked stays so.
    if form.sent:
        name = "" if known.is_own else form.text("nazwa", length_max=NAME_LENGTH_MAX)
        wanted = pb.Role(key=known.key, name=name, permissions=_permissions(form), version=_version(form))
        if form.ok and _saved(form, wanted):
            return redirect(url_for("console.roles"), code=303)
    return _editor(form, known, role_word(known.key, known.name))


@console.post("/pracownicy/role/<role_key>/usun")
def delete_role(role_key: str) -> Response:
    """Take a role away that nobody has, or give one of the suite's own its first permissions back."""
    try:
        call(clients().identity.roles.DeleteRole, pb.DeleteRoleRequest(key=role_key[:KEY_LENGTH_MAX]))
    except Refusal as refusal:
        if refusal.reason == STEP_UP_REQUIRED:
            return lead_to_step_up(url_for("console.role", role_key=role_key))
        raise
    if role_key in ROLES:
        notices.ok(_("The role has its first permissions again."))
    else:
        notices.ok(_("The role is deleted."))
    return redirect(url_for("console.roles"), code=303)


def role_key_of(name: str) -> str:
    """A key made of a name: `Kasa, okienko 2` → `kasa-okienko-2`."""
    made = _BETWEEN.sub("-", fold(name)).strip("-")[:KEY_LENGTH_MAX].strip("-")
    return made if made[:1].isalpha() else f"role-{made}".strip("-")[:KEY_LENGTH_MAX].strip("-")


def _all_roles() -> dict[str, pb.Role]:
    return roles_by_key(call(clients().identity.roles.ListRoles, pb.ListRolesRequest()))


def _permissions(form: Form) -> list[str]:
    """What is ticked; a value that is not offered is marked, because nobody would see that it is missing."""
    offered = {name for group in GROUPS for name in group.words}
    if not set(form.values("uprawnienia")) <= offered:
        form.fail("uprawnienia", reasons.field_sentence("UNKNOWN"))
    return form.choices("uprawnienia", offered)


def _version(form: Form) -> int:
    version = form.value("wersja")
    if version.isascii() and version.isdigit() and len(version) <= VERSION_DIGITS_MAX:
        return int(version)
    form.stop(str(reasons.REASONS["ROLE_CHANGED"]))
    return 0


def _saved(form: Form, wanted: pb.Role) -> bool:
    try:
        call(clients().identity.roles.SaveRole, pb.SaveRoleRequest(role=wanted))
    except Refusal as refusal:
        if refusal.reason == "ROLE_CHANGED" and not wanted.version and wanted.name:
            form.fail("nazwa", _("There is a role of this name already."))
        else:
            refuse_at(form, refusal, {}, fields={"role.key": "nazwa", "role.permissions": "uprawnienia"})
        return False
    notices.ok(
        _("The role is saved."),
        _("It holds for everybody who has it from the next page, after five minutes at the latest."),
    )
    return True


def _editor(form: Form, known: pb.Role, title: str) -> tuple[str, int]:
    page = render_template(
        "console/roles/role.html",
        form=form,
        known=known,
        title_=title,
        groups=GROUPS,
        whole_only=WHOLE_ONLY,
        sentence=ROLE_SENTENCES.get(known.key, ""),
    )
    return page, form.status
