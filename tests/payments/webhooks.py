"""The door for providers' messages in tests: hands them on to payments as the gateway does, raw body and headers."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from ebok.payments.v1 import notifications_pb2 as pb
from ebok.payments.v1.notifications_pb2_grpc import NotificationServiceStub

ADDRESSES = {
    "/webhooks/przelewy24": ("przelewy24", "payment"),
    "/webhooks/przelewy24/zwrot": ("przelewy24", "refund"),
    "/webhooks/payu": ("payu", "payment"),
}


class Webhooks:
    """`received` keeps what came, so that a test can send it again."""

    def __init__(self) -> None:
        self.received: list[pb.ReceiveNotificationRequest] = []
        self._stub: Any = None
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(door.take(self.path, body, dict(self.headers.items())))
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def hand_on_to(self, served: Any, gateway: Any) -> None:
        """From here on messages go to this one."""
        self._stub = served.stub(NotificationServiceStub, gateway)

    def take(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        provider, kind = ADDRESSES[path]
        request = pb.ReceiveNotificationRequest(
            provider=provider,
            kind=kind,
            body=body,
            headers=[
                pb.Header(name=name.lower(), value=value)
                for name, value in headers.items()
                if name.lower() in ("openpayu-signature", "x-openpayu-signature", "content-type")
            ],
            sender_address="127.0.0.1",
        )
        self.send(request)
        self.received.append(request)
        return 200

    def send(self, request: pb.ReceiveNotificationRequest) -> str:
        """One message, now; the id of its row."""
        return str(self._stub.ReceiveNotification(request).exchange_id)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
