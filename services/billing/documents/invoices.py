"""An invoice on paper: one page when it fits, in the order in which people read it.

Amount, day, account and code; where it comes from; lines; use, VAT and readings; doubts; formal data. When it
does not fit, the lines begin the second page: the first one is always enough to pay and to ask.
The bytes depend on the printed values alone (and on zlib), so a document can be rendered again at any time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from services.billing.documents.fonts import DRAWING
from services.billing.documents.invoice_parts import (
    WHO_TOP,
    beside,
    document_name,
    doubts,
    draw_head,
    draw_page_number,
    draw_payment,
    formal_data,
    who_and_why,
)
from services.billing.documents.invoice_tables import line_rows, lines_head, reading_table, vat_table
from services.billing.documents.layout import (
    DENSE,
    HALF_LEFT,
    HEADING,
    LEFT,
    ROOMY,
    TEXT,
    Block,
    Sheet,
    TableLook,
    draw_down,
    gap,
    joined,
    paragraph,
    rule,
)
from services.billing.documents.pages import following_pages
from services.billing.documents.use_charts import CHART_HEIGHT_MAX, CHART_HEIGHT_MIN, use_chart
from services.billing.documents.wording import day_range, plural
from services.billing.domain.plain import UnreadableDocument
from services.billing.domain.printed import PrintedInvoice

# Gaps between the sections of the first page and the rows of its lines: as drawn, and when it gets tight.
LOOKS = ((23.0, ROOMY), (14.0, ROOMY), (9.0, DENSE))
FOOT_BOTTOM = 58.5
FOOT_AIR = 12.0  # at least, between the body and the foot
FORMAL_HEIGHT_MIN = 34.0


def render_invoice(printed: PrintedInvoice) -> bytes:
    """The invoice as PDF. Refuses with `UnreadableDocument` for a template version we do not have."""
    if printed.template_version != 1:
        raise UnreadableDocument(f"no invoice template {printed.template_version}")
    with DRAWING:
        return _render_v1(printed)


def _render_v1(invoice: PrintedInvoice) -> bytes:
    sheet = Sheet(
        title=document_name(invoice),
        author=invoice.seller.name,
        subject=f"{document_name(invoice)}, {day_range(invoice.period_from, invoice.period_until)}",
    )
    foot = _foot(invoice)
    plan = _plan(invoice, room=WHO_TOP - FOOT_BOTTOM - foot.height - FOOT_AIR)
    pages = 1 + len(plan.following)

    draw_head(sheet, invoice)
    draw_payment(sheet, invoice)
    draw_down(sheet, plan.first, WHO_TOP)
    foot.draw(sheet, FOOT_BOTTOM + foot.height)
    draw_page_number(sheet, 1, pages)
    for number, page in enumerate(plan.following, start=2):
        sheet.next_page()
        page.draw(sheet, 0)
        draw_page_number(sheet, number, pages)
    return sheet.finish()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What stands below the payment on the first page, and the pages after it."""

    first: Sequence[Block]
    following: Sequence[Block]


def _plan(invoice: PrintedInvoice, *, room: float) -> _Plan:
    """One page if all of it fits, with smaller gaps if it must; else the lines go to the next one."""
    intro = who_and_why(invoice)
    for between, look in LOOKS:
        sections = _sections(invoice, look)
        lines = joined([block for heading, rows in sections for block in (*heading, lines_head(), *rows)])
        left = room - intro.height - lines.height - 2 * between
        columns, later = _columns(invoice, room=left, between=between)
        if columns is not None and not later:
            return _Plan([intro, gap(between), lines, gap(between), columns], [])
    return _two_pages(invoice, intro, room=room)


def _two_pages(invoice: PrintedInvoice, intro: Block, *, room: float) -> _Plan:
    between, look = LOOKS[0]
    count = len(invoice.lines)
    where = joined(
        [
            paragraph("Za co płacisz", HEADING),
            gap(2),
            paragraph(f"{count} {plural(count, 'pozycja', 'pozycje', 'pozycji')}, lista od strony 2.", TEXT),
        ]
    )
    left = room - intro.height - where.height - 2 * between
    columns, later = _columns(invoice, room=left, between=between)
    first = [intro, gap(between), where, gap(between)]
    if columns is not None:
        first.append(columns)
    head = f"{document_name(invoice)}, {invoice.seller.name}"
    return _Plan(first, following_pages(head, _sections(invoice, look), lines_head(), later))


def _sections(invoice: PrintedInvoice, look: TableLook) -> list[tuple[list[Block], list[Block]]]:
    """Headings with their lines: one for an invoice, before and after for a correction."""
    if invoice.correction is None:
        return [([paragraph("Za co płacisz", HEADING), gap(6)], line_rows(invoice.lines, invoice, look=look))]
    before, after = invoice.correction.lines_before, invoice.lines
    return [
        ([paragraph("Przed korektą", HEADING), gap(6)], line_rows(before, invoice, look=look)),
        ([gap(14), paragraph("Po korekcie", HEADING), gap(6)], line_rows(after, invoice, look=look)),
    ]


def _columns(invoice: PrintedInvoice, *, room: float, between: float) -> tuple[Block | None, list[Block]]:
    """Use on the left, VAT and readings on the right; and what did not fit, for the pages after.

    Without a chart the readings stand on the left.
    """
    charted = invoice.use is not None and bool(invoice.use.bars)
    left: list[Block] = []
    right = [gap(3), vat_table(invoice)]
    heights = {"left": 0.0, "right": sum(block.height for block in right)}
    if charted and invoice.use is not None:
        heights["left"] = use_chart(invoice.use, height=CHART_HEIGHT_MIN).height
    if max(heights.values()) > room:
        return None, [vat_table(invoice), *_readings(invoice, 0)]

    column, side = (right, "right") if charted else (left, "left")
    shown = 0
    for reading in invoice.readings:
        place = {} if charted else {"x0": LEFT, "x1": HALF_LEFT}
        table = reading_table(reading, invoice.shares, **place)
        above = between if column else 0
        if heights[side] + above + table.height > room:
            break
        column += [gap(above), table]
        heights[side] += above + table.height
        shown += 1
    if charted and invoice.use is not None:
        spare = min(room, max(heights["right"], 200.0)) - heights["left"]
        left = [use_chart(invoice.use, height=min(CHART_HEIGHT_MIN + max(spare, 0), CHART_HEIGHT_MAX))]
    return beside(joined(left), joined(right)), _readings(invoice, shown)


def _readings(invoice: PrintedInvoice, shown: int) -> list[Block]:
    """The tables of the meters from `shown` on, two beside each other."""
    rest = invoice.readings[shown:]
    lefts = [reading_table(reading, invoice.shares, x0=LEFT, x1=HALF_LEFT) for reading in rest[::2]]
    rights = [reading_table(reading, invoice.shares) for reading in rest[1::2]]
    return [beside(left, right) for left, right in zip_longest(lefts, rights, fillvalue=gap(0))]


def _foot(invoice: PrintedInvoice) -> Block:
    formal = formal_data(invoice)
    spare = gap(max(FORMAL_HEIGHT_MIN - formal.height, 0))
    return joined([rule(), gap(7), doubts(invoice), gap(16), rule(), gap(8), formal, spare])
