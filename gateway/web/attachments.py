"""Files of cases: handed in with a form, kept over its errors, and given out again.

    files = attach(form, customer_id)               # up to five; those of an earlier try are among them
    if form.ok:
        …attachment_ids=[one.attachment_id for one in files]

A file goes to tickets before the form is right, because a browser forgets what was chosen: the form comes back with a
box for each file that is there already, ticked, and unticking one leaves it out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from ebok.tickets.v1 import attachments_pb2 as pb
from flask import Response

from chassis.errors import PermissionDenied, Refusal, Unauthenticated
from gateway.web import exports, reasons
from gateway.web.calls import acting, clients, config, documents
from gateway.web.forms import Form
from gateway.web.languages import gettext as _

FIELD, HELD = "zalaczniki", "plik"
FILE_BYTES_MAX = 10 * 1024 * 1024
FILES_MAX = 5
PIECE_BYTES = 64 * 1024
NAME_LENGTH_MAX = 200
ENDING_LENGTH_MAX = 8
ACCEPT = ".jpg,.jpeg,.png,.webp,.heic,.pdf,.txt,.docx,.odt,.xlsx,.ods"
# What a browser shows by itself and what cannot carry a program. All else is only ever saved.
SHOWN = frozenset({"image/jpeg", "image/png", "image/webp"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_PLAIN = re.compile(r"[^a-z0-9]")
_HELD = re.compile(r"([0-9a-f-]{36})/(\d{1,9})/(.{1,200})\Z", re.DOTALL)


@dataclass(frozen=True)
class Held:
    """A file that tickets has and that no message names yet."""

    attachment_id: str
    size_bytes: int
    file_name: str

    @property
    def value(self) -> str:
        """As its box in the form carries it."""
        return f"{self.attachment_id}/{self.size_bytes}/{self.file_name}"


def held(form: Form) -> list[Held]:
    """The files that the form holds from an earlier try."""
    found = [_HELD.match(value) for value in form.values(HELD)]
    return [Held(one[1], int(one[2]), one[3]) for one in found if one and _is_id(one[1])]


def attach(form: Form, customer_id: str) -> list[Held]:
    """All files of the form, new ones handed in; what is wrong with one is said at the field, the others stay."""
    files = held(form)
    if len(files) != len(form.values(HELD)):
        form.stop(_("Open the page anew, please."), status=422)
    chosen = form.files(FIELD, size_max=FILE_BYTES_MAX)
    if len(files) + len(chosen) > FILES_MAX:
        form.fail(FIELD, _("At most %(most)d files go with one message.", most=FILES_MAX))
        chosen = chosen[: max(FILES_MAX - len(files), 0)]
    files += _hand_in(form, customer_id, chosen)
    form.put(HELD, [one.value for one in files])
    return files


def refuse_files(form: Form, refusal: Refusal) -> bool:
    """Whether the refusal is about the files: one is gone, or there are too many; then the form says so."""
    if refusal.reason == "ATTACHMENT_NOT_FOUND":
        form.put(HELD, [])  # Which one is gone nobody says; all of them are chosen again.
    elif refusal.reason != "TOO_MANY_ATTACHMENTS":
        return False
    form.fail(FIELD, reasons.sentence(refusal))
    return True


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _hand_in(form: Form, customer_id: str, chosen: list[tuple[str, bytes]]) -> list[Held]:
    """The files go at the same time; each may be refused for itself."""
    upload = clients().tickets.attachments.UploadAttachment
    under_way = [
        (name, upload.future(_pieces(customer_id, name, content), timeout=_timeout_s(), metadata=acting()))
        for name, content in ((clean_name(name), content) for name, content in chosen)
    ]
    taken = []
    for name, pending in under_way:
        try:
            one = pending.result().attachment
        except (PermissionDenied, Unauthenticated):
            raise
        except Refusal as refusal:
            form.fail(FIELD, f"{name}: {_why(refusal)}")
        else:
            taken.append(Held(one.attachment_id, one.size_bytes, one.file_name))
    return taken


def _timeout_s() -> float:
    return config().document_timeout_s


def _pieces(customer_id: str, name: str, content: bytes) -> Iterator[pb.UploadAttachmentRequest]:
    yield pb.UploadAttachmentRequest(customer_id=customer_id, file_name=name)
    for start in range(0, len(content), PIECE_BYTES):
        yield pb.UploadAttachmentRequest(customer_id=customer_id, chunk=content[start : start + PIECE_BYTES])


def _why(refusal: Refusal) -> str:
    reason = refusal.violations[0].reason if refusal.violations else refusal.reason
    words = reasons.words(reason)
    return words if words != reason else reasons.family_sentence(refusal)


def clean_name(name: str) -> str:
    """What a browser says a file is called, on one line, without a path, its end kept when it is too long."""
    plain = _CONTROL.sub("", name.replace("\\", "/")).rpartition("/")[2].strip()
    return plain[-NAME_LENGTH_MAX:] or _("file")


def give(customer_id: str, attachment_id: UUID) -> Response:
    """A file as an answer: pictures of ours are shown, all else is saved; nothing is guessed and nothing kept."""
    wanted = pb.DownloadAttachmentRequest(customer_id=customer_id, attachment_id=str(attachment_id))
    pieces = documents(clients().tickets.attachments.DownloadAttachment, wanted)
    first = next(pieces)
    kind = first.attachment.media_type
    shown = kind in SHOWN
    response = Response(_content(first, pieces), content_type=kind if shown else "application/octet-stream")
    response.content_length = first.attachment.size_bytes
    response.headers["Content-Disposition"] = disposition(
        first.attachment.file_name, "inline" if shown else "attachment"
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _content(
    first: pb.DownloadAttachmentResponse, pieces: Iterator[pb.DownloadAttachmentResponse]
) -> Iterator[bytes]:
    yield first.chunk
    for piece in pieces:
        yield piece.chunk


def disposition(name: str, how: str) -> str:
    """The header: an ASCII name for old browsers, the whole one percent-encoded (RFC 6266), nothing raw."""
    stem, _dot, kind = clean_name(name).rpartition(".")
    ending = _NOT_PLAIN.sub("", kind.lower())[:ENDING_LENGTH_MAX] if stem else ""
    plain = exports.file_name(stem or kind or "plik", kind=ending or "bin")
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(clean_name(name), safe='')}"
