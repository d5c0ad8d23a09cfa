"""Colour arithmetic for the brand: OKLCH (Björn Ottosson, 2020; CSS Color 4) and contrast (WCAG 2.2).

Lightness is fixed by role and only hue and a bounded chroma come from the provider's colour, so text stays
readable whatever is typed into the settings. Browsers with relative colours do the same from `--provider`
in `app.css`.
"""

import math
import re
from dataclasses import dataclass

_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")
_TRIPLE = tuple[float, float, float]
_GAMUT_SLACK = 1e-6


@dataclass(frozen=True)
class Role:
    """A colour of the page: its lightness and the most chroma it may take from the provider's colour."""

    lightness: float
    chroma_max: float


LIGHT_ROLES = {
    "accent": Role(0.47, 0.14),
    "accent-strong": Role(0.39, 0.115),
    "accent-ink": Role(0.39, 0.115),
    "accent-soft": Role(0.955, 0.022),
    "hero": Role(0.305, 0.085),
    "hero-ink-2": Role(0.885, 0.03),
    "hero-line": Role(0.45, 0.07),
    "hero-action-hover": Role(0.955, 0.022),
    "hero-action-ink": Role(0.305, 0.085),
    "bg": Role(0.972, 0.005),
    "inset": Role(0.972, 0.005),
    "focus": Role(0.47, 0.14),
}
DARK_ROLES = {
    "accent": Role(0.79, 0.105),
    "accent-strong": Role(0.86, 0.075),
    "accent-ink": Role(0.86, 0.075),
    "on-accent": Role(0.20, 0.045),
    "accent-soft": Role(0.30, 0.055),
    "hero": Role(0.30, 0.07),
    "hero-ink-2": Role(0.86, 0.04),
    "hero-line": Role(0.45, 0.06),
    "hero-action": Role(0.96, 0.018),
    "hero-action-ink": Role(0.305, 0.085),
    "bg": Role(0.175, 0.012),
    "surface": Role(0.22, 0.016),
    "inset": Role(0.26, 0.02),
    "focus": Role(0.86, 0.075),
}
# What does not come from the provider and what the pairs below are checked against.
LIGHT_FIXED = {
    "ink": "#10202e",
    "ink-2": "#4d5c6a",
    "surface": "#ffffff",
    "on-accent": "#ffffff",
    "hero-ink": "#ffffff",
}
DARK_FIXED = {"ink": "#edf2f7", "ink-2": "#a9b7c5", "hero-ink": "#ffffff"}

# Foreground, background, the least contrast (WCAG 2.2: 4.5 for text, 3 for the edge of a control or a focus
# ring).
PAIRS = (
    ("ink", "bg", 4.5),
    ("ink-2", "bg", 4.5),
    ("ink-2", "accent-soft", 4.5),
    ("accent", "surface", 4.5),
    ("accent", "bg", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    ("accent-ink", "accent-soft", 4.5),
    ("hero-ink", "hero", 4.5),
    ("hero-ink-2", "hero", 4.5),
    ("focus", "bg", 3.0),
    ("focus", "surface", 3.0),
)


def is_colour(text: str) -> bool:
    """Whether it is a colour as the settings hold it, `#0068b8`."""
    return bool(_HEX.match(text))


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _rgb(colour: str) -> _TRIPLE:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def oklch(colour: str) -> _TRIPLE:
    """Lightness 0–1, chroma, hue in radians of a `#rrggbb` colour."""
    red, green, blue = (_linear(channel) for channel in _rgb(colour))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _to_linear_rgb(lightness: float, chroma: float, hue: float) -> _TRIPLE:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _inside(channels: _TRIPLE) -> bool:
    return all(-_GAMUT_SLACK <= channel <= 1 + _GAMUT_SLACK for channel in channels)


def from_oklch(lightness: float, chroma: float, hue: float) -> str:
    """The nearest sRGB colour of that lightness and hue; chroma gives way until the screen can show it."""
    if not _inside(_to_linear_rgb(lightness, chroma, hue)):
        low, high = 0.0, chroma
        for _ in range(24):
            middle = (low + high) / 2
            low, high = (middle, high) if _inside(_to_linear_rgb(lightness, middle, hue)) else (low, middle)
        chroma = low
    channels = _to_linear_rgb(lightness, chroma, hue)
    return "#" + "".join(f"{round(_gamma(min(1.0, max(0.0, channel))) * 255):02x}" for channel in channels)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel) for channel in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio by WCAG, 1–21."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def roles(provider: str, *, dark: bool = False) -> dict[str, str]:
    """All roles that follow from the provider's colour, as hex."""
    _, chroma, hue = oklch(provider)
    wanted = DARK_ROLES if dark else LIGHT_ROLES
    return {
        name: from_oklch(role.lightness, min(chroma, role.chroma_max), hue) for name, role in wanted.items()
    }


def unreadable_pairs(provider: str) -> list[tuple[str, str, float]]:
    """The pairs that a colour would make too faint, in either look; empty means the settings may save it."""
    faint = []
    for dark in (False, True):
        palette = {**(DARK_FIXED if dark else LIGHT_FIXED), **roles(provider, dark=dark)}
        for foreground, background, least in PAIRS:
            ratio = contrast(palette[foreground], palette[background])
            if ratio < least:
                faint.append((foreground, background, ratio))
    return faint
