"""Forms that take a file: their pages may be sent more than others, and of a file no more is kept than it may have.

@portal.route("/odczyt/<uuid:meter_id>", methods=["GET", "POST"])
@takes_file(10 * 1024 * 1024)
def …                                   # then form.file("photo", size_max=…)

A file that is too large is read to its end and let go, so that the form comes back with what was typed and says so at
the field. Only a body beyond BODY_BYTES_MAX is turned away as a whole.
"""

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar, cast

from flask import Flask, Request, request

BODY_BYTES_MAX = 64 * 1024 * 1024
_MARK = "ebok_file_bytes_max"
View = TypeVar("View", bound=Callable[..., Any])


def takes_file(bytes_max: int) -> Callable[[View], View]:
    """Mark a view whose form has a file field of at most so many bytes."""

    def mark(view: View) -> View:
        setattr(view, _MARK, bytes_max)
        return view

    return mark


class _Capped(BytesIO):
    """Keeps one byte more than may be, as the sign that it was too much; the rest is let go."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__()
        self._room = bytes_max + 1

    def write(self, content: Any, /) -> int:
        kept = memoryview(content)[: self._room]
        self._room -= len(kept)
        super().write(kept)
        return len(content)


class UploadRequest(Request):
    """A request whose files stay in memory: pods have no disk to write to, and no file outlives its request."""

    file_bytes_max = 0

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        _ = total_content_length, content_type, filename, content_length
        return _Capped(self.file_bytes_max)


def init_uploads(app: Flask) -> None:
    """Before the form protection, which is the first to read a body."""
    app.request_class = UploadRequest

    @app.before_request
    def _open_gate() -> None:
        view = app.view_functions.get(request.endpoint or "")
        bytes_max = getattr(view, _MARK, 0)
        if bytes_max:
            present = cast(UploadRequest, request)
            present.max_content_length = BODY_BYTES_MAX
            present.file_bytes_max = bytes_max
