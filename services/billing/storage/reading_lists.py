"""Readings as a customer sees them, in plain SQL: the page of use asks for them each time."""

from datetime import date
from uuid import UUID

from chassis.database import Reader
from chassis.keyset import Page, Window, cut

READING_KEY = (date, UUID)

_LISTED = """
    WITH spans AS MATERIALIZED (
        SELECT l.service_point_id, c.starts_on - 1 AS first_on, c.ends_on
          FROM contracts c JOIN contract_service_points l USING (contract_id)
         WHERE c.customer_id = %(customer_id)s),
    since AS MATERIALIZED (
        SELECT service_point_id, min(first_on) AS first_on FROM spans GROUP BY service_point_id)
    SELECT r.reading_id, r.meter_id, r.read_on, r.value, r.kind, r.status, r.reason,
           m.serial_number, m.unit, m.digits,
           (SELECT p.value FROM readings p
             WHERE p.meter_id = r.meter_id AND p.register = r.register AND p.status = 'ACCEPTED'
               AND p.read_on < r.read_on AND p.read_on >= since.first_on
             ORDER BY p.read_on DESC LIMIT 1) AS previous_value,
           EXISTS (SELECT FROM reading_photos f
                    WHERE f.reading_id = r.reading_id AND f.customer_id = %(customer_id)s) AS has_photo
      FROM since
      JOIN meters m USING (service_point_id)
      JOIN readings r USING (meter_id)
     WHERE r.status <> 'SUPERSEDED'
       AND EXISTS (SELECT FROM spans d
                    WHERE d.service_point_id = m.service_point_id AND r.read_on >= d.first_on
                      AND (d.ends_on IS NULL OR r.read_on <= d.ends_on))
"""
_OF_POINT = "AND m.service_point_id = %(point)s"
_OLDER = "AND (r.read_on, r.reading_id) < (%(read_on)s, %(reading_id)s)"
_NEWER = "AND (r.read_on, r.reading_id) > (%(read_on)s, %(reading_id)s)"
_NEWEST_FIRST = "ORDER BY r.read_on DESC, r.reading_id DESC LIMIT %(limit)s"
_OLDEST_FIRST = "ORDER BY r.read_on, r.reading_id LIMIT %(limit)s"


def list_readings(
    reader: Reader, customer_id: UUID, *, service_point_id: UUID | None, window: Window
) -> Page:
    """Readings of the meters at a customer's points, the newest first; what was superseded is left out.

    Only of the days of the customer's contracts and the day before each: those of whoever lived there before are
    nobody else's business. With `serial_number`, `unit` and `digits` of the meter, and `previous_value`, the accepted
    one before, unless that is none of the customer's either; `has_photo`, when the customer sent one.
    """
    backward = window.before is not None
    read_on, reading_id = window.before or window.after or (None, None)
    statement = " ".join(
        [
            _LISTED,
            "" if service_point_id is None else _OF_POINT,
            "" if read_on is None else _NEWER if backward else _OLDER,
            _OLDEST_FIRST if backward else _NEWEST_FIRST,
        ]
    )
    values = {
        "customer_id": customer_id,
        "point": service_point_id,
        "read_on": read_on,
        "reading_id": reading_id,
        "limit": window.size + 1,
    }
    return cut(list(reader.rows(statement, values)), window)
