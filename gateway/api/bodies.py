"""Bodies of writes: read whole, within a size and a time. Whoever dribbles does not hold a thread for long."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

from flask import request
from werkzeug.exceptions import (
    ClientDisconnected,
    RequestEntityTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
)

BODY_SECONDS = 10.0
CONNECTION = "gunicorn.socket"


def read(bytes_max: int) -> None:
    """413 for too much, 408 for too slow, 415 for no JSON. A byte more than may be is read: chunks are cut silently."""
    request.max_content_length = bytes_max + 1
    if (request.content_length or 0) > bytes_max:
        raise RequestEntityTooLarge
    try:
        with _deadline():
            body = request.get_data()
    except (ClientDisconnected, OSError):
        raise RequestTimeout from None
    if len(body) > bytes_max:
        raise RequestEntityTooLarge
    if body and not request.is_json:
        raise UnsupportedMediaType


@contextmanager
def _deadline() -> Iterator[None]:
    """Stop listening when the time is over: what is being read ends short, and nothing more is taken."""
    connection: socket.socket | None = request.environ.get(CONNECTION)
    if connection is None:
        yield
        return
    timer = Timer(BODY_SECONDS, connection.shutdown, (socket.SHUT_RD,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
