"""A laid-out chart as SVG, and its numbers as the rows of a table.

A chart is a hundred small tags of numbers: written here in one go, where a template would escape each number by itself.
Everything that is not a number of our own is escaped.
"""

from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup, escape

from gateway.web.amounts import ABSENT, quantity, unit_name
from gateway.web.charts import Bar, Chart, Group, Point
from gateway.web.languages import gettext as _

HIDDEN = ' class="visually-hidden"'
_label = lru_cache(maxsize=5_000)(escape)  # Of months and days: the same on everybody's charts.


def draw_year(
    chart: Chart,
    say: str,
    title: str,
    *,
    unit: str = "",
    now_name: str = "",
    before_name: str = "",
    partial_name: str = "",
    places: int = 1,
    id: str = "chart",
) -> Markup:
    """The `<figure>`: the sentence, the bars of now before those of a year before, and what they are called."""
    keys = [("now", now_name), ("part", partial_name), ("prev", before_name)]
    legend = "\n".join(chart_key(kind, word) for kind, word in keys if word or kind == "now")
    return Markup(  # noqa: S704 - made of tags of our own and of what was escaped
        f'<figure class="eb-chart">\n<p class="eb-chart-say">{escape(say)}</p>\n'
        f"{draw_chart(chart, title, unit=unit, id=id, places=places)}\n"
        f'<ul class="eb-legend">\n{legend}\n</ul>\n</figure>'
    )


def chart_key(kind: str, word: str) -> Markup:
    """What the bars of a kind are called, for the legend."""
    return Markup(  # noqa: S704 - as above
        '<li><svg class="eb-key" viewBox="0 0 14 14" aria-hidden="true">'
        f'<rect class="{kind}" x="1" y="1" width="12" height="12" rx="2"/></svg>{escape(word)}</li>'
    )


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
        parts.append(f'<text class="{kind}" x="{group.label_x}" y="{label_y}">{_label(group.label)}</text>')
    return "".join([*parts, "</g>"])


def _bar(bar: Bar) -> str:
    return (
        f'<rect class="{bar.kind}" x="{bar.x}" y="{bar.y}" width="{bar.width}" height="{bar.height}" rx="2"/>'
    )


def draw_year_table(
    points: Sequence[Point],
    caption: str,
    unit: str,
    now_name: str,
    before_name: str = "",
    *,
    places: int = 1,
    tight: bool = False,
    first: str = "",
    partial_note: str = "",
) -> Markup:
    """The same in a table: now, and when compared the year before and the difference of what is over."""
    what = escape(caption)
    corner = f"{escape(first or _('Month'))}, {escape(unit_name(unit))}"
    heads = "".join(_head(name, unit) for name in (now_name, before_name) if name)
    if before_name:
        heads += f'<th scope="col" class="eb-num">{escape(_("Difference"))}</th>'
    compared = before_name != ""
    rows = "\n".join(_row(point, compared, places, partial_note) for point in points)
    return Markup(  # noqa: S704 - as above
        f'<div class="eb-scroll" tabindex="0" role="region" aria-label="{what}">\n'
        f'<table class="table{" eb-table-tight eb-small" if tight else ""}">\n'
        f"<caption{HIDDEN if tight else ''}>{what}</caption>\n"
        f'<thead><tr><th scope="col">{corner}</th>{heads}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
    )


def _head(name: str, unit: str) -> str:
    spoken = f"<span{HIDDEN}>, {escape(unit_name(unit))}</span>"
    return f'<th scope="col" class="eb-num">{escape(name)}{spoken}</th>'


def _row(point: Point, compared: bool, places: int, partial_note: str) -> str:
    label = point.label[:1].upper() + point.label[1:]
    note = ""
    if point.partial and partial_note:
        note = f' <span class="eb-muted eb-small eb-nowrap">{escape(partial_note)}</span>'
    cells = [quantity(point.now, places=places)]
    if compared:
        cells += [quantity(point.before, places=places), _difference(point, places)]
    tail = "".join(f'<td class="eb-num">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row">{_label(label)}{note}</th>{tail}</tr>'


def _difference(point: Point, places: int) -> str:
    if point.now is None or point.before is None or point.partial:
        return ABSENT
    return quantity(point.now - point.before, places=places, signed=True)
