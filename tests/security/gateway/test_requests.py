"""Requests that are too large, that never end, that are no HTTP: gunicorn as we run it, on a port of its own.

Sizes that services refuse: tests/security/test_fields_rpc.py; gRPC messages: tests/chassis/test_app.py; bodies of REST:
tests/gateway/api/test_writing.py; of providers: tests/gateway/webhooks/test_receiving.py.
"""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.local.suite import ROOT
from tests.gateway.gunicorn_server import Server, request, serving

THREADS = 16  # Of two workers.


@pytest.fixture(scope="module")
def server(keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(keys_dir, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.mark.parametrize(
    ("what", "statuses"),
    [
        (request("/" + "x" * 9_000), {400, 414}),
        (request("/?" + "x=1&" * 3_000), {400, 414}),
        (request("/zdrowie", "X-Long: " + "x" * 9_000), {400, 431}),
        (request("/zdrowie", *[f"X-{number}: 1" for number in range(150)]), {400, 431}),
        (request("/zdrowie", "Cookie: " + "a=b; " * 4_000), {400, 431}),
        (request("/logowanie", "Content-Length: 999999999", method="POST"), {400, 413}),
        # Who asks too often is known by identity, which is asked first and not there.
        (request("/api/v1/oauth/token", "Content-Length: 999999999", method="POST"), {413, 503}),
        (request("/webhooks/payu", "Content-Length: 999999999", method="POST"), {413}),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_read(server: Server, what: bytes, statuses: set[int]):
    status, answer = server.say(what)
    assert status in statuses
    assert b"Traceback" not in answer
    assert len(answer) < 100_000
    assert server.is_well()


@pytest.mark.parametrize(
    "what",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: zle.example\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /\r\nSet-Cookie: zly=1 HTTP/1.1\r\n\r\n",
        b"POST /haslo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /logowanie HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        b"POST /logowanie HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /logowanie HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"GET /zdrowie HTTP/1.1\r\nHost: localhost\r\nX Y: 1\r\n\r\n",
        b"GET /zdrowie HTTP/1.1\r\nHost: localhost\r\nX:1\r\n folded: 1\r\n\r\n",
        b"GET /\x1b[31mred HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_two_servers_could_read_differently_is_refused(server: Server, what: bytes):
    status, answer = server.say(what)
    assert status in (0, 400, 404, 405, 411, 501, 505)
    assert not re.search(rb"\r\nSet-Cookie: zly", answer)
    assert b"Traceback" not in answer
    assert server.is_well()


def test_nothing_that_was_sent_breaks_or_colours_a_line_of_the_log(server: Server):
    evil = "\x1b[31m"
    for path in (f"/%0d%0a{{%22level%22:%22error%22}}{evil}", "/%1b[31m", "/konsola/%0a%0dzly"):
        server.say(
            request(path, f"User-Agent: {evil}zly", f"traceparent: 00-{evil}-zly-01", "Referer: zly\tzly")
        )
        server.say(request(path, method="POST") + b"csrf_token=zly%0d%0a")
    server.say(b"GET /zly \x1b[31m\r\nzly: zly\r\n\r\n")
    for line in server.lines():
        assert line.isprintable(), line
        assert "zly" not in line or "Invalid" in line, line
        if line.startswith("{"):
            assert json.loads(line)["part"] == "gateway"


def test_who_dribbles_is_ended_and_nobody_waits_for_them(keys_dir: Path, tmp_path: Path):
    """As many as there are threads, a byte every half second; with the times of deploy/gunicorn.py made shorter."""
    hurried = tmp_path / "hurried.py"
    source = (ROOT / "deploy" / "gunicorn.py").read_text("utf-8")
    for name, seconds in (("PAUSE_SECONDS_MAX", 2.0), ("REQUEST_SECONDS", 3.0)):
        source, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {seconds}", source)
        assert count == 1
    hurried.write_text(source, "utf-8")
    beginnings = [
        b"GET /zdrowie HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"POST /logowanie HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 100000\r\n\r\n",
        b"POST /api/v1/oauth/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    ]
    with serving(keys_dir, tmp_path / "log", config=str(hurried)) as server, ExitStack() as stack:
        slow = [stack.enter_context(server.connect()) for _ in range(2 * THREADS)]
        for number, connection in enumerate(slow):
            connection.sendall(beginnings[number % len(beginnings)])
        deadline = time.monotonic() + 60
        ended: set[socket.socket] = set()
        while len(ended) < len(slow) and time.monotonic() < deadline:
            for connection in slow:
                try:
                    connection.send(b"1")
                except OSError:
                    ended.add(connection)
            time.sleep(0.5)
        assert len(ended) == len(slow)
        assert server.is_well()
        assert not any("Traceback" in line for line in server.lines())
