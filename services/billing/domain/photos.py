"""Photos of meters: drawn anew, no larger than a meter's face needs."""

from uuid import UUID

from sqlalchemy.orm import Session

from chassis import pictures
from chassis.errors import Invalid, NotFound, Violation
from services.billing.storage import photos as stored
from services.billing.storage import readable_meters as stored_readings

PHOTO_BYTES_MAX = 10 * 1024 * 1024
SIDE_MAX = 1600  # pixels
_FORMATS = ("JPEG", "PNG", "WEBP")


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
    try:
        return pictures.redrawn(content, formats=_FORMATS, side_max=SIDE_MAX)
    except pictures.PictureTooLarge:
        raise Invalid(violations=[Violation(field, "TOO_LARGE")]) from None
    except pictures.PictureUnreadable as fault:
        raise Invalid(violations=[Violation(field, "MALFORMED")]) from fault
