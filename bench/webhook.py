"""`webhook`: messages of a payment provider accepted a second, against a bare route with one insert.

Ours goes through the gateway and a call into payments, which stores the message before it answers and judges it afterwards,
in the same seconds. Both under gunicorn's same settings, on the same PostgreSQL; 16 connections, three rounds, alternating.
"""

import json

import psycopg

from bench.figures import Figure, median_by
from bench.load import Asked, load
from bench.pages import CONNECTIONS, ROUNDS, SECONDS, bare_gateway
from bench.suites import running_suite

MESSAGE = {
    "merchantId": 383989,
    "posId": 383989,
    "sessionId": "0192" + "0" * 28,
    "amount": 12345,
    "originAmount": 12345,
    "currency": "PLN",
    "orderId": 3_000_000_001,
    "methodId": 154,
    "statement": "p24-bench",
    "sign": "0" * 96,
}
TABLE = "CREATE TABLE bare_message (message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL)"


def measure(_: list[str]) -> list[Figure]:
    """One figure."""
    body = json.dumps(MESSAGE, separators=(",", ":")).encode()
    with running_suite(with_demo=False) as info:
        url = info["databases"]["payments"].replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(TABLE)
        with bare_gateway("bench.bare.webhook:app", "/webhook", {"BARE_URL": url}, method="POST") as bare:
            ours_asked = Asked(f"{info['gateway']}/webhooks/przelewy24", "OK", body=body)
            bare_asked = Asked(f"{bare}/webhook", "OK", body=body)
            runs: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
            for asked in (ours_asked, bare_asked):
                load(asked, connections=CONNECTIONS, seconds=2.0)
            for _round in range(ROUNDS):
                runs["bare"].append(load(bare_asked, connections=CONNECTIONS, seconds=SECONDS))
                runs["ours"].append(load(ours_asked, connections=CONNECTIONS, seconds=SECONDS))
        _check_stored(url, runs)
    ours, bare_run = (median_by(runs[who], "per_second")["per_second"] for who in ("ours", "bare"))
    return [Figure("webhook", ours, bare_run, "messages/s", "≥ 0.4")]


def _check_stored(url: str, runs: dict[str, list[dict[str, float]]]) -> None:
    """Every message that was accepted is in the table."""
    accepted = sum(round(run["per_second"] * SECONDS) for run in runs["ours"])
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM exchanges WHERE direction = 'in'").fetchone()
    if row is None or row[0] < accepted:
        raise RuntimeError(f"{accepted} messages were accepted, {row and row[0]} are stored")
