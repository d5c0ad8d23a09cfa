"""What is kept of a photo: a small upright JPEG and nothing else."""

from io import BytesIO

import pytest
from PIL import Image

from chassis.errors import Invalid
from services.billing.domain import photos
from tests.billing.pictures import PLACE, bomb, picture


def opened(content: bytes) -> Image.Image:
    drawn = Image.open(BytesIO(content))
    drawn.load()
    return drawn


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_drawn_anew_without_what_the_camera_wrote(kind):
    sent = picture(kind)
    assert PLACE.encode() in sent

    kept = photos.redrawn(sent)

    assert PLACE.encode() not in kept
    drawn = opened(kept)
    assert (drawn.format, drawn.size, dict(drawn.getexif())) == ("JPEG", (120, 60), {})
    assert set(drawn.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_large_picture_is_made_smaller_and_put_upright():
    drawn = opened(photos.redrawn(picture(size=(4000, 3000), orientation=6)))

    assert drawn.size == (1200, 1600)
    red, white = drawn.getpixel((600, 100)), drawn.getpixel((600, 1500))
    assert isinstance(red, tuple)
    assert isinstance(white, tuple)
    assert red[0] > 150 > red[1]
    assert min(white) > 240


def test_what_can_be_seen_through_is_white():
    see_through = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    written = BytesIO()
    see_through.save(written, "PNG")

    assert opened(photos.redrawn(written.getvalue())).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "MALFORMED"),
        (b"%PDF-1.7 no picture", "MALFORMED"),
        (b"GIF89a" + b"\x00" * 40, "MALFORMED"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "MALFORMED"),
        (picture()[:-400], "MALFORMED"),
        (picture("PNG", (300, 300))[:200], "MALFORMED"),
        (bomb(6_000, 6_000), "TOO_LARGE"),
        (bomb(60_000, 60_000), "TOO_LARGE"),
        (b"\xff" * (photos.PHOTO_BYTES_MAX + 1), "TOO_LARGE"),
    ],
    ids=["empty", "pdf", "gif", "svg", "cut jpeg", "cut png", "large", "huge", "heavy"],
)
def test_what_is_no_photo_of_a_meter_is_refused_at_the_field(content, reason):
    with pytest.raises(Invalid) as refused:
        photos.redrawn(content)

    [fault] = refused.value.violations
    assert (fault.field, fault.reason) == ("photo", reason)
