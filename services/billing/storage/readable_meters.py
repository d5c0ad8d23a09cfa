"""Meters as whoever reads them needs them: whose they are, what they showed before, what was handed in."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from services.billing.storage.reading_windows import (
    IS_REMOTE,
    READ_BY_CUSTOMER,
    READ_IN_WINDOW,
    ReadingWindow,
)
from services.billing.storage.readings import MAIN_REGISTER, Reading, ReadingStatus


def lock_meter(session: Session, customer_id: UUID, meter_id: UUID) -> Row[Any] | None:
    """A meter at a point of one of the customer's contracts, with `commodity` and `is_remote`.

    Nobody else hands in a reading of it until the transaction ends.
    """
    given = {"customer_id": customer_id, "meter_id": meter_id}
    return session.execute(_LOCK, given).first()


_LOCK = text(f"""
    SELECT m.meter_id, m.service_point_id, m.serial_number, m.unit, m.digits, m.purpose, m.installed_on,
           m.removed_on, s.commodity, {IS_REMOTE} AS is_remote
      FROM meters m JOIN service_points s USING (service_point_id)
     WHERE m.meter_id = :meter_id
       AND EXISTS (SELECT FROM contract_service_points l JOIN contracts c USING (contract_id)
                    WHERE l.service_point_id = m.service_point_id AND c.customer_id = :customer_id)
       FOR NO KEY UPDATE OF m
""")  # noqa: S608 - parts of our own, no input


def is_of_customer(session: Session, reading_id: UUID, customer_id: UUID) -> bool:
    """Whether a reading is of a meter and a day of one of the customer's contracts, or of the day before it."""
    given = {"reading_id": reading_id, "customer_id": customer_id}
    return session.execute(_OF_CUSTOMER, given).first() is not None


_OF_CUSTOMER = text("""
    SELECT 1
      FROM readings r
      JOIN meters m USING (meter_id)
      JOIN contract_service_points l USING (service_point_id)
      JOIN contracts c USING (contract_id)
     WHERE r.reading_id = :reading_id AND c.customer_id = :customer_id
       AND r.read_on >= c.starts_on - 1 AND (c.ends_on IS NULL OR r.read_on <= c.ends_on)
""")


def list_holders(session: Session, service_point_id: UUID, *, day: date) -> Sequence[UUID]:
    """The customers whose contracts deliver to a point on a day."""
    return session.scalars(_HOLDERS, {"point": service_point_id, "day": day}).all()


_HOLDERS = text("""
    SELECT DISTINCT c.customer_id
      FROM contract_service_points l JOIN contracts c USING (contract_id)
     WHERE l.service_point_id = :point AND c.starts_on <= :day AND (c.ends_on IS NULL OR c.ends_on >= :day)
     ORDER BY c.customer_id
""")


def list_of_day(session: Session, meter_id: UUID, day: date) -> Sequence[Reading]:
    """The readings of a meter's day that count or wait, for changing; the one that counts first."""
    statement = select(Reading).where(
        Reading.meter_id == meter_id,
        Reading.read_on == day,
        Reading.register == MAIN_REGISTER,
        Reading.status.in_((ReadingStatus.ACCEPTED, ReadingStatus.SUBMITTED)),
    )
    return session.scalars(statement.order_by(Reading.status, Reading.reading_id).with_for_update()).all()


def get_nearest(
    session: Session, meter_id: UUID, day: date, *, estimates: bool = True
) -> tuple[Row[Any] | None, Row[Any] | None]:
    """Day and value of the accepted readings next to a day, before and after it; on request without estimates."""
    given = {"meter_id": meter_id, "day": day, "but": "" if estimates else "ESTIMATED"}
    return session.execute(_BEFORE, given).first(), session.execute(_AFTER, given).first()


_BEFORE = text("""
    SELECT read_on, value FROM readings
     WHERE meter_id = :meter_id AND register = 'main' AND status = 'ACCEPTED' AND read_on < :day
       AND kind <> :but
     ORDER BY read_on DESC LIMIT 1
""")
_AFTER = text("""
    SELECT read_on, value FROM readings
     WHERE meter_id = :meter_id AND register = 'main' AND status = 'ACCEPTED' AND read_on > :day
       AND kind <> :but
     ORDER BY read_on LIMIT 1
""")


def list_history(
    session: Session, customer_id: UUID, meter_ids: Collection[UUID], *, since: date
) -> Sequence[Row[Any]]:
    """Accepted readings behind what is usual for meters: their own, and those of the meters they took the place of.

    `of_meter`, then the meter itself, day, value, digits. Only of the days of the customer's contracts and the day
    before each: what somebody else used says nothing.
    """
    if not meter_ids:
        return ()
    given = {"customer_id": customer_id, "ids": [*meter_ids], "since": since}
    return session.execute(_HISTORY, given).all()


_SPANS = """
    spans AS MATERIALIZED (
        SELECT l.service_point_id, c.starts_on - 1 AS first_on, coalesce(c.ends_on, 'infinity') AS last_on
          FROM contracts c JOIN contract_service_points l USING (contract_id)
         WHERE c.customer_id = :customer_id)
"""
_IN_SPANS = """
    EXISTS (SELECT FROM spans d
             WHERE d.service_point_id = m.service_point_id AND r.read_on BETWEEN d.first_on AND d.last_on)
"""
_HISTORY = text(f"""
      WITH {_SPANS}
    SELECT m.meter_id AS of_meter, p.meter_id, r.read_on, r.value, p.digits
      FROM meters m
      JOIN meters p ON p.service_point_id = m.service_point_id AND p.purpose = m.purpose
                   AND (p.meter_id = m.meter_id OR p.removed_on <= m.installed_on)
      JOIN readings r ON r.meter_id = p.meter_id AND r.register = 'main' AND r.status = 'ACCEPTED'
                     AND r.read_on >= :since AND {_IN_SPANS}
     WHERE m.meter_id = ANY(CAST(:ids AS uuid[]))
     ORDER BY m.meter_id, p.meter_id, r.read_on
""")  # noqa: S608 - parts of our own, no input


def list_in_use(session: Session, customer_id: UUID, *, today: date, limit: int) -> Sequence[Row[Any]]:
    """The meters in use at the points of contracts that hold today, with point, premises and `is_remote`, by address.

    With `last_read_on` and `last_value`, as wherever a meter is shown.
    """
    given = {"customer_id": customer_id, "today": today, "limit": limit}
    return session.execute(_IN_USE, given).all()


_IN_USE = text(f"""
      WITH {_SPANS}
    SELECT m.*, s.code, s.commodity, p.premises_id, p.street, p.building, p.flat, p.postcode, p.town,
           last.read_on AS last_read_on, last.value AS last_value, {IS_REMOTE} AS is_remote
      FROM meters m
      JOIN service_points s USING (service_point_id)
      JOIN premises p USING (premises_id)
      LEFT JOIN LATERAL (
           SELECT r.read_on, r.value FROM readings r
            WHERE r.meter_id = m.meter_id AND r.register = 'main' AND r.status = 'ACCEPTED' AND {_IN_SPANS}
            ORDER BY r.read_on DESC LIMIT 1) last ON true
     WHERE m.installed_on <= :today AND (m.removed_on IS NULL OR m.removed_on >= :today)
       AND EXISTS (SELECT FROM spans d
                    WHERE d.service_point_id = m.service_point_id AND :today BETWEEN d.first_on + 1 AND d.last_on)
     ORDER BY p.town, p.street, p.building, p.flat, p.premises_id, s.external_id, m.installed_on, m.meter_id
     LIMIT :limit
""")  # noqa: S608 - parts of our own, no input


def list_previous(session: Session, customer_id: UUID, before: Mapping[UUID, date]) -> dict[UUID, Row[Any]]:
    """Of each meter the newest accepted reading before a day, within the days of the customer's contracts."""
    if not before:
        return {}
    given = {"customer_id": customer_id, "ids": [*before], "days": [*before.values()]}
    return {row.meter_id: row for row in session.execute(_PREVIOUS, given)}


_PREVIOUS = text(f"""
      WITH {_SPANS}
    SELECT DISTINCT ON (r.meter_id) r.*, m.serial_number, m.unit
      FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[])) AS w(meter_id, day)
      JOIN meters m USING (meter_id)
      JOIN readings r ON r.meter_id = m.meter_id AND r.register = 'main' AND r.status = 'ACCEPTED'
                     AND r.read_on < w.day AND {_IN_SPANS}
     ORDER BY r.meter_id, r.read_on DESC
""")  # noqa: S608 - parts of our own, no input


def list_handed_in(
    session: Session, customer_id: UUID, windows: Mapping[UUID, ReadingWindow]
) -> dict[UUID, Row[Any]]:
    """Of each meter the newest reading of its customer in the days of its window, that counts or waits."""
    if not windows:
        return {}
    given = {
        "customer_id": customer_id,
        "ids": [*windows],
        "first": [window.opens_on for window in windows.values()],
        "last": [window.closes_on for window in windows.values()],
    }
    return {row.meter_id: row for row in session.execute(_HANDED_IN, given)}


_HANDED_IN = text(f"""
      WITH {_SPANS}
    SELECT DISTINCT ON (r.meter_id) r.*, m.serial_number, m.unit
      FROM unnest(CAST(:ids AS uuid[]), CAST(:first AS date[]), CAST(:last AS date[])) AS w(meter_id, first, last)
      JOIN meters m USING (meter_id)
      JOIN readings r ON r.meter_id = m.meter_id AND r.register = 'main' AND r.kind = 'CUSTOMER'
                     AND r.status IN ('ACCEPTED', 'SUBMITTED') AND r.read_on BETWEEN w.first AND w.last
                     AND {_IN_SPANS}
     ORDER BY r.meter_id, r.read_on DESC, r.reading_id DESC
""")  # noqa: S608 - parts of our own, no input


# Of the windows open today, the first to close with meters of the customer that lack a reading of its days:
# `commodity`, `closes_on`, `meter_count`; of one of the meters `meter_id`, `serial_number`, `unit` and its newest
# accepted reading, `last_read_on` and `last_value`. Meters that send their readings by themselves lack none. It is
# asked with `OWN`.
WANTED = f"""
      WITH wanted AS (
           SELECT w.commodity, w.closes_on, m.meter_id, m.serial_number, m.unit, own.starts_on - 1 AS first_on
             FROM (SELECT *, %(today)s::date AS day FROM reading_windows
                    WHERE closed_at IS NULL AND opens_on <= %(today)s AND closes_on >= %(today)s) w
             JOIN own ON own.commodity = w.commodity
                     AND own.starts_on <= w.day AND (own.ends_on IS NULL OR own.ends_on >= w.day)
             JOIN meters m ON m.service_point_id = own.service_point_id AND {READ_BY_CUSTOMER}
            WHERE NOT {READ_IN_WINDOW})
    SELECT wanted.*, count(*) OVER (PARTITION BY closes_on, commodity) AS meter_count,
           last.read_on AS last_read_on, last.value AS last_value
      FROM wanted
      LEFT JOIN LATERAL (
           SELECT r.read_on, r.value FROM readings r
            WHERE r.meter_id = wanted.meter_id AND r.register = 'main' AND r.status = 'ACCEPTED'
              AND r.read_on >= wanted.first_on
            ORDER BY r.read_on DESC LIMIT 1) last ON true
     ORDER BY closes_on, commodity, meter_id
     LIMIT 1
"""  # noqa: S608 - parts of our own, no input
