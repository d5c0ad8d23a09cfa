"""What a page shows of use: a customer's point with its meters, and sums over the days they tell of."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Reader
from services.billing.storage.service_points import OWN


class Span(NamedTuple):
    """Days of one meter, the first and the last included.

    A day that was not measured is a share of what two readings tell. It counts only between `read_from` and
    `read_until`: else one of the two readings was taken outside the customer's contracts, and the share tells of
    others' use. None: no such days.
    """

    meter_id: UUID
    from_day: date
    until_day: date
    read_from: date | None
    read_until: date | None


def list_meters_with_use(reader: Reader, customer_id: UUID, service_point_id: UUID | None) -> Sequence[Any]:
    """A point of a customer's with its premises, and what is known of its meters; none when it is not the customer's.

    Without an id the first point with a meter, by address. A row for each meter and each stretch of days that the
    customer's contracts deliver to it without a break, with the days of its first and last readings and of the first
    and last use in it, the newest value, and the last instant that an interval begins. The meter in use comes first. A
    point without meters has one row without a meter.
    """
    if service_point_id is None:
        return reader.rows(_METERS, {"customer_id": customer_id})
    return reader.rows(_METERS_OF_POINT, {"customer_id": customer_id, "point": service_point_id})


# The days begin on the eve of a contract: a reading closes its day. So contracts that follow each other are one.
_POINT = """
    spans AS MATERIALIZED (
        SELECT service_point_id, lower(span) AS eve, coalesce(upper(span) - 1, '9999-12-30') AS last_on
          FROM (SELECT service_point_id, unnest(range_agg(daterange(starts_on - 1, ends_on, '[]'))) AS span
                  FROM own GROUP BY service_point_id) AS merged),
    point AS MATERIALIZED (
        SELECT o.service_point_id, o.code, o.commodity,
               p.premises_id, p.street, p.building, p.flat, p.postcode, p.town
          FROM own o
          JOIN premises p USING (premises_id)
"""
_WITH_METER = "WHERE EXISTS (SELECT 1 FROM meters m WHERE m.service_point_id = o.service_point_id)"
_GIVEN = "WHERE o.service_point_id = %(point)s"
_OF_POINT = """
         ORDER BY p.town, p.street, p.building, p.flat, p.premises_id, o.external_id
         LIMIT 1)
    SELECT point.*, m.meter_id, m.serial_number, m.installed_on, m.removed_on, m.digits, m.unit, m.purpose,
           s.eve, s.last_on, r.first_read_on, r.last_read_on, r.last_value,
           u.first_used_on, u.last_used_on, i.last_interval
"""
# The first and the last are looked for from either end, which takes a step; their minimum would take all days.
_OF_READINGS = """
    FROM readings
   WHERE meter_id = m.meter_id AND register = 'main' AND status = 'ACCEPTED' AND read_on BETWEEN s.eve AND s.last_on
"""
_COUNTED_DAYS = """
    FROM daily_use d
   WHERE d.meter_id = m.meter_id AND d.day > s.eve AND d.day <= s.last_on
     AND (d.measured OR d.day > r.first_read_on AND d.day <= r.last_read_on)
"""
_WITH_USE = f"""
      FROM point
      LEFT JOIN (meters m JOIN spans s USING (service_point_id))
             ON m.service_point_id = point.service_point_id
            AND m.installed_on <= s.last_on AND coalesce(m.removed_on, 'infinity') >= s.eve
      LEFT JOIN LATERAL (
           SELECT (SELECT read_on {_OF_READINGS} ORDER BY read_on LIMIT 1) AS first_read_on,
                  read_on AS last_read_on, value AS last_value
                  {_OF_READINGS} ORDER BY read_on DESC LIMIT 1) AS r ON true
      LEFT JOIN LATERAL (
           SELECT (SELECT d.day {_COUNTED_DAYS} ORDER BY d.day LIMIT 1) AS first_used_on,
                  (SELECT d.day {_COUNTED_DAYS} ORDER BY d.day DESC LIMIT 1) AS last_used_on) AS u ON true
      LEFT JOIN LATERAL (
           SELECT max(starts_at) AS last_interval FROM interval_readings
            WHERE meter_id = m.meter_id
              AND starts_at >= (s.eve + 1)::timestamp AT TIME ZONE 'Europe/Warsaw'
              AND starts_at < (s.last_on + 1)::timestamp AT TIME ZONE 'Europe/Warsaw') AS i ON true
     ORDER BY m.removed_on DESC NULLS FIRST, m.installed_on DESC, m.meter_id, s.eve
"""  # noqa: S608 - parts of our own, no input
_METERS = f"WITH {OWN}, {_POINT} {_WITH_METER} {_OF_POINT} {_WITH_USE}"
_METERS_OF_POINT = f"WITH {OWN}, {_POINT} {_GIVEN} {_OF_POINT} {_WITH_USE}"
# As `list_meters_with_use` without an id; `months` of each row is what was used in each month since January of the year
# before that of `last_used_on`, null where nothing is known. It is asked with `OWN`.
METERS_WITH_MONTHS = f"""
    WITH {_POINT} {_WITH_METER} {_OF_POINT}
         , ARRAY(
           SELECT (SELECT sum(d.used)::text {_COUNTED_DAYS}
                      AND d.day BETWEEN f.starts::date AND (f.starts + interval '1 month')::date - 1)
             FROM generate_series(date_trunc('year', u.last_used_on::timestamp) - interval '1 year', u.last_used_on,
                                  '1 month') AS f(starts)
            ORDER BY f.starts) AS months
    {_WITH_USE}
"""  # noqa: S608 - parts of our own, no input


def list_metered_points(reader: Reader, customer_id: UUID, *, limit: int) -> Sequence[Any]:
    """A customer's points with a meter that stood there on a day of one of the customer's contracts, by address.

    With the premises' columns, and `serial_number` of the meter in use, else of the last one.
    """
    return reader.rows(_METERED, {"customer_id": customer_id, "limit": limit})


_METERED = """
    SELECT s.service_point_id, s.commodity, p.street, p.building, p.flat, p.town, m.serial_number
      FROM (SELECT DISTINCT ON (m.service_point_id) m.service_point_id, m.serial_number
              FROM contracts c
              JOIN contract_service_points l USING (contract_id)
              JOIN meters m ON m.service_point_id = l.service_point_id
                           AND (c.ends_on IS NULL OR m.installed_on <= c.ends_on)
                           AND (m.removed_on IS NULL OR m.removed_on >= c.starts_on - 1)
             WHERE c.customer_id = %(customer_id)s
             ORDER BY m.service_point_id, m.removed_on DESC NULLS FIRST, m.installed_on DESC, m.meter_id) AS m
      JOIN service_points s USING (service_point_id)
      JOIN premises p USING (premises_id)
     ORDER BY p.town, p.street, p.building, p.flat, p.premises_id, s.external_id
     LIMIT %(limit)s
"""


def sum_years(reader: Reader, spans: Sequence[Span]) -> dict[int, str]:
    """What was used by year; as all these sums a text with the six places of the column."""
    return _sums(reader, _YEARS, spans)


def sum_months(reader: Reader, spans: Sequence[Span]) -> dict[int, str]:
    """What was used by month, known by 12 × year + month - 1."""
    return _sums(reader, _MONTHS, spans)


def sum_days(reader: Reader, spans: Sequence[Span]) -> dict[date, str]:
    """What was used by day."""
    return _sums(reader, _DAYS, spans)


def find_last_day(reader: Reader, spans: Sequence[Span]) -> date | None:
    """The last day with use."""
    days: date | None = reader.rows(_LAST_DAY, _text(spans))[0].day if spans else None
    return days


def sum_hours(reader: Reader, stretches: Sequence[tuple[UUID, datetime, datetime]]) -> dict[datetime, str]:
    """What was used in each hour that intervals tell of, by its beginning; `stretches`: meter, from, before."""
    if not stretches:
        return {}
    return {row.starts_at: row.used for row in reader.rows(_HOURS, _instants(stretches))}


def find_last_interval(
    reader: Reader, stretches: Sequence[tuple[UUID, datetime, datetime]]
) -> datetime | None:
    """When the last interval begins; `stretches` as above."""
    last: datetime | None = (
        reader.rows(_LAST_INTERVAL, _instants(stretches))[0].starts_at if stretches else None
    )
    return last


# As one JSON text: five arrays take the driver longer to write than the sum takes.
_SPANS = """
      FROM jsonb_to_recordset(%(spans)s::jsonb)
           AS h(meter_id uuid, from_day date, until_day date, read_from date, read_until date)
"""
_COUNTED = f"""
      {_SPANS}
      JOIN daily_use d
        ON d.meter_id = h.meter_id AND d.day BETWEEN h.from_day AND h.until_day
       AND (d.measured OR d.day BETWEEN h.read_from AND h.read_until)
"""


def _by(step: str, key: str) -> str:
    """Sums by year or month, each over its own days: to ask each day which it is in takes longer than to add it."""
    return f"""
    SELECT {key} AS key, sum(u.used)::text AS used
      {_SPANS}
     CROSS JOIN generate_series(date_trunc('{step}', h.from_day::timestamp), h.until_day, '1 {step}') AS f(starts)
     CROSS JOIN LATERAL (
           SELECT sum(d.used) AS used FROM daily_use d
            WHERE d.meter_id = h.meter_id AND (d.measured OR d.day BETWEEN h.read_from AND h.read_until)
              AND d.day BETWEEN greatest(h.from_day, f.starts::date)
                            AND least(h.until_day, (f.starts + interval '1 {step}')::date - 1)) AS u
     WHERE u.used IS NOT NULL
     GROUP BY f.starts
"""  # noqa: S608 - words of our own, no input


_YEARS = _by("year", "extract(year FROM f.starts)::int")
_MONTHS = _by("month", "(12 * extract(year FROM f.starts) + extract(month FROM f.starts))::int - 1")
_DAYS = f"SELECT d.day AS key, sum(d.used)::text AS used {_COUNTED} GROUP BY 1"
_LAST_DAY = f"SELECT max(d.day) AS day {_COUNTED}"
_OF_INTERVALS = """
      FROM unnest(%(meters)s::uuid[], %(from)s::timestamptz[], %(before)s::timestamptz[])
           AS h(meter_id, from_at, before)
      JOIN interval_readings i ON i.meter_id = h.meter_id AND i.starts_at >= h.from_at AND i.starts_at < h.before
"""
_HOURS = f"""
    SELECT date_trunc('hour', i.starts_at) AS starts_at, sum(i.used)::text AS used {_OF_INTERVALS} GROUP BY 1
"""
_LAST_INTERVAL = f"SELECT max(i.starts_at) AS starts_at {_OF_INTERVALS}"


def _sums(reader: Reader, statement: str, spans: Sequence[Span]) -> dict[Any, str]:
    return {row.key: row.used for row in reader.rows(statement, _text(spans))} if spans else {}


def _text(spans: Sequence[Span]) -> dict[str, str]:
    return {"spans": json.dumps([span._asdict() for span in spans], default=str)}


def _instants(stretches: Sequence[tuple[UUID, datetime, datetime]]) -> dict[str, list[Any]]:
    meters, from_, before = zip(*stretches, strict=True)
    return {"meters": [*meters], "from": [*from_], "before": [*before]}
