"""The provider's one colour in a mail: made dark or light enough to be read, whatever it is."""

import re
from dataclasses import dataclass

DEFAULT = "#0068b8"
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
CARD_DARK, INK_ON_LIGHT = (20, 28, 36), (4, 24, 43)
READABLE = 6.5  # WCAG asks for 4.5; mail programs shift colours a little.
STEPS = 50

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """Links and buttons, and the ground of the box, in light and in dark; `#rrggbb`."""

    accent: str
    accent_dark: str
    soft: str
    soft_dark: str


def palette(brand: str) -> Palette:
    """What is made of a brand colour; of the default one when it is not `#rrggbb`."""
    colour = _read(brand if re.fullmatch(r"#[0-9a-fA-F]{6}", brand) else DEFAULT)
    return Palette(
        accent=_hex(_readable(colour, towards=BLACK, on=WHITE)),
        accent_dark=_hex(_readable(_mix(colour, WHITE, 0.5), towards=WHITE, on=CARD_DARK)),
        soft=_hex(_mix(colour, WHITE, 0.9)),
        soft_dark=_hex(_mix(colour, CARD_DARK, 0.75)),
    )


def contrast(one: Colour, other: Colour) -> float:
    """WCAG's contrast, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _readable(colour: Colour, *, towards: Colour, on: Colour) -> Colour:
    for step in range(STEPS):
        mixed = _mix(colour, towards, step / STEPS)
        if contrast(mixed, on) >= READABLE:
            return mixed
    return towards


def _luminance(colour: Colour) -> float:
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _read(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
