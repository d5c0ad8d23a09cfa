"""`ticket-queue`: the first page of the queue at 200,000 cases, half of them open. `ticket-search`: the same with words that
some hundred cases have. Milliseconds at p99, against a bare gRPC service with the same statements on the same PostgreSQL.

Ours checks the token and the fields, and writes into the audit log that staff saw the page, before it answers. Two callers;
three rounds each in turn, the median counts.
"""

import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import psycopg
from ebok.tickets.v1 import desk_pb2, desk_pb2_grpc

from bench.figures import Figure, median_by
from bench.serving import ROOT, bare_program, free_port, served
from chassis import database as databases
from chassis.actors import Actor, ActorKind
from chassis.clock import SystemClock
from chassis.ids import new_id
from chassis.keys import generate, load_signer
from chassis.rpc.client import as_actor
from chassis.rpc.tokens import ActorTokens
from deploy.local.postgres import EmbeddedPostgres

TICKETS, CUSTOMERS = 200_000, 20_000
CALLERS, ROUNDS, SECONDS = 2, 3, 6.0
MIGRATIONS = ROOT / "services" / "tickets" / "storage" / "migrations"
QUERIES = {"ticket-queue": "", "ticket-search": "wodomierz nowak7"}
FILL = """
    INSERT INTO customers (customer_id, version, number, name, towns, commodities)
    SELECT gen_random_uuid(), 1, 'K-' || n, 'Anna Nowak' || n %% 1000, ARRAY['Zdrój'], ARRAY['water']
      FROM generate_series(1, %(customers)s) n;
"""
FILL_TICKETS = """
    INSERT INTO tickets (
        ticket_id, number, customer_id, request_id, kind, category_id, category_names, workflow_id, workflow_version,
        subject, commodity, answers, channel, opened_at, opened_by, follows_number, status, state, state_names,
        state_since, changed_at, closed_at, reopen_days, rating, rating_comment, days, working_days, sentences, due_at,
        waited_days, met_at, warned, urgency, assignee_id, assignee_name, last_position, file_count, customer_seen,
        customer_unread, staff_seen, staff_unread, customer_wrote_at, version, state_version, assignee_version)
    SELECT gen_random_uuid(), 'ZG/2026/' || n, c.customer_id, gen_random_uuid(), 'COMPLAINT', k.category_id, k.names,
           k.workflow_id, 1, 'Rachunek za wodę nr ' || n, 'water', '[]', 'PORTAL', opened, '', '',
           CASE WHEN n %% 2 = 0 THEN 'CLOSED' WHEN n %% 5 = 0 THEN 'WAITING' ELSE 'NEW' END, 'new', '{"pl": "Nowe", "en": "New"}',
           opened, opened, CASE WHEN n %% 2 = 0 THEN opened END, 14, 0, '', 30, false,
           '{"pl": "Jeśli nie odpowiemy w tym czasie, reklamacja jest uznana."}', opened + interval '30 days',
           0, CASE WHEN n %% 2 = 0 THEN opened END, 0,
           CASE WHEN n %% 2 = 0 THEN 40000000000 - extract(epoch FROM opened)::bigint
                WHEN n %% 5 = 0 THEN 20000000000 + extract(epoch FROM opened)::bigint
                ELSE extract(epoch FROM opened + interval '30 days')::bigint END,
           CASE WHEN n %% 3 = 0 THEN %(staff_id)s::uuid END, CASE WHEN n %% 3 = 0 THEN 'Daria' ELSE '' END,
           1, 0, 1, 0, 0, 1, opened, 1, 1, 1
      FROM generate_series(1, %(tickets)s) n
      CROSS JOIN LATERAL (SELECT now() - n %% 90 * interval '1 day' - n * interval '1 second' AS opened) o
      JOIN (SELECT customer_id, row_number() OVER () AS place FROM customers) c ON c.place = n %% %(customers)s + 1
      CROSS JOIN (SELECT category_id, names, workflow_id FROM categories ORDER BY position LIMIT 1) k
"""
FILL_WORDS = """
    INSERT INTO ticket_words (ticket_id, words)
    SELECT t.ticket_id, array_to_tsvector(array_remove(ARRAY[
               'zg', '2026', split_part(t.number, '/', 3), 'rachunek', 'za', 'wode', 'nr', 'anna',
               lower(split_part(c.name, ' ', 2)), lower(c.number), 'dzien', 'dobry', 'prosze', 'o', 'sprawdzenie',
               CASE WHEN t.number LIKE '%%7' THEN 'wodomierz' ELSE 'licznik' END, 'dziekuje',
               'w' || abs(hashtext(t.number)) %% 30000, 'v' || abs(hashtext(t.number || 'x')) %% 30000], NULL))
      FROM tickets t JOIN customers c USING (customer_id)
"""


def measure(names: list[str]) -> list[Figure]:
    """Milliseconds at p99."""
    staff_id = new_id()
    with tempfile.TemporaryDirectory(prefix="ebok-bench-", dir="/var/tmp") as directory, ExitStack() as stack:
        keys = Path(directory) / "keys"
        generate(keys)
        postgres = EmbeddedPostgres(Path(directory) / "postgres", free_port())
        postgres.start()
        stack.callback(postgres.remove)
        url = postgres.create_database("tickets")
        databases.migrate(url, MIGRATIONS)
        plain = url.replace("postgresql+psycopg://", "postgresql://")
        _fill(plain, staff_id)
        ours = stack.enter_context(served("tickets", url, keys))
        bare = stack.enter_context(bare_program("bench.bare.queue", plain))
        signer = load_signer("identity", keys / "private" / "identity.key")
        actor = Actor(
            ActorKind.STAFF, str(staff_id), "Daria", None, frozenset({"tickets.tickets.work"}), "session"
        )
        token, _ends = ActorTokens(signer, SystemClock()).mint(actor)
        return [_compared(name, ours, bare, as_actor(token)) for name in names]


def _compared(name: str, ours: str, bare: str, metadata: Any) -> Figure:
    request = desk_pb2.ListQueueRequest(query=QUERIES[name])
    runs: dict[str, list[dict[str, float]]] = {ours: [], bare: []}
    for address in runs:
        _load(address, request, metadata, seconds=2.0)
    for _round in range(ROUNDS):
        for address, taken in runs.items():
            taken.append(_load(address, request, metadata, seconds=SECONDS))
    ours_run, bare_run = (median_by(runs[address], "p99_ms")["p99_ms"] for address in (ours, bare))
    return Figure(name, ours_run, bare_run, "ms at p99", "≤ 2")


def _load(address: str, request: Any, metadata: Any, *, seconds: float) -> dict[str, float]:
    taken: list[float] = []
    faults: list[str] = []

    def ask() -> None:
        try:
            taken.extend(_ask_for(address, request, metadata, seconds))
        except (grpc.RpcError, RuntimeError) as fault:
            faults.append(f"{address}: {fault}")

    threads = [threading.Thread(target=ask) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(faults[0])
    ordered = sorted(taken)
    return {"p99_ms": ordered[int(len(ordered) * 0.99)] * 1000, "p50_ms": ordered[len(ordered) // 2] * 1000}


def _ask_for(address: str, request: Any, metadata: Any, seconds: float) -> list[float]:
    taken = []
    options = [("grpc.use_local_subchannel_pool", 1)]  # A connection for each caller.
    with grpc.insecure_channel(address, options=options) as channel:
        grpc.channel_ready_future(channel).result(timeout=60)
        stub = desk_pb2_grpc.TicketDeskServiceStub(channel)
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            answer = stub.ListQueue(request, metadata=metadata)
            taken.append(time.perf_counter() - began)
            if len(answer.tickets) != 20 or answer.counts.open != 1000 or not answer.page.next_cursor:
                raise RuntimeError("the wrong answer was measured")
    return taken


def _fill(url: str, staff_id: Any) -> None:
    values = {"customers": CUSTOMERS, "tickets": TICKETS, "staff_id": staff_id}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILL, values)
        connection.execute(FILL_TICKETS, values)
        connection.execute(FILL_WORDS, {})
        connection.execute("VACUUM ANALYZE")
