"""supervisord, as the suite uses it: written configuration, started, asked, stopped with nothing left behind."""

import contextlib
import ctypes
import hashlib
import http.client
import json
import os
import shlex
import signal
import string
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

TEMPLATE = Path(__file__).with_name("supervisord.conf")
LAUNCH = Path(__file__).with_name("launch.py")
REPEATED = "; ---- one of these for each part\n"
SOCKET_PATH_LENGTH_MAX = 90  # The kernel's bound is 107; the supervisor appends a number of its own.
ANSWER_SECONDS_MAX = 20
STOP_SECONDS_MAX = 90


class SupervisorGone(RuntimeError):
    """supervisord did not start, or ended by itself."""


@dataclass(frozen=True)
class Program:
    """What the supervisor must know of a part."""

    name: str
    stop_signal: str
    courtesy: int = 0  # How far it steps back when the machine is busy, 0 to 19.


@dataclass(frozen=True)
class State:
    """How a part is: `RUNNING`, `BACKOFF`, `FATAL` …, and its process (0: none)."""

    name: str
    pid: int


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def die_with_parent() -> None:
    """For a child before exec: when we are killed, it gets SIGTERM (Linux only)."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


class Supervisor:
    """One supervisord with the programs of one suite in one directory."""

    def __init__(self, directory: Path, root: Path, programs: Sequence[Program]) -> None:
        self._directory = directory
        self._root = root
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        self._config = directory / "supervisord.conf"

    @property
    def socket(self) -> Path:
        """Where it listens; elsewhere when the path would be too long for a unix socket."""
        own = self._directory / "supervisor.sock"
        if len(str(own)) <= SOCKET_PATH_LENGTH_MAX:
            return own
        mark = hashlib.sha256(str(own).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"ebok-{os.getuid()}-{mark}.sock"

    def describe(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Say what a part is started with; read anew at each of its starts."""
        program = next(program for program in self._programs if program.name == name)
        part = {
            "command": list(command),
            "environment": dict(environment),
            "stop_signal": f"SIG{program.stop_signal}",
            "courtesy": program.courtesy,
            "log": str(self._directory / "log" / f"{name}.log"),
        }
        write_private(self.part_file(name), json.dumps(part, indent=1))

    def start(self) -> None:
        """Start supervisord with no part running and wait until it answers."""
        (self._directory / "log").mkdir(parents=True, exist_ok=True)
        write_private(self._config, self._configuration())
        self.socket.unlink(missing_ok=True)
        with (self._directory / "log" / "supervisord.out").open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)],
                cwd=self._root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal reaches us alone; we stop the parts in order.
                preexec_fn=die_with_parent,  # noqa: PLW1509
            )
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._rpc().getState()
                return
            if not self.is_running() or time.monotonic() > deadline:
                self.stop()
                raise SupervisorGone(
                    f"the supervisor did not start; see {self._directory}/log/supervisord.out"
                )
            time.sleep(0.05)

    def is_running(self) -> bool:
        """Whether supervisord lives."""
        return self._process is not None and self._process.poll() is None

    def start_part(self, name: str) -> None:
        """Start a part; it counts as started at once, ready is another question."""
        with contextlib.suppress(xmlrpc.client.Fault):  # It runs already.
            self._rpc().startProcess(name, False)

    def stop_part(self, name: str) -> None:
        """Stop a part in its orderly way and wait for it."""
        with contextlib.suppress(xmlrpc.client.Fault):  # It does not run.
            self._rpc().stopProcess(name, True)

    def state(self, name: str) -> State:
        """How a part is. Raises SupervisorGone."""
        try:
            answer = self._rpc().getProcessInfo(name)
        except (OSError, http.client.HTTPException) as fault:
            raise SupervisorGone("the supervisor ended") from fault
        return State(str(answer["statename"]), int(answer["pid"]))

    def stop(self, stages: Sequence[Sequence[str]] = ()) -> None:
        """Stop the parts, those of a stage at once, then supervisord; kill what does not obey."""
        process = self._process
        if process is None:
            return
        leaders = self._leaders()
        for stage in stages:
            self._stop_stage(stage)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for leader in leaders:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(leader, signal.SIGKILL)
        self.socket.unlink(missing_ok=True)
        self._process = None

    def _stop_stage(self, names: Sequence[str]) -> None:
        """Stop these and wait for all of them. What does not answer is left to supervisord's own stop."""
        with contextlib.suppress(OSError, http.client.HTTPException, xmlrpc.client.Error):
            rpc = self._rpc()
            for name in names:
                with contextlib.suppress(xmlrpc.client.Fault):  # It does not run.
                    rpc.stopProcess(name, False)
            deadline = time.monotonic() + STOP_SECONDS_MAX
            while any(rpc.getProcessInfo(name)["pid"] for name in names) and time.monotonic() < deadline:
                time.sleep(0.05)

    def _leaders(self) -> list[int]:
        """The process groups of the parts; a part is the leader of its group."""
        try:
            answers = self._rpc().getAllProcessInfo()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return []
        return [int(answer["pid"]) for answer in answers if answer["pid"]]

    def _rpc(self) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        return proxy.supervisor

    def part_file(self, name: str) -> Path:
        """The command and the environment of a part, as JSON."""
        return self._directory / "parts" / f"{name}.json"

    def _configuration(self) -> str:
        general, repeated = TEMPLATE.read_text(encoding="utf-8").split(REPEATED)
        values = {
            "directory": _escaped(self._directory),
            "root": _escaped(self._root),
            "socket": _escaped(self.socket),
            "user": "user=root" if os.geteuid() == 0 else "",
        }
        sections = [string.Template(general).substitute(values)]
        for number, program in enumerate(self._programs, start=1):
            # Isolated and without site-packages: it only reads a file and becomes the part.
            words = [sys.executable, "-I", "-S", str(LAUNCH), str(self.part_file(program.name))]
            own = {
                "name": program.name,
                "command": _escaped(shlex.join(words)),
                "priority": str(number * 10),
                "stop_signal": program.stop_signal,
            }
            sections.append(string.Template(repeated).substitute(values, **own))
        return "".join(sections)


def _escaped(value: Path | str) -> str:
    """A percent sign starts an expansion in supervisord's configuration."""
    return str(value).replace("%", "%%")
