"""How gunicorn serves the gateway, under `make run` and in its image; what differs comes from the environment.

A request that dribbles in must not hold a thread for ever. gunicorn waits without an end once the first byte is there,
so its worker gets sockets here that end who is too slow. A proxy in front that takes a whole request before it hands
it on spares the threads the rest: docs/running.md.
"""

import errno
import os
import shutil
import socket
import tempfile
import time
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

PAUSE_SECONDS_MAX = 15.0  # Between two pieces of a request.
REQUEST_SECONDS = 20.0  # For the whole of it, with a second more for each RATE_BYTES that came.
RATE_BYTES = 16 * 1024
ANSWER_SECONDS = 60.0  # For each piece of an answer, with a second more for each RATE_BYTES in it.


class TimelySocket(socket.socket):
    """A connection whose other end has to keep up; when it does not, that is as if it had gone away."""

    _begun = 0.0
    _received = 0

    def begin(self) -> None:
        """The next byte is the first of a request."""
        self._begun = 0.0

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """As a socket's own."""
        now = time.monotonic()
        if not self._begun:
            self._begun, self._received = now, 0
        left = self._begun + REQUEST_SECONDS + self._received / RATE_BYTES - now
        if left <= 0:
            raise _gone()
        self.settimeout(min(left, PAUSE_SECONDS_MAX))
        try:
            data = super().recv(size, flags)
        except TimeoutError:
            raise _gone() from None
        self._received += len(data)
        return data

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """As a socket's own."""
        self.settimeout(ANSWER_SECONDS + len(data) / RATE_BYTES)
        try:
            super().sendall(data, flags)
        except TimeoutError:
            raise _gone() from None


def _gone() -> OSError:
    return OSError(errno.ECONNRESET, "too slow")


class TimelyWorker(ThreadWorker):
    """gunicorn's worker with threads, over such sockets."""

    def enqueue_req(self, conn: TConn) -> None:
        """A request is about to be read by one of the threads."""
        if not isinstance(conn.sock, TimelySocket):
            plain = conn.sock
            conn.sock = TimelySocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        conn.sock.begin()
        super().enqueue_req(conn)


bind = os.environ["EBOK_LISTEN"]
workers = 2
worker_class = TimelyWorker
threads = 8
timeout = 60
graceful_timeout = 10
keepalive = 5
# Answers hold pages with personal data: heartbeat files belong to memory, not to the disk of temporary files.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
if os.environ.get("EBOK_METRICS_LISTEN"):
    # What each worker counts, for the one that Prometheus asks: gateway/web/metrics.py.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="ebok-metrics-", dir=worker_tmp_dir)
control_socket_disable = True
proc_name = "ebok-gateway"
loglevel = "info"


def on_exit(_server: Any) -> None:
    """The counts go with the gateway."""
    if directory := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(directory, ignore_errors=True)
