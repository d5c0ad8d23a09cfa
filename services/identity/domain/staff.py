"""Staff: the provider's people and their roles."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import Invalid, Violation
from chassis.ids import new_id
from services.identity.domain.users import check_name, normal_email
from services.identity.storage import sessions as stored_sessions
from services.identity.storage import staff as stored
from services.identity.storage.staff import Role, StaffMember


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
    stored_sessions.end_sessions_of_staff(session, staff_id, now=now)
