"""Readings as a clerk looks at them: the queue of those that wait, what is around one, and rows held for a decision."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, or_, select, text, update
from sqlalchemy.orm import Session

from chassis.actors import EVERYWHERE, Area
from chassis.keyset import Page, Window, fetch_page
from services.billing.storage.areas import places_covered
from services.billing.storage.meters import Meter
from services.billing.storage.photos import ReadingPhoto
from services.billing.storage.premises import Premises
from services.billing.storage.readings import MAIN_REGISTER, Reading, ReadingStatus
from services.billing.storage.service_points import ServicePoint

QUEUE_KEY = (date, UUID)

_READING, _METER = Reading.__table__.c, Meter.__table__.c
_POINT, _PREMISES = ServicePoint.__table__.c, Premises.__table__.c


def list_waiting(
    session: Session, *, commodity: str, reason: str, window: Window, area: Area = EVERYWHERE
) -> Page:
    """Readings that wait, the oldest day first, with meter, point and premises. Empty words ask for all."""
    statement = _with_places().where(_READING.status == ReadingStatus.SUBMITTED)
    if commodity:
        statement = statement.where(_POINT.commodity == commodity)
    if reason:
        statement = statement.where(_READING.reason == reason)
    statement = statement.where(places_covered(area))
    return fetch_page(session, statement, keys=(_READING.read_on, _READING.reading_id), window=window)


def get_with_place(session: Session, reading_id: UUID) -> Row[Any] | None:
    """A reading with meter, point and premises, whatever became of it."""
    return session.execute(_with_places().where(_READING.reading_id == reading_id)).first()


def _with_places() -> Any:
    photo = select(ReadingPhoto.reading_id).where(ReadingPhoto.reading_id == _READING.reading_id)
    return _at_places(
        select(
            Reading.__table__,
            photo.exists().label("has_photo"),
            _METER.serial_number,
            _METER.unit,
            _METER.digits,
            _METER.purpose,
            _METER.installed_on,
            _METER.removed_on,
            _METER.service_point_id,
            _POINT.commodity,
            _POINT.code,
            _PREMISES.premises_id,
            _PREMISES.street,
            _PREMISES.building,
            _PREMISES.flat,
            _PREMISES.postcode,
            _PREMISES.town,
        ).select_from(Reading.__table__)
    ).where(_READING.register == MAIN_REGISTER)


def find_next_waiting(session: Session, *, after: tuple[date, UUID], area: Area = EVERYWHERE) -> UUID | None:
    """The reading that waits after one in the queue; at its end the first."""
    waiting = (
        select(_READING.reading_id)
        .where(_READING.status == ReadingStatus.SUBMITTED, _READING.reading_id != after[1])
        .order_by(_READING.read_on, _READING.reading_id)
        .limit(1)
    )
    if not area.is_whole:
        waiting = _at_places(waiting).where(places_covered(area))
    later = waiting.where(
        or_(_READING.read_on > after[0], (_READING.read_on == after[0]) & (_READING.reading_id > after[1]))
    )
    return session.scalar(later) or session.scalar(waiting)


def count_by_reason(session: Session, *, area: Area = EVERYWHERE) -> dict[str, int]:
    """How many readings wait, by reason."""
    statement = (
        select(_READING.reason, func.count())
        .where(_READING.status == ReadingStatus.SUBMITTED)
        .group_by(_READING.reason)
    )
    if not area.is_whole:
        statement = _at_places(statement).where(places_covered(area))
    return {row[0]: row[1] for row in session.execute(statement)}


def _at_places(statement: Any) -> Any:
    """A query over readings, with their points and premises."""
    return (
        statement.join(Meter.__table__, _METER.meter_id == _READING.meter_id)
        .join(ServicePoint.__table__, _POINT.service_point_id == _METER.service_point_id)
        .join(Premises.__table__, _PREMISES.premises_id == _POINT.premises_id)
    )


def count_waiting(session: Session, meter_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many readings wait of each meter."""
    statement = (
        select(_READING.meter_id, func.count())
        .where(_READING.meter_id.in_(meter_ids), _READING.status == ReadingStatus.SUBMITTED)
        .group_by(_READING.meter_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def find_customers(
    session: Session, days: Collection[tuple[UUID, date]]
) -> dict[tuple[UUID, date], Row[Any]]:
    """Whose contracts deliver to points on days; of two the one that began last."""
    if not days:
        return {}
    given = {"points": [point for point, _ in days], "days": [day for _, day in days]}
    rows = session.execute(_CUSTOMERS, given).all()
    return {(row.service_point_id, row.on_day): row for row in rows}


_CUSTOMERS = text("""
    SELECT w.service_point_id, w.on_day, k.*
      FROM unnest(CAST(:points AS uuid[]), CAST(:days AS date[])) AS w(service_point_id, on_day)
     CROSS JOIN LATERAL (
            SELECT c.customer_id FROM contract_service_points l JOIN contracts c USING (contract_id)
             WHERE l.service_point_id = w.service_point_id
               AND c.starts_on <= w.on_day AND (c.ends_on IS NULL OR c.ends_on >= w.on_day)
             ORDER BY c.starts_on DESC, c.contract_id LIMIT 1) AS held
      JOIN customers k ON k.customer_id = held.customer_id
""")


def list_history(session: Session, points: Collection[tuple[UUID, str, date, date]]) -> Sequence[Row[Any]]:
    """Accepted readings of all meters of one purpose at points, each between two days.

    Point, purpose, meter, id, day, value, kind, digits and unit, by meter and day.
    """
    if not points:
        return ()
    point_ids, purposes, first, last = zip(*points, strict=True)
    given = {"points": [*point_ids], "purposes": [*purposes], "first": [*first], "last": [*last]}
    return session.execute(_HISTORY, given).all()


_HISTORY = text("""
    SELECT DISTINCT m.service_point_id, m.purpose, r.meter_id, r.reading_id, r.read_on, r.value, r.kind, m.digits,
           m.unit
      FROM unnest(CAST(:points AS uuid[]), CAST(:purposes AS text[]), CAST(:first AS date[]), CAST(:last AS date[]))
           AS w(service_point_id, purpose, first, last)
      JOIN meters m ON m.service_point_id = w.service_point_id AND m.purpose = w.purpose
      JOIN readings r ON r.meter_id = m.meter_id AND r.register = 'main' AND r.status = 'ACCEPTED'
                     AND r.read_on BETWEEN w.first AND w.last
     ORDER BY r.meter_id, r.read_on
""")


def list_near(session: Session, meter_id: UUID, day: date, *, each_way: int) -> Sequence[Row[Any]]:
    """Readings of a meter that count or wait, nearest to a day: so many before and so many from it on, by day."""
    return session.execute(_NEAR, {"meter_id": meter_id, "day": day, "limit": each_way}).all()


_NEAR_COLUMNS = """
    SELECT r.*, m.serial_number, m.unit, m.digits,
           EXISTS (SELECT FROM reading_photos p WHERE p.reading_id = r.reading_id) AS has_photo
      FROM readings r JOIN meters m USING (meter_id)
     WHERE r.meter_id = :meter_id AND r.register = 'main' AND r.status IN ('ACCEPTED', 'SUBMITTED')
"""
_NEAR = text(f"""
    SELECT * FROM (
        ({_NEAR_COLUMNS} AND r.read_on < :day ORDER BY r.read_on DESC, r.reading_id DESC LIMIT :limit)
        UNION ALL
        ({_NEAR_COLUMNS} AND r.read_on >= :day ORDER BY r.read_on, r.reading_id LIMIT :limit)) AS near
     ORDER BY read_on, reading_id
""")  # noqa: S608 - parts of our own, no input


def get_newest_value(session: Session, meter_id: UUID) -> Row[Any] | None:
    """Day and value of a meter's newest accepted reading."""
    return session.execute(_NEWEST, {"meter_id": meter_id}).first()


_NEWEST = text("""
    SELECT read_on, value FROM readings
     WHERE meter_id = :meter_id AND register = 'main' AND status = 'ACCEPTED'
     ORDER BY read_on DESC LIMIT 1
""")


def lock_meter(session: Session, meter_id: UUID) -> Row[Any] | None:
    """A meter with `commodity` of its point: nobody else decides on its readings until the transaction ends."""
    return session.execute(_LOCK_METER, {"meter_id": meter_id}).first()


_LOCK_METER = text("""
    SELECT m.*, s.commodity, s.premises_id
      FROM meters m JOIN service_points s USING (service_point_id)
     WHERE m.meter_id = :meter_id
       FOR NO KEY UPDATE OF m
""")


def find_meter_of(session: Session, reading_id: UUID) -> UUID | None:
    """The meter of a reading."""
    return session.scalar(select(_READING.meter_id).where(_READING.reading_id == reading_id))


def lock_readings_of(session: Session, meter_id: UUID) -> Sequence[Reading]:
    """All readings of a meter's main register but those that another took the place of, for changing."""
    statement = (
        select(Reading)
        .where(
            Reading.meter_id == meter_id,
            Reading.register == MAIN_REGISTER,
            Reading.status != ReadingStatus.SUPERSEDED,
        )
        .order_by(Reading.reading_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).all()


def get_reading(session: Session, reading_id: UUID) -> Reading | None:
    """A reading as it is now, whatever became of it."""
    return session.get(Reading, reading_id, populate_existing=True)


def move_photo(session: Session, from_reading: UUID, to_reading: UUID) -> None:
    """The corrected reading keeps the photo that came with the other."""
    session.execute(
        update(ReadingPhoto)
        .where(ReadingPhoto.reading_id == from_reading)
        .values(reading_id=to_reading)
        .execution_options(synchronize_session=False)
    )
