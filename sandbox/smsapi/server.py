"""SMSAPI as a running server: `with SmsApiServer(config) as running:`."""

import threading
from types import TracebackType
from typing import Self

from werkzeug.serving import make_server

from sandbox.providers.server import Quiet
from sandbox.smsapi.config import SmsApiConfig
from sandbox.smsapi.provider import SmsApiProvider
from sandbox.smsapi.web import create_app


class SmsApiServer:
    """The door is open and messages move inside the `with`."""

    def __init__(self, config: SmsApiConfig) -> None:
        self.provider = SmsApiProvider(config)
        self._http = make_server(
            *config.http, create_app(self.provider), threaded=True, request_handler=Quiet
        )
        self._http.daemon_threads = True  # type: ignore[attr-defined]
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.05,), name="http", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it is asked, `http://127.0.0.1:8029`."""
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
