"""Pictures for tests: drawn on the spot, with what cameras write beside them."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

GPS_TAG, ORIENTATION_TAG = 0x8825, 0x0112
PLACE = "Zdroj 50.1234 N"


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (120, 60), *, orientation: int = 1, mode: str = "RGB"
) -> bytes:
    """A picture whose left half is red and right half is white, with a place and a comment in its metadata."""
    drawn = Image.new(mode, size, "white")
    drawn.paste((200, 20, 20), (0, 0, size[0] // 2, size[1]))
    exif = drawn.getexif()
    exif[ORIENTATION_TAG] = orientation
    exif[0x010E] = PLACE
    exif.get_ifd(GPS_TAG)[29] = PLACE
    options: dict[str, Any] = {"exif": exif}
    if kind == "JPEG":
        options["comment"] = PLACE.encode()
    written = BytesIO()
    drawn.save(written, kind, **options)
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims to be as large as that."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\x00" * 10_000_000, 9)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
