"""A contract of supply on paper: parties, premises and points, prices, time, text, signatures. Plain and readable.

Like an invoice it is rendered from its frozen values alone and comes out the same at any time.
"""

from collections.abc import Sequence

from services.billing.documents.fonts import BOLD, DRAWING, REGULAR, SEMIBOLD
from services.billing.documents.invoice_parts import beside, draw_page_number
from services.billing.documents.layout import (
    DENSE,
    HALF_LEFT,
    HALF_RIGHT,
    HEADING,
    INK,
    LEAD,
    LEFT,
    NOTE,
    RIGHT,
    TEXT,
    Block,
    Column,
    Sheet,
    Style,
    gap,
    joined,
    paragraph,
    table_head,
    table_row,
    wrap,
)
from services.billing.documents.pages import flowing_pages
from services.billing.documents.wording import commodity_name, grouped, long_day, tax_number
from services.billing.domain.plain import UnreadableDocument
from services.billing.domain.printed import PrintedContract

FIRST_TOP = 800.0
TITLE = Style(BOLD, 16, 21)
NUMBER = Style(REGULAR, 10, 14)
CLAUSE = Style(BOLD, 10, 14)
PROSE = Style(REGULAR, 9.5, 13.5)
LINES_TOGETHER = 6  # of a point; a page ends between such blocks
STRONG_DAY = Style(SEMIBOLD, 10, 14, INK)
POINT_COLUMNS = (
    Column("Punkt poboru", LEFT, 130, to_right=False),
    Column("Medium", LEFT + 140, 90, to_right=False),
    Column("Opis", LEFT + 240, 150, to_right=False),
    Column("Licznik", RIGHT, 95),
)


def render_contract(printed: PrintedContract) -> bytes:
    """The contract as PDF. Refuses with `UnreadableDocument` for a template version we do not have."""
    if printed.template_version != 1:
        raise UnreadableDocument(f"no contract template {printed.template_version}")
    with DRAWING:
        return _render_v1(printed)


def _render_v1(contract: PrintedContract) -> bytes:
    sheet = Sheet(
        title=f"{contract.title} {contract.number}",
        author=contract.seller.name,
        subject=f"Umowa {contract.number}, {contract.buyer.name}",
    )
    blocks = [
        *_opening(contract),
        *_subject(contract),
        *_prices_and_time(contract),
        *_clauses(contract),
        _signatures(contract),
    ]
    pages = flowing_pages(f"Umowa {contract.number}, {contract.seller.name}", blocks, first_top=FIRST_TOP)
    for number, page in enumerate(pages, start=1):
        if number > 1:
            sheet.next_page()
        page.draw(sheet, 0)
        draw_page_number(sheet, number, len(pages))
    return sheet.finish()


def _opening(contract: PrintedContract) -> list[Block]:
    """Title, number, when and where, and the two parties beside each other."""
    seller, buyer = contract.seller, contract.buyer
    provider = _party(
        "Dostawca",
        [seller.name, *seller.address_lines, f"NIP {tax_number(seller.nip)}", seller.register_text],
        LEFT,
        HALF_LEFT,
    )
    customer = _party(
        "Odbiorca",
        [
            buyer.name,
            *buyer.address_lines,
            f"NIP {tax_number(buyer.nip)}" if buyer.nip else "",
            f"Numer klienta {grouped(buyer.customer_number)}",
        ],
        HALF_RIGHT,
        RIGHT,
    )
    where = f", {contract.place}" if contract.place else ""
    return [
        paragraph(contract.title, TITLE),
        gap(2),
        paragraph(f"Nr {contract.number}, zawarta {long_day(contract.concluded_on)}{where}", NUMBER),
        gap(18),
        beside(provider, customer),
    ]


def _party(role: str, lines: Sequence[str], x0: float, x1: float) -> Block:
    name, *rest = [line for line in lines if line]
    width = x1 - x0
    return joined(
        [
            paragraph(role, NOTE, x=x0, width=width),
            gap(1),
            paragraph(name, LEAD, x=x0, width=width),
            *(paragraph(line, TEXT, x=x0, width=width) for line in rest),
        ]
    )


def _subject(contract: PrintedContract) -> list[Block]:
    """What is delivered and where; a long list of points may go on to the next page."""
    points = contract.service_points
    rows = [
        table_row(
            POINT_COLUMNS,
            (
                point.code,
                commodity_name(point.commodity),
                point.description or "–",
                grouped(point.meter_serial) if point.meter_serial else "–",
            ),
            look=DENSE,
        )
        for point in points
    ]
    opening = [gap(20), paragraph("Przedmiot umowy", HEADING), gap(3)]
    opening.append(paragraph(f"Dostawca dostarcza do nieruchomości: {contract.premises}.", PROSE))
    if not rows:
        return [joined(opening)]
    return [joined([*opening, gap(8), table_head(POINT_COLUMNS), rows[0]]), *rows[1:]]


def _prices_and_time(contract: PrintedContract) -> list[Block]:
    """The tariff group with its price list, and from when until when."""
    prices = f"Grupa taryfowa: {contract.tariff_group}."
    if contract.tariff is not None:
        since = long_day(contract.tariff.valid_from)
        prices += f" W dniu zawarcia obowiązuje taryfa {contract.tariff.name} od {since}."
    lasting = f"od {long_day(contract.from_day)} "
    if contract.until_day is None:
        lasting += "na czas nieokreślony"
    else:
        lasting += f"do {long_day(contract.until_day)}"
    return [
        joined([gap(18), paragraph("Ceny", HEADING), gap(3), paragraph(prices, PROSE)]),
        joined(
            [gap(18), paragraph("Czas", HEADING), gap(3), paragraph(f"Umowa obowiązuje {lasting}.", PROSE)]
        ),
    ]


def _clauses(contract: PrintedContract) -> list[Block]:
    """Numbered paragraphs; a heading stays with the beginning of its text."""
    blocks: list[Block] = []
    for number, clause in enumerate(contract.clauses, start=1):
        heading = paragraph(f"§ {number}. {clause.heading}", CLAUSE)
        text: list[Block] = []
        for point in clause.text.split("\n"):
            text += [*_prose(point), gap(3)]
        blocks += [joined([gap(13), heading, gap(2), text[0]]), *text[1:]]
    return blocks


def _prose(text: str) -> list[Block]:
    """A text in blocks of a few lines, so that one longer than a page goes on to the next."""
    lines = wrap(text, PROSE, RIGHT - LEFT)
    return [
        paragraph("\n".join(lines[start : start + LINES_TOGETHER]), PROSE)
        for start in range(0, len(lines), LINES_TOGETHER)
    ]


def _signatures(contract: PrintedContract) -> Block:
    """Who signed, how and when; or two lines for pens."""
    if contract.signed_on is not None:
        how = f", {contract.signed_how}" if contract.signed_how else ""
        return joined([gap(26), paragraph(f"Podpisana {long_day(contract.signed_on)}{how}.", STRONG_DAY)])

    def draw(sheet: Sheet, top: float) -> None:
        for x0, x1, role in ((LEFT, HALF_LEFT, "Dostawca"), (HALF_RIGHT, RIGHT, "Odbiorca")):
            sheet.rule(top - 70, x0=x0, x1=x1)
            sheet.text(x0, top - 81, f"{role}, data i podpis", NOTE)

    return Block(90, draw)
