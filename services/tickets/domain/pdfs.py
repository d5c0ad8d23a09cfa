"""PDFs that would run something when they are opened.

A name may be written with escapes (`/J#61vaScript`), and objects may lie packed in a stream: both are looked into. What
cannot be looked into, because it is locked or packed in a way that nobody needs, is suspicious.
"""

import re
import zlib

RUNS = re.compile(rb"/(?:JavaScript|Launch|RichMedia)(?![A-Za-z0-9_])")
LOCKED = re.compile(rb"/Encrypt(?![A-Za-z0-9_])")
UNPACKED_BYTES_MAX = 50 * 1024 * 1024
DICTIONARY_BYTES_MAX = 4096
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"stream\r?\n")
_PACKED = re.compile(rb"/ObjStm(?![A-Za-z0-9_])")
_WAYS = re.compile(
    rb"/(?:ASCIIHexDecode|ASCII85Decode|LZWDecode|RunLengthDecode|AHx|A85|LZW|RL|Predictor)(?![A-Za-z0-9_])"
)


def is_suspicious(content: bytes) -> bool:
    """Whether anything in it would run, or cannot be looked into."""
    plain = _unescaped(content)
    if RUNS.search(plain):
        return True
    locked = LOCKED.search(plain) is not None
    left, whole = UNPACKED_BYTES_MAX, memoryview(content)
    for stream in _STREAM.finditer(content):
        dictionary = _dictionary_before(content, stream.start())
        if not _PACKED.search(dictionary):
            continue
        if locked or _WAYS.search(dictionary):
            return True
        unpacked = _unpacked(whole[stream.end() :], left) if b"/F" in dictionary else b""
        if unpacked is None or RUNS.search(_unescaped(unpacked)):
            return True
        left -= len(unpacked)
    return False


def _dictionary_before(content: bytes, end: int) -> bytes:
    """What a stream says of itself: from its object's beginning."""
    before = content[max(0, end - DICTIONARY_BYTES_MAX) : end]
    return _unescaped(before[before.rfind(b"obj") + 1 :])


def _unpacked(packed: memoryview, limit: int) -> bytes | None:
    """A stream's objects; None when they cannot be read or are too many."""
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(packed, limit)
    except zlib.error:
        return None
    return unpacked if unpacker.eof and len(unpacked) < limit else None


def _unescaped(content: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), content)
