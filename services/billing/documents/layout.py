"""Drawing on A4: styles, text that wraps, tables and blocks that know their height before they are drawn.

A document is planned first (which blocks on which page) and drawn then, so that "page 1 of 2" is known on
page 1. Lengths are points, y grows upward; a block is drawn from its top.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from services.billing.documents.fonts import BOLD, REGULAR, SEMIBOLD, printable, register_fonts, text_width

PAGE_WIDTH, PAGE_HEIGHT = A4
LEFT, RIGHT = 51.02, 544.25
HALF_LEFT, HALF_RIGHT = 283.5, 311.81  # where the left column ends and the right one starts
TOP, BOTTOM = 792.0, 56.0
PAGE_NUMBER_Y = 32.6

INK, MUTED = HexColor(0x10202E), HexColor(0x4D5C6A)
BRAND, PANEL = HexColor(0x005DA4), HexColor(0xE4F1FF)
HAIRLINE, AXIS, PAST = HexColor(0xDFE5EB), HexColor(0x748291), HexColor(0xC9D3DD)
WHITE = HexColor(0xFFFFFF)


@dataclass(frozen=True, slots=True)
class Style:
    """Face, size, distance of lines and colour of a text."""

    font: str
    size: float
    leading: float
    colour: Color = INK


HEADING = Style(BOLD, 11, 14)
BODY = Style(REGULAR, 9.5, 12)
STRONG = Style(BOLD, 9.5, 12)
LEAD = Style(SEMIBOLD, 10, 12.5)
TEXT = Style(REGULAR, 9, 11.9)
NOTE = Style(REGULAR, 8, 10.5, MUTED)
HINT = Style(REGULAR, 8.5, 11.9, MUTED)
FORMAL = Style(REGULAR, 7.5, 11.34, MUTED)


def wrap(text: str, style: Style, width: float) -> list[str]:
    """Lines no wider than `width`; breaks at spaces, never at a no-break space, inside a word only if it must."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for whole in paragraph.split(" "):
            word = whole
            longer = f"{line} {word}" if line else word
            if text_width(longer, style.font, style.size) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            while text_width(word, style.font, style.size) > width:
                cut = _fitting(word, style, width)
                lines.append(word[:cut])
                word = word[cut:]
            line = word
        lines.append(line)
    return lines


def _fitting(word: str, style: Style, width: float) -> int:
    """How many letters of an overlong word fit, at least one."""
    count = len(word)
    while count > 1 and text_width(word[:count], style.font, style.size) > width:
        count -= 1
    return count


class Sheet:
    """The pages of one document while they are drawn."""

    def __init__(self, *, title: str, author: str, subject: str) -> None:
        register_fonts()
        self._buffer = BytesIO()
        # invariant: the bytes depend on what is drawn alone, not on the day or the process.
        self.canvas = Canvas(
            self._buffer,
            pagesize=A4,
            pageCompression=1,
            invariant=1,
            lang="pl-PL",
            # Else each page names a Helvetica that is not embedded. The stubs take the name for a number.
            initialFontName=REGULAR,  # type: ignore[arg-type]
        )
        self.canvas.setTitle(title)
        self.canvas.setAuthor(author)
        self.canvas.setSubject(subject)
        self.canvas.setCreator("eBOK")
        self.canvas.setViewerPreference("DisplayDocTitle", "true")

    def text(self, x: float, y: float, text: str, style: Style) -> None:
        """A line of text from `x`, on the baseline `y`."""
        self.canvas.setFillColor(style.colour)
        self.canvas.setFont(style.font, style.size)
        self.canvas.drawString(x, y, printable(text))

    def right(self, x: float, y: float, text: str, style: Style) -> None:
        """A line of text that ends at `x`."""
        self.text(x - text_width(printable(text), style.font, style.size), y, text, style)

    def centre(self, x: float, y: float, text: str, style: Style) -> None:
        """A line of text around `x`."""
        self.text(x - text_width(printable(text), style.font, style.size) / 2, y, text, style)

    def lines(self, x: float, y: float, lines: Sequence[str], style: Style) -> None:
        """Lines below each other, the first on the baseline `y`."""
        for index, line in enumerate(lines):
            self.text(x, y - index * style.leading, line, style)

    def rule(self, y: float, *, x0: float = LEFT, x1: float = RIGHT, strong: bool = False) -> None:
        """A horizontal line."""
        self.canvas.setStrokeColor(INK if strong else HAIRLINE)
        self.canvas.setLineWidth(1.1 if strong else 0.7)
        self.canvas.line(x0, y, x1, y)

    def box(
        self, x: float, y: float, width: float, height: float, colour: Color, *, radius: float = 0
    ) -> None:
        """A filled box from its lower left corner."""
        self.canvas.setFillColor(colour)
        if radius:
            self.canvas.roundRect(x, y, width, height, radius, stroke=0, fill=1)
        else:
            self.canvas.rect(x, y, width, height, stroke=0, fill=1)

    def modules(self, x: float, y: float, side: float, matrix: Sequence[Sequence[int]]) -> None:
        """A QR code as one vector path, `side` wide without its quiet zone, from its lower left corner."""
        size = len(matrix)
        path = []
        for row, modules in enumerate(matrix):
            column = 0
            while column < size:
                if not modules[column]:
                    column += 1
                    continue
                start = column
                while column < size and modules[column]:
                    column += 1
                # A hair higher than a module: else viewers show light seams between the rows.
                path.append(f"{start} {size - row - 1} {column - start} 1.01 re")
        self.canvas.saveState()
        self.canvas.setFillColor(Color(0, 0, 0))
        self.canvas.translate(x, y)
        self.canvas.scale(side / size, side / size)
        self.canvas.addLiteral("\n".join([*path, "f"]))
        self.canvas.restoreState()

    def next_page(self) -> None:
        """Ends a page."""
        self.canvas.showPage()

    def finish(self) -> bytes:
        """The whole document."""
        self.canvas.save()
        return self._buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Block:
    """Something of a known height; `draw` gets the y of its top."""

    height: float
    draw: Callable[[Sheet, float], None]


def draw_down(sheet: Sheet, blocks: Sequence[Block], top: float) -> float:
    """Draws blocks below each other; returns where they end."""
    for block in blocks:
        block.draw(sheet, top)
        top -= block.height
    return top


def gap(height: float) -> Block:
    """Empty space."""
    return Block(height, lambda _sheet, _top: None)


def rule() -> Block:
    """A light line over the whole width; it takes no height."""
    return Block(0.0, lambda sheet, top: sheet.rule(top))


def paragraph(text: str, style: Style, *, x: float = LEFT, width: float = RIGHT - LEFT) -> Block:
    """Wrapped text; its first baseline lies one size below its top."""
    lines = wrap(text, style, width)
    return Block(
        len(lines) * style.leading, lambda sheet, top: sheet.lines(x, top - style.size, lines, style)
    )


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `x` is its left edge, or its right edge when its texts end there."""

    title: str
    x: float
    width: float
    to_right: bool = True


@dataclass(frozen=True, slots=True)
class TableLook:
    """The distances of a table, from the top of a row: where its text stands and how high it is."""

    row_height: float = 20.98
    baseline: float = 13.7


ROOMY = TableLook()
DENSE = TableLook(row_height=19.28, baseline=13.04)
HEAD_HEIGHT = 13.7


def table_head(columns: Sequence[Column], *, x0: float = LEFT, x1: float = RIGHT) -> Block:
    """The titles of the columns and the line below them."""

    def draw(sheet: Sheet, top: float) -> None:
        for column in columns:
            place = sheet.right if column.to_right else sheet.text
            place(column.x, top - NOTE.size, column.title, NOTE)
        sheet.rule(top - HEAD_HEIGHT, x0=x0, x1=x1)

    return Block(HEAD_HEIGHT, draw)


def table_row(
    columns: Sequence[Column],
    cells: Sequence[str],
    *,
    look: TableLook = ROOMY,
    style: Style = BODY,
    x0: float = LEFT,
    x1: float = RIGHT,
    rule: str = "light",
) -> Block:
    """A row; a cell wider than its column wraps and makes the row higher. `rule`: "light", "strong" or "" below it."""
    wrapped = [wrap(cell, style, column.width) for column, cell in zip(columns, cells, strict=True)]
    height = look.row_height + (max(len(lines) for lines in wrapped) - 1) * style.leading

    def draw(sheet: Sheet, top: float) -> None:
        for column, lines in zip(columns, wrapped, strict=True):
            place = sheet.right if column.to_right else sheet.text
            for index, line in enumerate(lines):
                place(column.x, top - look.baseline - index * style.leading, line, style)
        if rule:
            sheet.rule(top - height, x0=x0, x1=x1, strong=rule == "strong")

    return Block(height, draw)


def joined(blocks: Sequence[Block]) -> Block:
    """Several blocks as one that is never torn apart."""
    kept = tuple(blocks)

    def draw(sheet: Sheet, top: float) -> None:
        draw_down(sheet, kept, top)

    return Block(sum(block.height for block in kept), draw)


def muted(style: Style) -> Style:
    """The same style in the quiet colour."""
    return replace(style, colour=MUTED)
