"""Reading a rendered PDF as a person or a phone would: its words, its fonts, its picture, its code."""

import re
from contextlib import closing
from io import BytesIO
from typing import Any, cast

import cv2
import pypdfium2
from pypdf import PdfReader


def reader(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))


def words(pdf: bytes, page: int | None = None) -> str:
    """The text of a page, or of all; spaces and line breaks as one space."""
    pages = reader(pdf).pages
    chosen = pages if page is None else [pages[page - 1]]
    return re.sub(r"\s+", " ", " ".join(part.extract_text() for part in chosen))


def page_count(pdf: bytes) -> int:
    return len(reader(pdf).pages)


def embedded_fonts(pdf: bytes) -> dict[str, bool]:
    """Each font of the document: is its program inside."""
    fonts: dict[str, bool] = {}
    for page in reader(pdf).pages:
        for reference in cast(Any, page)["/Resources"]["/Font"].values():
            font = reference.get_object()
            fonts[str(font["/BaseFont"])] = "/FontFile2" in font.get("/FontDescriptor", {})
    return fonts


def properties(pdf: bytes) -> dict[str, str]:
    """Title, author and language, and whether a viewer shows the title."""
    document = reader(pdf)
    root = cast(Any, document.trailer["/Root"])
    shown = root["/ViewerPreferences"]["/DisplayDocTitle"]
    information = cast(Any, document.metadata)
    return {
        "title": information.title,
        "author": information.author,
        "language": root["/Lang"],
        "title shown": str(shown).lower(),
    }


def drawing(pdf: bytes) -> bytes:
    """The drawing instructions of all pages, unpacked."""
    return b"".join(cast(Any, page.get_contents()).get_data() for page in reader(pdf).pages)


def text_starts(pdf: bytes) -> list[tuple[float, float]]:
    """Where each piece of text starts, in points from the lower left corner."""
    found: list[tuple[float, float]] = []

    def visit(text: str, _cm: Any, matrix: Any, _font: Any, _size: Any) -> None:
        if text.strip():
            found.append((matrix[4], matrix[5]))

    for page in reader(pdf).pages:
        page.extract_text(visitor_text=visit)
    return found


def scanned(pdf: bytes, *, dpi: int = 150) -> str:
    """What the code on the first page says; "" when there is none."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        picture = document[0].render(scale=dpi / 72, grayscale=True).to_numpy()
    return str(cv2.QRCodeDetector().detectAndDecode(picture)[0])
