"""Photos drawn anew: read by what they are, whatever they claim to be, and kept as JPEGs of our own making.

What is kept is upright, no larger than it is needed, and without anything that the camera wrote beside the picture,
above all the place where it was taken.
"""

from io import BytesIO
from threading import BoundedSemaphore

import pi_heif
from PIL import Image, ImageOps

QUALITY = 82
# A few bytes may unfold to a picture that fills the memory. JPEGs are read at a fraction of their size.
PIXELS_MAX = {
    "JPEG": 50_000_000,
    "MPO": 50_000_000,
    "HEIF": 50_000_000,
    "PNG": 25_000_000,
    "WEBP": 25_000_000,
}
_AT_ONCE = BoundedSemaphore(2)  # Each holds a whole picture in memory.

pi_heif.register_heif_opener()


class PictureUnreadable(Exception):
    """It is no picture of these formats, or a broken one."""


class PictureTooLarge(Exception):
    """It has more pixels than are drawn."""


def redrawn(content: bytes, *, formats: tuple[str, ...], side_max: int) -> bytes:
    """The picture as a JPEG, neither side longer than `side_max`. Raises PictureUnreadable, PictureTooLarge."""
    with _AT_ONCE:
        try:
            picture = Image.open(BytesIO(content), formats=formats)
            fits = picture.width * picture.height <= PIXELS_MAX.get(str(picture.format), 0)
            drawn = _draw(picture, side_max) if fits else b""
        except Image.DecompressionBombError:
            drawn = b""
        except Exception as fault:  # The library answers what is broken with many kinds of exceptions.
            raise PictureUnreadable from fault
    if not drawn:
        raise PictureTooLarge
    return drawn


def _draw(picture: Image.Image, side_max: int) -> bytes:
    picture.draft("RGB", (side_max, side_max))
    upright = ImageOps.exif_transpose(picture)
    if upright.has_transparency_data:
        whole = Image.new("RGBA", upright.size, "white")
        whole.alpha_composite(upright.convert("RGBA"))
        upright = whole
    plain = upright.convert("RGB")
    plain.thumbnail((side_max, side_max))
    # A new picture with these pixels alone: what else the old one carried is not even there to be written.
    drawn = Image.frombytes("RGB", plain.size, plain.tobytes())
    written = BytesIO()
    drawn.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()
