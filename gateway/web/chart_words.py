"""The sentence above a chart and the title that a screen reader gets: what the bars show, in words."""

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup, escape

from gateway.web.amounts import quantity, unit_name, zloty, zloty_plain
from gateway.web.charts import Point, Stack
from gateway.web.filters import capital
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l

SAME = Decimal("0.005")


IN_MONTHS = (
    _l("in January"),
    _l("in February"),
    _l("in March"),
    _l("in April"),
    _l("in May"),
    _l("in June"),
    _l("in July"),
    _l("in August"),
    _l("in September"),
    _l("in October"),
    _l("in November"),
    _l("in December"),
)


def in_month(month: int) -> str:
    """`w październiku`, `in October`, `у жовтні`."""
    return str(IN_MONTHS[month - 1])


def latest_whole(points: Sequence[Point]) -> int | None:
    """The index of the last point that is over and has a value."""
    whole = [index for index, point in enumerate(points) if point.now is not None and not point.partial]
    return whole[-1] if whole else None


def month_sentence(points: Sequence[Point], unit: str, *, places: int = 1) -> Markup:
    """What the last whole month of a January-to-December chart took, against last year and the other months."""
    index = latest_whole(points)
    if index is None:
        return escape(_("There is no whole month in this chart yet."))
    now = points[index].now or Decimal(0)
    first = used_sentence(in_month(index + 1), now, points[index].before, unit, places=places)
    rest = [other.now for other in points[:index] if other.now is not None]
    if len(rest) >= 2 and now > max(rest):
        return first + " " + _("This is the most this year.")
    if len(rest) >= 2 and now < min(rest):
        return first + " " + _("This is the least this year.")
    return first


def used_sentence(when: str, now: Decimal, before: Decimal | None, unit: str, *, places: int) -> Markup:
    """What was used in a month or on a day, and how that compares with a year before, where that is known."""
    used = f'<strong class="eb-nowrap">{escape(quantity(now, unit, places=places))}</strong>'
    change = "" if before is None else escape(quantity(abs(now - before), unit, places=places))
    words = str(escape(_used_words(now, before, places)))
    return Markup(words.format(when=escape(capital(when)), used=used, change=change))  # noqa: S704 - escaped above


def _used_words(now: Decimal, before: Decimal | None, places: int) -> str:
    if before is None:
        return _("{when} you used {used}.")
    if quantity(now, places=places) == quantity(before, places=places):
        return _("{when} you used {used}, the same as a year ago.")
    if now > before:
        return _("{when} you used {used}, {change} more than a year ago.")
    return _("{when} you used {used}, {change} less than a year ago.")


def compared(points: Sequence[Point]) -> tuple[Decimal, Decimal]:
    """The sums of now and of before over the points that are over and have both."""
    both = [
        (point.now, point.before)
        for point in points
        if point.now is not None and point.before is not None and not point.partial
    ]
    return sum((now for now, _b in both), Decimal(0)), sum((before for _n, before in both), Decimal(0))


def year_sentence(points: Sequence[Point], unit: str, *, places: int = 1) -> str:
    """How much this year took so far against the same months of the year before."""
    now, before = compared(points)
    if before == 0:
        total = sum((point.now for point in points if point.now is not None), Decimal(0))
        return _("So far this year you used %(used)s.", used=quantity(total, unit, places=places))
    change = quantity(abs(now - before), unit, places=places)
    if abs(now - before) < SAME:
        return _("This year you use as much as a year ago.")
    if now > before:
        return _("This year you use %(change)s more than a year ago.", change=change)
    return _("This year you use %(change)s less than a year ago.", change=change)


def peak(points: Sequence[Point], *, places: int) -> int | None:
    """The index of the one point that took the most; None where several look the same."""
    known = sorted(
        (point.now, index) for index, point in enumerate(points) if point.now is not None and point.now > 0
    )
    if len(known) < 2 or quantity(known[-1][0], places=places) == quantity(known[-2][0], places=places):
        return None
    return known[-1][1]


def year_title(subject: str, points: Sequence[Point], unit: str, *, now_name: str, before_name: str) -> str:
    """`<title>` of a year's chart: what it is, its unit, its two years, and its highest bar."""
    title = _(
        "%(subject)s in %(unit)s by month, %(now)s and %(before)s.",
        subject=subject,
        unit=unit_name(unit),
        now=now_name,
        before=before_name,
    )
    highest = max(
        (point for point in points if point.now is not None), key=lambda point: point.now or 0, default=None
    )
    if highest is None:
        return title
    peak = quantity(highest.now, places=1)
    return (
        title
        + " "
        + _("The most in %(now)s: %(label)s, %(value)s.", now=now_name, label=highest.label, value=peak)
    )


def charges_sentence(stacks: Sequence[Stack]) -> Markup:
    """What the months of a stacked chart come to, and which was dearest; parts are in złoty."""
    charged = [stack for stack in stacks if stack.total != 0]
    if not charged:
        return escape(_("There were no charges in these months."))
    total = sum((stack.total for stack in charged), Decimal(0))
    dearest = max(charged, key=lambda stack: stack.total)
    text = escape(_("Together {total}, the most for {month}: {amount}."))
    return text.format(total=zloty(_grosze(total)), month=dearest.label, amount=zloty(_grosze(dearest.total)))


def charges_title(stacks: Sequence[Stack], names: Sequence[str]) -> str:
    """`<title>` of a chart of charges."""
    total = zloty_plain(_grosze(sum((stack.total for stack in stacks), Decimal(0))))
    return _("Charges in złoty by month: %(names)s. Together %(total)s.", names=", ".join(names), total=total)


def _grosze(amount: Decimal) -> int:
    return int((amount * 100).to_integral_value())
