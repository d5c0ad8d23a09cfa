"""Readings as rows of a list. Drawn here in one go, where a template would call a dozen macros and filters for each.

Everything that is not ours is escaped.
"""

from collections.abc import Callable, Iterable
from functools import cache

from ebok.billing.v1 import readings_pb2 as pb
from flask import url_for
from markupsafe import Markup, escape

from gateway.web.amounts import quantity
from gateway.web.days import day
from gateway.web.languages import gettext as _


def reading_rows(readings: Iterable[pb.Reading], chip: Callable[[str], Markup]) -> Markup:
    """A `<li>` for each: its day, how it came, its value, its status as a chip; one with a photo leads to it."""
    chip_of = cache(lambda status: chip(pb.ReadingStatus.Name(status)))
    return Markup("\n".join(_row(one, chip_of(one.status)) for one in readings))  # noqa: S704 - escaped in `_row`


def _row(reading: pb.Reading, chip: Markup) -> str:
    line, tag, link = _line(reading), "div", ""
    if reading.has_photo:
        url = escape(url_for("portal.reading_photo", reading_id=reading.reading_id))
        line, tag, link = f"{line}, {_('with a photo')}", "a", f' href="{url}"'
    return (
        f'<li><{tag} class="eb-row"{link}><span class="eb-row-main">'
        f'<span class="eb-row-title">{escape(day(reading.read_on))}</span>'
        f'<span class="eb-row-sub">{escape(line)}</span></span><span class="eb-row-end">'
        f'<span class="eb-row-amount">{escape(quantity(reading.value, reading.unit))}</span>{chip}</span></{tag}></li>'
    )


def _line(reading: pb.Reading) -> str:
    """`zdalny, zużyto 6 m³` below the day of a reading."""
    kind = {
        pb.READING_KIND_ACTUAL: _("read by us"),
        pb.READING_KIND_CUSTOMER: _("handed in by the customer"),
        pb.READING_KIND_REMOTE: _("remote"),
        pb.READING_KIND_ESTIMATED: _("estimated"),
        pb.READING_KIND_FINAL: _("final"),
    }.get(reading.kind, "")
    if not reading.used:
        return kind
    return _("%(kind)s, used %(used)s", kind=kind, used=quantity(reading.used, reading.unit))
