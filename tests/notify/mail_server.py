"""A mail server that may read ahead (RFC 2920) and does at each step what a test asks of it."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar


class ReadsAhead(socketserver.StreamRequestHandler):
    """A mail server with PIPELINING that answers each command by what its address says, and nothing to silent@."""

    kept: ClassVar[list[bytes]] = []
    heard: ClassVar[list[bytes]] = []  # What came at once.
    careless: ClassVar[bool] = False  # It wants a content also when it is for nobody.
    pipelining: ClassVar[bool] = True

    def handle(self) -> None:
        self.wanted = True
        self.rest = b""
        self.wfile.write(b"220 here\r\n")
        while (line := self.line()) and self.answer(line):
            pass

    def line(self) -> bytes:
        while b"\r\n" not in self.rest:
            piece = self.request.recv(65536)
            if not piece:
                return b""
            self.heard.append(piece)
            self.rest += piece
        line, _, self.rest = self.rest.partition(b"\r\n")
        return line

    def answer(self, line: bytes) -> bool:
        word = line[:4].upper()
        if word == b"EHLO":
            self.wfile.write(b"250-here\r\n250 PIPELINING\r\n" if self.pipelining else b"250 here\r\n")
        elif word == b"DATA":
            return self.take()
        elif b"gone@" in line:
            return False
        elif b"ends@" in line:
            self.wfile.write(b"421 tomorrow\r\n")
            return False
        elif b"nobody@" in line or b"never@" in line:
            self.wanted = False
            self.wfile.write(b"550 unknown\r\n")
        else:
            self.wanted = self.wanted or word == b"RSET"
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
        return word != b"QUIT"

    def take(self) -> bool:
        if not self.wanted and not self.careless:
            self.wfile.write(b"554 for nobody\r\n")
            return True
        self.wfile.write(b"354 go on\r\n")
        content = b"".join(line + b"\r\n" for line in iter(self.line, b"."))
        if b"swallow" in content:
            self.kept.append(content)
            return False
        refused = b"554 no\r\n" if b"refuse" in content else b"250 taken\r\n"
        self.kept.extend([content] if self.wanted and b"refuse" not in content else [])
        self.wfile.write(refused if self.wanted else b"554 nobody\r\n")
        self.wanted = True
        return True


@contextmanager
def reads_ahead(*, pipelining: bool = True) -> Iterator[str]:
    """The URL of such a server, which has kept nothing yet."""
    ReadsAhead.kept.clear()
    ReadsAhead.heard.clear()
    ReadsAhead.pipelining = pipelining
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), ReadsAhead) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"smtp://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
