"""What each meter used day by day, derived from its readings and intervals, and the marks of what is to be derived.

Marks are left by triggers on `readings`, `meters` and `interval_readings` (migration 0006), in the transaction of the
change: however a reading comes to count or ceases to, its days are derived anew.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Numeric, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.billing.storage.base import Base

IntervalQuantity = Numeric(14, 6)  # An hour's use of little is less than a thousandth.

DayOfUse = tuple[UUID, date, Decimal, bool]


class DailyUse(Base):
    """What a meter used on a day. `measured`: by intervals of that day; else it is a share of what two readings tell.

    No foreign key: rows come by the hundred thousand, only from meters that are there, and meters are never deleted.
    """

    __tablename__ = "daily_use"
    __table_args__ = (PrimaryKeyConstraint("meter_id", "day", postgresql_include=["used", "measured"]),)

    meter_id: Mapped[UUID]
    day: Mapped[date]
    used: Mapped[Decimal] = mapped_column(IntervalQuantity)
    measured: Mapped[bool]


class UseToDerive(Base):
    """The days of a meter since `from_day` are to be derived anew."""

    __tablename__ = "use_to_derive"

    meter_id: Mapped[UUID] = mapped_column(primary_key=True)
    from_day: Mapped[date]


def lock_marks(session: Session, *, limit: int) -> Sequence[Any]:
    """Marks that nobody else works on or writes just now: meter, the day to derive from, the last day known.

    What lies between two readings is derived as a whole, from the day after the earlier one. Days that intervals alone
    tell are derived from the mark on, however long ago the meter was read.
    """
    return session.execute(_LOCK_MARKS, {"limit": limit}).all()


_READ = "r.meter_id = w.meter_id AND r.register = 'main' AND r.status = 'ACCEPTED'"
_LOCK_MARKS = text(f"""
      WITH w AS MATERIALIZED (
           SELECT meter_id, from_day FROM use_to_derive ORDER BY meter_id LIMIT :limit FOR UPDATE SKIP LOCKED)
    SELECT w.meter_id, greatest(read.last_on, hours.last_on) AS last_on,
           CASE WHEN before.read_on IS NOT NULL AND (read.last_on >= w.from_day OR EXISTS (
                     SELECT 1 FROM daily_use d
                      WHERE d.meter_id = w.meter_id AND d.day > before.read_on AND NOT d.measured))
                THEN before.read_on + 1 ELSE w.from_day END AS first_on
      FROM w
      LEFT JOIN LATERAL (SELECT max(r.read_on) AS read_on FROM readings r WHERE {_READ} AND r.read_on < w.from_day)
           AS before ON true
      LEFT JOIN LATERAL (SELECT max(r.read_on) AS last_on FROM readings r WHERE {_READ}) AS read ON true
      LEFT JOIN LATERAL (
           SELECT (max(i.starts_at) AT TIME ZONE 'Europe/Warsaw')::date AS last_on FROM interval_readings i
            WHERE i.meter_id = w.meter_id) AS hours ON true
""")  # noqa: S608 - parts of our own, no input


def list_values(session: Session, starts: Sequence[tuple[UUID, date]]) -> Sequence[Any]:
    """Meter, day, value and digits of the accepted readings since the day before each start."""
    return session.execute(_VALUES, _arrays(starts)).all()


_WANTED = "unnest(CAST(:meters AS uuid[]), CAST(:starts AS date[])) AS w(meter_id, first_on)"
_VALUES = text(f"""
    SELECT r.meter_id, r.read_on, r.value, m.digits
      FROM {_WANTED}
      JOIN meters m USING (meter_id)
      JOIN readings r ON {_READ} AND r.read_on >= w.first_on - 1
     ORDER BY r.meter_id, r.read_on
""")  # noqa: S608


def list_measured(session: Session, starts: Sequence[tuple[UUID, date]]) -> Sequence[Any]:
    """Meter, day, use and minutes of the days since each start that intervals tell something of."""
    return session.execute(_MEASURED, _arrays(starts)).all()


_MEASURED = text(f"""
    SELECT i.meter_id, (i.starts_at AT TIME ZONE 'Europe/Warsaw')::date AS day,
           sum(i.used) AS used, sum(i.minutes) AS minutes
      FROM {_WANTED}
      JOIN interval_readings i
        ON i.meter_id = w.meter_id AND i.starts_at >= w.first_on::timestamp AT TIME ZONE 'Europe/Warsaw'
     GROUP BY i.meter_id, 2
""")  # noqa: S608


def replace_days(session: Session, starts: Sequence[tuple[UUID, date]], days: Iterable[DayOfUse]) -> None:
    """Write the days of meters since their starts in place of those that were there, and take the marks away."""
    session.execute(_DELETE_DAYS, _arrays(starts))
    lines = [
        f"{meter_id}\t{day}\t{used}\t{'t' if measured else 'f'}\n" for meter_id, day, used, measured in days
    ]
    if lines:
        connection: Any = session.connection().connection.driver_connection
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.write("".join(lines))
    session.execute(_DELETE_MARKS, {"meters": [meter_id for meter_id, _ in starts]})


_DELETE_DAYS = text(
    f"DELETE FROM daily_use d USING {_WANTED} WHERE d.meter_id = w.meter_id AND d.day >= w.first_on"  # noqa: S608
)
_COPY = "COPY daily_use (meter_id, day, used, measured) FROM STDIN"
_DELETE_MARKS = text("DELETE FROM use_to_derive WHERE meter_id = ANY(CAST(:meters AS uuid[]))")


def _arrays(starts: Sequence[tuple[UUID, date]]) -> dict[str, list[Any]]:
    return {"meters": [meter_id for meter_id, _ in starts], "starts": [first_on for _, first_on in starts]}
