"""Where the bars of a chart stand. Pure arithmetic: no request, no language, no SVG; `parts/charts.html`
draws it.

Across, everything is in percents of the width; down, in pixels. There is no viewBox: bars stretch with the
page and text does not. Heights are value × unit height from a base line; the axis has a few round steps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

HEIGHT = 216
TOP = 40
FOOT = 32
STEPS_MAX = 4
LABELS_MAX = 12
GROUP_BEFORE = 0.715
GROUP_NOW = 0.41
GROUP_ALONE = 0.6
PLACES_MAX = 500  # Twelve months and a few widths of the axis: the same on everybody's charts.
NICE = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


class Point(NamedTuple):
    """A month, day or hour: its value, that of a year before, and whether it is not over yet."""

    label: str
    short: str
    now: Decimal | None
    before: Decimal | None = None
    partial: bool = False


@dataclass(frozen=True)
class Stack:
    """A month's parts in the order of the chart's series; a part may be negative (a correction)."""

    label: str
    short: str
    parts: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        """The sum of the parts."""
        return sum(self.parts, Decimal(0))


class Bar(NamedTuple):
    """A rectangle: `kind` is its class, `x` and `width` are percents, `y` and `height` pixels."""

    kind: str
    x: str
    y: str
    width: str
    height: str


class Tick(NamedTuple):
    """A step of the axis: its line, its number, and where the number's base line is."""

    y: str
    text_y: str
    value: Decimal


class Mark(NamedTuple):
    """A number above a bar."""

    x: str
    y: str
    value: Decimal


class Group(NamedTuple):
    """All that stands above one label. `spare` labels leave on a narrow screen."""

    bars: tuple[Bar, ...]
    label: str
    label_x: str
    spare: bool
    shown: bool
    strong: bool
    mark: Mark | None


@dataclass(frozen=True)
class Chart:
    """A laid-out chart; `left` is where the bars begin, in percents."""

    height: int
    left: str
    base_y: str
    label_y: str
    ticks: tuple[Tick, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class _Scale:
    high: float
    per_unit: float  # Pixels.

    def y(self, value: Decimal | float) -> float:
        return TOP + (self.high - float(value)) * self.per_unit


def nice_step(reach: Decimal, steps: int = STEPS_MAX) -> Decimal:
    """The smallest of 1, 2, 2.5, 5 × 10ⁿ that covers a reach in at most `steps` steps."""
    if reach <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(math.floor(math.log10(reach / steps)))
    return next(step * power for step in NICE if step * power * steps >= reach)


def _axis(values: Sequence[Decimal], height: int) -> tuple[_Scale, list[Decimal]]:
    top, bottom = max([*values, Decimal(0)]), min([*values, Decimal(0)])
    step = nice_step(max(top, -bottom))
    low, high = math.floor(bottom / step), math.ceil(top / step)
    if low == high == 0:
        high = 1
    ticks = [step * index for index in range(low, high + 1)]
    return _Scale(float(ticks[-1]), (height - FOOT - TOP) / float(ticks[-1] - ticks[0])), ticks


def _left(ticks: Sequence[Decimal], unit: str) -> float:
    """Room for the numbers of the axis, wide enough on the narrowest phone."""
    longest = max(
        [len(f"{tick.normalize():f}") + len(f"{abs(int(tick))}") // 4 for tick in ticks] + [len(unit) // 2]
    )
    return 6 if longest <= 2 else min(18, 3 + 3 * longest)


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def _pixels(value: float) -> str:
    return f"{value:.1f}"


@lru_cache(maxsize=PLACES_MAX)
def _places(count: int, left: float, share: float) -> tuple[Sequence[str], str]:
    """Where bars begin that fill a share of their places, and how broad they are; with a share of 0 the centres."""
    step = (100 - left) / max(count, 1)
    width = step * share
    return [_percent(left + step * index + step / 2 - width / 2) for index in range(count)], _percent(width)


def _bar(kind: str, x: str, width: str, first: float, second: float) -> Bar:
    top, height = (first, second - first) if first < second else (second, first - second)
    return Bar(kind, x, _pixels(top), width, _pixels(height))


def _ticks(scale: _Scale, values: Sequence[Decimal]) -> tuple[Tick, ...]:
    return tuple(
        Tick(_pixels(scale.y(value)), _pixels(scale.y(value) + 4), value) for value in values if value != 0
    )


def year_chart(
    points: Sequence[Point], *, height: int = HEIGHT, strong: int | None = None, unit: str = ""
) -> Chart:
    """Bars of now in front of broader ones of a year before; the point number `strong` carries its value.

    A point that is not over yet is drawn dashed. Without any „before” the bars are broader.
    """
    values = [value for point in points for value in (point.now, point.before) if value is not None]
    scale, steps = _axis(values, height)
    left = _left(steps, unit)
    count = len(points)
    compared = any(point.before is not None for point in points)
    centres, _ = _places(count, left, 0)
    before_x, before_width = _places(count, left, GROUP_BEFORE)
    now_x, now_width = _places(count, left, GROUP_NOW if compared else GROUP_ALONE)
    every = -(-count // LABELS_MAX)
    base, y = scale.y(0), scale.y
    groups = []
    for index, (_label, short, now, before, partial) in enumerate(points):
        bars = []
        if before is not None:
            bars.append(_bar("prev", before_x[index], before_width, y(before), base))
        if now is not None:
            bars.append(_bar("part" if partial else "now", now_x[index], now_width, y(now), base))
        centre, mark = centres[index], None
        if index == strong and now is not None:
            mark = Mark(centre, _pixels(y(max(now, Decimal(0))) - 8), now)
        # Where labels are left out, the one that is told of needs the room of its neighbours.
        crowded = every > 1 and strong is not None and abs(index - strong) == 1
        groups.append(_group(index, short, centre, bars=tuple(bars), every=every, mark=mark, crowded=crowded))
    return _chart(height, left, scale, steps, groups)


def stack_chart(
    stacks: Sequence[Stack], *, height: int = HEIGHT, strong: int | None = None, unit: str = ""
) -> Chart:
    """One bar for each month made of its parts, series 1 at the bottom (classes `eb-s1` … `eb-s4`).

    What is negative hangs below the base line.
    """
    ends = [sum((part for part in stack.parts if part > 0), Decimal(0)) for stack in stacks]
    ends += [sum((part for part in stack.parts if part < 0), Decimal(0)) for stack in stacks]
    scale, steps = _axis(ends, height)
    left = _left(steps, unit)
    centres, _ = _places(len(stacks), left, 0)
    begins, width = _places(len(stacks), left, GROUP_ALONE)
    every = -(-len(stacks) // LABELS_MAX)
    groups = []
    for index, stack in enumerate(stacks):
        bars, above, below = [], Decimal(0), Decimal(0)
        for series, part in enumerate(stack.parts, start=1):
            start = above if part > 0 else below
            if part != 0:
                bars.append(
                    _bar(f"eb-s{series}", begins[index], width, scale.y(start), scale.y(start + part))
                )
            above, below = above + max(part, Decimal(0)), below + min(part, Decimal(0))
        mark = Mark(centres[index], _pixels(scale.y(above) - 8), stack.total) if index == strong else None
        groups.append(_group(index, stack.short, centres[index], bars=tuple(bars), every=every, mark=mark))
    return _chart(height, left, scale, steps, groups)


def _group(
    index: int,
    label: str,
    centre: str,
    *,
    bars: tuple[Bar, ...],
    every: int,
    mark: Mark | None,
    crowded: bool = False,
) -> Group:
    strong = mark is not None
    shown = strong or (index % every == 0 and not crowded)
    # On a narrow screen every second label goes; the strong one and its even neighbours stay.
    spare = not strong and (index // every) % 2 == 0
    return Group(bars, label, centre, spare, shown, strong, mark)


def _chart(
    height: int, left: float, scale: _Scale, steps: Sequence[Decimal], groups: Sequence[Group]
) -> Chart:
    return Chart(
        height=height,
        left=_percent(left),
        base_y=_pixels(scale.y(0)),
        label_y=_pixels(height - 10),
        ticks=_ticks(scale, steps),
        groups=tuple(groups),
    )


def share_bars(parts: Sequence[Decimal]) -> list[tuple[str, str]]:
    """`x` and `width` in percents of steps that lead from the first value to the sum (the bars of „why it
    changed”).

    The first starts at zero; a negative step reaches back from where the one before ended.
    """
    total, ends = Decimal(0), [Decimal(0)]
    for part in parts:
        total += part
        ends.append(total)
    reach = max([*ends, Decimal(1)])
    pairs = [(min(first, last), max(first, last)) for first, last in pairwise(ends)]
    return [(f"{low * 100 / reach:.1f}%", f"{(high - low) * 100 / reach:.1f}%") for low, high in pairs]
