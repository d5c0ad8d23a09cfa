"""Two of everything: a second process of each service and of the gateway, on the same RabbitMQ and PostgreSQL.

Calls between parts go to both in turn; people come through a balancer that gives every other connection to the other
gateway, which keeps none of them open: two requests of one page are answered by two processes.
"""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from pathlib import Path

from deploy.local.health import is_ready
from deploy.local.parts import LOOPBACK, find, services
from deploy.local.ports import free_ports
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.suite import ROOT, Suite

READY_SECONDS_MAX = 60
OWN_PLACES = ("EBOK_SEND_JOURNAL_DIR",)  # What two processes of one part may not share.
ONE_REQUEST_EACH = {"GUNICORN_CMD_ARGS": "--keep-alive 0"}


@contextmanager
def doubled(suite: Suite) -> Iterator[None]:
    """A running suite with two of everything; its `info["gateway"]` is the balancer."""
    parts = [*services(), "gateway"]
    ports = iter(free_ports(2 * len(parts) + 1))
    firsts = {name: suite.info["parts"][name] for name in parts}
    seconds = {name: f"{LOOPBACK}:{next(ports)}" for name in parts}
    balancer = Balancer(next(ports), [firsts["gateway"], seconds["gateway"]])
    both = {firsts[name]: f"{firsts[name]}|{seconds[name]}" for name in services()}
    both[suite.info["gateway"]] = balancer.url  # Where people are led back to.
    with ExitStack() as stack:
        for name in reversed(parts):
            suite.stop_part(name)
        for name in parts:
            path = Path(suite.info["launch"][name])
            described = json.loads(path.read_text("utf-8"))
            environment = _knowing_both(described["environment"], both)
            if name == "gateway":
                environment |= ONE_REQUEST_EACH
            path.write_text(json.dumps(described | {"environment": environment}), encoding="utf-8")
            twin = environment | {
                "EBOK_LISTEN": seconds[name],
                "EBOK_METRICS_LISTEN": f"{LOOPBACK}:{next(ports)}",
                **{key: f"{environment[key]}-2" for key in OWN_PLACES if key in environment},
            }
            log = Path(suite.info["log"]) / f"{name}-2.log"
            suite.start_part(name)
            stack.enter_context(_running(described["command"], twin, log))
        for name in parts:
            _wait(suite, name, seconds[name])
        stack.enter_context(balancer)
        suite.info |= {
            "gateway": balancer.url,
            "console": f"{balancer.url}/konsola",
            "twins": seconds,
            "handed": balancer.handed,
        }
        yield


def _knowing_both(environment: dict[str, str], both: dict[str, str]) -> dict[str, str]:
    """The same environment, in which each service has two addresses and people one; but where a part itself listens."""
    known = dict(environment)
    for key in environment:
        if key not in ("EBOK_LISTEN", "EBOK_METRICS_LISTEN"):
            for first, pair in both.items():
                known[key] = known[key].replace(first, pair)
    return known


@contextmanager
def _running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(suite: Suite, name: str, address: str) -> None:
    until = time.monotonic() + READY_SECONDS_MAX
    postgres = EmbeddedPostgres(suite.directory / "postgres")  # Asked for a database only.
    while not is_ready(find(name), address, postgres):
        if time.monotonic() > until:
            raise TimeoutError(
                f"the second {name} did not start; its log is {suite.info['log']}/{name}-2.log"
            )
        time.sleep(0.1)


class Balancer:
    """Hands each connection to the next server; one that does not answer is passed over."""

    def __init__(self, port: int, servers: list[str]) -> None:
        self.url = f"http://localhost:{port}"
        self.handed = dict.fromkeys(servers, 0)
        self._servers = cycle(servers)
        self._socket = socket.create_server((LOOPBACK, port), backlog=100)

    def __enter__(self) -> "Balancer":
        threading.Thread(target=self._serve, name="balancer", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):  # Closed.
            while True:
                client, _ = self._socket.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        for _ in self.handed:
            address = next(self._servers)
            host, _, at = address.rpartition(":")
            with suppress(OSError):
                server = socket.create_connection((host, int(at)), timeout=10)
                self.handed[address] += 1
                break
        else:
            client.close()
            return
        back = threading.Thread(target=_pour, args=(server, client), daemon=True)
        back.start()
        _pour(client, server)
        back.join()
        client.close()
        server.close()


def _pour(source: socket.socket, into: socket.socket) -> None:
    """What comes in goes out, until one side has nothing more to say."""
    with suppress(OSError):
        while data := source.recv(65_536):
            into.sendall(data)
    with suppress(OSError):
        into.shutdown(socket.SHUT_WR)


def served_by_both(suite: Suite, name: str) -> bool:
    """Whether both processes of a service have answered somebody."""
    logs = [Path(suite.info["log"]) / f"{name}{which}.log" for which in ("", "-2")]
    return all('"event": "rpc"' in log.read_text("utf-8", errors="replace") for log in logs)
