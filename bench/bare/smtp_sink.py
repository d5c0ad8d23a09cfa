"""A mail server that takes everything and keeps nothing but the count: `python -m bench.bare.smtp_sink` prints its port.

One process of its own for whoever sends. It speaks SMTP with pipelining, as mail servers do; `HELP` answers how many
mails it took.
"""

import asyncio
import sys
from typing import Any

END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection."""

    taken = 0

    def __init__(self) -> None:
        self._transport: Any = None
        self._rest = b""
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        rest, answers = self._rest + data, []
        while rest:
            if self._in_mail:
                end = rest.find(END)
                if end < 0:
                    break
                rest = rest[end + len(END) :]
                self._in_mail = False
                Sink.taken += 1
                answers.append(b"250 taken\r\n")
                continue
            line, found, after = rest.partition(b"\r\n")
            if not found:
                break
            rest = after
            answers.append(self._answer(line[:4].upper()))
        self._rest = rest
        if answers:
            self._transport.write(b"".join(answers))

    def _answer(self, word: bytes) -> bytes:
        if word == b"DATA":
            self._in_mail = True
            return b"354 go on\r\n"
        if word == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n"
        if word == b"HELP":
            return b"214 %d\r\n" % Sink.taken
        if word == b"QUIT":
            return b"221 bye\r\n"
        return b"250 ok\r\n"


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
