"""The gRPC server of a part: bounded in every direction, refusing to start with a method nobody thought
about.
"""

from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from chassis.clock import Clock
from chassis.config import PartConfig
from chassis.database import Database
from chassis.keys import KeyRing
from chassis.revocations import Revocations
from chassis.rpc.access import (
    EXEMPT_SERVICES,
    AreaGuard,
    Gate,
    MethodRule,
    RuleFaulty,
    TokenVerifier,
    read_rule,
)
from chassis.rpc.fields import FieldChecker, RuleMissing
from chassis.rpc.health import Health
from chassis.rpc.pipeline import Context, Pipeline
from chassis.telemetry import Metrics

__all__ = ["Context", "RpcServer", "Service", "build_server"]

Service = tuple[Callable[..., None], object]  # (add_InvoiceServiceServicer_to_server, InvoiceService(…))


class AddressTaken(Exception):
    """Somebody else listens there."""


class _Registrar:
    """Stands in for the server while generated code registers a servicer, and keeps what it registered."""

    def __init__(self) -> None:
        self.handlers: dict[str, dict[str, Any]] = {}

    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        """The older way of the same registration; nothing to do."""

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        """Called by generated code with all methods of a service."""
        self.handlers[service] = handlers


class RpcServer:
    """A gRPC server that can be started and drained."""

    def __init__(self, server: grpc.Server, health: Health, port: int, services: Sequence[str]) -> None:
        self._server = server
        self.health = health
        self.port = port
        self.services = tuple(services)

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def drain(self, seconds: float) -> None:
        """Say NOT_SERVING, take nothing new, let what runs finish within the time, then end it."""
        self.health.leave()
        self._server.stop(seconds).wait()


def build_server(
    config: PartConfig,
    clock: Clock,
    database: Database | None,
    services: Sequence[Service],
    *,
    metrics: Metrics | None = None,
    verifier: TokenVerifier | None = None,
    address: str | None = None,
    guard: AreaGuard | None = None,
) -> RpcServer:
    """A server, bound and not yet started. Raises RuleFaulty for a method that must not be offered."""
    checker = FieldChecker()
    pipeline = Pipeline(
        Gate(verifier or _verifier(config, clock, database), guard),
        checker,
        clock=clock,
        database=database,
        metrics=metrics or Metrics(config.part),
    )
    registrar = _Registrar()
    for add, servicer in services:
        add(servicer, registrar)
    rules = _read_rules(registrar, checker)
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=config.rpc_threads, thread_name_prefix="rpc"),
        maximum_concurrent_rpcs=config.rpc_threads + config.rpc_waiting,
        options=_options(config),
    )
    for service, handlers in registrar.handlers.items():
        wrapped = {
            name: pipeline.wrap(rules[f"{service}/{name}"], handler) for name, handler in handlers.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, wrapped),))
        server.add_registered_method_handlers(service, wrapped)
    health = Health(database.answers if database is not None else None, list(registrar.handlers))
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    names = [*registrar.handlers, "grpc.health.v1.Health", reflection.SERVICE_NAME]
    reflection.enable_server_reflection(names, server)
    port = _bind(server, address or config.listen)
    return RpcServer(server, health, port, list(registrar.handlers))


def _verifier(config: PartConfig, clock: Clock, database: Database | None) -> TokenVerifier:
    ring = KeyRing(config.keys_dir)
    if database is None:
        return TokenVerifier(ring, clock)
    return TokenVerifier(ring, clock, revoked=Revocations(database, clock).covers)


def _bind(server: grpc.Server, address: str) -> int:
    try:
        return server.add_insecure_port(address)
    except RuntimeError:
        raise AddressTaken(f"cannot listen on {address}") from None


def _read_rules(registrar: _Registrar, checker: FieldChecker) -> dict[str, MethodRule]:
    """Every fault of every method at once."""
    rules, faults = {}, []
    pool: Any = descriptor_pool.Default()
    for service, handlers in registrar.handlers.items():
        if service in EXEMPT_SERVICES:
            continue
        for name in handlers:
            try:
                rules[f"{service}/{name}"] = read_rule(service, name)
                checker.prepare(pool.FindServiceByName(service).methods_by_name[name].input_type)
            except (RuleFaulty, RuleMissing) as fault:
                faults.append(str(fault))
    if faults:
        raise RuleFaulty("; ".join(faults))
    return rules


def _options(config: PartConfig) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # Otherwise a second server binds the same port and both answer at random.
        ("grpc.max_receive_message_length", config.message_bytes_max),
        ("grpc.max_send_message_length", config.message_bytes_max),
        ("grpc.max_concurrent_streams", 1000),
        ("grpc.max_metadata_size", 16 * 1024),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.http2.max_ping_strikes", 4),
        # Connections are renewed, so that new replicas get their share of clients.
        ("grpc.max_connection_age_ms", 30 * 60_000),
        ("grpc.max_connection_age_grace_ms", 60_000),
    ]
