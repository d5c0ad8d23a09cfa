"""The mailbox as a whole: an SMTP door, an HTTP door, and what is kept between them."""

import ssl
import threading
from types import TracebackType
from typing import Self

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.mailbox.config import MailboxConfig
from sandbox.mailbox.faults import FaultSwitch
from sandbox.mailbox.messages import Mails
from sandbox.mailbox.smtp import SmtpServer
from sandbox.mailbox.web import create_app


class _Quiet(WSGIRequestHandler):
    """Does not print a line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: what matters is on the page."""


class Mailbox:
    """`with Mailbox(config) as mailbox:` – both doors are open inside."""

    def __init__(
        self, config: MailboxConfig, *, tls: ssl.SSLContext | None = None, tls_at_once: bool = False
    ) -> None:
        self.mails = Mails(config.store, kept_max=config.kept_max)
        self.faults = FaultSwitch()
        self._smtp = SmtpServer(config.smtp, self.mails, self.faults, tls=tls, tls_at_once=tls_at_once)
        self._http = make_server(
            *config.http,
            create_app(self.mails, self.faults, config.sms),
            threaded=True,
            request_handler=_Quiet,
        )
        self._http.daemon_threads = True  # type: ignore[attr-defined]
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.05,), name="http", daemon=True
        )

    @property
    def smtp_url(self) -> str:
        """Where mail goes, `smtp://127.0.0.1:2525`."""
        return "smtp://{}:{}".format(*self._smtp.address)

    @property
    def connections(self) -> int:
        """How many SMTP connections there have been."""
        return self._smtp.connections

    @property
    def http_url(self) -> str:
        """Where it is looked at, `http://127.0.0.1:8025`."""
        return f"http://{self._http.host}:{self._http.port}"

    def __enter__(self) -> Self:
        self._smtp.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self._smtp.stop()
        self.mails.close()
