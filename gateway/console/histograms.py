"""The histogram of changed bills: where its bars stand, its labels, and what it shows in words.

Across, everything is in percents of the width; down, in pixels, as in `gateway.web.charts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ebok.billing.v1.runs_pb2 import ChangeStep

from gateway.web.amounts import number_text, quantity, zloty_plain
from gateway.web.languages import gettext as _

HEIGHT, TOP, FOOT = 150, 20, 32
BAR_SHARE = Decimal("0.72")
MINUS = "\u2212"
SMALL_GROSZE = 20_00


@dataclass(frozen=True)
class Bar:
    """A step: its rectangle, its number, and its label short for the axis and long for the table."""

    x: str
    y: str
    width: str
    height: str
    middle: str
    text_y: str
    count: int
    short: str
    label: str
    strong: bool


@dataclass(frozen=True)
class Histogram:
    """A laid-out histogram with its sentence; no bars when nothing can be compared."""

    bars: tuple[Bar, ...]
    say: str
    height: int = HEIGHT
    base_y: int = HEIGHT - FOOT
    label_y: int = HEIGHT - FOOT + 15
    unit_y: int = HEIGHT - 2


def histogram(steps: Sequence[ChangeStep]) -> Histogram:
    """Lay the steps out."""
    total, most = sum(step.count for step in steps), max((step.count for step in steps), default=0)
    if not total:
        return Histogram((), "")
    width = Decimal(100) / len(steps)
    bars = []
    for index, step in enumerate(steps):
        height = Decimal(step.count * (HEIGHT - FOOT - TOP)) / most
        top = Decimal(HEIGHT - FOOT) - height
        left = width * index + width * (1 - BAR_SHARE) / 2
        bars.append(
            Bar(
                x=f"{left:.2f}%",
                y=f"{top:.1f}",
                width=f"{width * BAR_SHARE:.2f}%",
                height=f"{height:.1f}",
                middle=f"{width * index + width / 2:.2f}%",
                text_y=f"{top - 5:.1f}",
                count=step.count,
                short=_short(step),
                label=_label(step),
                strong=step.count == most,
            )
        )
    return Histogram(tuple(bars), _sentence(steps, total))


def _whole(grosze: int) -> str:
    return number_text(Decimal(grosze).scaleb(-2), most=2, signed=True)


def _short(step: ChangeStep) -> str:
    low, high = _bounds(step)
    if low is None:
        return _whole(high or 0)
    if high is None:
        return _whole(low)
    if low < 0 < high:
        return "±" + _whole(high).lstrip("+")
    return f"{_whole(low if low > 0 else high)}"


def _label(step: ChangeStep) -> str:
    low, high = _bounds(step)
    if low is None:
        return _("less by more than %(amount)s", amount=zloty_plain(abs(high or 0)))
    if high is None:
        return _("more by %(amount)s and more", amount=zloty_plain(low))
    if low < 0 < high:
        return _("about the same, up to %(amount)s", amount=zloty_plain(high))
    if high <= 0:
        return _("less by %(low)s to %(high)s", low=zloty_plain(abs(high)), high=zloty_plain(abs(low)))
    return _("more by %(low)s to %(high)s", low=zloty_plain(low), high=zloty_plain(high))


def _bounds(step: ChangeStep) -> tuple[int | None, int | None]:
    low = getattr(step, "from").grosze if step.HasField("from") else None
    return low, step.below.grosze if step.HasField("below") else None


def _sentence(steps: Sequence[ChangeStep], total: int) -> str:
    """How many bills stay within twenty złoty of the one before."""
    near = 0
    for step in steps:
        low, high = _bounds(step)
        if low is not None and high is not None and low >= -SMALL_GROSZE and high <= SMALL_GROSZE:
            near += step.count
    return _(
        "%(near)s of %(total)s bills change by less than %(amount)s.",
        near=quantity(near),
        total=quantity(total),
        amount=zloty_plain(SMALL_GROSZE),
    )
