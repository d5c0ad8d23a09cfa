"""The order of Polish names. Pure functions."""

import unicodedata

from chassis.folding import bare

SORT_NAME_LENGTH_MAX = 96  # The key travels in cursors, which are bounded.

# A letter with a mark follows all words with the letter alone: "~" stands after "z" in ASCII. Ż follows ź.
_POLISH = str.maketrans(
    {
        "ą": "a~",
        "ć": "c~",
        "ę": "e~",
        "ł": "l~",
        "ń": "n~",
        "ó": "o~",
        "ś": "s~",
        "ź": "z~",
        "ż": "z~~",
    }
)


def sort_name(name: str) -> str:
    """A key that orders names as the Polish alphabet does when compared byte by byte.

    Marks that Polish does not have are dropped; so is everything but letters, digits and the gaps between words.
    """
    lowered = unicodedata.normalize("NFC", name).lower()
    letters = (letter if letter.translate(_POLISH) != letter else bare(letter).lower() for letter in lowered)
    words = "".join(letter if letter.isalnum() else " " for letter in letters).split()
    return " ".join(words).translate(_POLISH)[:SORT_NAME_LENGTH_MAX]
