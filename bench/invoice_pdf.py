"""`invoice-pdf`: an issued invoice as a PDF, against the least a program could draw of it.

Ours renders everything the document prints. Bare draws one page on a reportlab canvas: the same embedded font, two tables,
as many lines of text, the transfer QR with the same fixed mask. Both in this process, fonts registered once, rounds alternating.
"""

import io
import time
from collections.abc import Callable
from typing import Any

import segno
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from bench.figures import Figure
from services.billing.documents import fonts
from services.billing.documents.invoices import render_invoice
from tests.billing.documents.examples import printed_invoice

SECONDS = 3.0
ROUNDS = 3
QR_TEXT = "1234563218|PL|58109010140000000311085261|024378|Wodociagi Zdroj|FV/2026/11/003950|||"


def measure(_: list[str]) -> list[Figure]:
    """One figure: documents a second in one process."""
    invoice = printed_invoice()
    sizes = len(render_invoice(invoice)), len(_bare())
    if not all(size > 8_000 for size in sizes):
        raise RuntimeError(f"not documents: {sizes}")
    rounds = [(_rate(_bare), _rate(lambda: render_invoice(invoice))) for _ in range(ROUNDS)]
    bare = sorted(one for one, _ours in rounds)[ROUNDS // 2]
    ours = sorted(one for _bare_rate, one in rounds)[ROUNDS // 2]
    return [Figure("invoice-pdf", ours, bare, "documents/s a process", "≥ 0.5")]


def _rate(render: Callable[[], Any]) -> float:
    count = 0
    began = time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        render()
        count += 1
    return count / (time.perf_counter() - began)


def _bare() -> bytes:
    fonts.register_fonts()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.setTitle("Faktura FV/2026/11/003950")
    y = 800.0
    canvas.setFont(fonts.BOLD, 20)
    canvas.drawString(40, y, "Do zapłaty 243,78 zł")
    canvas.setFont(fonts.REGULAR, 9)
    for line in range(24):
        canvas.drawString(
            40, y - 30 - line * 12, f"Wiersz {line}: zażółć gęślą jaźń, ul. Wodna 1, 57-000 Zdrój"
        )
    for row in range(10):
        for column, text in enumerate(("Odprowadzenie ścieków", "12 m³", "9,30 zł", "8 %", "111,60 zł")):
            canvas.drawString(40 + column * 100, 440 - row * 18, text)
        canvas.line(40, 436 - row * 18, 555, 436 - row * 18)
    matrix: Any = segno.make(QR_TEXT, error="l", mask=0, micro=False).matrix
    for x, row in enumerate(matrix):
        for column, dark in enumerate(row):
            if dark:
                canvas.rect(430 + column * 3, 760 - x * 3, 3, 3, stroke=0, fill=1)
    canvas.showPage()
    canvas.save()
    return out.getvalue()
