"""How long a text message is, as telephones count: parts of 160 letters of their alphabet, or of 70 of any.

GSM 03.38: seven bits a letter, a few letters take two places; one of several parts spends some of each on joining.
"""

from dataclasses import dataclass

from chassis.folding import bare
from services.notify.documents.formats import FOR_PHONES

_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_OF_TWO_PLACES = frozenset("^{}\\[~]|€")
SINGLE, JOINED = 160, 153
UNICODE_SINGLE, UNICODE_JOINED = 70, 67


@dataclass(frozen=True, slots=True)
class Length:
    """Characters, the parts they make, and whether a letter outside the alphabet makes parts short."""

    characters: int
    parts: int
    is_unicode: bool


def measure(text: str) -> Length:
    """The length of a text message; an empty one has no part."""
    is_unicode = not all(letter in _ALPHABET or letter in _OF_TWO_PLACES for letter in text)
    if is_unicode:
        places, single, joined = len(text.encode("utf-16-le")) // 2, UNICODE_SINGLE, UNICODE_JOINED
    else:
        places = len(text) + sum(letter in _OF_TWO_PLACES for letter in text)
        single, joined = SINGLE, JOINED
    parts = -(-places // joined) if places > single else min(places, 1)
    return Length(len(text), parts, is_unicode)


def plain(text: str) -> str:
    """The same text without the marks of its letters and with plain quotes and dashes."""
    return bare(text.translate(FOR_PHONES))
