"""Photos of meters: read by what they are, whatever they claim to be, and drawn anew.

What is kept is a JPEG of our own making: no larger than a meter's face needs, upright, and without anything that the
camera wrote beside the picture, above all the place where it was taken.
"""

from io import BytesIO
from threading import BoundedSemaphore
from uuid import UUID

from PIL import Image, ImageOps
from sqlalchemy.orm import Session

from chassis.errors import Invalid, NotFound, Violation
from services.billing.storage import photos as stored
from services.billing.storage import readable_meters as stored_readings

PHOTO_BYTES_MAX = 10 * 1024 * 1024
SIDE_MAX = 1600  # pixels
QUALITY = 82
# A few bytes may unfold to a picture that fills the memory. JPEGs are read at a fraction of their size.
PIXELS_MAX = {"JPEG": 50_000_000, "MPO": 50_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
_FORMATS = ("JPEG", "PNG", "WEBP")
_AT_ONCE = BoundedSemaphore(2)  # Each holds a whole picture in memory.


class ReadingNotFound(NotFound):
    """The customer has no such reading."""

    reason = "READING_NOT_FOUND"


class PhotoNotFound(NotFound):
    """No photo came with the reading, or it is too old and was forgotten."""

    reason = "PHOTO_NOT_FOUND"


def get(session: Session, reading_id: UUID, *, customer_id: UUID) -> bytes:
    """The photo that this customer sent with a reading, as long as it is kept."""
    if not stored_readings.is_of_customer(session, reading_id, customer_id):
        raise ReadingNotFound(reading_id=str(reading_id))
    content = stored.get_photo(session, reading_id, customer_id=customer_id)
    if content is None:
        raise PhotoNotFound(reading_id=str(reading_id))
    return content


def redrawn(content: bytes, *, field: str = "photo") -> bytes:
    """The picture as the JPEG that is kept. Refuses at the field: TOO_LARGE, MALFORMED for what is no picture."""
    if len(content) > PHOTO_BYTES_MAX:
        raise Invalid(violations=[Violation(field, "TOO_LARGE")])
    with _AT_ONCE:
        try:
            picture = Image.open(BytesIO(content), formats=_FORMATS)
            fits = picture.width * picture.height <= PIXELS_MAX.get(str(picture.format), 0)
            drawn = _draw(picture) if fits else b""
        except Image.DecompressionBombError:
            drawn = b""
        except Exception as fault:  # The library answers what is broken with many kinds of exceptions.
            raise Invalid(violations=[Violation(field, "MALFORMED")]) from fault
    if not drawn:
        raise Invalid(violations=[Violation(field, "TOO_LARGE")])
    return drawn


def _draw(picture: Image.Image) -> bytes:
    picture.draft("RGB", (SIDE_MAX, SIDE_MAX))
    upright = ImageOps.exif_transpose(picture)
    if upright.has_transparency_data:
        whole = Image.new("RGBA", upright.size, "white")
        whole.alpha_composite(upright.convert("RGBA"))
        upright = whole
    plain = upright.convert("RGB")
    plain.thumbnail((SIDE_MAX, SIDE_MAX))
    # A new picture with these pixels alone: what else the old one carried is not even there to be written.
    drawn = Image.frombytes("RGB", plain.size, plain.tobytes())
    written = BytesIO()
    drawn.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()
