"""`import-readings`: readings of a CSV file a second, from the file to PostgreSQL, against `COPY` and one upsert.

Ours is `python -m connector import` as an operator starts it, its start included: the file is read and mapped, sent over gRPC,
judged by billing against the readings around each, counted, and written batch by batch, with billing's worker running. Bare copies the same file into a temporary
table and upserts it by meter and day into a table with the columns, indexes and constraints of the readings. Both on one PostgreSQL,
in the same run, the median of three rounds each.
"""

import csv
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import psycopg

from bench.figures import Figure
from chassis import database as databases
from chassis.keys import generate
from chassis.rpc.client import Channel
from deploy.local.postgres import EmbeddedPostgres

ROOT = Path(__file__).resolve().parents[1]
MIGRATIONS = ROOT / "services" / "billing" / "storage" / "migrations"
METERS, DAYS, ROUNDS = 2_000, 100, 3
READY_TIMEOUT_S = 60.0
LOOK_EVERY_S = 0.02
FIRST_DAY = date(2020, 2, 1)
MAPPING = """
version: 1
tables:
  - rows: premises
    from: lokale.csv
    columns: {external_id: id, building: nr, town: miasto}
  - rows: service_points
    from: punkty.csv
    columns: {external_id: id, premises_external_id: lokal, commodity: {constant: water}}
  - rows: meters
    from: liczniki.csv
    columns: {external_id: id, service_point_external_id: punkt, serial_number: numer, installed_on: od}
"""
MAPPING_OF_READINGS = """
version: 1
tables:
  - rows: readings
    columns: {meter_external_id: licznik, read_on: dzien, value: stan, kind: {constant: remote}}
"""
COPY = "COPY given (licznik, dzien, stan) FROM STDIN WITH (FORMAT csv, HEADER true)"
UPSERT = """
INSERT INTO bare_readings AS r (reading_id, meter_id, read_on, value, kind, status, received_at, as_of)
SELECT gen_random_uuid(), m.meter_id, g.dzien, g.stan, 'REMOTE', 'ACCEPTED', now(), now()
  FROM given g JOIN meters m ON m.external_id = g.licznik
    ON CONFLICT (meter_id, register, read_on) WHERE status = 'ACCEPTED'
    DO UPDATE SET value = excluded.value
"""


def measure(_: list[str]) -> list[Figure]:
    """One figure."""
    with tempfile.TemporaryDirectory(prefix="ebok-bench-", dir="/var/tmp") as directory:
        place = Path(directory)
        postgres = EmbeddedPostgres(place / "postgres")
        postgres.start()
        try:
            url = postgres.create_database("bench", "bench")
            databases.migrate(url, MIGRATIONS)
            with billing(url, place) as bring:
                write_masters(place / "masters", METERS)
                bring(MAPPING, place / "masters")
                runs = [_round(url, place, bring, number) for number in range(ROUNDS)]
        finally:
            postgres.stop()
    ours, bare = (METERS * DAYS / median(times) for times in zip(*runs, strict=True))
    return [Figure("import-readings", ours, bare, "rows/s", "≥ 0.4")]


def _round(url: str, place: Path, bring: "Bring", number: int) -> tuple[float, float]:
    """Seconds of ours and of bare, each into an empty table."""
    file = place / f"odczyty-{number}.csv"
    write_readings(file, METERS, DAYS)
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("TRUNCATE readings CASCADE")
        connection.execute("VACUUM ANALYZE")
        bare = _bring_bare(connection, file)
        began = time.perf_counter()
        bring(MAPPING_OF_READINGS, file)
        ours = time.perf_counter() - began
        for table in ("readings", "bare_readings"):
            row = connection.execute(f"SELECT count(*) FROM {table} WHERE status = 'ACCEPTED'").fetchone()  # noqa: S608 - our own words
            if row is None or row[0] != METERS * DAYS:
                raise RuntimeError(f"{table} has {row and row[0]} rows")
    return ours, bare


def _bring_bare(connection: "psycopg.Connection[tuple[int]]", file: Path) -> float:
    connection.execute("DROP TABLE IF EXISTS bare_readings")
    connection.execute("CREATE TABLE bare_readings (LIKE readings INCLUDING ALL)")
    connection.execute("ALTER TABLE bare_readings ADD FOREIGN KEY (meter_id) REFERENCES meters (meter_id)")
    began = time.perf_counter()
    with connection.transaction(), connection.cursor() as cursor, file.open("rb") as rows:
        cursor.execute("CREATE TEMPORARY TABLE given (licznik text, dzien date, stan numeric) ON COMMIT DROP")
        with cursor.copy(COPY) as copy:
            while some := rows.read(1 << 16):
                copy.write(some)
        cursor.execute(UPSERT)
    return time.perf_counter() - began


class Bring:
    """Starts the connector on a source, and sees that every row came in."""

    def __init__(self, address: str, billing_pid: int, environment: dict[str, str], place: Path) -> None:
        self.billing_pid = billing_pid
        self._address = address
        self._environment = environment
        self._place = place

    def __call__(self, mapping: str, source: Path) -> int:
        """Answers the most memory the connector had, in KiB."""
        file = self._place / "mapping.yaml"
        file.write_text(mapping, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "connector",
            "import",
            "--mapping",
            str(file),
            "--source",
            str(source),
        ]
        process = subprocess.Popen(
            [*command, "--to", self._address, "--rejects", str(self._place / "rejects.csv")],
            env=self._environment,
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, peak_memory_kib(process.pid))
            time.sleep(LOOK_EVERY_S)
        if process.returncode:
            raise RuntimeError(f"the connector ended with {process.returncode}")
        return peak


def peak_memory_kib(pid: int) -> int:
    """The most memory a running process has had; 0 for one that has ended. What `wait4` tells is its parent's, too."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


@contextmanager
def billing(url: str, place: Path) -> Iterator[Bring]:
    """A billing process on the database, its worker included; answers how rows are brought to it."""
    keys = place / "keys"
    generate(keys)
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'gen'}",
        "EBOK_ENVIRONMENT": "test",
        "EBOK_KEYS_DIR": str(keys),
        "EBOK_LOG_LEVEL": "WARNING",
    }
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "services.billing", "run"],
        env=environment | {"EBOK_DATABASE_URL": url, "EBOK_LISTEN": address},
        cwd=ROOT,
    )
    try:
        channel = Channel(address)
        if not channel.is_ready(READY_TIMEOUT_S):
            raise RuntimeError("billing did not start")
        channel.close()
        yield Bring(address, process.pid, environment, place)
    finally:
        process.terminate()
        process.wait(30)


def write_masters(directory: Path, meters: int) -> None:
    """As many premises, service points and meters."""
    directory.mkdir()
    tables = {
        "lokale.csv": (("id", "nr", "miasto"), lambda n: (f"L{n}", n, "Zdrój")),
        "punkty.csv": (("id", "lokal"), lambda n: (f"P{n}", f"L{n}")),
        "liczniki.csv": (
            ("id", "punkt", "numer", "od"),
            lambda n: (f"W{n:06}", f"P{n}", 88_000_000 + n, "2020-01-01"),
        ),
    }
    for name, (head, row) in tables.items():
        with (directory / name).open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(head)
            out.writerows(row(number) for number in range(meters))


def write_readings(path: Path, meters: int, days: int) -> None:
    """A reading of each meter and day, the days in their order, as a remote system writes them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("licznik", "dzien", "stan"))
        for day in range(days):
            read_on = FIRST_DAY + timedelta(days=day)
            out.writerows(
                (f"W{meter:06}", read_on, f"{day * 0.4 + meter % 7:.3f}") for meter in range(meters)
            )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
