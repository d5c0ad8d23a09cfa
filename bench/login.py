"""`login`: log-ins a second through identity's door – the attempt counted, the password checked, the session opened – against
the bare check of the same passwords with the same parameters of argon2id.

As many checks run at once as identity lets run; four callers, so that there is always one waiting, each with people of their
own, one after the other. Three rounds in turn, the median counts.
"""

import itertools
import threading
import time
from collections.abc import Callable

import grpc
from ebok.identity.v1 import sessions_pb2_grpc

from bench.figures import Figure, median_by
from bench.people import PASSWORD, Identity, hasher, serving_identity
from services.identity.config import IdentityConfig

CALLERS, ROUNDS, SECONDS = 4, 3, 8.0
AT_ONCE = IdentityConfig.model_fields["hashes_at_once"].default


def measure(_names: list[str]) -> list[Figure]:
    """Log-ins a second."""
    with serving_identity() as identity:
        runs: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
        _ours(identity, seconds=2.0)
        for _round in range(ROUNDS):
            runs["bare"].append(_bare(identity))
            runs["ours"].append(_ours(identity, seconds=SECONDS))
    ours, bare = (median_by(runs[who], "per_second")["per_second"] for who in ("ours", "bare"))
    return [Figure("login", ours, bare, "log-ins/s", "≥ 0.8")]


def _ours(identity: Identity, *, seconds: float) -> dict[str, float]:
    log_ins = identity.log_ins

    def caller(number: int, end: float) -> int:
        done = 0
        people = itertools.cycle(log_ins[number::CALLERS])
        with grpc.insecure_channel(
            identity.address, options=[("grpc.use_local_subchannel_pool", 1)]
        ) as channel:
            grpc.channel_ready_future(channel).result(timeout=60)
            stub = sessions_pb2_grpc.SessionServiceStub(channel)
            while time.perf_counter() < end:
                if not stub.LogIn(next(people), metadata=identity.metadata).session_token:
                    raise RuntimeError("the wrong answer was measured")
                done += 1
        return done

    return _in_threads(caller, CALLERS, seconds)


def _bare(identity: Identity) -> dict[str, float]:
    bare = hasher()

    def caller(number: int, end: float) -> int:
        done = 0
        hashes = itertools.cycle(identity.password_hashes[number::AT_ONCE])
        while time.perf_counter() < end:
            bare.verify(next(hashes), PASSWORD)
            done += 1
        return done

    return _in_threads(caller, AT_ONCE, SECONDS)


def _in_threads(caller: Callable[[int, float], int], count: int, seconds: float) -> dict[str, float]:
    done: list[int] = []
    end = time.perf_counter() + seconds
    threads = [threading.Thread(target=lambda n=n: done.append(caller(n, end))) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(done) < count:
        raise RuntimeError("a caller gave up")
    return {"per_second": sum(done) / seconds}
