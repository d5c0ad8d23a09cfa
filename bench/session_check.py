"""`session-check`: who a session is – asked for every page – against a bare gRPC call with one indexed query.

Ours checks the caller and the fields, reads the session with its owner and what is held, and has the token at hand. Two
callers; three rounds in turn, the median counts.
"""

import threading
import time

import grpc
import psycopg
from ebok.identity.v1 import sessions_pb2, sessions_pb2_grpc

from bench.figures import Figure, median_by
from bench.people import Identity, serving_identity
from bench.serving import bare_program

CALLERS, ROUNDS, SECONDS = 2, 3, 6.0
TABLE = "CREATE TABLE bare_session (token text PRIMARY KEY, customer_id text NOT NULL, name text NOT NULL)"
FILL = "INSERT INTO bare_session SELECT 'other-' || n, 'x', 'Bartek' FROM generate_series(1, 1000) n"
ROW = "INSERT INTO bare_session VALUES (%s, %s, 'Anna')"


def measure(_names: list[str]) -> list[Figure]:
    """Checks a second."""
    with serving_identity() as identity:
        asked = _log_in(identity)
        with psycopg.connect(identity.url, autocommit=True) as connection:
            connection.execute(TABLE)
            connection.execute(FILL)
            connection.execute(ROW, [asked.session_token, "01930000-0000-7000-8000-0000000000ca"])
        with bare_program("bench.bare.services", identity.url) as bare:
            runs: dict[str, list[dict[str, float]]] = {identity.address: [], bare: []}
            for address in runs:
                _load(address, asked, identity, seconds=2.0)
            for _round in range(ROUNDS):
                for address, taken in runs.items():
                    taken.append(_load(address, asked, identity, seconds=SECONDS))
            ours_run, bare_run = (
                median_by(runs[address], "per_second")["per_second"] for address in (identity.address, bare)
            )
    return [Figure("session-check", ours_run, bare_run, "checks/s", "≥ 0.6")]


def _log_in(identity: Identity) -> sessions_pb2.CheckSessionRequest:
    with grpc.insecure_channel(identity.address) as channel:
        grpc.channel_ready_future(channel).result(timeout=60)
        stub = sessions_pb2_grpc.SessionServiceStub(channel)
        opened = stub.LogIn(identity.log_ins[0], metadata=identity.metadata)
    return sessions_pb2.CheckSessionRequest(
        session_token=opened.session_token,
        realm=sessions_pb2.REALM_PORTAL,
        address=identity.log_ins[0].address,
    )


def _load(
    address: str, asked: sessions_pb2.CheckSessionRequest, identity: Identity, *, seconds: float
) -> dict[str, float]:
    counts: list[int] = []

    def ask() -> None:
        done = 0
        options = [("grpc.use_local_subchannel_pool", 1)]  # A connection for each caller.
        with grpc.insecure_channel(address, options=options) as channel:
            grpc.channel_ready_future(channel).result(timeout=60)
            stub = sessions_pb2_grpc.SessionServiceStub(channel)
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                if stub.CheckSession(asked, metadata=identity.metadata).user.name != "Anna":
                    raise RuntimeError("the wrong answer was measured")
                done += 1
        counts.append(done)

    threads = [threading.Thread(target=ask) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) < CALLERS:
        raise RuntimeError(f"a caller of {address} gave up")
    return {"per_second": sum(counts) / seconds}
