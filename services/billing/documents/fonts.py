"""The typeface of our documents: Open Sans, embedded as a subset, read from disk once per process.

Reading a font takes longer than drawing an invoice, and reportlab's font objects keep a reading position:
so they are registered once, and documents are drawn one at a time under `DRAWING`.
"""

from functools import lru_cache
from threading import Lock

import ttf_opensans
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR = "OpenSans"
SEMIBOLD = "OpenSans-SemiBold"
BOLD = "OpenSans-Bold"

DRAWING = Lock()

_FACES = {
    REGULAR: ttf_opensans.OPENSANS_REGULAR,
    SEMIBOLD: ttf_opensans.OPENSANS_SEMIBOLD,
    BOLD: ttf_opensans.OPENSANS_BOLD,
}


@lru_cache(maxsize=1)
def register_fonts() -> None:
    """Makes the three faces known to reportlab; the second call does nothing."""
    for name, face in _FACES.items():
        pdfmetrics.registerFont(TTFont(name, str(face.path), asciiReadable=False))


def printable(text: str) -> str:
    """The text with what the typeface lacks replaced by "?": a hole on paper would go unseen."""
    known = _known_letters()
    if all(ord(letter) in known for letter in text):
        return text
    return "".join(letter if ord(letter) in known else "?" for letter in text)


@lru_cache(maxsize=1)
def _known_letters() -> frozenset[int]:
    register_fonts()
    font = pdfmetrics.getFont(REGULAR)
    if not isinstance(font, TTFont):
        raise TypeError("the typeface is no TrueType font")
    return frozenset(font.face.charToGlyph)


def text_width(text: str, font: str, size: float) -> float:
    """The width in points."""
    return float(pdfmetrics.stringWidth(text, font, size))
