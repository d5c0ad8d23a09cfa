"""The process of a part: `python -m services.billing serve|work|run|migrate|job NAME [key=value…]|config`.

`serve` answers requests; `work` publishes the outbox, takes events from the broker and runs periodic jobs;
`run` does both in one process. A service's `__main__.py` wires it::

    part = Part(
        "billing",
        BillingConfig,
        migrations=Path(__file__).parent / "storage" / "migrations",
        services=lambda runtime: [
            (add_InvoiceServiceServicer_to_server, InvoiceService(runtime.database, runtime.clock)),
        ],
        handlers=handlers,
        jobs=jobs,
        resources=lambda runtime: {"mailer": Mailer(runtime.config)},
    )

    if __name__ == "__main__":
        part.main()
"""

import gc
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ebok.common.v1 import delivery_pb2_grpc

from chassis import database as databases
from chassis.clock import Clock, SystemClock, machine_now
from chassis.config import ConfigFaulty, PartConfig, describe, load_config
from chassis.database import Database
from chassis.errors import Refusal
from chassis.jobs import JobParametersFaulty, JobRunner, Jobs, JobUnknown
from chassis.keys import KeyMissing
from chassis.messaging import relay as relays
from chassis.messaging.carriers import amqp
from chassis.messaging.carriers.direct import DeliveryService, DirectCarrier
from chassis.messaging.inbox import Handlers
from chassis.messaging.relay import Carrier, Relay
from chassis.rpc.access import AreaGuard, RuleFaulty
from chassis.rpc.client import Channel
from chassis.rpc.server import AddressTaken, RpcServer, Service, build_server
from chassis.rpc.tokens import SystemCredential
from chassis.telemetry import Metrics, configure_logging, logger

JOIN_S = 15.0
ERASE_EVERY_S = 3600.0
EXIT_FAULTY, EXIT_BUSY = 2, 75  # 75: EX_TEMPFAIL of sysexits.h.
USAGE = "serve | work | run | migrate | job NAME [key=value…] | config"


@dataclass
class Runtime:
    """What a running part has; services, jobs and resources are made from it."""

    config: Any
    database: Database
    clock: Clock
    credential: SystemCredential
    metrics: Metrics
    resources: Mapping[str, object] = field(default_factory=dict)
    _channels: dict[str, Channel] = field(default_factory=dict)

    def channel(self, peer: str) -> Channel:
        """The connection to another part that this one may read from, by its name in `peers`."""
        if peer not in self._channels:
            if peer not in self.config.peers:
                raise ConfigFaulty([f"EBOK_PEERS: names no address of {peer}"])
            self._channels[peer] = Channel(self.config.peers[peer], credential=self.credential)
        return self._channels[peer]

    def close(self) -> None:
        """End all connections."""
        for channel in self._channels.values():
            channel.close()
        self.database.close()


class Part:
    """A service as a process."""

    def __init__(
        self,
        name: str,
        config: type[PartConfig] = PartConfig,
        *,
        migrations: Path,
        services: Callable[[Runtime], Sequence[Service]],
        handlers: Handlers | None = None,
        jobs: Jobs | None = None,
        resources: Callable[[Runtime], Mapping[str, object]] | None = None,
        areas: Callable[[Database], AreaGuard] | None = None,
    ) -> None:
        self.name = name
        self.config_class = config
        self.migrations = migrations
        self.handlers = handlers or Handlers()
        self.jobs = Jobs()
        if jobs is not None:
            self.jobs.include(jobs)
        self.jobs.job("messages.erase", every_s=ERASE_EVERY_S)(_erase_old_messages)
        self.jobs.job("messages.rearm")(_rearm_parked_messages)
        self._services = services
        self._resources = resources
        self._areas = areas

    # The command line.

    def main(self, arguments: Sequence[str] | None = None) -> None:
        """Do what the command line says; faults of configuration are told in words and end with status 2."""
        words = list(sys.argv[1:] if arguments is None else arguments)
        commands: dict[str, Callable[..., int]] = {
            "serve": lambda: self._run(serving=True, working=False),
            "work": lambda: self._run(serving=False, working=True),
            "run": lambda: self._run(serving=True, working=True),
            "migrate": self._migrate,
            "job": self._job,
            "config": self._show_config,
        }
        if not words or words[0] not in commands or (len(words) > 1 and words[0] != "job"):
            sys.exit(f"usage: python -m services.{self.name} {USAGE}")
        try:
            status = commands[words[0]](*words[1:])
        except (
            ConfigFaulty,
            KeyMissing,
            RuleFaulty,
            AddressTaken,
            JobUnknown,
            JobParametersFaulty,
            Refusal,  # of a job: what was asked of it cannot be done
        ) as fault:
            sys.stderr.write(f"{self.name}: {fault}\n")
            status = EXIT_FAULTY
        sys.exit(status)

    def load_config(self, **values: object) -> PartConfig:
        """The configuration of this part from the environment. Raises ConfigFaulty."""
        return load_config(self.config_class, **{"part": self.name, **values})

    def runtime(self, config: PartConfig, clock: Clock, database: Database) -> Runtime:
        """Everything that services, jobs and handlers need, wired."""
        credential = SystemCredential(config, clock)
        runtime = Runtime(config, database, clock, credential, Metrics(self.name))
        own = dict(self._resources(runtime)) if self._resources is not None else {}
        runtime.resources = {"config": config, "clock": clock, **own}
        return runtime

    def build_server(self, runtime: Runtime, *, address: str | None = None, **options: Any) -> RpcServer:
        """The gRPC server with this part's services and its inbox door."""
        door = DeliveryService(self.handlers, runtime.database, runtime.clock, runtime.metrics)
        services = [
            *self._services(runtime),
            (delivery_pb2_grpc.add_DeliveryServiceServicer_to_server, door),
        ]
        return build_server(
            runtime.config,
            runtime.clock,
            runtime.database,
            services,
            metrics=runtime.metrics,
            address=address,
            guard=self._areas(runtime.database) if self._areas else None,
            **options,
        )

    def _start(self) -> Runtime:
        config = self.load_config()
        if not config.database_url.get_secret_value():
            raise ConfigFaulty(["EBOK_DATABASE_URL: Field required"])
        configure_logging(self.name, config.log_level)
        database = Database(
            config.database_url.get_secret_value(),
            pool_size=config.database_pool,
            statement_timeout_s=config.statement_timeout_s,
            lock_timeout_s=config.lock_timeout_s,
            application=f"ebok-{self.name}",
        )
        return self.runtime(config, SystemClock(config.clock_offset_file), database)

    def _run(self, *, serving: bool, working: bool) -> int:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        runtime = self._start()
        log = logger("app")
        runtime.metrics.serve(runtime.config.metrics_listen)
        server = self.build_server(runtime) if serving else None
        workers = self.workers(runtime, stop) if working else []
        threads = [threading.Thread(target=run, name=name, daemon=True) for name, run in workers]
        gc.collect()
        gc.freeze()  # What was loaded stays: to look it through for garbage took half the time of a batch of an import.
        if server is not None:
            server.start()
        for thread in threads:
            thread.start()
        log.info("started", listen=runtime.config.listen if serving else "", working=working)
        while not stop.is_set():
            stop.wait(1.0)
        log.info("stopping")
        if server is not None:
            server.drain(runtime.config.drain_s)
        for thread in threads:
            thread.join(JOIN_S)
        runtime.close()
        log.info("stopped")
        return 0

    def workers(self, runtime: Runtime, stop: threading.Event) -> list[tuple[str, Callable[[], None]]]:
        """The loops of `work`, each for a thread of its own: relay, consumer, periodic jobs."""
        carrier, consumers = self._carrier(runtime)
        relay = Relay(self.name, runtime.database, carrier, runtime.metrics)
        runner = JobRunner(self.name, runtime.database, runtime.clock, runtime.metrics, runtime.resources)
        loops: list[tuple[str, Callable[[], None]]] = [("relay", lambda: relay.run(stop))]
        loops += [("consumer", lambda run=run: run(stop)) for run in consumers]  # type: ignore[misc]
        for job in self.jobs.paced(runtime.config.jobs_every_s):
            loops.append((job.name, lambda job=job: runner.keep_running(job, stop)))  # type: ignore[misc]
        return loops

    def _carrier(self, runtime: Runtime) -> tuple[Carrier, list[Callable[[threading.Event], None]]]:
        """How events travel here: through the broker if there is one, otherwise handed over."""
        url = runtime.config.broker_url.get_secret_value()
        if not url:
            return DirectCarrier(runtime.config.subscribers, runtime.credential), []
        consumer = amqp.Consumer(
            url,
            self.name,
            self.handlers,
            database=runtime.database,
            clock=runtime.clock,
            metrics=runtime.metrics,
        )
        return amqp.AmqpCarrier(url, self.name), [consumer.run] if self.handlers.types else []

    def _migrate(self) -> int:
        runtime = self._start()
        databases.migrate(runtime.config.database_url.get_secret_value(), self.migrations)
        broker = runtime.config.broker_url.get_secret_value()
        if broker and self.handlers.types:
            amqp.declare_inbox(broker, self.name, sorted(self.handlers.types))
        runtime.close()
        return 0

    def _job(self, name: str = "", *words: str) -> int:
        job = self.jobs.find(name)
        parameters = {}
        for word in words:
            key, separator, value = word.partition("=")
            if not separator:
                raise JobParametersFaulty(f"'{word}' is not key=value")
            parameters[key] = value
        runtime = self._start()
        runner = JobRunner(self.name, runtime.database, runtime.clock, runtime.metrics, runtime.resources)
        ran = runner.run(job, **parameters)
        runtime.close()
        if not ran:
            sys.stderr.write(f"{self.name}: {name} is running elsewhere\n")
        return 0 if ran else EXIT_BUSY

    def _show_config(self) -> int:
        sys.stdout.write("\n".join(describe(self.load_config())) + "\n")
        return 0


def _erase_old_messages(database: Database, *, now: datetime, config: PartConfig) -> None:
    """Forget what was published and handled long ago. Counted by the machine's clock, as the rows are."""
    _ = now
    instant = machine_now()
    relays.erase_old(
        database,
        published_before=instant - timedelta(hours=config.outbox_retention_hours),
        received_before=instant - timedelta(days=config.inbox_retention_days),
    )


def _rearm_parked_messages(database: Database, *, now: datetime, config: PartConfig) -> None:
    """After the cause was removed: try the events again that were given up, here and in the broker."""
    _ = now
    rows = relays.rearm_parked(database)
    broker = config.broker_url.get_secret_value()
    if broker:
        rows += amqp.rearm_dead(broker, config.part)
    logger("jobs").info("parked events armed again", rows=rows)
