"""`GET /range/{5 hex digits}`: the rest of each SHA-1 that begins so and how often it leaked, padded when one asks.

As the real one: always 200 for five hex digits, 400 for anything else, lines end with CR LF, padding has the count 0.
"""

import hashlib
import random
import re
import secrets
import threading
from collections.abc import Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

LEAKED = ("password", "zaq12wsx zaq12wsx", "Polska2024! Polska2024!", "moje tajne haslo 1")
COUNT = 52_256
PADDED_TO = (800, 1000)
PATH = re.compile(r"/range/([0-9A-Fa-f]{5})(?:\?.*)?\Z")


class LeakedServer:
    """Answers until the block ends. `asked` are the prefixes it was asked for and the headers they came with."""

    def __init__(self, host: str, port: int, *, leaked: Iterable[str] = LEAKED) -> None:
        self._digests = [
            hashlib.sha1(one.encode(), usedforsecurity=False).hexdigest().upper() for one in leaked
        ]
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.status = HTTPStatus.OK
        self._http = ThreadingHTTPServer((host, port), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{self._http.server_name}:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def lines(self, prefix: str, *, padded: bool) -> list[str]:
        """What is answered for a prefix."""
        found = [f"{one[5:]}:{COUNT}" for one in self._digests if one.startswith(prefix.upper())]
        wanted = random.randint(*PADDED_TO) if padded else 0  # noqa: S311 - a length, no secret
        return sorted(found + [f"{secrets.token_hex(18)[:35].upper()}:0" for _ in range(wanted - len(found))])

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_GET(self) -> None:
                """A range, or whether we are there."""
                found = PATH.fullmatch(self.path)
                if self.path == "/health":
                    self._answer(HTTPStatus.OK, "ok")
                elif not found:
                    self._answer(HTTPStatus.BAD_REQUEST, "The hash prefix was not in a valid format")
                else:
                    server.asked.append((found[1], dict(self.headers.items())))
                    padded = self.headers.get("Add-Padding", "").lower() == "true"
                    self._answer(server.status, "\r\n".join(server.lines(found[1], padded=padded)))

            def _answer(self, status: HTTPStatus, text: str) -> None:
                content = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Nothing: a prefix is nobody's business."""

        return Handler
