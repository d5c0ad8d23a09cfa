"""Reading windows: when customers may hand in readings, and who was told."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, delete, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.billing.storage.base import Base
from services.billing.storage.service_points import Commodity

WINDOWS_LOCK = 0x77696E64  # "wind"
NOBODY = UUID(int=0)


class WindowNotice(StrEnum):
    """What a customer was told of a window."""

    OPENED = "OPENED"
    MISSING = "MISSING"


class ReadingWindow(Base):
    """The days on which customers may hand in readings of a commodity, both included.

    `next_window_id` is the window that follows by itself, once it was planned. `told_after` is the last customer that
    was looked at while everybody is told; None when nobody is being told. `opened_at`, `reminded_at`: everybody was
    told. `meter_count` and `read_count` are of `counted_at`: the worker counts again and again until it is over.
    """

    __tablename__ = "reading_windows"
    __table_args__ = (
        one_of("commodity", Commodity),
        CheckConstraint("closes_on >= opens_on", name="days"),
        Index("reading_windows_by_day", "commodity", "opens_on", unique=True),
        Index("reading_windows_at_work", "opens_on", postgresql_where=text("closed_at IS NULL")),
    )

    window_id: Mapped[UUID] = mapped_column(primary_key=True)
    commodity: Mapped[Commodity] = word(Commodity)
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    remind_days: Mapped[int]
    repeat_months: Mapped[int]
    next_window_id: Mapped[UUID | None]
    told_after: Mapped[UUID | None]
    opened_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    meter_count: Mapped[int | None]
    read_count: Mapped[int | None]
    counted_at: Mapped[datetime | None]


class ReadingWindowNotice(Base):
    """A customer was told of a window; written with the announcement, so that nobody is told twice."""

    __tablename__ = "reading_window_notices"
    __table_args__ = (one_of("kind", WindowNotice),)

    window_id: Mapped[UUID] = mapped_column(ForeignKey("reading_windows.window_id"), primary_key=True)
    kind: Mapped[WindowNotice] = word(WindowNotice, primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]


def lock_windows(session: Session) -> None:
    """One change of windows after the other: two that overlap cannot both be planned."""
    session.execute(text(f"SELECT pg_advisory_xact_lock({WINDOWS_LOCK})"))


def lock_window(session: Session, window_id: UUID) -> ReadingWindow | None:
    """A window that nobody else moves until the transaction ends."""
    return session.get(ReadingWindow, window_id, with_for_update=True, populate_existing=True)


def find_overlapping(
    session: Session, commodity: Commodity, *, opens_on: date, closes_on: date, without: UUID
) -> ReadingWindow | None:
    """Another window of the commodity that shares a day with these, the first."""
    window = ReadingWindow
    return session.scalars(
        select(window)
        .where(
            window.commodity == commodity,
            window.opens_on <= closes_on,
            window.closes_on >= opens_on,
            window.window_id != without,
        )
        .order_by(window.opens_on)
        .limit(1)
    ).first()


def list_windows(session: Session, *, commodity: Commodity | None, limit: int) -> Sequence[ReadingWindow]:
    """Windows, the latest first."""
    statement = select(ReadingWindow).order_by(ReadingWindow.opens_on.desc(), ReadingWindow.commodity)
    if commodity is not None:
        statement = statement.where(ReadingWindow.commodity == commodity)
    return session.scalars(statement.limit(limit)).all()


def list_at_work(session: Session, *, today: date) -> Sequence[ReadingWindow]:
    """Windows that have opened and are not closed yet, the first first."""
    window = ReadingWindow
    statement = select(window).where(window.closed_at.is_(None), window.opens_on <= today)
    return session.scalars(statement.order_by(window.opens_on, window.window_id)).all()


def list_to_count(session: Session, *, before: datetime) -> Sequence[ReadingWindow]:
    """Windows that are not closed and were not counted since an instant."""
    window = ReadingWindow
    statement = select(window).where(
        window.closed_at.is_(None), or_(window.counted_at.is_(None), window.counted_at < before)
    )
    return session.scalars(statement.order_by(window.opens_on, window.window_id)).all()


def list_present(
    session: Session, commodities: Collection[Commodity], *, today: date
) -> dict[Commodity, ReadingWindow]:
    """Of each commodity the window that is open, else the next one planned."""
    window = ReadingWindow
    statement = (
        select(window)
        .ext(distinct_on(window.commodity))
        .where(window.commodity.in_(commodities), window.closes_on >= today)
        .order_by(window.commodity, window.opens_on)
    )
    return {one.commodity: one for one in session.scalars(statement)}


def delete_window(session: Session, window_id: UUID) -> None:
    """Take a planned window away."""
    session.execute(delete(ReadingWindow).where(ReadingWindow.window_id == window_id))


def add_notices(
    session: Session, window_id: UUID, kind: WindowNotice, customer_ids: Collection[UUID], *, now: datetime
) -> set[UUID]:
    """Write down who is being told; answers those who had not been."""
    if not customer_ids:
        return set()
    notice = ReadingWindowNotice
    rows = [
        {"window_id": window_id, "kind": kind, "customer_id": customer_id, "told_at": now}
        for customer_id in customer_ids
    ]
    statement = insert(notice).values(rows).on_conflict_do_nothing().returning(notice.customer_id)
    return set(session.scalars(statement))


# A meter sends its readings by itself when what is newest of it came from itself: a reading, or an interval after it.
IS_REMOTE = """
    (SELECT coalesce(r.kind, '') = 'REMOTE' OR EXISTS (
            SELECT FROM interval_readings i
             WHERE i.meter_id = m.meter_id
               AND i.starts_at >= coalesce((r.read_on + 1)::timestamp AT TIME ZONE 'Europe/Warsaw', '-infinity'))
       FROM (VALUES (0)) AS one
       LEFT JOIN (SELECT kind, read_on FROM readings
                   WHERE meter_id = m.meter_id AND register = 'main' AND status = 'ACCEPTED'
                   ORDER BY read_on DESC LIMIT 1) AS r ON true)
"""
READ_BY_CUSTOMER = f"""
    m.installed_on <= w.day AND (m.removed_on IS NULL OR m.removed_on >= w.day) AND NOT {IS_REMOTE}
"""
_HOLDS = "c.starts_on <= w.day AND (c.ends_on IS NULL OR c.ends_on >= w.day)"
READ_IN_WINDOW = """
    EXISTS (SELECT FROM readings r
             WHERE r.meter_id = m.meter_id AND r.register = 'main' AND r.status IN ('ACCEPTED', 'SUBMITTED')
               AND r.read_on BETWEEN w.opens_on AND w.closes_on)
"""


def list_customers_to_tell(
    session: Session, window: ReadingWindow, *, day: date, after: UUID, limit: int
) -> Sequence[Row[Any]]:
    """The next customers after one: `meter_count` they read themselves, `missing_count` of them without a reading of
    the window's days. Customers without such meters are among them, so that the last one says how far we are."""
    given = {
        "commodity": window.commodity.value,
        "opens_on": window.opens_on,
        "closes_on": window.closes_on,
        "day": day,
        "after": after,
        "limit": limit,
    }
    return session.execute(_TO_TELL, given).all()


_TO_TELL = text(f"""
    WITH chunk AS MATERIALIZED (
        SELECT DISTINCT c.customer_id FROM contracts c
         WHERE c.customer_id > :after ORDER BY c.customer_id LIMIT :limit),
    w AS (
        SELECT CAST(:day AS date) AS day, CAST(:opens_on AS date) AS opens_on,
               CAST(:closes_on AS date) AS closes_on),
    own AS (
        SELECT DISTINCT c.customer_id, m.meter_id, {READ_IN_WINDOW} AS is_read
          FROM w
          JOIN contracts c ON {_HOLDS}
          JOIN chunk USING (customer_id)
          JOIN contract_service_points l USING (contract_id)
          JOIN service_points s ON s.service_point_id = l.service_point_id AND s.commodity = :commodity
          JOIN meters m ON m.service_point_id = s.service_point_id AND {READ_BY_CUSTOMER})
    SELECT customer_id, count(meter_id) AS meter_count, count(meter_id) FILTER (WHERE NOT is_read) AS missing_count
      FROM chunk LEFT JOIN own USING (customer_id)
     GROUP BY customer_id
     ORDER BY customer_id
""")  # noqa: S608 - parts of our own, no input


def count_meters(
    session: Session, asked: Sequence[tuple[Commodity, date, date, date]]
) -> list[tuple[int, int]]:
    """Of each commodity, first day, last day, and day to look at: meters that customers read, and those read."""
    if not asked:
        return []
    commodities, first, last, days = zip(*asked, strict=True)
    given = {"commodities": [*map(str, commodities)], "first": [*first], "last": [*last], "days": [*days]}
    found = {row.place: (row.meters, row.of_them_read) for row in session.execute(_COUNTS, given)}
    return [found.get(place, (0, 0)) for place in range(1, len(asked) + 1)]


_COUNTS = text(f"""
    SELECT w.place, count(*) AS meters, count(*) FILTER (WHERE {READ_IN_WINDOW}) AS of_them_read
      FROM unnest(CAST(:commodities AS text[]), CAST(:first AS date[]), CAST(:last AS date[]), CAST(:days AS date[]))
           WITH ORDINALITY AS w(commodity, opens_on, closes_on, day, place)
      JOIN service_points s ON s.commodity = w.commodity
      JOIN meters m ON m.service_point_id = s.service_point_id AND {READ_BY_CUSTOMER}
     WHERE EXISTS (SELECT FROM contract_service_points l JOIN contracts c USING (contract_id)
                    WHERE l.service_point_id = s.service_point_id AND {_HOLDS})
     GROUP BY w.place
""")  # noqa: S608 - parts of our own, no input
