"""The bars of an invoice: use against last year, with figures on them and words below."""

from dataclasses import dataclass
from decimal import Decimal

from services.billing.documents.explaining import use_against_last_year
from services.billing.documents.fonts import BOLD, REGULAR, SEMIBOLD, text_width
from services.billing.documents.layout import (
    AXIS,
    BRAND,
    HALF_LEFT,
    HEADING,
    HINT,
    LEFT,
    MUTED,
    NOTE,
    PAST,
    Block,
    Sheet,
    Style,
    gap,
    joined,
    paragraph,
)
from services.billing.documents.wording import COUNTS_IN, figure, months_short
from services.billing.domain.printed import PrintedUse, PrintedUseBar

CHART_HEIGHT_MAX, CHART_HEIGHT_MIN = 150.0, 82.0
AXIS_WIDTH = 215.4
LABEL_SPACE = 16.0  # below the axis
FIGURE_SPACE = 24.0  # above the highest bar
BARS_MAX = 13
BAR_WIDTH_MAX = 24.0

FIGURE = Style(REGULAR, 8.5, 10)
FIGURE_LAST = Style(BOLD, 8.5, 10)
LABEL = Style(REGULAR, 7.5, 9, MUTED)
LABEL_LAST = Style(SEMIBOLD, 7.5, 9)


def use_chart(use: PrintedUse, *, height: float) -> Block:
    """Heading, what the bars mean, the bars in `height`, and the last one said in words."""
    width = HALF_LEFT - LEFT
    shades = ", ciemny: ten rok, jasny: rok temu" if _has_last_year(use) else ""
    blocks = [
        paragraph("Twoje zużycie", HEADING, width=width),
        gap(3),
        paragraph(f"{use.unit} {_stretch(use.months_per_bar)}{shades}", NOTE, width=width),
        _bars(use, height),
        gap(3),
    ]
    said = use_against_last_year(use)
    if said:
        blocks.append(paragraph(said, HINT, width=width))
    return joined(blocks)


def _has_last_year(use: PrintedUse) -> bool:
    return any(bar.last_year is not None for bar in use.bars)


def _stretch(months: int) -> str:
    if months == 1:
        return "w miesiącu"
    if months == 12:
        return "w roku"
    return f"w {COUNTS_IN.get(months, str(months))} miesiącach"


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the bars stand: the axis, the width that a bar has, points per unit of use."""

    axis: float
    step: float
    scale: float
    ceiling: float  # the top of the highest bar
    figures: (
        bool  # on each bar; else the last one's alone, above all bars, because they would run into each other
    )


def _bars(use: PrintedUse, height: float) -> Block:
    bars = use.bars[-BARS_MAX:]
    highest = max(value for bar in bars for value in (bar.this_year, bar.last_year or Decimal(0)))
    scale = (height - FIGURE_SPACE - LABEL_SPACE) / float(highest) if highest > 0 else 0.0

    step = AXIS_WIDTH / len(bars)
    widest = max(text_width(_figure(bar), FIGURE.font, FIGURE.size) for bar in bars)

    def draw(sheet: Sheet, top: float) -> None:
        axis = top - height + LABEL_SPACE
        ceiling = axis + float(highest) * scale
        grid = _Grid(axis=axis, step=step, scale=scale, ceiling=ceiling, figures=widest < step - 2)
        for index, bar in enumerate(bars):
            _bar(sheet, bar, grid, index, last=index == len(bars) - 1)
        sheet.canvas.setStrokeColor(AXIS)
        sheet.canvas.setLineWidth(0.8)
        sheet.canvas.line(LEFT, grid.axis, LEFT + AXIS_WIDTH, grid.axis)

    return Block(height, draw)


def _figure(bar: PrintedUseBar) -> str:
    """This year's use, as exact as it can be read on a bar."""
    return figure(bar.this_year.quantize(Decimal(1) if bar.this_year >= 100 else Decimal("0.1")))


def _bar(sheet: Sheet, bar: PrintedUseBar, grid: _Grid, index: int, *, last: bool) -> None:
    """Last year's bar, this year's with its figure, and the months below both."""
    width, middle = min(grid.step * 0.363, BAR_WIDTH_MAX), LEFT + (index + 0.5) * grid.step
    left = middle - width / 2
    if bar.last_year is not None:
        sheet.box(middle - width - 0.3, grid.axis, width, float(bar.last_year) * grid.scale, PAST)
        left = middle + 0.3
    height = float(bar.this_year) * grid.scale
    sheet.box(left, grid.axis, width, height, BRAND)
    if grid.figures:
        style = FIGURE_LAST if last else FIGURE
        sheet.centre(left + width / 2, grid.axis + height + 4, _figure(bar), style)
    elif last:
        sheet.right(LEFT + AXIS_WIDTH, grid.ceiling + 4, _figure(bar), FIGURE_LAST)
    label = months_short(bar.from_day, bar.until_day)
    sheet.centre(middle, grid.axis - 11.3, label, LABEL_LAST if last else LABEL)
