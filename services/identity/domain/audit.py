"""The audit log: acts are added once and never changed."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from chassis.clock import WARSAW, warsaw_date
from services.identity.storage import audit as stored
from services.identity.storage.audit import AuditEntry


def keep(session: Session, entry: AuditEntry, *, now: datetime) -> None:
    """Add an act; one that arrives again is there already."""
    stored.add_entry(session, entry, today=warsaw_date(now))


def day_begins(day: date) -> datetime:
    """The first instant of a day in Poland."""
    return datetime.combine(day, time(), tzinfo=WARSAW).astimezone(UTC)


def day_ends(day: date) -> datetime:
    """The first instant after a day in Poland."""
    return day_begins(day + timedelta(days=1))
