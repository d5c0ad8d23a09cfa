"""QR codes as inline SVG, and the text of a Polish transfer code (Związek Banków Polskich, „Standard 2D”, 2013)."""

import unicodedata

import segno
from markupsafe import Markup

QUIET_ZONE = 3
RECIPIENT_MAX = 20
TITLE_MAX = 32
GROSZE_MAX = 999_999
_ASCII = str.maketrans("łŁ", "lL")


def qr_svg(text: str, title: str, *, element_id: str = "qr-t") -> Markup:
    """An `<svg role="img">` that prints sharp at any size; `title` says what the code holds."""
    matrix = segno.make(text, error="m", micro=False).matrix
    size = len(matrix) + 2 * QUIET_ZONE
    path = "".join(
        f"M{start + QUIET_ZONE} {row + QUIET_ZONE}h{length}v1h-{length}z"
        for row, modules in enumerate(matrix)
        for start, length in _runs(bytes(modules))
    )
    return Markup(
        '<svg viewBox="0 0 {size} {size}" role="img" aria-labelledby="{id}" shape-rendering="crispEdges">'
        '<title id="{id}">{title}</title><rect width="{size}" height="{size}" fill="#fff"/>'
        '<path d="{path}" fill="#000"/></svg>'
    ).format(size=size, id=element_id, title=title, path=path)


def _runs(modules: bytes) -> list[tuple[int, int]]:
    """Start and length of each run of dark modules in a row."""
    runs: list[tuple[int, int]] = []
    for column, dark in enumerate(modules):
        if not dark:
            continue
        if runs and sum(runs[-1]) == column:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((column, 1))
    return runs


def plain_ascii(text: str, length: int) -> str:
    """Letters without their marks, no separators, at most `length` characters."""
    letters = unicodedata.normalize("NFKD", text.translate(_ASCII)).encode("ascii", "ignore").decode()
    return letters.replace("|", " ")[:length].strip()


def transfer_text(*, account: str, grosze: int, recipient: str, title: str, nip: str = "") -> str:
    """What a bank's app reads: `NIP|PL|account|grosze|recipient|title|||`.

    An amount over 9999,99 zł does not fit the standard's six digits; 000000 lets the payer type it.
    """
    digits = "".join(character for character in account if character.isdigit())
    amount = grosze if 0 < grosze <= GROSZE_MAX else 0
    fields = (
        nip,
        "PL",
        digits,
        f"{amount:06d}",
        plain_ascii(recipient, RECIPIENT_MAX),
        plain_ascii(title, TITLE_MAX),
    )
    return "|".join((*fields, "", "", ""))
