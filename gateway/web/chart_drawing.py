"""A laid-out chart as SVG, and its numbers as the rows of a table.

A chart is a hundred small tags of numbers: written here in one go, where a template would escape each number by itself.
Everything that is not a number of our own is escaped.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

from gateway.web.amounts import ABSENT, quantity, unit_name
from gateway.web.charts import Bar, Chart, Group, Point


def draw_chart(chart: Chart, title: str, *, unit: str, id: str, places: int) -> Markup:
    """The `<svg>` with its title; bars stretch with the page, text does not."""
    lines = [
        f'<svg class="eb-chart-svg" height="{chart.height}" role="img" aria-labelledby="{id}-t">',
        f'<title id="{id}-t">{escape(title)}</title>',
        *(
            f'<line class="grid" x1="{chart.left}" x2="100%" y1="{tick.y}" y2="{tick.y}"/>'
            f'<text class="ax" x="0" y="{tick.text_y}">{quantity(tick.value)}</text>'
            for tick in chart.ticks
        ),
        f'<text class="ax" x="0" y="14">{escape(unit_name(unit))}</text>' if unit else "",
        *(_group(group, chart.label_y, places) for group in chart.groups),
        f'<line class="base" x1="{chart.left}" x2="100%" y1="{chart.base_y}" y2="{chart.base_y}"/>',
        "</svg>",
    ]
    return Markup("\n".join(lines))  # noqa: S704 - made of our own numbers and of what was escaped above


def _group(group: Group, label_y: str, places: int) -> str:
    parts = ["<g>", *(_bar(bar) for bar in group.bars)]
    if group.mark:
        value = quantity(group.mark.value, places=places)
        parts.append(f'<text class="val" x="{group.mark.x}" y="{group.mark.y}">{value}</text>')
    if group.shown:
        kind = "lab on" if group.strong else "lab eb-lab-alt" if group.spare else "lab"
        parts.append(f'<text class="{kind}" x="{group.label_x}" y="{label_y}">{escape(group.label)}</text>')
    return "".join([*parts, "</g>"])


def _bar(bar: Bar) -> str:
    return (
        f'<rect class="{bar.kind}" x="{bar.x}" y="{bar.y}" width="{bar.width}" height="{bar.height}" rx="2"/>'
    )


def year_rows(points: Sequence[Point], *, compared: bool, places: int, partial_note: str) -> Markup:
    """A `<tr>` for each point: now, and when compared the year before and the difference of what is over."""
    return Markup("\n".join(_row(point, compared, places, partial_note) for point in points))  # noqa: S704 - as above


def _row(point: Point, compared: bool, places: int, partial_note: str) -> str:
    label = point.label[:1].upper() + point.label[1:]
    note = ""
    if point.partial and partial_note:
        note = f' <span class="eb-muted eb-small eb-nowrap">{escape(partial_note)}</span>'
    cells = [quantity(point.now, places=places)]
    if compared:
        cells += [quantity(point.before, places=places), _difference(point, places)]
    tail = "".join(f'<td class="eb-num">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row">{escape(label)}{note}</th>{tail}</tr>'


def _difference(point: Point, places: int) -> str:
    if point.now is None or point.before is None or point.partial:
        return ABSENT
    return quantity(point.now - point.before, places=places, signed=True)
