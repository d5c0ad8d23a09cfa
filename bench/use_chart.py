"""`use-chart`: the page of use over ten years of daily use, against a bare page with one query over as many days.

The bare page asks a bare session service and a bare data service on the same PostgreSQL, with as many calls as ours, and
shows the same to the eye: the points to choose from, the bars, the figures, the table, the newest readings and the meter
(`bench/bare/`). Two connections: the figure is how long a person waits on a calm day.
"""

import psycopg

from bench.figures import Figure
from bench.load import Asked
from bench.pages import bare_suite, compared
from bench.suites import cookie_of, running_suite

EMAIL = "anna@poczta.example"
PATH, EXPECTED = "/zuzycie?krok=rok", "2017"
# Anna's contract and meter reach ten years back, each of whose days was measured.
TEN_YEARS = """
    WITH anna AS (
        SELECT c.contract_id, m.meter_id, m.installed_on
          FROM customers k JOIN contracts c USING (customer_id) JOIN contract_service_points l USING (contract_id)
          JOIN meters m USING (service_point_id)
         WHERE k.source_email = %(email)s),
    contract AS (UPDATE contracts SET starts_on = date '2016-01-01' WHERE contract_id IN (SELECT contract_id FROM anna)),
    meter AS (UPDATE meters SET installed_on = date '2016-01-01' WHERE meter_id IN (SELECT meter_id FROM anna))
    INSERT INTO daily_use (meter_id, day, used, measured)
    SELECT meter_id, day::date, 0.173, true
      FROM anna, generate_series(timestamp '2016-01-01', now()::timestamp, interval '1 day') AS day
        ON CONFLICT (meter_id, day) DO NOTHING
"""
BARE_TABLES = """
    DROP TABLE IF EXISTS bare_day, bare_reading, bare_point;
    CREATE TABLE bare_point (point_id uuid PRIMARY KEY, customer_id text, address text, serial_number text,
        installed_on date);
    CREATE INDEX ON bare_point (customer_id);
    CREATE TABLE bare_day (point_id uuid, day date, used numeric(14, 6), PRIMARY KEY (point_id, day) INCLUDE (used));
    CREATE TABLE bare_reading (reading_id uuid PRIMARY KEY, point_id uuid, read_on date, value numeric(14, 3),
        kind int, status int);
    CREATE INDEX ON bare_reading (point_id, read_on DESC);
    INSERT INTO bare_point SELECT gen_random_uuid(), 'customer' || c, 'Lipowa 7/' || c, '88104612', date '2016-01-01'
        FROM generate_series(1, 20) c;
    INSERT INTO bare_day SELECT point_id, day::date, 0.173
        FROM bare_point, generate_series(timestamp '2016-01-01', now()::timestamp, interval '1 day') AS day;
    INSERT INTO bare_reading SELECT gen_random_uuid(), point_id, day::date - 1, 100 + 5.2 * n, 1, 2
        FROM bare_point, generate_series(timestamp '2024-12-01', now()::timestamp, interval '1 month')
             WITH ORDINALITY AS month (day, n);
"""


def measure(names: list[str]) -> list[Figure]:
    """Milliseconds a page."""
    [name] = names
    with running_suite() as info:
        url = info["databases"]["billing"].replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(TEN_YEARS, {"email": EMAIL})
            connection.execute(BARE_TABLES)
            for table in ("daily_use", "bare_day", "bare_reading", "bare_point"):
                connection.execute(f"VACUUM ANALYZE {table}")
        ours_asked = Asked(info["gateway"] + PATH, EXPECTED, cookie_of(info["gateway"], EMAIL))
        with bare_suite(url) as bare:
            bare_asked = Asked(f"{bare}/zuzycie", EXPECTED, "bare=token1")
            ours, theirs = compared(ours_asked, bare_asked, connections=2)
    return [
        Figure(name, ours["p50_ms"], theirs["p50_ms"], f"ms for a page of {ours['bytes']:.0f} B", "≤ 2"),
    ]
