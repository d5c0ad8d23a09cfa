"""Staff: the provider's people and their roles."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, Violation
from chassis.ids import new_id
from services.identity.domain import access, factors, step_up
from services.identity.domain.roles import unknown_of
from services.identity.domain.users import check_name, end_everything, normal_email
from services.identity.storage import staff as stored
from services.identity.storage.sessions import Realm
from services.identity.storage.staff import Role, StaffMember

COMMODITIES = frozenset({"water", "sewage", "heat", "hot_water", "electricity", "gas"})


class StaffNotFound(NotFound):
    """Nobody of staff has this id."""

    reason = "STAFF_NOT_FOUND"


class StaffChanged(Conflict):
    """Somebody else changed them meanwhile."""

    reason = "STAFF_CHANGED"


class LastAdministrator(FailedPrecondition):
    """Nobody could undo it."""

    reason = "LAST_ADMINISTRATOR"


class OwnFactor(FailedPrecondition):
    """One's own app is replaced where one proves to have it."""

    reason = "OWN_FACTOR"


@dataclass(frozen=True)
class NewMember:
    """What is said of a member: address in lower case, name, roles."""

    email: str
    name: str
    roles: tuple[Role, ...]


def read_member(*, email: str, name: str, role: str) -> NewMember:
    """Refuses MALFORMED `email`, REQUIRED `name`, UNKNOWN `role`. Several roles have commas between."""
    address = normal_email(email)
    local, _, domain = address.partition("@")
    if not local or "." not in domain or " " in address:
        raise Invalid(violations=[Violation("email", "MALFORMED")])
    words = [word.strip() for word in role.split(",") if word.strip()]
    known = {one.value for one in Role}
    if not words or not set(words) <= known:
        raise Invalid(violations=[Violation("role", "UNKNOWN", ", ".join(sorted(known)))])
    return NewMember(address, check_name(name), tuple(sorted({Role(word) for word in words})))


def put(session: Session, member: NewMember, *, password_hash: str, now: datetime) -> tuple[UUID, bool]:
    """A new member, or the one of the address with name and roles as given; answers the id and whether it is new."""
    candidate = StaffMember(
        staff_id=new_id(),
        email=member.email,
        name=member.name,
        roles=[role.value for role in member.roles],
        password_hash=password_hash,
        added_at=now,
        password_changed_at=now,
    )
    staff_id = stored.put_staff(session, candidate)
    return staff_id, staff_id == candidate.staff_id


def set_password(session: Session, staff_id: UUID, *, password_hash: str, now: datetime) -> None:
    """A new password ends every session of the member."""
    member = stored.lock_staff(session, staff_id)
    if member is None:
        raise LookupError("a member of staff was there and is not")
    member.password_hash = password_hash
    member.password_changed_at = now
    end_everything(session, member, now=now)


def reset_factor(session: Session, staff_id: UUID, *, by: Actor, now: datetime) -> bool:
    """A colleague has lost app and codes; answers whether there were any.

    Refuses STEP_UP_REQUIRED, STAFF_NOT_FOUND, OWN_FACTOR.
    """
    step_up.require(by, now=now)
    member = stored.lock_staff(session, staff_id)
    if member is None:
        raise StaffNotFound(staff_id=str(staff_id))
    if by.actor_id == str(staff_id):
        raise OwnFactor
    return factors.reset(session, member, now=now)


def change(
    session: Session,
    staff_id: UUID,
    *,
    roles: Collection[str],
    towns: Collection[str],
    commodities: Collection[str],
    version: int,
    by: Actor,
    now: datetime,
) -> StaffMember:
    """Other roles, another area. Without a role the sessions end. Saying the same again changes nothing.

    Refuses STEP_UP_REQUIRED, STAFF_NOT_FOUND, STAFF_CHANGED, LAST_ADMINISTRATOR, at the fields what cannot be.
    """
    step_up.require(by, now=now)
    member = stored.lock_staff(session, staff_id)
    if member is None:
        raise StaffNotFound(staff_id=str(staff_id))
    wanted = (
        sorted(set(roles)),
        sorted({one.strip() for one in towns if one.strip()}),
        sorted(set(commodities)),
    )
    if (member.roles, member.towns, member.commodities) == wanted:
        return member
    if member.version != version:
        raise StaffChanged(staff_id=str(staff_id))
    _refuse_faults(session, roles=wanted[0], commodities=wanted[2])
    stays = Role.ADMINISTRATOR.value in wanted[0] and not wanted[1] and not wanted[2]
    was = Role.ADMINISTRATOR.value in member.roles and not member.towns and not member.commodities
    if was and not stays and not stored.find_other_administrator(session, staff_id):
        raise LastAdministrator
    member.roles, member.towns, member.commodities = wanted
    member.version += 1
    access.revoke(session, str(staff_id), now=now)
    if not member.roles:
        access.end_sessions(session, realm=Realm.CONSOLE, owner_id=staff_id, now=now)
    session.flush()
    return member


def _refuse_faults(session: Session, *, roles: Collection[str], commodities: Collection[str]) -> None:
    faults = []
    if unknown := unknown_of(session, roles):
        faults.append(Violation("roles", "UNKNOWN", ", ".join(unknown)))
    if not set(commodities) <= COMMODITIES:
        faults.append(Violation("commodities", "NOT_A_CHOICE"))
    if faults:
        raise Invalid(violations=faults)
