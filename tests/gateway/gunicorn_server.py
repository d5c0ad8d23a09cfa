"""gunicorn as we run it, on a port of its own, with nothing behind it."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from chassis.config import Environment
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.suite import ROOT

START_S = 60.0


class Server:
    """The gateway without anything behind it."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self._log = port, log

    def connect(self, timeout_s: float = 10) -> socket.socket:
        return socket.create_connection((LOOPBACK, self.port), timeout=timeout_s)

    def say(self, request: bytes, *, timeout_s: float = 10) -> tuple[int, bytes]:
        """Status and answer; 0 when the connection ended without one."""
        with self.connect(timeout_s) as connection:
            try:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # Refused before all of it was read.
            answer = read(connection)
        found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
        return (int(found[1]) if found else 0), answer

    def is_well(self) -> bool:
        return self.say(request("/zdrowie"))[0] == 200

    def lines(self) -> list[str]:
        return self._log.read_text("utf-8").splitlines()


def read(connection: socket.socket) -> bytes:
    """All that comes until the other side ends it."""
    pieces = []
    try:
        while piece := connection.recv(65536):
            pieces.append(piece)
    except OSError:
        pass
    return b"".join(pieces)


def request(path: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class serving:  # noqa: N801 - used as a function
    """gunicorn by deploy/gunicorn.py; what its knobs are can be changed by a line of Python before."""

    def __init__(
        self, keys_dir: Path, log: Path, *, config: str = "deploy/gunicorn.py", **knobs: str
    ) -> None:
        [port] = free_ports(1)
        self._log = log
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "gen")]),
            "EBOK_LISTEN": f"{LOOPBACK}:{port}",
            "EBOK_SECRET_KEY": "s" * 40,
            "EBOK_KEYS_DIR": str(keys_dir),
            "EBOK_ENVIRONMENT": Environment.TEST.value,
            **{f"EBOK_{name.upper()}": value for name, value in knobs.items()},
        }
        command = [sys.executable, "-m", "gunicorn", "--config", config, "gateway.wsgi:app"]
        with log.open("wb") as out:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        self._server = Server(port, log)

    def __enter__(self) -> Server:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if self._server.is_well():
                    return self._server
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise AssertionError(self._log.read_text("utf-8")[-2000:])

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)

    def workers(self) -> list[int]:
        """The processes that answer."""
        task = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in task.read_text("ascii").split()]
