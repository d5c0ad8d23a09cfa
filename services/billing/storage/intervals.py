"""Interval readings: what a meter used in stretches of an hour or less."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.billing.storage.base import Base
from services.billing.storage.bulk import plan_once
from services.billing.storage.daily_use import IntervalQuantity

MINUTES = (15, 30, 60)
MINUTES_MAX = 60


class IntervalReading(Base):
    """What a meter used from `starts_at` on. Those of one meter do not overlap."""

    __tablename__ = "interval_readings"
    __table_args__ = (
        CheckConstraint("minutes IN (15, 30, 60)", name="minutes"),
        CheckConstraint("used >= 0", name="used"),
    )

    meter_id: Mapped[UUID] = mapped_column(ForeignKey("meters.meter_id"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    minutes: Mapped[int] = mapped_column(SmallInteger)
    used: Mapped[Decimal] = mapped_column(IntervalQuantity)


class Interval(NamedTuple):
    """One on its way in."""

    meter_id: UUID
    starts_at: datetime
    minutes: int
    used: Decimal


def list_near(session: Session, starts: Sequence[tuple[UUID, datetime]]) -> Sequence[Any]:
    """The intervals that begin less than an hour before or after these instants: meter, start, minutes, use."""
    if not starts:
        return ()
    given = {"meters": [meter_id for meter_id, _ in starts], "starts": [starts_at for _, starts_at in starts]}
    return session.execute(_NEAR, given).all()


# Instants of one meter that lie near each other are looked for as one stretch.
_NEAR = text("""
      WITH w AS (
           SELECT meter_id,
                  unnest(range_agg(tstzrange(starts_at - interval '59 min', starts_at + interval '1 hour'))) AS span
             FROM unnest(CAST(:meters AS uuid[]), CAST(:starts AS timestamptz[])) AS given(meter_id, starts_at)
            GROUP BY meter_id)
    SELECT i.meter_id, i.starts_at, i.minutes, i.used
      FROM w JOIN interval_readings i
        ON i.meter_id = w.meter_id AND i.starts_at >= lower(w.span) AND i.starts_at < upper(w.span)
""")


def put_intervals(session: Session, intervals: Sequence[Interval]) -> None:
    """Write them by COPY, in place of those that begin at the same instants. No meter and instant twice.

    Whoever writes has taken `imports.lock_batches` or `imports.share_with_batches` before looking.
    """
    if not intervals:
        return
    session.execute(_ROOM)
    lines = [f"{one.meter_id}\t{one.starts_at.isoformat()}\t{one.minutes}\t{one.used}\n" for one in intervals]
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy("COPY intervals_given FROM STDIN") as copy:
        copy.write("".join(lines))
    plan_once(session)
    session.execute(_PUT)


_ROOM = text("""
    CREATE TEMPORARY TABLE IF NOT EXISTS intervals_given
           (meter_id uuid, starts_at timestamptz, minutes smallint, used numeric(14, 6)) ON COMMIT DELETE ROWS
""")
_PUT = text("""
    WITH given AS (DELETE FROM intervals_given RETURNING meter_id, starts_at, minutes, used)
    INSERT INTO interval_readings AS i (meter_id, starts_at, minutes, used)
    SELECT meter_id, starts_at, minutes, used FROM given ORDER BY meter_id, starts_at
    ON CONFLICT (meter_id, starts_at) DO UPDATE SET minutes = excluded.minutes, used = excluded.used
""")
