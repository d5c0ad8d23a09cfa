"""What the customer's first page shows of use, in one query: the first metered point, its meters, their readings."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Reader


def list_recent_use(reader: Reader, customer_id: UUID) -> Sequence[Any]:
    """Readings of the first metered point since the year before the newest one, with point, premises and meter
    beside each; a meter without any has one row with no day. Only meters that stood there on a day of one of the
    customer's contracts. Nothing when nothing is metered.

    Of each month only a meter's first and last readings are there: months come out the same, and a meter that is
    read every day costs little more than one that is read twice a month. `first_on` is the first day ever read.
    """
    return reader.rows(_RECENT_USE, {"customer_id": customer_id})


_COUNTS = """
    r.meter_id = m.meter_id AND r.status = 'ACCEPTED' AND r.register = 'main'
    AND EXISTS (SELECT 1 FROM days d WHERE r.read_on BETWEEN d.first_on AND d.last_on)
"""
_RECENT_USE = f"""
    WITH held AS MATERIALIZED (
        SELECT l.service_point_id, c.starts_on - 1 AS first_on, coalesce(c.ends_on, 'infinity') AS last_on
          FROM contracts c JOIN contract_service_points l USING (contract_id)
         WHERE c.customer_id = %(customer_id)s),
    point AS MATERIALIZED (
        SELECT s.service_point_id, s.code, s.commodity,
               p.premises_id, p.street, p.building, p.flat, p.postcode, p.town
          FROM service_points s
          JOIN premises p USING (premises_id)
         WHERE s.service_point_id IN (SELECT service_point_id FROM held)
           AND EXISTS (SELECT 1 FROM meters m WHERE m.service_point_id = s.service_point_id)
         ORDER BY p.town, p.street, p.building, p.flat, p.premises_id, s.external_id
         LIMIT 1),
    days AS MATERIALIZED (
        SELECT first_on, last_on FROM held JOIN point USING (service_point_id)),
    ends AS MATERIALIZED (
        SELECT m.meter_id, first.read_on AS first_on, last.read_on AS last_on
          FROM point JOIN meters m USING (service_point_id)
         CROSS JOIN LATERAL (SELECT r.read_on FROM readings r WHERE {_COUNTS} ORDER BY r.read_on LIMIT 1) first
         CROSS JOIN LATERAL (SELECT r.read_on FROM readings r WHERE {_COUNTS} ORDER BY r.read_on DESC LIMIT 1) last),
    since AS MATERIALIZED (
        SELECT make_date(EXTRACT(YEAR FROM max(last_on))::int - 1, 1, 1) AS day, min(first_on) AS first_on FROM ends),
    recent AS (
        SELECT m.meter_id, r.read_on, r.value,
               row_number() OVER (PARTITION BY r.meter_id, EXTRACT(YEAR FROM r.read_on), EXTRACT(MONTH FROM r.read_on)
                                  ORDER BY r.read_on) AS rising,
               count(*) OVER (PARTITION BY r.meter_id, EXTRACT(YEAR FROM r.read_on), EXTRACT(MONTH FROM r.read_on)
                             ) AS of_month
          FROM ends m JOIN since ON true JOIN readings r ON {_COUNTS} AND r.read_on >= since.day),
    shown AS (
        SELECT meter_id, read_on, value FROM recent WHERE rising IN (1, of_month)
        UNION ALL
        SELECT m.meter_id, before.read_on, before.value
          FROM ends m JOIN since ON true
         CROSS JOIN LATERAL (SELECT r.read_on, r.value FROM readings r WHERE {_COUNTS} AND r.read_on < since.day
                              ORDER BY r.read_on DESC LIMIT 1) before)
    SELECT point.*, m.meter_id, m.serial_number, m.installed_on, m.removed_on, m.digits, m.unit,
           s.read_on, s.value, since.first_on
      FROM point
      JOIN meters m USING (service_point_id)
      JOIN since ON true
      LEFT JOIN shown s USING (meter_id)
     WHERE EXISTS (SELECT 1 FROM days d
                    WHERE m.installed_on <= d.last_on AND coalesce(m.removed_on, 'infinity') >= d.first_on)
     ORDER BY m.removed_on DESC NULLS FIRST, m.installed_on DESC, m.meter_id, s.read_on
"""  # noqa: S608 - parts of our own, no input
