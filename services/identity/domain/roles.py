"""Roles: what staff may do is what their roles' permissions allow together."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import Conflict, FailedPrecondition, Invalid, Violation
from services.identity.domain import permissions, step_up
from services.identity.storage import roles as stored
from services.identity.storage.roles import StaffRole
from services.identity.storage.staff import Role

ROLES_MAX = 50
_KEY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


class RoleFixed(FailedPrecondition):
    """The administrator's role can do everything, always."""

    reason = "ROLE_FIXED"


class RoleChanged(Conflict):
    """Somebody else changed it meanwhile."""

    reason = "ROLE_CHANGED"


class RoleInUse(FailedPrecondition):
    """Somebody has it."""

    reason = "ROLE_IN_USE"


class TooManyRoles(FailedPrecondition):
    """Nobody can keep so many apart."""

    reason = "TOO_MANY_ROLES"


@dataclass(frozen=True)
class ListedRole:
    """A role as it counts: the suite's own with their first permissions unless they were changed."""

    key: str
    name: str
    permissions: Sequence[str]
    is_own: bool
    is_fixed: bool
    is_changed: bool
    staff_count: int
    version: int
    changed_by: str
    changed_at: datetime | None


def list_all(session: Session) -> list[ListedRole]:
    """The suite's own first, then those made here."""
    rows = {row.key: row for row in stored.list_roles(session)}
    counts = stored.count_staff(session)
    keys = [*(role.value for role in Role), *(key for key in rows if key not in permissions.OWN_ROLES)]
    return [_listed(key, rows.get(key), counts.get(key, 0)) for key in keys]


def save(
    session: Session,
    key: str,
    *,
    name: str,
    allowed: Collection[str],
    version: int,
    by: Actor,
    now: datetime,
) -> ListedRole:
    """Make a role or change one. Saying the same again changes nothing. Refuses STEP_UP_REQUIRED first."""
    step_up.require(by, now=now)
    if key == Role.ADMINISTRATOR:
        raise RoleFixed
    _refuse_faults(key, allowed)
    there = stored.lock_role(session, key)
    wanted = sorted(set(allowed))
    if there is not None and (there.name, there.permissions) == (name, wanted):
        return _listed(key, there, stored.count_staff(session).get(key, 0))
    if (there.version if there else 0) != version:
        raise RoleChanged(key=key)
    if there is None:
        if len(stored.list_roles(session)) >= ROLES_MAX:
            raise TooManyRoles
        there = StaffRole(key=key, version=0)
        session.add(there)
    there.name, there.permissions = name, wanted
    there.version += 1
    there.changed_by, there.changed_at = by.name, now
    session.flush()
    return _listed(key, there, stored.count_staff(session).get(key, 0))


def delete(session: Session, key: str, *, by: Actor, now: datetime) -> None:
    """Take a role away, or give one of the suite's own its first permissions back: they may be more.

    Refuses STEP_UP_REQUIRED, ROLE_FIXED, ROLE_IN_USE.
    """
    step_up.require(by, now=now)
    if key == Role.ADMINISTRATOR:
        raise RoleFixed
    there = stored.lock_role(session, key)
    if there is None:
        return
    if key not in permissions.OWN_ROLES and stored.count_staff(session).get(key):
        raise RoleInUse(key=key)
    session.delete(there)


def unknown_of(session: Session, keys: Collection[str]) -> list[str]:
    """Those of the keys that no role has."""
    made = stored.find_known(session, keys)
    return sorted(key for key in set(keys) if key not in permissions.OWN_ROLES and key not in made)


def _listed(key: str, row: StaffRole | None, staff_count: int) -> ListedRole:
    own = key in permissions.OWN_ROLES
    first = permissions.OF_ROLE[Role(key)] if own else frozenset()
    return ListedRole(
        key=key,
        name=row.name if row else "",
        permissions=row.permissions if row else sorted(first),
        is_own=own,
        is_fixed=key == Role.ADMINISTRATOR,
        is_changed=row is not None and own and set(row.permissions) != first,
        staff_count=staff_count,
        version=row.version if row else 0,
        changed_by=row.changed_by if row else "",
        changed_at=row.changed_at if row else None,
    )


def _refuse_faults(key: str, allowed: Collection[str]) -> None:
    faults = []
    if not _KEY.match(key):
        faults.append(Violation("role.key", "MALFORMED"))
    if not set(allowed) <= permissions.OF_STAFF:
        faults.append(Violation("role.permissions", "UNKNOWN_PERMISSION"))
    if faults:
        raise Invalid(violations=faults)
