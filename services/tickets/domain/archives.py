"""Documents that are archives inside: which they are, that they do not swell, and that no program is in them."""

import zipfile
import zlib
from io import BytesIO
from threading import BoundedSemaphore

SIGNATURE = b"PK\x03\x04"
ENTRIES_MAX = 2_000
UNPACKED_BYTES_MAX = 100 * 1024 * 1024
RATIO_MAX = 200
PIECE_BYTES = 256 * 1024
ENCRYPTED = 0x1
_OOXML = "application/vnd.openxmlformats-officedocument"
DOCX, XLSX = f"{_OOXML}.wordprocessingml.document", f"{_OOXML}.spreadsheetml.sheet"
ODT, ODS = "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet"
CONTENT_TYPES, MEDIA_TYPE = "[Content_Types].xml", "mimetype"
MAIN_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}
PROGRAMS = ("vbaproject", "activex", "oleobject", "/macros/", "/macrosheets/")
PROGRAM_FOLDERS = ("basic/", "scripts/", "macros/", "object ")
_AT_ONCE = BoundedSemaphore(2)


class Suspicious(Exception):
    """It swells, is locked, or carries a program."""


class Broken(Exception):
    """It cannot be unpacked."""


def type_of(content: bytes) -> str:
    """Which document an archive is; empty when none of ours. Raises Suspicious, Broken."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive, _AT_ONCE:
            _check_size(archive, len(content))
            media_type = _type_of(archive)
            if media_type:
                _check_programs(archive)
                _check_whole(archive)
            return media_type
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError) as fault:
        raise Broken from fault


def _check_size(archive: zipfile.ZipFile, packed: int) -> None:
    """By what the archive says of itself; it is not unpacked further than it says."""
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES_MAX or unpacked > UNPACKED_BYTES_MAX or unpacked > packed * RATIO_MAX:
        raise Suspicious
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise Suspicious


def _type_of(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if MEDIA_TYPE in names:
        with archive.open(MEDIA_TYPE) as entry:
            told = entry.read(100).decode("ascii", "replace").strip()
        return told if told in (ODT, ODS) else ""
    if CONTENT_TYPES in names:
        return next((media_type for part, media_type in MAIN_PARTS.items() if part in names), "")
    return ""


def _check_programs(archive: zipfile.ZipFile) -> None:
    for name in archive.namelist():
        lowered = name.lower().replace("\\", "/")
        if lowered.startswith(PROGRAM_FOLDERS) or any(word in f"/{lowered}" for word in PROGRAMS):
            raise Suspicious
    if CONTENT_TYPES in archive.namelist():
        with archive.open(CONTENT_TYPES) as entry:
            if b"macroenabled" in entry.read(UNPACKED_BYTES_MAX).lower():
                raise Suspicious


def _check_whole(archive: zipfile.ZipFile) -> None:
    """Every entry is what the archive says of it: its sums are right."""
    for entry in archive.infolist():
        with archive.open(entry) as content:
            while content.read(PIECE_BYTES):
                pass
