"""Text as a search sees it: without case and without marks. Plain Python."""

import unicodedata

_WHOLE_LETTERS = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe"})


def fold(text: str) -> str:
    """Lower case without marks, one space between words: "Żółta  Łąka" → "zolta laka"."""
    return " ".join(bare(bare(text).lower()).split())


def bare(text: str) -> str:
    """The same letters without their marks."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text.translate(_WHOLE_LETTERS))
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))
