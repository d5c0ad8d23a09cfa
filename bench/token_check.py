"""`token-check`: the CPU of a call whose token, audience, permission, customer and fields are checked, against the same call
unchecked. `rpc-pipeline`: the same with all that surrounds a method: trace, audit, refusals, log line and metrics as well.

Three servers with one servicer: plain grpc; plain grpc with the gate and the field checker; ours. Counted is the CPU time of the
whole process, client included, over the same number of calls on one thread; five rounds in turn, the median counts.
"""

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import grpc
from ebok.billing.v1 import ledger_pb2, ledger_pb2_grpc
from ebok.common.v1.money_pb2 import Money

from bench.figures import Figure
from chassis.actors import Actor, ActorKind
from chassis.clock import SystemClock
from chassis.config import PartConfig, load_config
from chassis.ids import new_id
from chassis.keys import KeyRing, generate, load_signer
from chassis.rpc.access import Gate, read_rule
from chassis.rpc.client import as_actor
from chassis.rpc.fields import FieldChecker
from chassis.rpc.server import build_server
from chassis.rpc.tokens import ActorTokens, TokenVerifier
from chassis.telemetry import configure_logging, write_out_requests

CALLS = 4_000
ROUNDS = 5
METHOD = "/ebok.billing.v1.LedgerService/GetBalance"


class Ledger(ledger_pb2_grpc.LedgerServiceServicer):
    """Answers the same balance at once."""

    def GetBalance(self, request: Any, context: Any) -> ledger_pb2.GetBalanceResponse:  # noqa: ARG002
        return ledger_pb2.GetBalanceResponse(balance=ledger_pb2.Balance(balance=Money(grosze=18420)))


def measure(_names: list[str]) -> list[Figure]:
    """Both figures: CPU per call in microseconds."""
    # Log lines are written, as in production, but not shown.
    with (
        Path(os.devnull).open("w", encoding="utf-8") as devnull,
        redirect_stdout(devnull),
        tempfile.TemporaryDirectory() as directory,
    ):
        configure_logging("billing", "INFO")
        keys = Path(directory) / "keys"
        generate(keys)
        customer_id = new_id()
        signer = load_signer("identity", keys / "private" / "identity.key")
        actor = Actor(
            ActorKind.CUSTOMER,
            str(new_id()),
            "Anna",
            customer_id,
            frozenset({"billing.ledger.read"}),
            "session",
        )
        token, _ends = ActorTokens(signer, SystemClock()).mint(actor)
        request = ledger_pb2.GetBalanceRequest(customer_id=str(customer_id))
        servers = [_plain_server(), _gated_server(keys), _whole_server(keys)]
        try:
            metadata = as_actor(token)
            rounds = [
                [_cpu_of(address, request, metadata) for address, _stop in servers] for _ in range(ROUNDS)
            ]
        finally:
            for _address, stop in servers:
                stop()
            write_out_requests()
    bare, gated, whole = (sorted(column)[ROUNDS // 2] * 1e6 for column in zip(*rounds, strict=True))
    return [
        Figure("token-check", gated, bare, "µs CPU a call", "≤ 1.1"),
        Figure("rpc-pipeline", whole, bare, "µs CPU a call", "≤ 1.3"),
    ]


def _cpu_of(address: str, request: Any, metadata: Any) -> float:
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(
            METHOD,
            request_serializer=ledger_pb2.GetBalanceRequest.SerializeToString,
            response_deserializer=ledger_pb2.GetBalanceResponse.FromString,
        )
        for _ in range(200):
            if call(request, metadata=metadata).balance.balance.grosze != 18420:
                raise RuntimeError("the wrong answer was measured")
        began = time.process_time()
        for _ in range(CALLS):
            call(request, metadata=metadata)
        return (time.process_time() - began) / CALLS


def _plain_server() -> tuple[str, Callable[[], object]]:
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
    ledger_pb2_grpc.add_LedgerServiceServicer_to_server(Ledger(), server)  # type: ignore[abstract]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return f"127.0.0.1:{port}", lambda: server.stop(0).wait()


def _gated_server(keys: Path) -> tuple[str, Callable[[], object]]:
    gate = Gate(TokenVerifier(KeyRing(keys), SystemClock()))
    rule = read_rule("ebok.billing.v1.LedgerService", "GetBalance")
    checker = FieldChecker()
    checker.prepare(ledger_pb2.GetBalanceRequest.DESCRIPTOR)
    ledger = Ledger()  # type: ignore[abstract]

    def answer(request: Any, context: Any) -> Any:
        authorization = next(value for key, value in context.invocation_metadata() if key == "authorization")
        gate.admit(rule, gate.identify(authorization), (request,))
        checker.check(request)
        return ledger.GetBalance(request, context)

    handler: Any = grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=ledger_pb2.GetBalanceRequest.FromString,
        response_serializer=ledger_pb2.GetBalanceResponse.SerializeToString,
    )
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
    service = "ebok.billing.v1.LedgerService"
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"GetBalance": handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return f"127.0.0.1:{port}", lambda: server.stop(0).wait()


def _whole_server(keys: Path) -> tuple[str, Callable[[], object]]:
    config = load_config(
        PartConfig, part="billing", keys_dir=keys, environment="test", listen="127.0.0.1:0", log_level="INFO"
    )
    service = (ledger_pb2_grpc.add_LedgerServiceServicer_to_server, Ledger())  # type: ignore[abstract]
    server = build_server(config, SystemClock(), None, [service])
    server.start()
    return f"127.0.0.1:{server.port}", lambda: server.drain(0)
