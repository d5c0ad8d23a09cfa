"""The audit log sealed day by day: each day's hash is made of its acts and of the hash of the day before.

An act belongs to the day on which it arrived here. Whoever changes, adds or takes away an act of a sealed day, or a
seal, breaks that day; and whoever mends its seal breaks the next one (docs/algorithms/audit-chain.md).
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from chassis.clock import warsaw_date
from chassis.ids import new_id
from services.identity.storage import audit as stored
from services.identity.storage import audit_days
from services.identity.storage.audit import AuditEntry
from services.identity.storage.audit_days import AuditCheck, AuditDay

FIRST_HASH = bytes(32)  # What the first day has in the place of a day before.
SEALED_AFTER = timedelta(hours=1)  # After midnight: what began on the day has ended by then.
AT_ONCE = 1000
BROKEN_SHOWN_MAX = 100


@dataclass(frozen=True)
class Checked:
    """What a look at the whole chain found."""

    days: int
    broken: Sequence[date]


@dataclass(frozen=True)
class Chain:
    """How the chain stands: the last seal and the last look, if there are any."""

    last: AuditDay | None
    days: int
    check: AuditCheck | None


def find_next(session: Session, *, now: datetime) -> date | None:
    """The first day that is over and not sealed; None when there is none."""
    last = audit_days.find_last_day(session)
    day = last.day + timedelta(days=1) if last is not None else stored.first_day(session)
    return day if day is not None and day < warsaw_date(now - SEALED_AFTER) else None


def seal(session: Session, day: date, *, now: datetime) -> AuditDay | None:
    """Seal the day after the last sealed one; None when somebody else just did."""
    last = audit_days.find_last_day(session)
    previous = last.hash if last is not None else FIRST_HASH
    digest, entries = hash_day(day, previous, stored.entries_of_day(session, day, at_once=AT_ONCE))
    sealed = AuditDay(day=day, entries=entries, hash=digest, previous_hash=previous, sealed_at=now)
    return sealed if audit_days.add_day(session, sealed) else None


def verify(session: Session, *, now: datetime) -> Checked:
    """Look at every sealed day, write down what was found, answer it.

    A day is broken when its acts do not make its hash, when it does not go on from the day before, or when it is
    missing between two others.
    """
    sealed = audit_days.list_days(session)
    broken: list[date] = []
    previous, expected = FIRST_HASH, sealed[0].day if sealed else None
    first = stored.first_day(session)
    if expected is not None and first is not None and first < expected:
        expected = first  # The beginning of the chain was taken away.
    for one in sealed:
        while expected is not None and expected < one.day:
            broken.append(expected)
            expected += timedelta(days=1)
        digest, entries = hash_day(
            one.day, one.previous_hash, stored.entries_of_day(session, one.day, at_once=AT_ONCE)
        )
        if (digest, entries, one.previous_hash) != (one.hash, one.entries, previous):
            broken.append(one.day)
        previous, expected = one.hash, one.day + timedelta(days=1)
    session.add(
        AuditCheck(check_id=new_id(), checked_at=now, days=len(sealed), broken_days=broken[:BROKEN_SHOWN_MAX])
    )
    return Checked(len(sealed), broken)


def state(session: Session) -> Chain:
    """For the page of the log."""
    return Chain(
        audit_days.find_last_day(session), audit_days.count_days(session), audit_days.find_last_check(session)
    )


def hash_day(day: date, previous: bytes, entries: Iterable[AuditEntry]) -> tuple[bytes, int]:
    """SHA-256 over the hash of the day before, the day, and the hash of each act by order of ids; and how many."""
    digest, count = hashlib.sha256(previous + day.isoformat().encode()), 0
    for entry in entries:
        digest.update(hash_entry(entry))
        count += 1
    return digest.digest(), count


def hash_entry(entry: AuditEntry) -> bytes:
    """SHA-256 of an act: its fields as JSON in this order, no blanks, UTF-8, instants in UTC to the microsecond."""
    fields = [
        str(entry.act_id),
        entry.happened_at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor_kind,
        entry.actor_id,
        entry.actor_name,
        entry.address,
        entry.act,
        entry.customer_id,
        entry.subject_id,
        entry.changed,
        entry.trace_id,
    ]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).digest()
