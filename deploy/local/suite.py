"""A whole suite in one directory: what `make run` starts in the foreground and the journeys start in a
temporary place.

    with Suite(directory) as suite:          # ports of its own, demo data loaded
        suite.info["gateway"]                # what is in run.json
        suite.kill("billing")                # kill -9; the supervisor brings it back
        suite.wait_until_ready("billing")

Start and stop it in the main thread: the supervisor ends with the thread that started it.
"""

import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from chassis.keys import generate
from deploy.local import clock, protos
from deploy.local.commands import CommandFailed, run_command, tail
from deploy.local.demo import DemoState, load_demo
from deploy.local.environment import Environments
from deploy.local.health import is_ready
from deploy.local.migrations import is_current
from deploy.local.parts import LOOPBACK, PARTS, PORT_MAX, Part, find, port_table, services
from deploy.local.ports import NoFreePorts, free_ports, is_free, owner
from deploy.local.postgres import EmbeddedPostgres, PostgresNotStarted
from deploy.local.supervising import Program, Supervisor, SupervisorGone, write_private

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS_MAX = 60
ASK_EVERY_S = 0.1
HAVING_ENDED = ("FATAL", "UNKNOWN")  # One that has EXITED is about to be started again.


class SuiteNotStarted(RuntimeError):
    """One sentence a person can act on, sometimes with the end of a log below."""


class Suite:
    """The parts of eBOK as processes under one supervisor, with their data in `directory`.

    `ports`: a table such as `parts.port_table()`; None takes any free ones. `broker_url`: RabbitMQ; empty:
    events are handed over directly. `report` is told what happens, a line at a time.
    """

    def __init__(
        self,
        directory: Path,
        broker_url: str | None = None,
        demo: bool = True,
        *,
        ports: Mapping[str, int] | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.directory = directory.absolute()
        self._broker_url = broker_url or ""
        self._demo = demo
        self._ports = dict(ports) if ports is not None else None
        self._report = report
        self._lock: int | None = None
        self._supervisor: Supervisor | None = None
        self._environments: Environments | None = None
        self.info: dict[str, Any] = {}
        self.is_stopping = False

    # Life.

    def start(self) -> dict[str, Any]:
        """Start everything in order; answers `info`. Raises SuiteNotStarted with nothing left running."""
        self.is_stopping = False
        self._take_directory()
        try:
            self._start()
        except (
            PostgresNotStarted,
            SupervisorGone,
            CommandFailed,
            NoFreePorts,
            protos.GenerationFailed,
        ) as fault:
            self.stop()
            raise SuiteNotStarted(str(fault)) from fault
        except BaseException:
            self.stop()
            raise
        return self.info

    def stop(self) -> None:
        """Stop everything, the last started first. Harmless when nothing runs."""
        self.is_stopping = True
        if self._supervisor is not None:
            others = [part.name for part in PARTS if part.name not in ("postgres", "gateway")]
            self._supervisor.stop([["gateway"], others, ["postgres"]])
            self._supervisor = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def remove(self) -> None:
        """Stop and delete everything; for tests."""
        self.stop()
        EmbeddedPostgres(self.directory / "postgres").remove()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> "Suite":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def is_running(self) -> bool:
        """Whether the supervisor lives; a part that died is its business."""
        return self._supervisor is not None and self._supervisor.is_running()

    # What tests do to a running suite.

    def kill(self, part: str) -> int:
        """kill -9 of a part's main process; answers the pid it had."""
        pid = self.pid(part)
        os.kill(pid, signal.SIGKILL)
        return pid

    def pid(self, part: str) -> int:
        """The main process of a part, 0 when it has none."""
        return self._running().state(part).pid

    def stop_part(self, part: str) -> None:
        """Stop one part in its orderly way; it stays away until `start_part`."""
        self._running().stop_part(part)

    def start_part(self, part: str) -> None:
        """Start a stopped part and wait until it is ready."""
        self._running().start_part(part)
        self.wait_until_ready(part)

    def wait_until_ready(self, part: str, seconds: float = READY_SECONDS_MAX) -> None:
        """Return once a part answers. Raises SuiteNotStarted."""
        self._wait(find(part), seconds)

    def run(self, *words: str, part: str) -> str:
        """Run `python WORDS…` in the environment of a part, as an operator would; answers its output."""
        return self._call(words, self._known().of(find(part)), f"{part}-command")

    def move_clock(self, **by: float) -> None:
        """`move_clock(days=30)`: every part's clock goes forward (or back) by that much."""
        path = Path(self.info["clock_offset_file"])
        clock.write_offset(path, clock.read_offset(path) + timedelta(**by))

    # How it starts.

    def _start(self) -> None:
        protos.generate(ROOT / "protos", ROOT / "gen", scratch=ROOT / "var")
        ports = self._choose_ports()
        addresses = {name: f"{LOOPBACK}:{port}" for name, port in ports.items()}
        generate(self.directory / "keys")
        postgres = EmbeddedPostgres(self.directory / "postgres", ports["postgres"])
        postgres.prepare()
        self._postgres = postgres
        self._environments = Environments(ROOT, self.directory, addresses, broker_url=self._broker_url)
        supervisor = Supervisor(
            self.directory, ROOT, [Program(part.name, part.stop_signal, part.courtesy) for part in PARTS]
        )
        self._supervisor = supervisor
        supervisor.start()
        self._start_parts([find("postgres")])
        self._make_databases()
        self._start_parts([part for part in PARTS if part.name not in ("postgres", "gateway")])
        self._start_parts([find("gateway")])
        self._write_info(logins=[])
        if self._demo:
            self._load_demo()

    def _start_parts(self, parts: Sequence[Part]) -> None:
        """Start these at once and wait for all."""
        started = time.monotonic()
        supervisor, environments = self._running(), self._known()
        for part in parts:
            supervisor.describe(part.name, environments.command(part), environments.of(part))
            supervisor.start_part(part.name)
        for part in parts:
            self._wait(part, READY_SECONDS_MAX)
        self._report(f"{', '.join(part.name for part in parts)}: ready ({time.monotonic() - started:.1f} s)")

    def _make_databases(self) -> None:
        """A database and a role for each service, then the migrations it lacks, side by side."""
        environments = self._known()
        started = time.monotonic()
        self._forget_half_a_demo()
        for name in services():
            environments.databases[name] = self._postgres.create_database(name)

        def migrate(name: str) -> None:
            self._call(["-m", f"services.{name}", "migrate"], environments.of(find(name)), f"{name}-migrate")

        behind = [
            name for name in services() if not is_current(environments.databases[name], _versions(name))
        ]
        with ThreadPoolExecutor() as pool:
            list(pool.map(migrate, behind))
        done = f"migrated {', '.join(behind)}" if behind else "up to date"
        self._report(f"databases: {done} ({time.monotonic() - started:.1f} s)")

    def _load_demo(self) -> None:
        """Load the demo provider unless the databases have it; keep its logins for people and tests."""
        logins = load_demo(self._postgres, self._known(), self.directory, report=self._report)
        self._write_info(logins=logins)

    def _forget_half_a_demo(self) -> None:
        """A first start that was interrupted while it loaded is begun anew."""
        state = DemoState(self._postgres)
        if state.was_interrupted():
            self._report("demo: an earlier start was interrupted while loading; beginning anew")
            state.drop(services())
            self._known().clock_file.unlink(missing_ok=True)
            shutil.rmtree(self.directory / "mailbox", ignore_errors=True)
            shutil.rmtree(self.directory / "smsapi", ignore_errors=True)

    def _call(self, words: Sequence[str], environment: Mapping[str, str], name: str) -> str:
        return run_command(words, environment=environment, log=self.directory / "log" / f"{name}.log")

    def _wait(self, part: Part, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        address = self._known().addresses[part.name]
        while True:
            state = self._running().state(part.name)
            # Workers of a killed master answer for a moment longer: they are not the part that comes back.
            if state.pid and is_ready(part, address, self._postgres):
                return
            if state.name in HAVING_ENDED or time.monotonic() > deadline:
                log = self.directory / "log" / f"{part.name}.log"
                raise SuiteNotStarted(f"{part.name} did not start; its log is {log}:\n{tail(log)}")
            time.sleep(ASK_EVERY_S)

    # Where it lives.

    def _take_directory(self) -> None:
        """One suite per directory. Raises SuiteNotStarted."""
        self.directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.directory, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise SuiteNotStarted(f"eBOK runs already out of {self.directory}; stop that one first") from None
        self._lock = handle

    def _choose_ports(self) -> dict[str, int]:
        """The given ports, if they are free; else automatic ones, kept while the object lives."""
        names = list(port_table())
        if self._ports is None:
            self._ports = dict(zip(names, free_ports(len(names)), strict=True))
        for name, port in self._ports.items():
            if not 0 < port <= PORT_MAX:
                raise SuiteNotStarted(f"{port} is not a port number (for {name})")
            if not is_free(port):
                raise SuiteNotStarted(port_taken(name, port))
        return self._ports

    def _write_info(self, *, logins: Sequence[object]) -> None:
        environments = self._known()
        addresses = environments.addresses
        self.info = {
            "gateway": environments.gateway_url,
            "console": f"{environments.gateway_url}/konsola",
            "mailbox": f"http://{addresses['mailbox']}",
            "smsapi": f"http://{addresses['smsapi']}",
            "parts": {part.name: addresses[part.name] for part in PARTS},
            "metrics": {
                name.removesuffix(".metrics"): address
                for name, address in addresses.items()
                if name.endswith(".metrics")
            },
            "logins": list(logins),
            "clock_offset_file": str(environments.clock_file),
            "launch": {part.name: str(self._running().part_file(part.name)) for part in PARTS},
            "keys_dir": str(environments.keys_dir),
            "databases": dict(environments.databases),
            "broker": "RabbitMQ" if self._broker_url else "none",
            "log": str(self.directory / "log"),
        }
        write_private(self.directory / "run.json", json.dumps(self.info, indent=2, ensure_ascii=False) + "\n")

    def _running(self) -> Supervisor:
        if self._supervisor is None:
            raise SuiteNotStarted("the suite is not running")
        return self._supervisor

    def _known(self) -> Environments:
        if self._environments is None:
            raise SuiteNotStarted("the suite was not started")
        return self._environments


def port_taken(name: str, port: int) -> str:
    """The sentence for a port that is in use: which, whose, and what to say instead."""
    by = owner(port)
    whose = f" by {by}" if by else ""
    if name == "gateway":
        remedy = "choose another with `make run PORT=9080`"
    else:
        remedy = "move all ports with `EBOK_PORT_BASE=9000 make run`"
    return f"port {port} ({name}) is in use{whose}; {remedy}"


def _versions(service: str) -> Path:
    return ROOT / "services" / service / "storage" / "migrations" / "versions"
