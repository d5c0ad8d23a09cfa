"""A small load generator: keep-alive connections, each asking again as soon as it has its answer.

Every answer is checked: status, a piece of the body that only the right page has, and that it has the same number of
bytes as the first but for a little. A session that ended would otherwise be measured as a fast login page.
"""

import multiprocessing
import socket
import threading
import time
from dataclasses import dataclass
from itertools import cycle
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

PROCESSES = 2
LENGTH_TOLERANCE = 0.05


class WrongAnswer(Exception):
    """The page that came is not the page that was asked for."""


@dataclass(frozen=True)
class Asked:
    """What to ask for and how to know it."""

    url: str
    expect: str
    cookie: str = ""
    body: bytes = b""  # Posted as JSON when there is one.
    bearers: tuple[str, ...] = ()  # Tokens that take turns.


def load(asked: Asked, *, connections: int, seconds: float) -> dict[str, float]:
    """Answers per second, p50 and p99 in milliseconds, bytes of an answer."""
    pipes, workers = [], []
    for share in _shares(connections):
        mine, theirs = multiprocessing.get_context("fork").Pipe()
        worker = multiprocessing.get_context("fork").Process(
            target=_work, args=(theirs, asked, share, seconds)
        )
        worker.start()
        pipes.append(mine)
        workers.append(worker)
    results = [pipe.recv() for pipe in pipes]
    for worker in workers:
        worker.join()
    for result in results:
        if isinstance(result, str):
            raise WrongAnswer(result)
    times = sorted(one for taken, _ in results for one in taken)
    return {
        "per_second": len(times) / seconds,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[int(len(times) * 0.99)] * 1000,
        "bytes": float(results[0][1]),
    }


def _shares(connections: int) -> list[int]:
    return [connections // PROCESSES + (1 if n < connections % PROCESSES else 0) for n in range(PROCESSES)]


def _work(pipe: Connection, asked: Asked, connections: int, seconds: float) -> None:
    taken: list[float] = []
    faults: list[str] = []
    lengths: list[int] = []
    end = time.perf_counter() + seconds

    def ask_on() -> None:
        try:
            taken.extend(_ask_until(asked, end, lengths))
        except (OSError, WrongAnswer) as fault:
            faults.append(f"{asked.url}: {fault}")

    threads = [threading.Thread(target=ask_on) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(faults[0] if faults else (taken, lengths[0]))


def _ask_until(asked: Asked, end: float, lengths: list[int]) -> list[float]:
    parts = urlsplit(asked.url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    cookie = f"Cookie: {asked.cookie}\r\n" if asked.cookie else ""
    method, length = "GET", ""
    if asked.body:
        method, length = "POST", f"Content-Type: application/json\r\nContent-Length: {len(asked.body)}\r\n"
    tokens = [f"Authorization: Bearer {token}\r\n" for token in asked.bearers] or [""]
    same = f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept-Language: pl\r\n{length}{cookie}"
    requests = cycle([f"{same}{token}\r\n".encode() + asked.body for token in tokens])
    expect = asked.expect.encode()
    taken = []
    connection = None
    while (began := time.perf_counter()) < end:
        if connection is None:
            connection = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30)
        connection.sendall(next(requests))
        head, body = _read(connection)
        taken.append(time.perf_counter() - began)
        if b" 200 " not in head[:20] or expect not in body:
            raise WrongAnswer(head.split(b"\r\n")[0].decode())
        lengths.append(len(body)) if not lengths else None
        if abs(len(body) - lengths[0]) > lengths[0] * LENGTH_TOLERANCE:
            raise WrongAnswer(f"{len(body)} bytes instead of {lengths[0]}")
        if b"connection: close" in head.lower():
            connection.close()
            connection = None
    if connection is not None:
        connection.close()
    return taken


def _read(connection: socket.socket) -> tuple[bytes, bytes]:
    buffer = b""
    while b"\r\n\r\n" not in buffer:
        buffer += _more(connection)
    head, _, body = buffer.partition(b"\r\n\r\n")
    lower = head.lower()
    start = lower.find(b"content-length:")
    if start < 0:
        raise WrongAnswer("an answer without a length")
    length = int(lower[start + 15 :].split(b"\r\n", 1)[0])
    while len(body) < length:
        body += _more(connection)
    return head, body


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise WrongAnswer("the connection ended early")
    return piece
