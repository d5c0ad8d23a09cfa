"""The pages after the first: rows of tables that go on from page to page under a repeated head."""

from collections.abc import Sequence

from services.billing.documents.layout import (
    BOTTOM,
    HINT,
    LEFT,
    TOP,
    Block,
    Sheet,
    draw_down,
    gap,
    joined,
    muted,
)

PAGE_TOP = TOP - 38
ROOM = PAGE_TOP - BOTTOM


def following_pages(
    head: str,
    sections: Sequence[tuple[Sequence[Block], Sequence[Block]]],
    table_head: Block,
    closing: Sequence[Block] = (),
) -> list[Block]:
    """Pages as blocks that draw themselves whole, whatever top they are given.

    A section is its heading blocks and its rows; the heading, the table's head and the first row stay
    together. `closing` blocks come after the rows and are never torn.
    """
    pages: list[list[Block]] = [[]]
    for heading, rows in sections:
        _put(pages, joined([*heading, table_head, *rows[:1]]))
        for row in rows[1:]:
            if _left(pages) < row.height:
                pages.append([table_head])
            pages[-1].append(row)
    for block in closing:
        _put(pages, joined([gap(22), block]))
    return [_page(head, blocks) for blocks in pages]


def flowing_pages(head: str, blocks: Sequence[Block], *, first_top: float) -> list[Block]:
    """Blocks of a text, one after another; the first page starts at `first_top`, the others below their head."""
    pages: list[list[Block]] = [[gap(PAGE_TOP - first_top)]]
    for block in blocks:
        _put(pages, block)
    return [_page(head if number else "", page) for number, page in enumerate(pages)]


def _put(pages: list[list[Block]], block: Block) -> None:
    if pages[-1] and _left(pages) < block.height:
        pages.append([])
    pages[-1].append(block)


def _left(pages: list[list[Block]]) -> float:
    return ROOM - sum(block.height for block in pages[-1])


def _page(head: str, blocks: Sequence[Block]) -> Block:
    kept = tuple(blocks)

    def draw(sheet: Sheet, _top: float) -> None:
        if head:
            sheet.text(LEFT, TOP, head, muted(HINT))
            sheet.rule(TOP - 8)
        draw_down(sheet, kept, PAGE_TOP)

    return Block(ROOM, draw)
