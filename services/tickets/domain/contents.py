"""What a file is, by its content and never by its name, and what of it is kept. Pure functions.

Photos are drawn anew and texts written anew; documents are kept as they are when nothing in them runs or swells.
"""

import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

import filetype

from chassis import pictures
from chassis.errors import Invalid, Violation
from services.tickets.domain import archives, pdfs

FILE_BYTES_MAX = 10 * 1024 * 1024
SIDE_MAX = 2400  # pixels: a page of print that was photographed can be read.
NAME_LENGTH_MAX = 100
JPEG, PDF, TEXT = "image/jpeg", "application/pdf", "text/plain"
SUFFIXES = {
    JPEG: (".jpg", ".jpeg"),
    PDF: (".pdf",),
    TEXT: (".txt",),
    archives.DOCX: (".docx",),
    archives.XLSX: (".xlsx",),
    archives.ODT: (".odt",),
    archives.ODS: (".ods",),
}
PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}
# A browser that is told it is text may still look for itself.
MARKUP = ("<!doctype", "<html", "<head", "<body", "<svg", "<script", "<iframe", "<object", "<embed", "<?xml")
CONTROLS_ALLOWED = frozenset("\n\r\t\f")
ENCODINGS = ("utf-8-sig", "cp1250")
FIELD = "chunk"
UNKNOWN = "TYPE_NOT_ALLOWED"


@dataclass(frozen=True)
class Kept:
    """A file as it is kept."""

    content: bytes
    media_type: str
    file_name: str


def keep(content: bytes, file_name: str) -> Kept:
    """What is kept of a file that came.

    Refuses at `chunk`: EMPTY, TOO_LARGE, TYPE_NOT_ALLOWED, IMAGE_NOT_READABLE, CONTENT_SUSPICIOUS, MALFORMED (a
    document that is broken); at `file_name`: REQUIRED, MALFORMED.
    """
    if not file_name:
        raise Invalid(violations=[Violation("file_name", "REQUIRED")])
    stem = _stem(file_name)
    if not content:
        raise _refused("EMPTY")
    if len(content) > FILE_BYTES_MAX:
        raise _refused("TOO_LARGE")
    kept, media_type = _judge(content)
    return Kept(kept, media_type, _named(stem, file_name, media_type))


def _judge(content: bytes) -> tuple[bytes, str]:
    guessed = filetype.guess_mime(content) or ""
    if guessed in PICTURES:
        return _drawn(content, PICTURES[guessed]), JPEG
    if guessed == PDF:
        if pdfs.is_suspicious(content):
            raise _refused("CONTENT_SUSPICIOUS")
        return content, PDF
    if content.startswith(archives.SIGNATURE):
        return content, _document(content)
    if guessed:
        raise _refused(UNKNOWN)
    return _written(content), TEXT


def _drawn(content: bytes, picture_format: str) -> bytes:
    # What calls itself a JPEG may hold several pictures (MPO): the first is drawn.
    formats = ("JPEG", "MPO") if picture_format == "JPEG" else (picture_format,)
    try:
        return pictures.redrawn(content, formats=formats, side_max=SIDE_MAX)
    except pictures.PictureTooLarge:
        raise _refused("TOO_LARGE") from None
    except pictures.PictureUnreadable:
        raise _refused("IMAGE_NOT_READABLE") from None


def _document(content: bytes) -> str:
    try:
        media_type = archives.type_of(content)
    except archives.Suspicious:
        raise _refused("CONTENT_SUSPICIOUS") from None
    except archives.Broken:
        raise _refused("MALFORMED") from None
    if not media_type:
        raise _refused(UNKNOWN)
    return media_type


def _written(content: bytes) -> bytes:
    """Plain text, as UTF-8. What looks like a page or a drawing for a browser is none."""
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _refused(UNKNOWN)
    binary = any(unicodedata.category(sign) == "Cc" and sign not in CONTROLS_ALLOWED for sign in set(text))
    lowered = text.lower()
    if binary or any(mark in lowered for mark in MARKUP):
        raise _refused(UNKNOWN)
    if not text.strip():
        raise _refused("EMPTY")
    return text.encode()


def _stem(file_name: str) -> str:
    """The name without folders, endings and signs that are not to be seen. Refuses MALFORMED when nothing is left."""
    last = unicodedata.normalize("NFC", file_name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(
        "_" if sign in '<>:"|?*' else sign for sign in last if not unicodedata.category(sign).startswith("C")
    )
    stem = PurePosixPath(shown.strip(" .")).stem.strip(" .")
    if not stem:
        raise Invalid(violations=[Violation("file_name", "MALFORMED")])
    return stem


def _named(stem: str, file_name: str, media_type: str) -> str:
    """The stem with an ending that is true."""
    suffixes = SUFFIXES[media_type]
    given = file_name[file_name.rfind(".") :].lower() if "." in file_name else ""
    suffix = given if given in suffixes else suffixes[0]
    return stem[: NAME_LENGTH_MAX - len(suffix)] + suffix


def _refused(reason: str) -> Invalid:
    return Invalid(violations=[Violation(FIELD, reason)])
