"""The confirmation of a settled payment as a PDF: one sheet for most, more when it paid many invoices."""

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from threading import Lock
from typing import Any
from xml.sax.saxutils import escape

import ttf_opensans
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from services.payments.documents.wording import PROVIDERS, WORDS, day, nip, zloty
from services.payments.domain.confirming import Confirmation

REGULAR, BOLD = "OpenSans", "OpenSans-Bold"
FACES = {REGULAR: ttf_opensans.OPENSANS_REGULAR, BOLD: ttf_opensans.OPENSANS_BOLD}
INK, MUTED, HAIRLINE = HexColor(0x10202E), HexColor(0x4D5C6A), HexColor(0xDFE5EB)
MARGIN = 18 * mm
FRAME_PADDING = 6  # reportlab keeps texts, and not tables, this far from the margin.
WIDTH = A4[0] - 2 * MARGIN
LOCALES = {"pl": "pl-PL", "en": "en-GB", "uk": "uk-UA"}

TITLE = ParagraphStyle("title", fontName=BOLD, fontSize=18, leading=24, textColor=INK)
HEADING = ParagraphStyle(
    "heading", fontName=BOLD, fontSize=11, leading=15, textColor=INK, spaceBefore=14, spaceAfter=4
)
BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=9.5, leading=13, textColor=INK)
STRONG = ParagraphStyle("strong", parent=BODY, fontName=BOLD)
LABEL = ParagraphStyle("label", parent=BODY, textColor=MUTED)
AMOUNT = ParagraphStyle("amount", parent=BODY, alignment=2)
NOTE = ParagraphStyle("note", parent=BODY, fontSize=8, leading=11, textColor=MUTED, spaceBefore=16)

# reportlab's font objects keep a reading position: documents are drawn one at a time.
_DRAWING = Lock()


def render_confirmation(confirmation: Confirmation, language: str) -> bytes:
    """The PDF in `pl`, `en` or `uk`; the same bytes for the same values."""
    with _DRAWING:
        _register_fonts()
        words = WORDS[language]
        buffer = BytesIO()
        document = SimpleDocTemplate(
            buffer,
            pagesize=A4,
            leftMargin=MARGIN - FRAME_PADDING,
            rightMargin=MARGIN - FRAME_PADDING,
            topMargin=MARGIN,
            bottomMargin=MARGIN + 6 * mm,
            title=f"{words['title']} {confirmation.number}",
            author=confirmation.payee_name,
            creator="eBOK",
            lang=LOCALES[language],
            displayDocTitle=True,
            invariant=1,
        )
        document.build(
            _content(confirmation, language), canvasmaker=lambda *given, **more: _Pages(words, *given, **more)
        )
        return buffer.getvalue()


def _content(confirmation: Confirmation, language: str) -> list[Flowable]:
    words = WORDS[language]
    payee = [confirmation.payee_name, *confirmation.payee_lines]
    if confirmation.payee_nip:
        payee.append(f"{words['nip']} {nip(confirmation.payee_nip)}")
    facts = [
        (words["number"], confirmation.number),
        (words["customer"], confirmation.customer_number),
        (words["amount"], zloty(confirmation.amount, language)),
        (words["started"], day(confirmation.started_on, language)),
        (words["settled"], day(confirmation.settled_on, language)),
        (words["provider"], PROVIDERS.get(confirmation.provider, confirmation.provider)),
        (words["order"], confirmation.provider_order_id),
        (words["method"], confirmation.method_name),
        (words["payee"], "\n".join(line for line in payee if line)),
    ]
    paid = [
        (f"{words['invoice']} {share.invoice_number}", zloty(share.amount, language))
        for share in confirmation.shares
    ]
    if confirmation.credit:
        paid.append((words["credit"], zloty(confirmation.credit, language)))
    if confirmation.refunded:
        paid.append((words["refunded"], zloty(confirmation.refunded, language)))
    return [
        _text(words["title"], TITLE),
        Spacer(1, 8),
        _table([(name, value) for name, value in facts if value], (LABEL, STRONG), (0.36, 0.64)),
        _text(words["for"], HEADING),
        _table(paid, (BODY, AMOUNT), (0.7, 0.3)),
        _text(words["note"], NOTE),
    ]


def _table(
    rows: Sequence[tuple[str, str]],
    styles: tuple[ParagraphStyle, ParagraphStyle],
    widths: tuple[float, float],
) -> Table:
    cells = [[_text(cell, style) for cell, style in zip(row, styles, strict=True)] for row in rows]
    lines = TableStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),
            ("LINEBELOW", (0, 0), (-1, -1), 0.7, HAIRLINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    return Table(cells, colWidths=[WIDTH * part for part in widths], style=lines)


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    """Wrapped text; what the typeface lacks is a question mark, for a hole on paper would go unseen."""
    known = _known_letters()
    shown = "".join(letter if letter == "\n" or ord(letter) in known else "?" for letter in text)
    return Paragraph(escape(shown).replace("\n", "<br/>"), style)


class _Pages(Canvas):
    """Writes "page 1 of 2" on each page once it is known how many there are."""

    def __init__(self, words: Any, *given: Any, **more: Any) -> None:
        # Else each page names a Helvetica that is not embedded.
        super().__init__(*given, **{**more, "initialFontName": REGULAR})
        self._words = words
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """Keep the page; it is written when all are known."""
        self._kept.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        """Write the pages with their numbers."""
        for number, kept in enumerate(self._kept, start=1):
            self.__dict__.update(kept)
            self.setFont(REGULAR, 8)
            self.setFillColor(MUTED)
            label = self._words["page"].format(page=number, pages=len(self._kept))
            self.drawRightString(A4[0] - MARGIN, 12 * mm, label)
            super().showPage()
        super().save()


@lru_cache(maxsize=1)
def _register_fonts() -> None:
    for name, face in FACES.items():
        pdfmetrics.registerFont(TTFont(name, str(face.path), asciiReadable=False))


@lru_cache(maxsize=1)
def _known_letters() -> frozenset[int]:
    font: Any = pdfmetrics.getFont(REGULAR)
    return frozenset(font.face.charToGlyph)
