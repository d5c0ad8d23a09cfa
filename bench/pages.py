"""`start-page` and `invoice-list`: the portal as a customer meets it, against a page that does no more than it must.

Both run under gunicorn's same settings (2 × 8 threads), ask as many services with as many queries, and read the same
amount of rows from the same PostgreSQL. 16 connections; three rounds, alternating; the median round counts.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import psycopg

from bench.figures import Figure, median_by
from bench.load import Asked, load
from bench.suites import cookie_of, running_suite, settle
from deploy.local.ports import free_ports

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = 16
SECONDS = 6.0
ROUNDS = 3
PAGES = {"start-page": ("/start", "≥ 0.6"), "invoice-list": ("/faktury", "≥ 0.5")}
EXPECTED = {"/start": "zapłaty", "/faktury": "FV/"}
MONTHS = 24

TABLES = """
    DROP TABLE IF EXISTS bare_session, bare_invoice, bare_allocation, bare_entry, bare_use,
        bare_news, bare_read, bare_case;
    CREATE TABLE bare_session (token text PRIMARY KEY, customer_id text, name text);
    CREATE TABLE bare_invoice (invoice_id uuid PRIMARY KEY, customer_id text, number text, total bigint, issued_on date,
        due_on date, period_from date, period_to date);
    CREATE INDEX ON bare_invoice (customer_id, issued_on DESC);
    CREATE TABLE bare_allocation (invoice_id uuid, amount bigint);
    CREATE INDEX ON bare_allocation (invoice_id);
    CREATE TABLE bare_entry (customer_id text, amount bigint);
    CREATE INDEX ON bare_entry (customer_id);
    CREATE TABLE bare_use (customer_id text, year int, month int, used numeric);
    CREATE INDEX ON bare_use (customer_id, year, month);
    CREATE TABLE bare_news (announcement_id uuid PRIMARY KEY, title text, live_until timestamptz);
    CREATE TABLE bare_read (announcement_id uuid, customer_id text, PRIMARY KEY (announcement_id, customer_id));
    CREATE TABLE bare_case (ticket_id uuid PRIMARY KEY, customer_id text, subject text, open bool, unread int,
        opened_at timestamptz);
    CREATE INDEX ON bare_case (customer_id, opened_at);
    INSERT INTO bare_session SELECT 'token' || n, 'customer' || n, 'Anna' FROM generate_series(1, 20) n;
    INSERT INTO bare_invoice SELECT gen_random_uuid(), 'customer' || c, 'FV/2026/' || lpad((c * 24 + m)::text, 6, '0'),
        15000 + m, d, d + 21, d - 31, d - 1
        FROM generate_series(1, 20) c, generate_series(1, 24) m,
        LATERAL (SELECT (date '2024-12-10' + make_interval(months => m))::date AS d) x;
    INSERT INTO bare_allocation SELECT invoice_id, total FROM bare_invoice WHERE issued_on < '2026-10-01';
    INSERT INTO bare_entry SELECT customer_id, total FROM bare_invoice;
    INSERT INTO bare_entry SELECT customer_id, -total FROM bare_invoice WHERE issued_on < '2026-10-01';
    INSERT INTO bare_use SELECT 'customer' || c, 2024 + (m - 1) / 12, (m - 1) % 12 + 1, 5.2
        FROM generate_series(1, 20) c, generate_series(1, 24) m;
"""


def measure(names: list[str]) -> list[Figure]:
    """Both pages in one suite; p99 as a figure of its own."""
    figures = []
    with running_suite() as info:
        cookie = cookie_of(info["gateway"], "anna@poczta.example")
        url = info["databases"]["billing"].replace("postgresql+psycopg://", "postgresql://")
        with bare_suite(url) as bare:
            for name in names:
                path, aim = PAGES[name]
                ours_asked = Asked(info["gateway"] + path, EXPECTED[path], cookie)
                bare_asked = Asked(bare + path, EXPECTED[path], "bare=token1")
                figures.extend(_compare(name, ours_asked, bare_asked, aim))
    return figures


def _compare(name: str, ours_asked: Asked, bare_asked: Asked, aim: str) -> list[Figure]:
    ours, bare = compared(ours_asked, bare_asked, connections=CONNECTIONS)
    return [
        Figure(name, ours["per_second"], bare["per_second"], f"pages/s of {ours['bytes']:.0f} B", aim),
        Figure(f"{name} p99", ours["p99_ms"], bare["p99_ms"], "ms", "≤ 2"),
    ]


def compared(
    ours_asked: Asked, bare_asked: Asked, *, connections: int
) -> tuple[dict[str, float], dict[str, float]]:
    """The median rounds of both, which take turns."""
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
    for asked in (ours_asked, bare_asked):
        load(asked, connections=connections, seconds=2.0)  # Warm caches, plans and connections.
    for _ in range(ROUNDS):
        runs["bare"].append(load(bare_asked, connections=connections, seconds=SECONDS))
        runs["ours"].append(load(ours_asked, connections=connections, seconds=SECONDS))
    return median_by(runs["ours"], "per_second"), median_by(runs["bare"], "per_second")


@contextmanager
def bare_suite(url: str) -> Iterator[str]:
    """Four bare services and a bare gateway; answers its address."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES)
    settle(url)
    ports = dict(zip(("BARE_SESSIONS", "BARE_DATA", "BARE_NEWS", "BARE_CASES"), free_ports(4), strict=True))
    running = [_start("-m", "bench.bare.services", str(port), url) for port in ports.values()]
    environment = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    try:
        with bare_gateway("bench.bare.pages:app", "/start", environment) as address:
            yield address
    finally:
        _end(running)


@contextmanager
def bare_gateway(
    app: str, path: str, environment: Mapping[str, str], *, method: str = "GET"
) -> Iterator[str]:
    """A bare Flask application under gunicorn as ours is; answers its address once `path` does."""
    [web] = free_ports(1)
    listen = {"EBOK_LISTEN": f"127.0.0.1:{web}", **environment}
    running = [_start("-m", "gunicorn", "--config", "deploy/gunicorn.py", app, environment=listen)]
    try:
        _wait(f"http://127.0.0.1:{web}{path}", method)
        yield f"http://127.0.0.1:{web}"
    finally:
        _end(running)


def _start(*command: str, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    whole = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"} | dict(environment or {})
    return subprocess.Popen([sys.executable, *command], env=whole, cwd=ROOT, stderr=subprocess.DEVNULL)


def _end(running: "list[subprocess.Popen[bytes]]") -> None:
    for one in running:
        one.terminate()
    for one in running:
        one.wait()


def _wait(url: str, method: str) -> None:
    end = time.monotonic() + 30
    request = Request(url, headers={"Cookie": "bare=token1"}, method=method)
    while True:
        try:
            urlopen(request, timeout=2).read()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return
