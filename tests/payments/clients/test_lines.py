"""How providers are asked: what a broken, slow, greedy or odd answer comes to, and what is kept of it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from chassis.clock import FixedClock
from chassis.database import Database
from services.payments.__main__ import part
from services.payments.clients.lines import ANSWER_BYTES_MAX, Bearer, Line, Question, is_web_address
from services.payments.storage.exchanges import BODY_BYTES_MAX, Exchange, Verdict

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Answer = Callable[[socket.socket], None]


class Server:
    """Answers with raw bytes; `heard` is what it was asked."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.answer: Answer = lambda connection: connection.sendall(OK + b"Content-Length: 2\r\n\r\n{}")
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.heard.append(connection.recv(65536))
                try:
                    self.answer(connection)
                except OSError:
                    continue

    def says(self, content: bytes) -> None:
        self.answer = lambda connection: connection.sendall(content)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def database(database_for: Callable[..., Database]) -> Database:
    return database_for(part)


@pytest.fixture
def line(server: Server, database: Database, clock: FixedClock) -> Line:
    return Line("przelewy24", server.url, database, clock, timeouts_s=(1.0, 1.0))


def rows(database: Database) -> list[Any]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Exchange).order_by(Exchange.exchange_id)))


QUESTION = Question("status", "GET", "/api/x")


def test_what_was_said_is_kept_without_credentials(line, server, database):
    server.says(OK + b'Correlation-Id: c-1\r\nSet-Cookie: s=1\r\nContent-Length: 9\r\n\r\n{"a": 1}\n')
    question = Question("register", "POST", "/api/x", {"opis": "Żółw/1"})
    reply = line.ask(question, Bearer("very-secret"))
    assert (reply.status, reply.data, reply.verdict) == (200, {"a": 1}, Verdict.ACCEPTED)
    [row] = rows(database)
    assert row.exchange_id == reply.exchange_id
    assert row.asked == 'POST /api/x\n{"opis":"Żółw/1"}'.encode()
    assert row.body == b'{"a": 1}\n'
    assert row.headers == {"content-type": "application/json", "correlation-id": "c-1"}
    assert b"very-secret" in server.heard[0]
    assert "very-secret" not in str(vars(row))


def test_a_redirect_is_an_answer(line, server):
    server.says(
        b"HTTP/1.1 302 Found\r\nLocation: " + server.url.encode() + b"/else\r\nContent-Length: 2\r\n\r\n{}"
    )
    reply = line.ask(QUESTION)
    assert (reply.status, reply.headers["location"]) == (302, f"{server.url}/else")
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.ACCEPTED),
        (201, Verdict.ACCEPTED),
        (400, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (408, Verdict.PROVIDER_FAULT),
        (429, Verdict.PROVIDER_FAULT),
        (500, Verdict.PROVIDER_FAULT),
        (503, Verdict.PROVIDER_FAULT),
    ],
)
def test_a_status_says_yes_no_or_nothing(line, server, status, verdict):
    server.says(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
    assert line.ask(QUESTION).verdict is verdict


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"HTTP/1.1 2",
        b"rubbish\r\n\r\n",
        OK + b"Content-Length: 100\r\n\r\n{",
        OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_an_answer_that_breaks_off_is_none(line, server, database, content):
    server.says(content)
    reply = line.ask(QUESTION)
    assert (reply.verdict, reply.sent) == (Verdict.NO_ANSWER, True)
    assert [row.http_status for row in rows(database)] == [0]


def test_silence_is_no_answer(line, server):
    server.answer = lambda _: time.sleep(2)
    started = time.monotonic()
    reply = line.ask(QUESTION)
    assert (reply.verdict, reply.sent) == (Verdict.NO_ANSWER, True)
    assert time.monotonic() - started < 15


def test_nobody_there_heard_nothing(database, clock):
    nobody = Line("payu", "http://127.0.0.1:9", database, clock, timeouts_s=(1.0, 1.0))
    reply = nobody.ask(QUESTION)
    assert (reply.verdict, reply.sent) == (Verdict.NO_ANSWER, False)


def test_an_answer_has_a_limit_and_what_is_kept_a_smaller_one(line, server, database):
    half = b"x" * (ANSWER_BYTES_MAX // 2)
    server.says(OK + f"Content-Length: {len(half)}\r\n\r\n".encode() + half)
    assert line.ask(QUESTION).body == half
    assert len(rows(database)[0].body) == BODY_BYTES_MAX
    server.says(OK + f"Content-Length: {4 * len(half)}\r\n\r\n".encode() + half * 4)
    assert line.ask(QUESTION).verdict is Verdict.NO_ANSWER


def test_what_consists_of_secrets_is_not_kept(line, database):
    reply = line.ask(Question("oauth", "POST", "/o", {"client_secret": "a&b"}, as_form=True), kept=False)
    assert (reply.exchange_id, rows(database)) == (None, [])


@pytest.mark.parametrize(
    ("text", "secure", "sound"),
    [
        ("https://secure.payu.com/pay/?orderId=1", True, True),
        ("http://127.0.0.1:8027/pay/", False, True),
        ("http://127.0.0.1:8027/pay/", True, False),
        ("javascript:alert(1)", False, False),
        ("https://", False, False),
        ("//payu.com", False, False),
        ("https://payu.com/\n", False, False),
        ("https://payu.com/a b", False, False),
        ("https://[", False, False),
        ("https://payu.com/" + "x" * 2000, False, False),
    ],
)
def test_a_payer_is_sent_to_web_addresses_only(text, secure, sound):
    assert is_web_address(text, secure=secure) is sound
