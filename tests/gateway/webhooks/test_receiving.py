"""What payment providers send: limits, senders, and nothing that belongs to people."""

import http.client
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from ebok.payments.v1 import notifications_pb2 as pb
from ebok.payments.v1 import notifications_pb2_grpc as rpc
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.serving import make_server

from chassis.testing.served import Served
from gateway.webhooks.handover import HANDOVER
from tests.gateway.world import World

ADDRESSES = ("/webhooks/przelewy24", "/webhooks/przelewy24/zwrot", "/webhooks/payu")
NOBODY_LISTENS = "127.0.0.1:9"
BODY = b'{"order":{}}'
LIMIT = 64 * 1024
SENDERS = "przelewy24=5.252.202.254 193.178.213.0/24,payu=2001:db8::/32 185.68.12.10"


@pytest.fixture(scope="module")
def away(world: World) -> Flask:
    """A gateway whose payments service does not answer."""
    return world.make_app(payments=NOBODY_LISTENS, call_timeout_s=1)


def send(
    app: Flask,
    path: str,
    body: bytes = BODY,
    *,
    at: str = "203.0.113.9",
    headers: dict[str, str] | None = None,
) -> Any:
    """Post as a provider would, from an address."""
    client = FlaskClient(app)
    return client.post(
        path, data=body, headers=headers, content_type="application/json", environ_base={"REMOTE_ADDR": at}
    )


@pytest.mark.parametrize("path", ADDRESSES)
def test_the_provider_is_asked_to_come_again_while_payments_is_away(away: Flask, path: str):
    response = send(away, path)
    assert (response.status_code, response.mimetype) == (503, "text/plain")
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ADDRESSES)
def test_there_is_no_session_and_no_cookie(away: Flask, path: str):
    for client in (FlaskClient(away), world_client(away)):
        response = client.post(path, data=BODY)
        assert "Set-Cookie" not in response.headers
        assert "Cookie" not in response.headers.get("Vary", "")


def world_client(app: Flask) -> FlaskClient:
    """A client with the cookie of a session, which is of no use here."""
    client = FlaskClient(app)
    client.set_cookie("ebok", "eyJfdXNlcl9pZCI6ImEifQ.abc.def")
    return client


@pytest.mark.parametrize("path", ADDRESSES)
def test_only_posts_are_taken(away: Flask, path: str):
    client = FlaskClient(away)
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert client.open(path, method=method).status_code == 405
    assert client.get(path).headers["Allow"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    "path", ["/webhooks/", "/webhooks/blik", "/webhooks/payu/zwrot", "/webhooks/przelewy24/x"]
)
def test_an_unknown_provider_is_not_found(away: Flask, path: str):
    response = send(away, path)
    assert response.status_code == 404
    assert "Set-Cookie" not in response.headers


def test_too_much_is_refused_before_it_is_read(away: Flask):
    assert (
        send(away, "/webhooks/payu", b"x" * LIMIT).status_code == 503
    )  # As large as it may be: on to payments.
    assert send(away, "/webhooks/payu", b"x" * (LIMIT + 1)).status_code == 413


def test_nothing_is_no_message(away: Flask):
    assert send(away, "/webhooks/payu", b"").status_code == 400


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 503), (LIMIT + 1, 413), (10 * LIMIT, 413)])
def test_a_body_in_chunks_is_measured_too(away: Flask, size: int, status: int):
    server = make_server("127.0.0.1", 0, away, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        chunks = (b"x" * min(8192, size - start) for start in range(0, size, 8192))
        connection.request("POST", "/webhooks/payu", chunks, encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"})  # fmt: skip
        assert connection.getresponse().status == status
        connection.close()
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.mark.parametrize(
    ("path", "address", "let_in"),
    [
        ("/webhooks/przelewy24", "5.252.202.254", True),
        ("/webhooks/przelewy24", "193.178.213.77", True),
        ("/webhooks/przelewy24/zwrot", "193.178.213.77", True),
        ("/webhooks/przelewy24", "::ffff:5.252.202.254", True),
        ("/webhooks/przelewy24", "5.252.202.253", False),
        ("/webhooks/przelewy24", "185.68.12.10", False),
        ("/webhooks/przelewy24", "", False),
        ("/webhooks/przelewy24", "unknown", False),
        ("/webhooks/payu", "185.68.12.10", True),
        ("/webhooks/payu", "2001:db8::7", True),
        ("/webhooks/payu", "127.0.0.1", False),
    ],
)
def test_only_listed_senders_are_let_in(
    world: World, caplog: pytest.LogCaptureFixture, path: str, address: str, let_in: bool
):
    app = world.make_app(payments=NOBODY_LISTENS, call_timeout_s=1, webhook_senders=SENDERS)
    with caplog.at_level("WARNING"):
        response = send(app, path, at=address)
    assert response.status_code == (503 if let_in else 403)
    assert let_in or address in caplog.text


@pytest.mark.parametrize(
    ("proxies", "forwarded", "let_in"),
    [
        (1, "5.252.202.254", True),
        (
            1,
            "5.252.202.254, 203.0.113.7",
            False,
        ),  # What the sender wrote before our proxy counts for nothing.
        (2, "5.252.202.254, 10.0.0.2", True),
        (0, "5.252.202.254", False),
    ],
)
def test_the_sender_is_who_stands_before_the_trusted_proxies(
    world: World, proxies: int, forwarded: str, let_in: bool
):
    app = world.make_app(payments=NOBODY_LISTENS, call_timeout_s=1, webhook_senders=SENDERS, proxies=proxies)
    response = send(app, "/webhooks/przelewy24", at="10.0.0.1", headers={"X-Forwarded-For": forwarded})
    assert response.status_code == (503 if let_in else 403)


def test_a_message_is_stored_byte_for_byte_with_what_its_signature_needs(world: World):
    body = '{"order": {"description": "Zażółć\\u0000 \xa0"} }\n'.encode() + b"\xff\xfe"
    signature = "sender=checkout;signature=8375034eb737d520c829fad4026a38aa;algorithm=MD5;content=DOCUMENT"
    response = FlaskClient(world.app).post(
        "/webhooks/payu",
        data=body,
        headers={
            "OpenPayu-Signature": signature,
            "User-Agent": "PayU\x7f" + "x" * 2000,
            "X-Secret": "nobody needs it",
            "Cookie": "ebok=abc",
        },
        content_type="application/json",
        environ_base={"REMOTE_ADDR": "185.68.12.10"},
    )
    assert (response.status_code, response.text) == (200, "OK")
    with world.payments.database.reading() as session:
        query = text(
            "SELECT body, headers, sender, provider FROM exchanges WHERE direction = 'in' AND sender = :sender"
        )
        row = session.execute(query, {"sender": "185.68.12.10"}).one()
    assert bytes(row.body) == body
    assert row.headers["openpayu-signature"] == signature
    assert row.headers["user-agent"] == "PayU?" + "x" * 995
    assert set(row.headers) <= {"openpayu-signature", "x-openpayu-signature", "content-type", "user-agent"}
    assert row.provider == "payu"


def test_a_provider_that_is_not_set_up_is_not_found(world: World):
    alone = world.lonely_payments(payu_url="")
    app = world.make_app(payments=alone.address)
    assert send(app, "/webhooks/payu").status_code == 404
    assert send(app, "/webhooks/przelewy24").status_code == 200


@contextmanager
def held_back(payments: Served) -> Iterator[None]:
    """Nothing is stored meanwhile."""
    with payments.database.transaction() as session:
        session.execute(text("LOCK TABLE exchanges IN EXCLUSIVE MODE"))
        yield


def send_together(app: Flask, payments: Served, messages: list[tuple[str, bytes]]) -> list[Any]:
    """All at the same moment: while the first is being stored, the others come. Answers what each was told."""
    with ThreadPoolExecutor(len(messages)) as threads:
        with held_back(payments):
            answers = [threads.submit(send, app, *messages[0])]
            _until(lambda: app.extensions[HANDOVER]._is_acting and not app.extensions[HANDOVER]._waiting)
            answers += [threads.submit(send, app, *one) for one in messages[1:]]
            _until(lambda: len(app.extensions[HANDOVER]._waiting) == len(messages) - 1)
        return [one.result() for one in answers]


def _until(is_so: Any) -> None:
    end = time.monotonic() + 4
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def bodies_in(payments: Served) -> list[bytes]:
    with payments.database.reading() as session:
        rows = session.execute(text("SELECT body FROM exchanges WHERE direction = 'in' ORDER BY exchange_id"))
        return [bytes(row.body) for row in rows]


def test_messages_of_the_same_moment_go_together_and_each_is_stored_before_its_answer(world: World):
    payments = world.lonely_payments()
    app = world.make_app(payments=payments.address)
    messages = [(ADDRESSES[n % len(ADDRESSES)], b"%d" % n) for n in range(12)]
    answers = send_together(app, payments, messages)
    assert [(one.status_code, one.text) for one in answers] == [(200, "OK")] * 12
    assert sorted(bodies_in(payments)) == sorted(body for _, body in messages)
    assert payments.calls("NotificationService/KeepNotifications") == 2
    assert payments.calls("NotificationService/ReceiveNotification") == 0


def test_what_is_wrong_with_one_message_is_told_to_its_sender_alone(world: World):
    payments = world.lonely_payments(payu_url="")
    app = world.make_app(payments=payments.address)
    messages = [("/webhooks/przelewy24", b"1"), ("/webhooks/payu", b"2"), ("/webhooks/przelewy24", b"3")]
    answers = send_together(app, payments, messages)
    assert [(one.status_code, one.text) for one in answers] == [
        (200, "OK"),
        (404, "METHOD_NOT_OFFERED"),
        (200, "OK"),
    ]
    assert bodies_in(payments) == [b"1", b"3"]


def test_a_payments_service_that_knows_single_messages_only_gets_them_so(world: World):
    stored = []

    class Older(rpc.NotificationServiceServicer):
        def KeepNotifications(self, request: Any, context: Any) -> pb.KeepNotificationsResponse:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
            return pb.KeepNotificationsResponse()

        def ReceiveNotification(self, request: Any, context: Any) -> pb.ReceiveNotificationResponse:
            stored.append(request.body)
            return pb.ReceiveNotificationResponse(exchange_id="1")

    server = grpc.server(ThreadPoolExecutor(4))
    rpc.add_NotificationServiceServicer_to_server(Older(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        app = world.make_app(payments=f"127.0.0.1:{port}")
        assert [send(app, "/webhooks/payu", body).status_code for body in (b"1", b"2")] == [200, 200]
    finally:
        server.stop(None).wait()
    assert stored == [b"1", b"2"]
