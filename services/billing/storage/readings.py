"""Readings of meters."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import chain, islice
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Row,
    false,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.billing.storage.base import Base, Quantity
from services.billing.storage.bulk import as_array, is_any, plan_once
from services.billing.storage.meters import Meter

MAIN_REGISTER = "main"
WRITTEN_AT_ONCE = 500


class ReadingKind(StrEnum):
    """How a reading came about."""

    ACTUAL = "ACTUAL"
    CUSTOMER = "CUSTOMER"
    REMOTE = "REMOTE"
    ESTIMATED = "ESTIMATED"
    FINAL = "FINAL"


class ReadingStatus(StrEnum):
    """What became of a reading: only an ACCEPTED one counts, a SUBMITTED one waits for a clerk."""

    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    SUPERSEDED = "SUPERSEDED"


class Reading(Base):
    """What a register showed at the end of a day. Never overwritten: a new row supersedes the old one.

    `external_id` is the provider's, empty where meter and day are its id. `reason` says why it waits or was
    refused. `billed_at` is set when the first invoice that stands on it is issued; from then on its value may
    not change. `made_here`: a customer, a clerk or we ourselves said it, not the provider's data; what an import
    copies in is not. `decided_at` is set when a clerk decided on it, or an actual reading settled it: a source that
    says the same once more changes nothing. `note` is what the clerk wrote.
    """

    __tablename__ = "readings"
    __table_args__ = (
        one_of("kind", ReadingKind),
        one_of("status", ReadingStatus),
        CheckConstraint("value >= 0", name="value"),
        Index(
            "readings_one_accepted_per_day",
            "meter_id",
            "register",
            "read_on",
            unique=True,
            postgresql_where=text("status = 'ACCEPTED'"),
        ),
        Index("readings_by_meter", "meter_id", "read_on"),
        Index("readings_by_external_id", "external_id", postgresql_where=text("external_id <> ''")),
        Index("readings_waiting", "meter_id", postgresql_where=text("status = 'SUBMITTED'")),
        Index("readings_queue", "read_on", "reading_id", postgresql_where=text("status = 'SUBMITTED'")),
    )

    reading_id: Mapped[UUID] = mapped_column(primary_key=True)
    meter_id: Mapped[UUID] = mapped_column(ForeignKey("meters.meter_id"))
    register: Mapped[str] = mapped_column(server_default=MAIN_REGISTER)
    read_on: Mapped[date]
    value: Mapped[Decimal] = mapped_column(Quantity)
    kind: Mapped[ReadingKind] = word(ReadingKind)
    status: Mapped[ReadingStatus] = word(ReadingStatus)
    reason: Mapped[str] = mapped_column(server_default="")
    external_id: Mapped[str] = mapped_column(server_default="")
    received_at: Mapped[datetime]
    as_of: Mapped[datetime]
    billed_at: Mapped[datetime | None]
    made_here: Mapped[bool] = mapped_column(default=True, server_default=false())
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(server_default="")


NewReading = tuple[UUID, UUID, date, Decimal, str, str, str, str]


def find_meters(session: Session, external_ids: Collection[str]) -> Sequence[Any]:
    """What readings of meters are judged by: the provider's id, id, first and last day in use, digits."""
    known = {one for one in external_ids if one and "\x00" not in one}
    meter = Meter.__table__.c
    columns = (meter.external_id, meter.meter_id, meter.installed_on, meter.removed_on, meter.digits)
    return session.execute(select(*columns).where(is_any(meter.external_id, known))).all() if known else ()


def list_successors(session: Session, meter_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """The meters that took the place of these, and of those in turn: id, first and last day, digits, and of which."""
    return session.execute(_SUCCESSORS, {"ids": [*meter_ids]}).all() if meter_ids else ()


_SUCCESSORS = text("""
      WITH RECURSIVE later AS (
           SELECT meter_id, installed_on, removed_on, digits, succeeds_meter_id FROM meters
            WHERE succeeds_meter_id = ANY(CAST(:ids AS uuid[]))
            UNION
           SELECT m.meter_id, m.installed_on, m.removed_on, m.digits, m.succeeds_meter_id
             FROM later l JOIN meters m ON m.succeeds_meter_id = l.meter_id)
    SELECT * FROM later
""")


def list_around(session: Session, windows: Sequence[tuple[UUID, date, date]]) -> Sequence[Any]:
    """Readings of meters within their windows of days: those that count and the nearest of them on either side of each;
    those without an id of the provider's that wait or were decided on.

    The place of the window, from 1; id, day, value, kind, status, the provider's id, when it came, whether it is
    billed, whether it was made here.
    """
    if not windows:
        return ()
    meters, first, last = zip(*windows, strict=True)
    given = {
        "meters": as_array(meter_id.hex for meter_id in meters),
        "first": as_array(map(str, first)),
        "last": as_array(map(str, last)),
    }
    return session.execute(_AROUND, given).all()


_AROUND = text("""
    SELECT w.place, r.*
      FROM unnest(CAST(:meters AS uuid[]), CAST(:first AS date[]), CAST(:last AS date[]))
           WITH ORDINALITY AS w(meter_id, first, last, place)
     CROSS JOIN LATERAL (
            (SELECT reading_id, read_on, value, kind, status, external_id, received_at,
                    billed_at IS NOT NULL, made_here
               FROM readings
              WHERE meter_id = w.meter_id AND register = 'main' AND status = 'ACCEPTED' AND read_on < w.first
              ORDER BY read_on DESC LIMIT 1)
            UNION ALL
            (SELECT reading_id, read_on, value, kind, status, external_id, received_at,
                    billed_at IS NOT NULL, made_here
               FROM readings
              WHERE meter_id = w.meter_id AND read_on BETWEEN w.first AND w.last
                AND (register = 'main' AND status = 'ACCEPTED'
                     OR external_id = ''
                        AND (status IN ('SUBMITTED', 'REJECTED') OR status = 'SUPERSEDED' AND decided_at IS NOT NULL)))
            UNION ALL
            (SELECT reading_id, read_on, value, kind, status, external_id, received_at,
                    billed_at IS NOT NULL, made_here
               FROM readings
              WHERE meter_id = w.meter_id AND register = 'main' AND status = 'ACCEPTED' AND read_on > w.last
              ORDER BY read_on LIMIT 1)
           ) AS r
""")


def list_beyond_estimates(session: Session, meter_ids: Collection[UUID]) -> Sequence[Any]:
    """All accepted readings of meters whose nearest one is an estimate: there is more to judge by behind it.

    Meter, then as `list_around`.
    """
    if not meter_ids:
        return ()
    return session.execute(_ACCEPTED_OF, {"meters": [*meter_ids]}).all()


_ACCEPTED_OF = text("""
    SELECT meter_id, reading_id, read_on, value, kind, status, external_id, received_at, billed_at IS NOT NULL,
           made_here
      FROM readings
     WHERE meter_id = ANY(CAST(:meters AS uuid[])) AND register = 'main' AND status = 'ACCEPTED'
     ORDER BY meter_id, read_on
""")


def list_by_external_ids(session: Session, external_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Readings by the provider's ids, but for those that a later row of its own took the place of.

    Id, meter, day, value, kind, status, the provider's id, when it came, whether it is billed, and whether made here.
    """
    if not external_ids:
        return ()
    return session.execute(_BY_EXTERNAL_ID, {"ids": [*external_ids]}).all()


_BY_EXTERNAL_ID = text("""
    SELECT reading_id, meter_id, read_on, value, kind, status, external_id, received_at, billed_at IS NOT NULL,
           made_here
      FROM readings
     WHERE external_id = ANY(CAST(:ids AS text[])) AND external_id <> ''
       AND (status <> 'SUPERSEDED' OR decided_at IS NOT NULL)
""")


def supersede(session: Session, reading_ids: Collection[UUID]) -> None:
    """Others take the place of these."""
    if reading_ids:
        session.execute(
            update(Reading)
            .where(Reading.reading_id.in_(reading_ids))
            .values(status=ReadingStatus.SUPERSEDED)
            .execution_options(synchronize_session=False)
        )


def settle(session: Session, reading_ids: Collection[UUID], *, now: datetime) -> None:
    """Actual readings settle these estimates: they count no more."""
    if reading_ids:
        session.execute(
            update(Reading)
            .where(Reading.reading_id.in_(reading_ids))
            .values(status=ReadingStatus.SUPERSEDED, decided_at=now)
            .execution_options(synchronize_session=False)
        )


def add_readings(session: Session, rows: Iterable[NewReading], *, now: datetime, as_of: datetime) -> None:
    """Add many readings of main registers in one COPY; PostgreSQL writes the first while the next are judged. What
    judges them asks nothing of the database meanwhile.

    Whoever adds readings has taken `imports.lock_batches` or `imports.share_with_batches` before looking.
    """
    coming = iter(rows)
    first = next(coming, None)
    if first is None:
        return
    plan_once(session)
    tail = f"{now.isoformat()}\t{as_of.isoformat()}\n"
    lines = (_line(row, tail) for row in chain([first], coming))
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        while some := "".join(islice(lines, WRITTEN_AT_ONCE)):
            copy.write(some)


def _line(row: NewReading, tail: str) -> str:
    reading_id, meter_id, read_on, value, kind, status, reason, external_id = row
    return (
        f"{reading_id.hex}\t{meter_id.hex}\t{read_on!s}\t{value!s}\t{kind}\t{status}\t{reason}\t"
        f"{_escaped(external_id)}\t{tail}"
    )


_COPY = """
    COPY readings (reading_id, meter_id, read_on, value, kind, status, reason, external_id, received_at, as_of)
    FROM STDIN
"""


def _escaped(value: str) -> str:
    """For COPY's text form; control characters were refused before."""
    return value.replace("\\", "\\\\") if "\\" in value else value
