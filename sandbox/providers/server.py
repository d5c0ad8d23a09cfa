"""A provider as a running server: `with ProviderServer(provider, app, address) as running:`."""

import signal
import sys
import threading
from types import TracebackType
from typing import Self

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.providers.provider import Provider


class Quiet(WSGIRequestHandler):
    """Does not print a line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: what matters is on the page."""


class ProviderServer:
    """The door is open and notifications are sent inside the `with`."""

    def __init__(self, provider: Provider, app: Flask, address: tuple[str, int]) -> None:
        self.provider = provider
        self._http = make_server(*address, app, threaded=True, request_handler=Quiet)
        self._http.daemon_threads = True  # type: ignore[attr-defined]
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.05,), name="http", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it is asked and looked at, `http://127.0.0.1:8026`."""
        return f"http://{self._http.host}:{self._http.port}"

    def __enter__(self) -> Self:
        self.provider.open()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self.provider.close()


def serve(server: ProviderServer) -> int:
    """Run until told to stop."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with server:
        sys.stdout.write(f"{server.provider.name}: {server.url}, look at {server.url}/sandbox\n")
        sys.stdout.flush()
        stopped.wait()
    return 0
