"""The provider's people, entered by the operator."""

from datetime import datetime
from pathlib import Path

from chassis.database import Database
from chassis.errors import Invalid, Violation
from chassis.jobs import Jobs
from chassis.telemetry import logger
from services.identity.domain import factors, passwords, settings, staff
from services.identity.domain.passwords import LeakedPasswords, Passwords
from services.identity.domain.users import normal_email
from services.identity.storage import staff as stored

PASSWORD_FILE_BYTES_MAX = 1024

jobs = Jobs()


@jobs.job("staff.add")
def add_staff(
    database: Database,
    *,
    now: datetime,
    hasher: Passwords,
    leaked: LeakedPasswords | None,
    email: str,
    name: str,
    role: str,
    password_file: str,
) -> None:
    """A new member, or the one of the address with this name, role and password. Again, it changes nothing.

    A changed password ends the member's sessions; a changed role holds from the next request on.
    """
    member = staff.read_member(email=email, name=name, role=role)
    password = _read_password(Path(password_file))
    with database.reading() as session:
        provider, _ = settings.find(session)
        found = stored.find_staff_by_email(session, member.email)
    passwords.check_strength(
        password,
        field="password_file",
        email=member.email,
        name=member.name,
        provider=provider.provider_name,
        leaked=leaked,
    )
    same = found is not None and hasher.check(found.password_hash, password).right
    password_hash = found.password_hash if found is not None and same else hasher.make(password)
    with database.transaction() as session:
        staff_id, new = staff.put(session, member, password_hash=password_hash, now=now)
        if not new and not same:
            staff.set_password(session, staff_id, password_hash=password_hash, now=now)
    logger("staff").info("staff member is in", staff_id=str(staff_id), new=new)


@jobs.job("staff.reset_factor")
def reset_factor(database: Database, *, now: datetime, email: str) -> None:
    """Whoever lost app and codes, and has no administrator beside them, sets an app up at the next log-in."""
    with database.transaction() as session:
        member = stored.find_staff_by_email(session, normal_email(email))
        if member is None:
            raise Invalid(violations=[Violation("email", "UNKNOWN")])
        had = factors.reset(session, member, now=now)
    logger("staff").info("an app is asked for anew", staff_id=str(member.staff_id), had_one=had)


def _read_password(path: Path) -> str:
    """The first line. Refuses MALFORMED `password_file`."""
    try:
        with path.open(encoding="utf-8") as file:
            password = file.read(PASSWORD_FILE_BYTES_MAX).split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as fault:
        raise Invalid(violations=[Violation("password_file", "MALFORMED", type(fault).__name__)]) from None
    if not password:
        raise Invalid(violations=[Violation("password_file", "REQUIRED")])
    return password
